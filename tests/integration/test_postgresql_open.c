/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and losing sessions of the connector "postgresql": PGURL, PGADMINURL, PGTLSONLYURL, TLSCA. */
#include "postgresql.h"
#include "proxy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    refused(&postgresql_connector, altered(url, getenv("PGURL"), "a%00b", NULL), NULL, &err);
    assert_int_equal(err.code, ERR_AUTH_FAILED);
    assert_string_equal(err.message, "PostgreSQL takes no password with a NUL byte");
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
        struct conn *conn = postgresql_connector.open(
            &subject.upstream, &(struct opening){ deadline_in_ms(5000), NULL, &trial }, &err);
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
    struct conn *conn = postgresql_connector.open(
        &fixture->subject.upstream, &(struct opening){ deadline_in_ms(5000), NULL, &trial }, &err);
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
        cmocka_unit_test(notices_a_session_that_was_ended),
        cmocka_unit_test(knows_what_may_have_happened),
        cmocka_unit_test(leaves_nothing_in_a_pooled_session),
        cmocka_unit_test(says_why_it_could_not_sign_in),
        cmocka_unit_test(judges_the_server_by_its_certificate),
        cmocka_unit_test(reports_the_stages),
    };
    return RUN_POSTGRESQL(tests);
}
