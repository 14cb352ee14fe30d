/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters and results of "postgresql-query" against a real server (PGURL). Types:
 * test_postgresql_types.c.
 */
#include "postgresql.h"

#include "connector/postgresql_internal.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- parameters ------------------------------------------------------------------------------- */

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

static void keeps_every_column_name(void **state)
{
    static const struct {
        const char *given, *name; /* in SQL, in JSON */
    } table[] = {
        { "__proto__", "__proto__" },
        { "constructor", "constructor" },
        { " ", " " },
        { "a.b[0]", "a.b[0]" },
        { "{{ trigger }}", "{{ trigger }}" },
        { "it's \\\"\\\" \\\\", "it's \\\" \\\\" },
        { "\\t\\n", "\\t\\n" },
        { "\\u202e\\ufeff", "\xE2\x80\xAE\xEF\xBB\xBF" },
        { "?column?", "?column?" },
        /* 63 bytes are kept, more are cut by the server, between characters. */
        { "0123456789012345678901234567890123456789012345678901234567890é",
          "0123456789012345678901234567890123456789012345678901234567890é" },
        { "01234567890123456789012345678901234567890123456789012345678901é",
          "01234567890123456789012345678901234567890123456789012345678901" },
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        char config[256], output[512];
        (void)snprintf(config, sizeof(config), Q("SELECT 1 AS \\\"%s\\\", 2 AS \\\"%s\\\""),
                       table[i].given, table[i].given);
        (void)snprintf(output, sizeof(output),
                       ROW("{\"%s\":1,\"%s_2\":2}", COLUMN("%s", "int4") "," COLUMN("%s_2", "int4"),
                           "1", "SELECT"),
                       table[i].name, table[i].name, table[i].name, table[i].name);
        expect(conn_of(state), config, output);
    }
}

/* A database without an encoding holds any bytes; the server itself refuses to pass them off as UTF-8. */
static void says_what_is_no_text(void **state)
{
    struct subject subject;
    char url[256];
    struct str given = str_from(getenv("PGURL"));
    (void)snprintf(url, sizeof(url), STR_FMT "/plain_bytes",
                   STR_ARG(str_slice(given, 0, given.len - strlen("/tieline"))));
    expect(conn_of(state),
           Q("CREATE DATABASE plain_bytes ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0"),
           ROW("", "", "0", "CREATE DATABASE"));
    subject_init(&subject, &postgresql_connector, url, NULL);
    struct conn *conn = subject_session(&subject);
    expect(conn, Q("SELECT 'é'::text AS v"), ONE("\"é\"", "text"));
    expect_error(conn, Q("SELECT E'na\\\\xefve'::text AS v"), ERR_SERVER_ERROR, "22021");
    expect(conn, Q("SELECT convert_to(E'na\\\\xefve', 'SQL_ASCII') AS v"),
           ONE("{\"base64\":\"bmHvdmU=\"}", "bytea"));
    postgresql_connector.close(conn);
    subject_done(&subject);
    expect(conn_of(state), Q("DROP DATABASE plain_bytes"), ROW("", "", "0", "DROP DATABASE"));
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
        Q("SELECT repeat('x', 100000000)"),
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

/* libpq reads no more than it may, whatever the socket has: its recv() is ours. */
static void bounds_what_libpq_reads_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct conn *conn = subject_session(&fixture->subject);
    PGconn *link = CONTAINER_OF(conn, struct pg, conn)->link;
    struct pollfd socket = { .fd = PQsocket(link), .events = POLLIN };
    assert_int_equal(
        PQsendQueryParams(link, "SELECT repeat('x', 100000)", 0, NULL, NULL, NULL, NULL, 0), 1);
    assert_int_equal(PQpipelineSync(link), 1);
    assert_int_equal(PQflush(link), 0);
    unsigned reads = 0;
    while (PQisBusy(link)) {
        assert_int_equal(poll(&socket, 1, 10000), 1);
        pg_receive_at_most(0);
        assert_int_equal(PQconsumeInput(link), 1);
        assert_true(PQisBusy(link));
        pg_receive_at_most(1000);
        assert_int_equal(PQconsumeInput(link), 1);
        reads++;
    }
    pg_receive_at_most(SIZE_MAX);
    assert_in_range(reads, 100, 110);
    PGresult *result = PQgetResult(link);
    assert_int_equal(PQgetlength(result, 0, 0), 100000);
    PQclear(result);
    postgresql_connector.close(conn);
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
        cmocka_unit_test(counts_parameters),
        cmocka_unit_test(counts_rows_and_names_columns),
        cmocka_unit_test(keeps_every_column_name),
        cmocka_unit_test(says_what_is_no_text),
        cmocka_unit_test(caps_rows_and_bytes),
        cmocka_unit_test(bounds_what_libpq_reads_at_once),
        cmocka_unit_test(refuses_copy),
        cmocka_unit_test(takes_one_statement),
    };
    return RUN_POSTGRESQL(tests);
}
