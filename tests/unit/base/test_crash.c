/* SPDX-License-Identifier: Apache-2.0 */
/* Ends on purpose, each in a child process whose last words come through a pipe. */
#include "unit.h"

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/mem.h"

static char words[2048];

/* Runs `end` in a child; returns its wait status. */
static int status_of(void (*end)(void))
{
    int ends[2], status = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        (void)close(ends[0]);
        (void)close(ends[1]);
        end();
        _exit(0);
    }
    (void)close(ends[1]);
    size_t len = 0;
    for (ssize_t got; (got = read(ends[0], words + len, sizeof(words) - 1 - len)) > 0;)
        len += (size_t)got;
    words[len] = '\0';
    (void)close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void end_fatally(void)
{
    crash_init();
    crash_fatal("the %s is gone", "store");
}

static void fatal_ends_with_one_line_that_says_why(void **state)
{
    (void)state;
    int status = status_of(end_fatally);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_non_null(strstr(words, "Z error the store is gone\n"));
    assert_null(strstr(words, "SIGABRT"));
}

/* Reaches two points three times each, saying so. */
static void reach_points(void)
{
    crash_init();
    for (int i = 0; i < 3; i++) {
        CRASH_POINT("outcome-commit");
        (void)!write(STDERR_FILENO, "a", 1);
        CRASH_POINT("outcome-commit-done");
        (void)!write(STDERR_FILENO, "b", 1);
    }
}

static void a_point_ends_the_process_the_nth_time(void **state)
{
    (void)state;
    static const struct {
        const char *setting, *said;
    } rows[] = {
        { "outcome-commit:1", "" },
        { "outcome-commit", "" },
        { "outcome-commit:3", "abab" },
        { "outcome-commit-done:2", "aba" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(setenv("TIELINE_CRASH_AT", rows[i].setting, 1), 0);
        int status = status_of(reach_points);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGKILL);
        assert_string_equal(words, rows[i].said);
    }
}

static void other_points_do_nothing(void **state)
{
    (void)state;
    static const char *const settings[] = { "outcome-commit:4", "outcome:1", "" };
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        assert_int_equal(setenv("TIELINE_CRASH_AT", settings[i], 1), 0);
        int status = status_of(reach_points);
        assert_true(WIFEXITED(status));
        assert_string_equal(words, "ababab");
    }
    assert_int_equal(unsetenv("TIELINE_CRASH_AT"), 0);
    assert_true(WIFEXITED(status_of(reach_points)));
}

static void a_slip_in_the_setting_is_said(void **state)
{
    (void)state;
    static const char *const settings[] = { ":1", "a:", "a:0", "a:x", "a:1:2" };
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        assert_int_equal(setenv("TIELINE_CRASH_AT", settings[i], 1), 0);
        assert_true(WIFSIGNALED(status_of(reach_points)));
        assert_non_null(strstr(words, "is not name:n\n"));
    }
    assert_int_equal(unsetenv("TIELINE_CRASH_AT"), 0);
}

#ifndef TIELINE_SANITIZED /* there the sanitizer has the last words */
static void ask_for_too_much(void)
{
    volatile size_t size = SIZE_MAX / 2; /* volatile, or the compiler warns */
    free(xmalloc(size));
}

static void memory_that_is_refused_ends_the_process(void **state)
{
    (void)state;
    int status = status_of(ask_for_too_much);
    assert_true(WIFSIGNALED(status));
    assert_non_null(strstr(words, "out of memory"));
}

static void touch_nothing(void)
{
    crash_init();
    char *volatile nowhere = (char *)(uintptr_t)0xABC0;
    *nowhere = 'x';
}

static void end_by_abort(void)
{
    crash_init();
    abort();
}

static int recurse(volatile char *above)
{
    volatile char here[4096];
    here[0] = above[0];
    if (here[0] != 0) /* never, but the compiler cannot know */
        return 0;
    return recurse(here) + here[0];
}

static void overflow_the_stack(void)
{
    crash_init();
    volatile char start[1] = { 0 };
    (void)recurse(start);
}

static void fatal_signals_leave_last_words(void **state)
{
    (void)state;
    int status = status_of(touch_nothing);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
    assert_non_null(strstr(words, "error ended by SIGSEGV at address 0xabc0\n"));

    status = status_of(end_by_abort);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_non_null(strstr(words, "error ended by SIGABRT\n"));

    status = status_of(overflow_the_stack);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
    assert_non_null(strstr(words, "error ended by SIGSEGV at address 0x"));
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fatal_ends_with_one_line_that_says_why),
        cmocka_unit_test(a_point_ends_the_process_the_nth_time),
        cmocka_unit_test(other_points_do_nothing),
        cmocka_unit_test(a_slip_in_the_setting_is_said),
#ifndef TIELINE_SANITIZED
        cmocka_unit_test(memory_that_is_refused_ends_the_process),
        cmocka_unit_test(fatal_signals_leave_last_words),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
