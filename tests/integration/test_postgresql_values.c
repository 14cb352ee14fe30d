/* SPDX-License-Identifier: Apache-2.0 */
/* Values, parameters and results of "postgresql-query" against a real server (PGURL). */
#include "postgresql.h"

#include <stdio.h>
#include <string.h>

/* --- types ------------------------------------------------------------------------------------ */

static void writes_every_type_exactly(void **state)
{
    static const struct {
        const char *sql, *value, *type;
    } table[] = {
        { "true", "true", "bool" },
        { "32767::int2", "32767", "int2" },
        { "-2147483648", "-2147483648", "int4" },
        { "9007199254740992", "9007199254740992", "int8" },
        { "9007199254740993", "\"9007199254740993\"", "int8" },
        { "-9007199254740993", "\"-9007199254740993\"", "int8" },
        { "1.10::numeric", "\"1.10\"", "numeric" },
        { "'NaN'::numeric", "\"NaN\"", "numeric" },
        { "0.1::float8", "0.1", "float8" },
        { "1e300::float8", "1e+300", "float8" },
        { "'-Infinity'::float8", "\"-Infinity\"", "float8" },
        { "'NaN'::float4", "\"NaN\"", "float4" },
        { "0.1::float4", "0.1", "float4" },
        { "12.5::money", "\"$12.50\"", "money" },
        { "'naïve \\\\ \\\"x\\\"'", "\"naïve \\\\ \\\"x\\\"\"", "text" },
        { "''", "\"\"", "text" },
        { "NULL::text", "null", "text" },
        { "'ab'::char(4)", "\"ab  \"", "bpchar" },
        { "'x'::\\\"char\\\"", "\"x\"", "char" },
        { "'\\\\x00ff80'::bytea", "{\"base64\":\"AP+A\"}", "bytea" },
        { "''::bytea", "{\"base64\":\"\"}", "bytea" },
        { "'{\\\"a\\\": [1.10, \\\"x y\\\"]}'::json", "{\"a\":[1.10,\"x y\"]}", "json" },
        { "'{\\\"b\\\": null, \\\"a\\\": 1e400}'::jsonb", NULL, "jsonb" },
        { "'{\\\"b\\\": null}'::jsonb", "{\"b\":null}", "jsonb" },
        { "'null'::jsonb", "null", "jsonb" },
        { "'\\\"\\\\ud800\\\"'::json", "\"\\\"\\\\ud800\\\"\"", "json" },
        { "date '2024-02-29'", "\"2024-02-29\"", "date" },
        { "date '0044-03-15 BC'", "\"0044-03-15 BC\"", "date" },
        { "time '01:02:03.5'", "\"01:02:03.5\"", "time" },
        { "timetz '01:02:03-03:30'", "\"01:02:03-03:30\"", "timetz" },
        { "timestamp '2024-02-29 01:02:03.25'", "\"2024-02-29T01:02:03.25\"", "timestamp" },
        { "timestamptz '2024-02-29 01:02:03+02'", "\"2024-02-28T23:02:03Z\"", "timestamptz" },
        { "'infinity'::timestamptz", "\"infinity\"", "timestamptz" },
        { "timestamp '0044-03-15 01:00:00 BC'", "\"0044-03-15 01:00:00 BC\"", "timestamp" },
        { "interval '1 day 2 hours'", "\"P1DT2H\"", "interval" },
        { "'0190a6c0-0000-7000-8000-000000000001'::uuid",
          "\"0190a6c0-0000-7000-8000-000000000001\"", "uuid" },
        { "'10.0.0.1/8'::inet", "\"10.0.0.1/8\"", "inet" },
        { "ARRAY[1,NULL,3]", "[1,null,3]", "int4[]" },
        { "ARRAY[[1,2],[3,4]]", "[[1,2],[3,4]]", "int4[]" },
        { "'[0:1]={5,6}'::int[]", "[5,6]", "int4[]" },
        { "'{}'::text[]", "[]", "text[]" },
        { "ARRAY['a,b','{x}','NULL','', 'q\\\"q', 'b\\\\s']",
          "[\"a,b\",\"{x}\",\"NULL\",\"\",\"q\\\"q\",\"b\\\\s\"]", "text[]" },
        { "ARRAY[9007199254740993]", "[\"9007199254740993\"]", "int8[]" },
        { "ARRAY['{\\\"a\\\":1}'::jsonb]", "[{\"a\":1}]", "jsonb[]" },
        { "ARRAY['\\\\x01'::bytea]", "[{\"base64\":\"AQ==\"}]", "bytea[]" },
        { "ARRAY[true,false]", "[true,false]", "bool[]" },
        { "ARRAY[timestamptz '2024-01-01 00:00:00Z']", "[\"2024-01-01T00:00:00Z\"]",
          "timestamptz[]" },
        { "int4range(1,5)", "\"[1,5)\"", "int4range" },
        { "ARRAY[int4range(1,5)]", "[\"[1,5)\"]", "int4range[]" },
        { "'(1,2)'::point", "\"(1,2)\"", "point" },
        { "ARRAY['(1,1),(0,0)'::box]", "[\"(1,1),(0,0)\"]", "box[]" },
        { "ROW(1,'a')", "\"(1,a)\"", "record" },
        { "'pg_type'::regclass", "\"pg_type\"", "regclass" },
        { "4294967295::oid", "4294967295", "oid" },
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        char config[512], output[512];
        if (!table[i].value)
            continue;
        (void)snprintf(config, sizeof(config), Q("SELECT %s AS v"), table[i].sql);
        (void)snprintf(output, sizeof(output), ONE("%s", "%s"), table[i].value, table[i].type);
        expect(conn_of(state), config, output);
    }
}

static void binds_every_type_exactly(void **state)
{
    static const struct {
        const char *type, *json, *shown; /* the value's text in the server */
    } table[] = {
        { "numeric", "1.10", "1.10" },
        { "numeric", "9223372036854775808", "9223372036854775808" },
        { "int8", "9223372036854775807", "9223372036854775807" },
        { "float8", "1e-300", "1e-300" },
        { "text", "1.10", "1.10" },
        { "text", "\"\"", "" },
        { "text", "\"a'b; DROP TABLE t --\"", "a'b; DROP TABLE t --" },
        { "text", "true", "true" },
        { "bool", "true", "true" },
        { "text", "{\"a\":[1.10]}", "{\\\"a\\\":[1.10]}" },
        { "json", "{\"a\": 1.10}", "{\\\"a\\\": 1.10}" },
        { "json", "[1,\"x\"]", "[1,\\\"x\\\"]" },
        { "int[]", "[1,null,3]", "{1,NULL,3}" },
        { "int[]", "[[1,2],[3,4]]", "{{1,2},{3,4}}" },
        { "int[]", "[]", "{}" },
        { "text[]", "[\"a,b\",\"NULL\",null,\"q\\\"\\\\\"]",
          "{\\\"a,b\\\",\\\"NULL\\\",NULL,\\\"q\\\\\\\"\\\\\\\\\\\"}" },
        { "jsonb[]", "[{\"a\":1},[2]]", "{\\\"{\\\\\\\"a\\\\\\\": 1}\\\",[2]}" },
        { "bytea", "{\"base64\":\"AP+A\"}", "\\\\x00ff80" },
        { "bytea", "\"\\\\x0102\"", "\\\\x0102" },
        { "bytea[]", "[{\"base64\":\"AQ==\"}]", "{\\\"\\\\\\\\x01\\\"}" },
        { "timestamptz", "\"2024-01-01T00:00:00+02:00\"", "2023-12-31 22:00:00+00" },
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        char config[512], output[512];
        /* Compact JSON is what a decoded config holds. */
        (void)snprintf(config, sizeof(config), QP("SELECT $1::%s::text AS v", "[%s]"),
                       table[i].type, table[i].json);
        const char *shown =
            strcmp(table[i].json, "{\"a\": 1.10}") == 0 ? "{\\\"a\\\":1.10}" : table[i].shown;
        (void)snprintf(output, sizeof(output), ONE("\"%s\"", "text"), shown);
        expect(conn_of(state), config, output);
    }
    expect(conn_of(state), QP("SELECT $1::int AS v", "[null]"), ONE("null", "int4"));
}

static void refuses_what_would_change_on_the_way(void **state)
{
    expect_error(conn_of(state), QP("SELECT $1::text", "[\"a\\u0000b\"]"), ERR_PARAM_NOT_EXACT, "");
    expect_error(conn_of(state), QP("SELECT $1::bytea", "[{\"a\":1}]"), ERR_PARAM_NOT_EXACT, "");
    expect_error(conn_of(state), QP("SELECT $1::bytea", "[{\"base64\":\"A\"}]"),
                 ERR_PARAM_NOT_EXACT, "");
    expect_error(conn_of(state), QP("SELECT $1::int", "[1.5]"), ERR_SERVER_ERROR, "22P02");
    expect(conn_of(state), Q("SELECT 1 AS v"), ONE("1", "int4"));
}

static void counts_parameters(void **state)
{
    struct outcome outcome;
    borrow(conn_of(state), QP("SELECT $1::int, $2::int, $3::int", "[1,2]"), &outcome);
    assert_int_equal(outcome.err.code, ERR_PARAM_COUNT);
    assert_string_equal(outcome.err.message,
                        "parameters: the query takes 3 (up to $3), but 2 were given");
    assert_false(outcome.err.maybe_done);
    outcome_done(&outcome);
    expect_error(conn_of(state), QP("SELECT 1", "[1]"), ERR_PARAM_COUNT, "");
    expect(conn_of(state), Q("SELECT 1 AS v"), ONE("1", "int4"));
}

static void knows_types_of_the_database_itself(void **state)
{
    struct conn *conn = conn_of(state);
    expect(conn, Q("CREATE TYPE mood AS ENUM ('sad', 'glad')"), ROW("", "", "0", "CREATE TYPE"));
    expect(conn, Q("CREATE DOMAIN small AS int[] CHECK (cardinality(VALUE) < 3)"),
           ROW("", "", "0", "CREATE DOMAIN"));
    expect(conn, Q("SELECT 'sad'::mood AS v"), ONE("\"sad\"", "mood"));
    expect(conn, QP("SELECT $1::mood[] AS v", "[[\"sad\",\"glad\"]]"),
           ONE("[\"sad\",\"glad\"]", "mood[]"));
    expect(conn, QP("SELECT $1::small AS v", "[[1,2]]"), ONE("[1,2]", "int4[]"));
    expect_error(conn, QP("SELECT $1::small AS v", "[[1,2,3]]"), ERR_SERVER_ERROR, "23514");
    expect(conn, Q("DROP TYPE mood"), ROW("", "", "0", "DROP TYPE"));
    expect(conn, Q("DROP DOMAIN small"), ROW("", "", "0", "DROP DOMAIN"));
}

/* --- results ---------------------------------------------------------------------------------- */

static void counts_rows_and_names_columns(void **state)
{
    struct conn *conn = conn_of(state);
    expect(conn, Q("SELECT 1 AS a, 2 AS a, 3 AS a_2, 4 AS a"),
           ROW("{\"a\":1,\"a_3\":2,\"a_2\":3,\"a_4\":4}",
               COLUMN("a", "int4") "," COLUMN("a_3", "int4") "," COLUMN("a_2", "int4") "," COLUMN(
                   "a_4", "int4"),
               "1", "SELECT"));
    expect(conn, Q("SELECT 1 AS v WHERE false"), ROW("", COLUMN("v", "int4"), "0", "SELECT"));
    expect(conn, Q("SELECT FROM generate_series(1,2)"), ROW("{},{}", "", "2", "SELECT"));
    expect(conn, Q("CREATE TABLE counted (v int)"), ROW("", "", "0", "CREATE TABLE"));
    expect(conn, Q("INSERT INTO counted VALUES (1), (2), (3)"), ROW("", "", "3", "INSERT"));
    expect(conn, Q("UPDATE counted SET v = 7 WHERE v > 1 RETURNING v"),
           ROW("{\"v\":7},{\"v\":7}", COLUMN("v", "int4"), "2", "UPDATE"));
    expect(conn, Q("WITH gone AS (DELETE FROM counted RETURNING v) SELECT count(*) AS v FROM gone"),
           ONE("3", "int8"));
    expect(conn, Q("DROP TABLE counted"), ROW("", "", "0", "DROP TABLE"));
}

static void caps_rows_and_bytes(void **state)
{
    struct fixture *fixture = *state;
    struct outcome outcome;
    expect(fixture->conn, Q("SELECT 1 AS v") ",\"maxRows\":1", ONE("1", "int4"));
    borrow(fixture->conn, Q("SELECT generate_series(1, 10000) AS v"), &outcome);
    assert_int_equal(outcome.result, STEP_DONE);
    outcome_done(&outcome);

    static const char *const large[] = {
        Q("SELECT generate_series(1, 10001) AS v"),
        Q("SELECT 1 FROM generate_series(1, 3)") ",\"maxRows\":2",
        Q("SELECT repeat('x', 9000) FROM generate_series(1, 5000)"),
        Q("SELECT repeat('x', 300000000)"),
    };
    for (size_t i = 0; i < ARRAY_LEN(large); i++) {
        struct conn *conn = subject_session(&fixture->subject);
        borrow(conn, large[i], &outcome);
        assert_int_equal(outcome.err.code, ERR_RESULT_TOO_LARGE);
        assert_false(outcome.err.maybe_done);
        assert_true(conn->broken);
        outcome_done(&outcome);
        postgresql_connector.close(conn);
    }
}

static void refuses_copy(void **state)
{
    struct fixture *fixture = *state;
    static const char *const copies[] = { Q("COPY (SELECT 1) TO STDOUT"),
                                          Q("COPY pg_class FROM STDIN"),
                                          Q("COPY copied FROM STDIN") };
    expect(fixture->conn, Q("CREATE TABLE copied (v int)"), ROW("", "", "0", "CREATE TABLE"));
    for (size_t i = 0; i < ARRAY_LEN(copies); i++) {
        struct conn *conn = subject_session(&fixture->subject);
        struct outcome outcome;
        borrow(conn, copies[i], &outcome);
        assert_int_equal(outcome.result, STEP_FAILED);
        if (i == 1)
            assert_string_equal(outcome.err.server_code, "42501");
        else
            assert_int_equal(outcome.err.code, ERR_COPY_NOT_ALLOWED);
        assert_int_equal(conn->broken, i != 1);
        outcome_done(&outcome);
        postgresql_connector.close(conn);
    }
    expect_error(fixture->conn, Q("COPY copied TO PROGRAM 'true'"), ERR_SERVER_ERROR, "42501");
    expect(fixture->conn, Q("DROP TABLE copied"), ROW("", "", "0", "DROP TABLE"));
}

static void takes_one_statement(void **state)
{
    struct conn *conn = conn_of(state);
    struct outcome outcome;
    expect_error(conn, Q("SELECT 1; DROP TABLE pg_class"), ERR_SERVER_ERROR, "42601");
    expect_error(conn, Q(" -- nothing\\n ;"), ERR_BAD_REQUEST, "");
    borrow(conn, Q("SELECT\\n nonsense"), &outcome);
    assert_string_equal(outcome.err.server_code, "42703");
    assert_string_equal(outcome.err.message, "column \"nonsense\" does not exist");
    assert_string_equal(outcome.err.detail, "at character 9");
    outcome_done(&outcome);
    expect(conn, Q("SELECT 1 AS v;"), ONE("1", "int4"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_every_type_exactly),
        cmocka_unit_test(binds_every_type_exactly),
        cmocka_unit_test(refuses_what_would_change_on_the_way),
        cmocka_unit_test(counts_parameters),
        cmocka_unit_test(knows_types_of_the_database_itself),
        cmocka_unit_test(counts_rows_and_names_columns),
        cmocka_unit_test(caps_rows_and_bytes),
        cmocka_unit_test(refuses_copy),
        cmocka_unit_test(takes_one_statement),
    };
    return RUN_POSTGRESQL(tests);
}
