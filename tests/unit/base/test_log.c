/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One-line records. Standard error is a datagram socket here, so that every write is one message:
 * what one recv() gives is what one write() wrote.
 */
#include "unit.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

static int records = -1, real_stderr = -1;

static int catch_records(void **state)
{
    (void)state;
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) != 0)
        return -1;
    real_stderr = dup(STDERR_FILENO);
    records = pair[0];
    if (dup2(pair[1], STDERR_FILENO) < 0)
        return -1;
    log_set_level(LOG_LEVEL_INFO);
    return close(pair[1]);
}

static int release_records(void **state)
{
    (void)state;
    (void)dup2(real_stderr, STDERR_FILENO);
    (void)close(real_stderr);
    return close(records);
}

/* The next record without its time, or NULL when nothing was written. */
static const char *next_record(void)
{
    static char text[2 * PIPE_BUF];
    ssize_t got = recv(records, text, sizeof(text) - 1, MSG_DONTWAIT);
    if (got < 0)
        return NULL;
    text[got] = '\0';
    assert_true(got > 25);
    assert_int_equal(text[10], 'T');
    assert_int_equal(text[23], 'Z');
    assert_ptr_equal(strchr(text, '\n'), text + got - 1); /* one line, and its end */
    return text + 25;
}

static void a_record_is_one_line_in_one_write(void **state)
{
    (void)state;
    struct id id;
    assert_true(id_parse(STR("0189abcd-ef01-7234-8567-89abcdef0123"), &id));
    log_info("server ready", LOG_STR("address", STR("127.0.0.1:8080")), LOG_INT("workers", -32),
             LOG_ID("project", id));
    assert_string_equal(next_record(), "info  server ready address=127.0.0.1:8080 workers=-32 "
                                       "project=0189abcd-ef01-7234-8567-89abcdef0123\n");
    assert_null(next_record());
    log_warn("no fields");
    assert_string_equal(next_record(), "warn  no fields\n");
}

static void levels_below_are_dropped(void **state)
{
    (void)state;
    log_debug("quiet");
    assert_null(next_record());
    log_set_level(LOG_LEVEL_DEBUG);
    log_debug("loud");
    assert_string_equal(next_record(), "debug loud\n");
    log_set_level(LOG_LEVEL_ERROR);
    log_warn("quiet");
    assert_null(next_record());
    log_error("loud");
    assert_string_equal(next_record(), "error loud\n");
}

static void values_cannot_break_the_line(void **state)
{
    (void)state;
    log_info("x", LOG_STR("a", STR("two words")), LOG_STR("b", STR("")), LOG_STR("c", STR_NULL),
             LOG_STR("d", STR("q\"b\\s=")));
    assert_string_equal(next_record(),
                        "info  x a=\"two words\" b=\"\" c=\"\" d=\"q\\\"b\\\\s=\"\n");
    log_info("x", LOG_STR("a", STR("1\n2\t3\x1b[31m\0")), LOG_STR("b", STR("\xC2\x9B\xFF")),
             LOG_STR("c", STR("gr\xC3\xBC\xC3\x9F")));
    assert_string_equal(next_record(), "info  x a=\"1\\n2\\t3\\x1b[31m\\x00\" "
                                       "b=\"\\xc2\\x9b\\xff\" c=gr\xC3\xBC\xC3\x9F\n");
}

static void errors_show_what_they_hold(void **state)
{
    (void)state;
    struct error err;
    (void)fail_field(&err, ERR_DNS_FAILED, "host", "no such name");
    error_set_detail(&err, STR("NXDOMAIN"));
    log_error("step failed", LOG_ERROR(&err));
    assert_string_equal(next_record(), "error step failed code=DNS_FAILED field=host "
                                       "error=\"host: no such name\" detail=NXDOMAIN\n");
}

static void long_records_are_cut_and_say_so(void **state)
{
    (void)state;
    char value[10000];
    memset(value, 'v', sizeof(value));
    for (size_t len = 4000; len < 4100; len++) {
        log_info("x", LOG_STR("a", ((struct str){ value, len })), LOG_INT("b", 7));
        const char *record = next_record();
        size_t got = strlen(record) + 25;
        assert_true(got <= PIPE_BUF);
        bool whole = strstr(record, "v b=7\n") != NULL;
        bool cut = strcmp(record + strlen(record) - 4, "...\n") == 0;
        assert_true(whole != cut);
    }
    log_info("x", LOG_STR("a", ((struct str){ value, sizeof(value) })));
    assert_non_null(strstr(next_record(), "v...\n"));
}

static void errno_survives(void **state)
{
    (void)state;
    errno = 77;
    log_info("x");
    assert_int_equal(errno, 77);
    assert_non_null(next_record());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_record_is_one_line_in_one_write, catch_records,
                                        release_records),
        cmocka_unit_test_setup_teardown(levels_below_are_dropped, catch_records, release_records),
        cmocka_unit_test_setup_teardown(values_cannot_break_the_line, catch_records,
                                        release_records),
        cmocka_unit_test_setup_teardown(errors_show_what_they_hold, catch_records, release_records),
        cmocka_unit_test_setup_teardown(long_records_are_cut_and_say_so, catch_records,
                                        release_records),
        cmocka_unit_test_setup_teardown(errno_survives, catch_records, release_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
