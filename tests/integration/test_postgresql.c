/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions of the connector "postgresql" against a real server (PGURL): what a run may do, what is
 * left of it, how it is ended.
 */
#include "postgresql.h"

#include "base/thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
           Q("SELECT count(*) AS v FROM pg_prepared_statements WHERE name ~ '^tieline_[0-9]+$'"),
           ONE("64", "int8"));
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
        Q("DO $$ BEGIN EXECUTE 'LISTEN whisper'; EXECUTE 'PREPARE theirs AS SELECT 2'; END $$"),
    };
    for (size_t i = 0; i < ARRAY_LEN(before); i++) {
        struct outcome outcome;
        borrow(conn, before[i], &outcome);
        if (outcome.result != STEP_DONE)
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
               ONE("\"30s 22500ms UTC off  t t t\"", "text"));
    }
}

static void leaves_no_role_to_the_next_borrower(void **state)
{
    struct subject admin;
    (void)state;
    need_server("PGADMINURL");
    subject_init(&admin, &postgresql_connector, getenv("PGADMINURL"), NULL);
    struct conn *conn = subject_session(&admin);
    static const char *const before[] = { Q("SET ROLE tieline"),
                                          Q("SET SESSION AUTHORIZATION tieline"),
                                          Q("SELECT set_config('role', 'tieline', false)") };
    for (size_t i = 0; i < ARRAY_LEN(before); i++) {
        struct outcome outcome;
        borrow(conn, before[i], &outcome);
        assert_int_equal(outcome.result, STEP_DONE);
        outcome_done(&outcome);
        expect(conn, Q("SELECT concat_ws(' ', current_user, session_user) AS v"),
               ONE("\"postgres postgres\"", "text"));
    }
    postgresql_connector.close(conn);
    subject_done(&admin);
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

/* At the end of a server a request to cancel may be on its way when the egress policy is freed. */
static void a_cancel_outlives_its_session(void **state)
{
    for (int i = 0; i < 20; i++) {
        struct subject subject;
        subject_init(&subject, &postgresql_connector, getenv("PGURL"), NULL);
        struct conn *conn = subject_session(&subject);
        postgresql_connector.interrupt(conn);
        postgresql_connector.close(conn);
        subject_done(&subject);
    }
    expect(conn_of(state), Q("SELECT 1 AS v"), ONE("1", "int4"));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proves_that_a_select_only_reads),
        cmocka_unit_test(lets_statements_stand_alone),
        cmocka_unit_test(survives_changes_of_a_table),
        cmocka_unit_test(forgets_statements_past_its_cap),
        cmocka_unit_test(leaves_nothing_to_the_next_borrower),
        cmocka_unit_test(leaves_no_role_to_the_next_borrower),
        cmocka_unit_test(rolls_back_what_was_left_open),
        cmocka_unit_test(ends_what_takes_too_long),
        cmocka_unit_test(the_server_ends_it_by_itself_too),
        cmocka_unit_test(ends_what_is_cancelled),
        cmocka_unit_test(a_cancel_outlives_its_session),
        cmocka_unit_test(does_not_begin_when_cancelled_before),
    };
    return RUN_POSTGRESQL(tests);
}
