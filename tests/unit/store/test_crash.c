/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that writes is killed; what it had acknowledged must be there. The process is this very
 * program, started anew: SQLite must not be used across fork().
 */
#include "store_fixture.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/crash.h"
#include "base/thread.h"
#include "store/meta.h"

static const struct sql count_meta = SQL("SELECT count(*) FROM server_meta");
static const struct sql count_migrations = SQL("SELECT count(*) FROM schema_migrations");
static const struct sql check_file = SQL("SELECT count(*) FROM pragma_integrity_check"
                                         " WHERE integrity_check = 'ok'");

/* --- the child --- */

#define WRITERS 4

static struct store *child_store;

static bool name_run(struct tx *tx, const void *context, struct error *err)
{
    return meta_set(tx, str_from(context), STR("x"), err);
}

/* Writes names, and says each one on standard output once it is acknowledged. */
static void *write_for_ever(void *context)
{
    (void)context;
    for (;;) {
        char line[ID_TEXT_SIZE + 1];
        (void)id_format(id_new(), line);
        struct work work = {
            .write = { .scope = scope_system(), .run = work_run },
            .run = name_run,
            .context = line,
        };
        struct error err;
        if (!store_write(child_store, &work.write, &err))
            crash_fatal("%s", err.message);
        line[ID_TEXT_SIZE - 1] = '\n';
        if (write(STDOUT_FILENO, line, ID_TEXT_SIZE) != ID_TEXT_SIZE)
            crash_fatal("nobody listens");
    }
}

static int child_main(const char *url)
{
    secret_init();
    crash_init();
    log_set_level(LOG_LEVEL_WARN);
    struct error err;
    child_store = store_open(&(struct store_config){ .url = str_from(url) }, &err);
    if (!child_store)
        crash_fatal("%s", err.message);
    pthread_t threads[WRITERS];
    for (int i = 0; i < WRITERS; i++)
        threads[i] = thread_start("writes", write_for_ever, NULL);
    return pthread_join(threads[0], NULL);
}

/* --- the parent --- */

static pid_t start_child(const struct fixture *f, const char *crash_at, int *out)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char url[sizeof(f->url)];
        (void)snprintf(url, sizeof(url), "%s", f->url);
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)close(ends[0]);
        (void)close(ends[1]);
        if (crash_at)
            (void)setenv("TIELINE_CRASH_AT", crash_at, 1); /* NOLINT: nobody else is here */
        (void)execl("/proc/self/exe", "test_crash", url, (char *)NULL);
        _exit(127);
    }
    (void)close(ends[1]);
    *out = ends[0];
    return child;
}

#define NAMES_MAX 100000

struct acknowledged {
    char (*names)[ID_TEXT_SIZE];
    size_t count;
};

/* Reads names until the child ends; kills it when `kill_after` of them were read. */
static void follow(pid_t child, int in, size_t kill_after, struct acknowledged *out)
{
    FILE *lines = fdopen(in, "r");
    assert_non_null(lines);
    char line[64];
    while (out->count < NAMES_MAX && fgets(line, sizeof(line), lines)) {
        if (strlen(line) != ID_TEXT_SIZE)
            continue; /* cut by its end */
        memcpy(out->names[out->count], line, ID_TEXT_SIZE);
        out->names[out->count++][ID_TEXT_SIZE - 1] = '\0';
        if (out->count == kill_after)
            assert_int_equal(kill(child, SIGKILL), 0);
    }
    (void)fclose(lines);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
}

static void assert_all_stored(struct fixture *f, const struct acknowledged *acknowledged)
{
    MUST(f, fixture_try_open(f));
    assert_int_equal(fixture_int(f, &check_file), 1);
    assert_true(fixture_int(f, &count_meta) >= (int64_t)acknowledged->count);
    AUTO(tx) tx = store_read(f->store, scope_system(), &f->err);
    assert_non_null(tx);
    for (size_t i = 0; i < acknowledged->count; i++) {
        struct str value;
        MUST(f, meta_get(tx, str_from(acknowledged->names[i]), f->arena, &value, &f->err));
        if (!str_set(value))
            fail_msg("%s was acknowledged and is lost", acknowledged->names[i]);
    }
}

static void crash_and_check(const char *crash_at, size_t kill_after, size_t at_least)
{
    struct fixture f;
    fixture_start(&f);
    struct acknowledged acknowledged = { .names = calloc(NAMES_MAX, ID_TEXT_SIZE) };
    int in;
    pid_t child = start_child(&f, crash_at, &in);
    follow(child, in, kill_after, &acknowledged);
    assert_true(acknowledged.count >= at_least);
    assert_all_stored(&f, &acknowledged);
    free(acknowledged.names);
    fixture_close(&f);
}

static void a_kill_between_writes_loses_nothing(void **state)
{
    (void)state;
    static const size_t after[] = { 1, 7, 100, 333, 1000 };
    for (size_t i = 0; i < ARRAY_LEN(after); i++)
        crash_and_check(NULL, after[i], after[i]);
}

static void a_crash_around_a_commit_loses_nothing(void **state)
{
    (void)state;
    crash_and_check("store.before_commit:20", 0, 19);
    crash_and_check("store.after_commit:20", 0, 19);
}

static void a_crash_around_a_migration_is_made_good(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 2 * fixture_migrations(); i++) {
        struct fixture f;
        char point[40];
        (void)snprintf(point, sizeof(point), "migrate.%s_commit:%d", i % 2 ? "after" : "before",
                       (int)(i / 2 + 1));
        fixture_start(&f);
        struct acknowledged none = { .names = calloc(1, ID_TEXT_SIZE) };
        int in;
        pid_t child = start_child(&f, point, &in);
        follow(child, in, 0, &none);
        assert_int_equal(none.count, 0);
        MUST(&f, fixture_try_open(&f));
        assert_int_equal(fixture_int(&f, &count_migrations), fixture_migrations());
        assert_int_equal(fixture_int(&f, &check_file), 1);
        free(none.names);
        fixture_close(&f);
    }
}

int main(int argc, char **argv)
{
    if (argc == 2 && strncmp(argv[1], "sqlite:", 7) == 0)
        return child_main(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kill_between_writes_loses_nothing),
        cmocka_unit_test(a_crash_around_a_commit_loses_nothing),
        cmocka_unit_test(a_crash_around_a_migration_is_made_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
