/* SPDX-License-Identifier: Apache-2.0 */
/* The connector "postgresql" against a real server (PGURL, PGADMINURL). */
#include "proxy.h"
#include "upstream.h"

#include "base/secret.h"
#include "base/thread.h"
#include "connector/postgresql.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define Q(sql) "\"query\":\"" sql "\""
#define QP(sql, parameters) "\"query\":\"" sql "\",\"parameters\":" parameters
#define ROW(row, columns, count, command)                                                          \
    "{\"rows\":[" row "],\"rowCount\":" count ",\"columns\":[" columns "],\"command\":\"" command  \
    "\"}"
#define COLUMN(name, type) "{\"name\":\"" name "\",\"type\":\"" type "\"}"
#define ONE(value, type) ROW("{\"v\":" value "}", COLUMN("v", type), "1", "SELECT")

struct fixture {
    struct subject subject;
    struct conn *conn;
};

static int open_fixture(void **state)
{
    static struct fixture fixture;
    need_server("PGURL");
    subject_init(&fixture.subject, &postgresql_connector, getenv("PGURL"), NULL);
    fixture.conn = subject_session(&fixture.subject);
    *state = &fixture;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *fixture = *state;
    postgresql_connector.close(fixture->conn);
    subject_done(&fixture->subject);
    return 0;
}

static struct conn *conn_of(void **state)
{
    return ((struct fixture *)*state)->conn;
}

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
        int64_t began = clock_us();
        borrow(conn, large[i], &outcome);
        assert_int_equal(outcome.err.code, ERR_RESULT_TOO_LARGE);
        assert_false(outcome.err.maybe_done);
        assert_true(conn->broken);
        assert_true(clock_us() - began < 10000000);
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

/* --- reading and writing ---------------------------------------------------------------------- */

static void proves_that_a_select_only_reads(void **state)
{
    struct conn *conn = conn_of(state);
    struct outcome outcome;
    expect(conn, Q("CREATE SEQUENCE proof"), ROW("", "", "0", "CREATE SEQUENCE"));
    run_how(conn, Q("SELECT nextval('proof') AS v"), (struct run_how){ 0 }, &outcome);
    assert_int_equal(outcome.result, STEP_WRITES);
    outcome_done(&outcome);
    run_how(conn, Q("SELECT nextval('proof') AS v"), (struct run_how){ .writes_allowed = true },
            &outcome);
    assert_int_equal(outcome.result, STEP_DONE);
    assert_string_equal(buf_str(&outcome.output).ptr, ONE("1", "int8"));
    outcome_done(&outcome);
    assert_true(postgresql_connector.reset(conn));

    /* A run that could write leaves nothing of it to the next. */
    expect(conn, Q("SHOW transaction_read_only"),
           ROW("{\"transaction_read_only\":\"on\"}", COLUMN("transaction_read_only", "text"), "1",
               "SHOW"));
    run_how(conn,
            Q("WITH x AS (SELECT set_config('default_transaction_read_only', 'off', false)) "
              "SELECT nextval('proof') FROM x"),
            (struct run_how){ 0 }, &outcome);
    assert_int_equal(outcome.result, STEP_WRITES);
    outcome_done(&outcome);
    assert_true(postgresql_connector.reset(conn));
    run_how(conn, Q("SELECT nextval('proof')"), (struct run_how){ 0 }, &outcome);
    assert_int_equal(outcome.result, STEP_WRITES);
    outcome_done(&outcome);
    assert_true(postgresql_connector.reset(conn));
    expect(conn, Q("DROP SEQUENCE proof"), ROW("", "", "0", "DROP SEQUENCE"));
}

static void lets_statements_stand_alone(void **state)
{
    struct conn *conn = conn_of(state);
    expect(conn, Q("CREATE TABLE alone (v int UNIQUE DEFERRABLE INITIALLY DEFERRED)"),
           ROW("", "", "0", "CREATE TABLE"));
    expect(conn, Q("VACUUM alone"), ROW("", "", "0", "VACUUM"));
    /* The error of a deferred constraint comes when all else has gone well. */
    expect_error(conn, Q("INSERT INTO alone VALUES (1), (1)"), ERR_SERVER_ERROR, "23505");
    expect(conn, Q("SELECT count(*) AS v FROM alone"), ONE("0", "int8"));
    expect(conn, Q("DROP TABLE alone"), ROW("", "", "0", "DROP TABLE"));
}

static void survives_changes_of_a_table(void **state)
{
    struct conn *conn = conn_of(state);
    expect(conn, Q("CREATE TABLE changing (v int)"), ROW("", "", "0", "CREATE TABLE"));
    expect(conn, Q("INSERT INTO changing VALUES (1)"), ROW("", "", "1", "INSERT"));
    expect(conn, Q("SELECT * FROM changing"), ONE("1", "int4"));
    expect(conn, Q("ALTER TABLE changing ALTER v TYPE text"), ROW("", "", "0", "ALTER TABLE"));
    expect(conn, Q("SELECT * FROM changing"), ONE("\"1\"", "text"));
    expect(conn, Q("DEALLOCATE ALL"), ROW("", "", "0", "DEALLOCATE ALL"));
    expect(conn, Q("SELECT * FROM changing"), ONE("\"1\"", "text"));
    expect(conn, Q("DISCARD ALL"), ROW("", "", "0", "DISCARD ALL"));
    expect(conn, Q("SELECT * FROM changing"), ONE("\"1\"", "text"));
    expect(conn, Q("DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$"), ROW("", "", "0", "DO"));
    expect(conn, Q("SELECT * FROM changing"), ONE("\"1\"", "text"));
    expect(conn, Q("DROP TABLE changing"), ROW("", "", "0", "DROP TABLE"));
    expect_error(conn, Q("EXECUTE unheard_of"), ERR_SERVER_ERROR, "26000");
}

static void forgets_statements_past_its_cap(void **state)
{
    struct conn *conn = conn_of(state);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 150; i++) {
            char config[128], output[256];
            (void)snprintf(config, sizeof(config), Q("SELECT %d AS v"), i);
            (void)snprintf(output, sizeof(output), ONE("%d", "int4"), i);
            expect(conn, config, output);
        }
    }
    expect(conn,
           Q("SELECT count(*) BETWEEN 60 AND 70 AS v FROM pg_prepared_statements WHERE NOT "
             "from_sql"),
           ONE("true", "bool"));
}

/* --- resetting -------------------------------------------------------------------------------- */

static void leaves_nothing_to_the_next_borrower(void **state)
{
    struct conn *conn = conn_of(state);
    static const char *const before[] = {
        Q("BEGIN"),
        Q("SET search_path = pg_catalog"),
        Q("SET statement_timeout = 1234"),
        Q("SET TimeZone = 'Asia/Tokyo'"),
        Q("SET my.own = 'x'"),
        Q("LISTEN gossip"),
        Q("CREATE TEMP TABLE left_over (v int)"),
        Q("SELECT pg_advisory_lock(4711)"),
        Q("SELECT set_config('my.own', 'y', false)"),
        Q("PREPARE mine AS SELECT 1"),
        Q("DECLARE held CURSOR WITH HOLD FOR SELECT 1"),
        Q("SET default_transaction_read_only = off"),
        Q("SET ROLE left_role"),
        Q("DO $$ BEGIN EXECUTE 'LISTEN whisper'; EXECUTE 'PREPARE theirs AS SELECT 2'; END $$"),
    };
    struct outcome outcome;
    borrow(conn, Q("CREATE ROLE left_role"), &outcome);
    bool has_role = outcome.result == STEP_DONE;
    outcome_done(&outcome);
    for (size_t i = 0; i < ARRAY_LEN(before); i++) {
        borrow(conn, before[i], &outcome);
        if (outcome.result != STEP_DONE && (has_role || !strstr(before[i], "left_role")))
            fail_msg("%s: %s", before[i], outcome.err.message);
        outcome_done(&outcome);
        expect(conn,
               Q("SELECT (SELECT count(*) FROM pg_listening_channels()) +"
                 " (SELECT count(*) FROM pg_prepared_statements WHERE from_sql) +"
                 " (SELECT count(*) FROM pg_cursors WHERE is_holdable) +"
                 " (SELECT count(*) FROM pg_class WHERE relname = 'left_over') +"
                 " (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = "
                 "pg_backend_pid()) AS v"),
               ONE("0", "int8"));
        expect(conn,
               Q("SELECT concat_ws(' ', current_setting('statement_timeout'),"
                 " current_setting('lock_timeout'), current_setting('TimeZone'),"
                 " current_setting('default_transaction_read_only'),"
                 " coalesce(current_setting('my.own', true), ''),"
                 " current_setting('search_path') LIKE '%public%',"
                 " current_user = session_user, pg_current_xact_id_if_assigned() IS NULL) AS v"),
               ONE("\"30s 22500ms UTC on  t t t\"", "text"));
    }
    borrow(conn, Q("DROP ROLE IF EXISTS left_role"), &outcome);
    outcome_done(&outcome);
}

static void rolls_back_what_was_left_open(void **state)
{
    struct conn *conn = conn_of(state);
    expect(conn, Q("BEGIN"), ROW("", "", "0", "BEGIN"));
    expect_error(conn, Q("SELECT currval('no_such_sequence')"), ERR_SERVER_ERROR, "42P01");
    expect(conn, Q("CREATE SEQUENCE kept"), ROW("", "", "0", "CREATE SEQUENCE"));
    expect(conn, Q("SELECT nextval('kept') AS v"), ONE("1", "int8"));
    expect_error(conn, Q("SELECT currval('kept') AS v"), ERR_SERVER_ERROR, "55000");
    expect(conn, Q("DROP SEQUENCE kept"), ROW("", "", "0", "DROP SEQUENCE"));
    assert_true(postgresql_connector.alive(conn));
    assert_true(postgresql_connector.ping(conn, deadline_in_ms(1000)));
}

/* --- time and cancelling ---------------------------------------------------------------------- */

/* True once no backend sleeps any more; asks for up to 5 s. */
static bool nobody_sleeps(struct conn *conn)
{
    for (int64_t began = clock_us(); clock_us() - began < 5000000;) {
        struct outcome outcome;
        borrow(conn,
               Q("SELECT count(*) AS v FROM pg_stat_activity WHERE state = 'active' AND query "
                 "LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()"),
               &outcome);
        bool none = strcmp(buf_str(&outcome.output).ptr, ONE("0", "int8")) == 0;
        outcome_done(&outcome);
        if (none)
            return true;
    }
    return false;
}

static void ends_what_takes_too_long(void **state)
{
    struct fixture *fixture = *state;
    struct outcome outcome;
    for (int writes = 0; writes < 2; writes++) {
        struct conn *conn = subject_session(&fixture->subject);
        int64_t began = clock_us();
        run_how(conn, Q("SELECT pg_sleep(600)"), (struct run_how){ 500, writes, NULL }, &outcome);
        int64_t took = clock_us() - began;
        assert_int_equal(outcome.result, STEP_FAILED);
        assert_int_equal(outcome.err.code, ERR_DEADLINE_PASSED);
        assert_true(took >= 450000 && took < 1500000);
        outcome_done(&outcome);
        postgresql_connector.close(conn);
    }
    assert_true(nobody_sleeps(fixture->conn));
}

static void the_server_ends_it_by_itself_too(void **state)
{
    struct subject subject;
    (void)state;
    subject_init(&subject, &postgresql_connector, getenv("PGURL"), "{\"statementTimeoutMs\":300}");
    struct conn *conn = subject_session(&subject);
    struct outcome outcome;
    /* 200 ms more are not worth a flight of their own: the session's limit stands. */
    run_how(conn, Q("SELECT pg_sleep(600)"), (struct run_how){ .ms = 500 }, &outcome);
    assert_int_equal(outcome.err.code, ERR_DEADLINE_PASSED);
    assert_string_equal(outcome.err.server_code, "57014");
    assert_false(outcome.err.maybe_done);
    assert_false(conn->broken);
    outcome_done(&outcome);
    assert_true(postgresql_connector.reset(conn));
    /* More time than the session has by itself. */
    run_how(conn, Q("SELECT pg_sleep(0.7)::text AS v"), (struct run_how){ .ms = 5000 }, &outcome);
    assert_int_equal(outcome.result, STEP_DONE);
    outcome_done(&outcome);
    assert_true(postgresql_connector.reset(conn));
    expect(
        conn, Q("SHOW statement_timeout"),
        ROW("{\"statement_timeout\":\"30s\"}", COLUMN("statement_timeout", "text"), "1", "SHOW"));
    postgresql_connector.close(conn);
    subject_done(&subject);
}

struct interrupter {
    struct conn *conn, *watcher;
    atomic_bool cancelled;
};

/* Cancels as soon as the server says that the statement runs. */
static void *interrupt_it(void *context)
{
    struct interrupter *it = context;
    for (;;) {
        struct outcome outcome;
        run_how(it->watcher,
                Q("SELECT count(*) AS v FROM pg_stat_activity WHERE state = 'active' AND query = "
                  "'SELECT pg_sleep(600), 7'"),
                (struct run_how){ 0 }, &outcome);
        bool runs = strcmp(buf_str(&outcome.output).ptr, ONE("1", "int8")) == 0;
        outcome_done(&outcome);
        (void)postgresql_connector.reset(it->watcher);
        if (runs)
            break;
    }
    atomic_store(&it->cancelled, true);
    postgresql_connector.interrupt(it->conn);
    return NULL;
}

static void ends_what_is_cancelled(void **state)
{
    struct fixture *fixture = *state;
    struct outcome outcome;
    struct interrupter it = { .conn = subject_session(&fixture->subject),
                              .watcher = subject_session(&fixture->subject) };
    pthread_t thread = thread_start("interrupter", interrupt_it, &it);
    int64_t began = clock_us();
    run_how(it.conn, Q("SELECT pg_sleep(600), 7"),
            (struct run_how){ .writes_allowed = true, .cancelled = &it.cancelled }, &outcome);
    assert_int_equal(outcome.err.code, ERR_CANCELLED);
    assert_false(outcome.err.maybe_done);
    assert_true(clock_us() - began < 5000000);
    pthread_join(thread, NULL);
    outcome_done(&outcome);
    /* A cancel request may still be on its way. */
    assert_false(postgresql_connector.reset(it.conn));
    assert_true(nobody_sleeps(fixture->conn));
    postgresql_connector.close(it.conn);
    postgresql_connector.close(it.watcher);
}

static void does_not_begin_when_cancelled_before(void **state)
{
    struct outcome outcome;
    atomic_bool cancelled = true;
    run_how(conn_of(state), Q("SELECT 1"), (struct run_how){ .cancelled = &cancelled }, &outcome);
    assert_int_equal(outcome.err.code, ERR_CANCELLED);
    assert_false(outcome.err.maybe_done);
    outcome_done(&outcome);
    assert_true(postgresql_connector.reset(conn_of(state)));
}

/* --- losing it -------------------------------------------------------------------------------- */

/* The number that a query gives as v. */
static long long number(struct conn *conn, const char *config)
{
    struct outcome outcome;
    borrow(conn, config, &outcome);
    assert_int_equal(outcome.result, STEP_DONE);
    const char *value = strstr(buf_str(&outcome.output).ptr, "\"v\":");
    assert_non_null(value);
    long long parsed = strtoll(value + 4, NULL, 10);
    outcome_done(&outcome);
    return parsed;
}

static void notices_a_session_that_was_ended(void **state)
{
    struct fixture *fixture = *state;
    struct outcome outcome;
    char end[128];
    need_server("PGADMINURL");
    struct subject admin;
    subject_init(&admin, &postgresql_connector, getenv("PGADMINURL"), NULL);
    struct conn *ender = subject_session(&admin), *conn = subject_session(&fixture->subject);
    long long pid = number(conn, Q("SELECT pg_backend_pid() AS v"));
    (void)snprintf(end, sizeof(end), Q("SELECT pg_terminate_backend(%lld, 5000) AS v"), pid);
    expect(ender, end, ONE("true", "bool"));
    assert_false(postgresql_connector.alive(conn));
    run_how(conn, Q("SELECT 1"), (struct run_how){ .writes_allowed = true }, &outcome);
    assert_int_equal(outcome.result, STEP_FAILED);
    assert_false(outcome.err.maybe_done);
    assert_true(conn->broken);
    outcome_done(&outcome);
    postgresql_connector.close(conn);
    postgresql_connector.close(ender);
    subject_done(&admin);
}

/* A write whose connection goes after it was sent may have happened; a read cannot have. */
static void knows_what_may_have_happened(void **state)
{
    (void)state;
    for (int writes = 0; writes < 2; writes++) {
        struct subject subject;
        struct outcome outcome;
        struct proxy *proxy = proxy_open(getenv("PGURL"), (struct proxy_how){ 0 });
        subject_init(&subject, &postgresql_connector, proxy_url(proxy), NULL);
        struct conn *conn = subject_session(&subject);
        expect(conn, Q("SELECT 1 AS v"), ONE("1", "int4"));
        assert_true(postgresql_connector.ping(conn, deadline_in_ms(5000)));
        proxy_cut_after_next(proxy);
        run_how(conn, Q("SELECT 1 AS v"), (struct run_how){ .writes_allowed = writes }, &outcome);
        assert_int_equal(outcome.err.code, ERR_CONNECTION_LOST);
        assert_int_equal(outcome.err.maybe_done, writes);
        assert_true(conn->broken);
        outcome_done(&outcome);
        postgresql_connector.close(conn);
        proxy_close(proxy);
        subject_done(&subject);
    }
}

/* --- behind a pooler -------------------------------------------------------------------------- */

static void leaves_nothing_in_a_pooled_session(void **state)
{
    struct fixture *fixture = *state;
    struct subject subject;
    struct outcome outcome;
    struct proxy *proxy = proxy_open(getenv("PGURL"), (struct proxy_how){ .other_pid = true });
    subject_init(&subject, &postgresql_connector, proxy_url(proxy), NULL);
    struct conn *conn = subject_session(&subject);
    expect(fixture->conn, Q("CREATE TABLE pooled (v int UNIQUE DEFERRABLE INITIALLY DEFERRED)"),
           ROW("", "", "0", "CREATE TABLE"));
    expect(conn, Q("SELECT current_setting('TimeZone') AS v"), ONE("\"UTC\"", "text"));
    for (int i = 0; i < 3; i++)
        expect(conn, QP("SELECT $1::int4range AS v", "[\"[1,5)\"]"), ONE("\"[1,5)\"", "int4range"));
    run_how(conn, QP("INSERT INTO pooled VALUES ($1)", "[1]"), (struct run_how){ 0 }, &outcome);
    assert_int_equal(outcome.result, STEP_DONE); /* not a SELECT: said to write */
    outcome_done(&outcome);
    assert_true(postgresql_connector.reset(conn));
    run_how(conn, Q("SELECT v FROM pooled FOR UPDATE"), (struct run_how){ 0 }, &outcome);
    assert_int_equal(outcome.result, STEP_WRITES);
    outcome_done(&outcome);
    run_how(conn, Q("SELECT v FROM pooled FOR UPDATE"), (struct run_how){ .writes_allowed = true },
            &outcome);
    assert_int_equal(outcome.result, STEP_DONE);
    outcome_done(&outcome);
    assert_true(postgresql_connector.reset(conn));
    expect_error(conn, Q("INSERT INTO pooled VALUES (2), (2)"), ERR_SERVER_ERROR, "23505");
    expect_error(conn, QP("SELECT $1::int", "[1,2]"), ERR_PARAM_COUNT, "");
    expect(fixture->conn, Q("SELECT v FROM pooled"), ONE("1", "int4"));
    /* What a stranger would find in the server process afterwards. */
    run_how(conn,
            Q("SELECT (SELECT count(*) FROM pg_prepared_statements WHERE name <> '') + (SELECT "
              "count(*) FROM pg_settings WHERE source = 'session' AND name <> "
              "'transaction_read_only' AND setting <> reset_val AND name NOT IN "
              "('transaction_read_only', 'statement_timeout', 'lock_timeout', "
              "'idle_in_transaction_session_timeout', 'client_connection_check_interval', "
              "'TimeZone', 'IntervalStyle', 'DateStyle', 'extra_float_digits', 'bytea_output', "
              "'standard_conforming_strings')) AS v"),
            (struct run_how){ 0 }, &outcome);
    assert_string_equal(buf_str(&outcome.output).ptr, ONE("0", "int8"));
    outcome_done(&outcome);
    assert_true(postgresql_connector.reset(conn));
    assert_true(postgresql_connector.ping(conn, deadline_in_ms(5000)));
    postgresql_connector.close(conn);
    proxy_close(proxy);
    subject_done(&subject);
    expect(fixture->conn, Q("DROP TABLE pooled"), ROW("", "", "0", "DROP TABLE"));
}

/* --- signing in ------------------------------------------------------------------------------- */

/* A URL with another password, host, database or option in it. */
static const char *altered(char url[512], const char *from, const char *password, const char *rest)
{
    const char *user_end = strchr(strstr(from, "://") + 3, ':');
    const char *at = strchr(from, '@'), *path = strchr(at, '/');
    (void)snprintf(url, 512, "%.*s:%.*s%.*s%s", (int)(user_end - from), from,
                   password ? (int)strlen(password) : (int)(at - user_end - 1),
                   password ? password : user_end + 1, (int)(path - at), at, rest ? rest : path);
    return url;
}

static void says_why_it_could_not_sign_in(void **state)
{
    char url[512];
    struct error err;
    (void)state;
    refused(&postgresql_connector, altered(url, getenv("PGURL"), "wr%40ng", NULL), NULL, &err);
    assert_int_equal(err.code, ERR_AUTH_FAILED);
    assert_string_equal(err.server_code, "28P01");
    assert_null(strstr(err.message, "wr@ng"));
    refused(&postgresql_connector, altered(url, getenv("PGURL"), NULL, "/hostaddr=8.8.8.8"), NULL,
            &err);
    assert_int_equal(err.code, ERR_DATABASE_MISSING);
    assert_string_equal(err.message,
                        "could not sign in: database \"hostaddr=8.8.8.8\" does not exist");
    refused(&postgresql_connector, "postgresql://a:b@127.0.0.1:1/x", NULL, &err);
    assert_int_equal(err.code, ERR_REFUSED);
    refused(&postgresql_connector, "postgresql://a:b@localhost:1/x", NULL, &err);
    assert_int_equal(err.code, ERR_REFUSED);
    refused(&postgresql_connector, "postgresql://a:b@no-such-host.invalid/x", NULL, &err);
    assert_true(err.code == ERR_DNS_FAILED || err.code == ERR_DNS_TIMEOUT);
}

static void judges_the_server_by_its_certificate(void **state)
{
    char url[512], config[16384], pem[12288], *at = config;
    struct error err;
    (void)state;
    need_server("PGTLSONLYURL");
    need_server("TLSCA");
    const char *tls_only = getenv("PGTLSONLYURL");
    refused(&postgresql_connector, altered(url, tls_only, NULL, "/tieline?sslmode=disable"), NULL,
            &err);
    assert_int_equal(err.code, ERR_TLS_REQUIRED);
    refused(&postgresql_connector, altered(url, tls_only, NULL, "/tieline?sslmode=verify-full"),
            NULL, &err);
    assert_int_equal(err.code, ERR_TLS_UNTRUSTED);

    FILE *file = fopen(getenv("TLSCA"), "r");
    assert_non_null(file);
    pem[fread(pem, 1, sizeof(pem) - 1, file)] = '\0';
    (void)fclose(file);
    at += snprintf(at, 64, "{\"tls\":{\"caPem\":\"");
    for (const char *c = pem; *c; c++) {
        if (*c == '\n')
            *at++ = '\\';
        *at++ = *c == '\n' ? 'n' : *c;
    }
    (void)snprintf(at, 8, "\"}}");
    static const char *const modes[] = { "verify-full", "verify-ca", "require" };
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        struct subject subject;
        struct trial trial = { 0 };
        char rest[64];
        (void)snprintf(rest, sizeof(rest), "/tieline?sslmode=%s", modes[i]);
        subject_init(&subject, &postgresql_connector, altered(url, tls_only, NULL, rest), config);
        struct conn *conn =
            postgresql_connector.open(&subject.upstream, &trial, deadline_in_ms(5000), &err);
        if (!conn)
            fail_msg("%s", err.message);
        assert_int_equal(trial.tls, TLS_STATE_VERIFIED);
        assert_true(trial.stages[STAGE_TLS].reached && trial.stages[STAGE_TLS].ok);
        expect(conn, Q("SELECT ssl AS v FROM pg_stat_ssl WHERE pid = pg_backend_pid()"),
               ONE("true", "bool"));
        postgresql_connector.close(conn);
        subject_done(&subject);
    }
}

static void reports_the_stages(void **state)
{
    struct fixture *fixture = *state;
    struct trial trial = { 0 };
    struct error err = { 0 };
    struct conn *conn =
        postgresql_connector.open(&fixture->subject.upstream, &trial, deadline_in_ms(5000), &err);
    assert_non_null(conn);
    assert_true(strncmp(trial.server_version, "PostgreSQL 1", 12) == 0);
    assert_null(strchr(trial.server_version, '('));
    for (int stage = 0; stage < STAGE_COUNT; stage++)
        if (stage != STAGE_TLS)
            assert_true(trial.stages[stage].reached && trial.stages[stage].ok);
    postgresql_connector.close(conn);
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
        cmocka_unit_test(proves_that_a_select_only_reads),
        cmocka_unit_test(lets_statements_stand_alone),
        cmocka_unit_test(survives_changes_of_a_table),
        cmocka_unit_test(forgets_statements_past_its_cap),
        cmocka_unit_test(leaves_nothing_to_the_next_borrower),
        cmocka_unit_test(rolls_back_what_was_left_open),
        cmocka_unit_test(ends_what_takes_too_long),
        cmocka_unit_test(the_server_ends_it_by_itself_too),
        cmocka_unit_test(ends_what_is_cancelled),
        cmocka_unit_test(does_not_begin_when_cancelled_before),
        cmocka_unit_test(notices_a_session_that_was_ended),
        cmocka_unit_test(knows_what_may_have_happened),
        cmocka_unit_test(leaves_nothing_in_a_pooled_session),
        cmocka_unit_test(says_why_it_could_not_sign_in),
        cmocka_unit_test(judges_the_server_by_its_certificate),
        cmocka_unit_test(reports_the_stages),
    };
    (void)signal(SIGPIPE, SIG_IGN);
    secret_init();
    return cmocka_run_group_tests(tests, open_fixture, close_fixture);
}
