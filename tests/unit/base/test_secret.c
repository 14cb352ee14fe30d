/* SPDX-License-Identifier: Apache-2.0 */
/* Plain secrets. */
#include "unit.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/secret.h"

static int start(void **state)
{
    (void)state;
    secret_init();
    return 0;
}

static bool is_it(struct str plain, void *context)
{
    return str_eq(plain, str_from(context));
}

static void a_secret_is_a_copy_seen_only_while_used(void **state)
{
    (void)state;
    char source[] = "hunter2";
    AUTO(secret) secret = secret_new(str_from(source));
    secret_wipe(source, sizeof(source));
    for (size_t i = 0; i < sizeof(source); i++)
        assert_int_equal(source[i], 0);
    char wanted[] = "hunter2", other[] = "hunter3";
    assert_int_equal(secret_len(secret), 7);
    assert_true(secret_use(secret, is_it, wanted));
    assert_false(secret_use(secret, is_it, other));
}

static void an_empty_secret_is_fine(void **state)
{
    (void)state;
    char empty[] = "";
    AUTO(secret) secret = secret_new(STR(""));
    assert_int_equal(secret_len(secret), 0);
    assert_true(secret_use(secret, is_it, empty));
    secret_free(NULL);
}

static void equality_looks_at_every_byte(void **state)
{
    (void)state;
    assert_true(secret_equal(STR("abc"), STR("abc")));
    assert_true(secret_equal(STR(""), STR_NULL));
    assert_false(secret_equal(STR("abc"), STR("abd")));
    assert_false(secret_equal(STR("abc"), STR("bbc")));
    assert_false(secret_equal(STR("abc"), STR("ab")));
}

static void no_core_is_written(void **state)
{
    (void)state;
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_CORE, &limit), 0);
    assert_int_equal(limit.rlim_cur, 0);
    assert_int_equal(limit.rlim_max, 0);
}

#ifndef TIELINE_SANITIZED /* there mlock() is a call that does nothing and succeeds */
/* Runs in a child that may lock nothing; its standard error is the pipe. */
static int use_secrets_without_locking(int out)
{
    char wanted[] = "hunter2";
    struct rlimit none = { 0, 0 };
    (void)dup2(out, STDERR_FILENO);
    (void)setrlimit(RLIMIT_MEMLOCK, &none);
    if (geteuid() == 0 && setuid(65534) != 0) /* root may lock whatever the limit says */
        return 1;
    for (int i = 0; i < 3; i++) {
        AUTO(secret) secret = secret_new(STR("hunter2"));
        if (!secret_use(secret, is_it, wanted))
            return 1;
    }
    return 0;
}

static void unlocked_memory_is_a_warning_said_once(void **state)
{
    (void)state;
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(use_secrets_without_locking(ends[1]));
    (void)close(ends[1]);
    char text[4096];
    size_t len = 0;
    for (ssize_t got; len < sizeof(text) - 1; len += (size_t)got) {
        got = read(ends[0], text + len, sizeof(text) - 1 - len);
        if (got <= 0)
            break;
    }
    text[len] = '\0';
    (void)close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    const char *first = strstr(text, " warn ");
    assert_non_null(first);
    assert_null(strstr(first + 1, " warn "));
    assert_null(strstr(text, "hunter2"));
}
#endif

static bool write_to_it(struct str plain, void *context)
{
    (void)context;
    *(char *)(uintptr_t)plain.ptr = 'x';
    return true;
}

static void a_secret_never_changes(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)signal(SIGSEGV, SIG_DFL); /* a sanitizer would report at length */
        AUTO(secret) secret = secret_new(STR("hunter2"));
        (void)secret_use(secret, write_to_it, NULL);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_is_a_copy_seen_only_while_used),
        cmocka_unit_test(an_empty_secret_is_fine),
        cmocka_unit_test(equality_looks_at_every_byte),
        cmocka_unit_test(no_core_is_written),
#ifndef TIELINE_SANITIZED
        cmocka_unit_test(unlocked_memory_is_a_warning_said_once),
#endif
        cmocka_unit_test(a_secret_never_changes),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
