/* SPDX-License-Identifier: Apache-2.0 */
/* Opening: the lock, the file, and the schema, each refused by name where it is not ours. */
#include "store_fixture.h"

#include <sched.h>
#include <sys/stat.h>

#include "base/file.h"

static const struct sql count_migrations = SQL("SELECT count(*) FROM schema_migrations");
static const struct sql auto_vacuum = SQL("PRAGMA auto_vacuum");

static bool run_sql(struct tx *tx, const void *context, struct error *err)
{
    return tx_run(tx, context, NO_BINDS, NULL, err);
}

static void assert_message(const struct fixture *f, const char *part)
{
    if (!strstr(f->err.message, part))
        fail_msg("\"%s\" is not in \"%s\"", part, f->err.message);
}

static void a_new_store_is_private_and_complete(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f);
    struct stat status;
    assert_int_equal(stat(f.path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(fixture_int(&f, &count_migrations), fixture_migrations());
    assert_int_equal(fixture_int(&f, &auto_vacuum), 2);
    fixture_close(&f);
}

static void opening_again_changes_nothing(void **state)
{
    (void)state;
    static const struct sql newest = SQL("SELECT max(applied_at) FROM schema_migrations");
    struct fixture f;
    fixture_open(&f);
    int64_t applied = fixture_int(&f, &newest);
    store_close(f.store);
    assert_true(fixture_try_open(&f));
    assert_int_equal(fixture_int(&f, &count_migrations), fixture_migrations());
    assert_int_equal(fixture_int(&f, &newest), applied);
    fixture_close(&f);
}

static void closing_leaves_no_log_behind(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f);
    (void)fixture_int(&f, &count_migrations);
    store_close(f.store);
    f.store = NULL;
    char log[128];
    (void)snprintf(log, sizeof(log), "%s-wal", f.path);
    assert_false(file_exists(log));
    fixture_close(&f);
}

static void a_second_opener_is_refused_by_name(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f);
    struct store *first = f.store;
    char process[32];
    (void)snprintf(process, sizeof(process), "process %ld", (long)getpid());
    assert_false(fixture_try_open(&f));
    assert_int_equal(f.err.code, ERR_CONFLICT);
    assert_message(&f, f.path);
    assert_message(&f, process);
    f.store = first;
    assert_int_equal(fixture_int(&f, &count_migrations), fixture_migrations());
    fixture_close(&f);
}

static void a_newer_schema_is_refused(void **state)
{
    (void)state;
    static const struct sql add = SQL("INSERT INTO schema_migrations VALUES"
                                      " (29990101000000, 'from_the_future', 'x', 1)");
    struct fixture f;
    fixture_open(&f);
    MUST_WRITE(&f, run_sql, &add);
    store_close(f.store);
    assert_false(fixture_try_open(&f));
    assert_message(&f, "from_the_future");
    fixture_close(&f);
}

static void a_changed_migration_is_refused(void **state)
{
    (void)state;
    static const struct sql change = SQL("UPDATE schema_migrations SET checksum = 'x'"
                                         " WHERE version = 20251118000003");
    struct fixture f;
    fixture_open(&f);
    MUST_WRITE(&f, run_sql, &change);
    store_close(f.store);
    assert_false(fixture_try_open(&f));
    assert_message(&f, "workflows");
    fixture_close(&f);
}

static void what_is_no_database_is_refused_and_kept(void **state)
{
    (void)state;
    struct fixture f;
    fixture_start(&f);
    struct str text = STR("These are somebody's notes, which nobody wants to lose. They are long "
                          "enough to look like the head of a page.\n");
    assert_true(file_create(f.path, 0600, text, &f.err));
    assert_false(fixture_try_open(&f));
    assert_int_equal(f.err.code, ERR_INTERNAL);
    assert_message(&f, f.path);
    struct str after;
    assert_true(file_read(f.path, 4096, f.arena, &after, &f.err));
    assert_true(str_eq(after, text));
    fixture_close(&f);
}

static void a_truncated_database_is_refused(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f);
    store_close(f.store);
    assert_int_equal(truncate(f.path, 20480), 0);
    assert_false(fixture_try_open(&f));
    assert_int_equal(f.err.code, ERR_INTERNAL);
    fixture_close(&f);
}

/* --- a look for damage --- */

static bool fill(struct tx *tx, const void *context, struct error *err)
{
    static const struct sql many =
        SQL("INSERT INTO server_meta (name, value, updated_at) WITH RECURSIVE n (i) AS "
            "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
            "SELECT 'row ' || i, printf('%.*c', 200, 'x'), 1 FROM n");
    (void)context;
    return tx_run(tx, &many, NO_BINDS, NULL, err);
}

static void open_filled(struct fixture *f)
{
    fixture_open(f);
    MUST_WRITE(f, fill, NULL);
}

/* As a process that died would: it leaves a log. This one holds nothing that counts. */
static void close_uncleanly(struct fixture *f)
{
    char log[128];
    store_close(f->store);
    (void)snprintf(log, sizeof(log), "%s-wal", f->path);
    assert_true(file_create(log, 0600, STR("x"), &f->err));
}

static enum store_check check_of(struct fixture *f)
{
    struct store_stats stats;
    while (store_stats(f->store, &stats), stats.check == STORE_CHECK_RUNNING)
        (void)sched_yield();
    return stats.check;
}

static void a_store_that_was_not_closed_is_checked(void **state)
{
    (void)state;
    struct fixture f;
    open_filled(&f);
    assert_int_equal(check_of(&f), STORE_CHECK_NONE);
    close_uncleanly(&f);
    MUST(&f, fixture_try_open(&f));
    assert_int_equal(check_of(&f), STORE_CHECK_OK);
    store_close(f.store);
    MUST(&f, fixture_try_open(&f));
    assert_int_equal(check_of(&f), STORE_CHECK_NONE);
    fixture_close(&f);
}

static void damage_is_found(void **state)
{
    (void)state;
    struct fixture f;
    open_filled(&f);
    close_uncleanly(&f);
    FILE *file = fopen(f.path, "r+");
    assert_non_null(file);
    assert_int_equal(fseek(file, 100 * 4096, SEEK_SET), 0);
    for (int i = 0; i < 4096; i++)
        assert_int_equal(fputc('?', file), '?');
    assert_int_equal(fclose(file), 0);
    MUST(&f, fixture_try_open(&f));
    assert_int_equal(check_of(&f), STORE_CHECK_DAMAGED);
    fixture_close(&f);
}

static void closing_does_not_wait_for_the_check(void **state)
{
    (void)state;
    struct fixture f;
    open_filled(&f);
    close_uncleanly(&f);
    MUST(&f, fixture_try_open(&f));
    fixture_close(&f);
}

static void odd_addresses_are_refused(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "sqlite:",
        "sqlite::memory:",
        "sqlite:file:/tmp/x.db?mode=memory",
        "sqlite:/nonexistent/folder/t.db",
        "mysql://root:secret@localhost/x",
        "/tmp/x.db",
    };
    struct fixture f;
    fixture_start(&f);
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        (void)snprintf(f.url, sizeof(f.url), "%s", urls[i]);
        if (fixture_try_open(&f))
            fail_msg("\"%s\" was taken", urls[i]);
        assert_null(strstr(f.err.message, "secret"));
    }
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_store_is_private_and_complete),
        cmocka_unit_test(opening_again_changes_nothing),
        cmocka_unit_test(closing_leaves_no_log_behind),
        cmocka_unit_test(a_second_opener_is_refused_by_name),
        cmocka_unit_test(a_newer_schema_is_refused),
        cmocka_unit_test(a_changed_migration_is_refused),
        cmocka_unit_test(what_is_no_database_is_refused_and_kept),
        cmocka_unit_test(a_truncated_database_is_refused),
        cmocka_unit_test(a_store_that_was_not_closed_is_checked),
        cmocka_unit_test(damage_is_found),
        cmocka_unit_test(closing_does_not_wait_for_the_check),
        cmocka_unit_test(odd_addresses_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
