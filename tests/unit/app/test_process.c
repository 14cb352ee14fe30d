/* SPDX-License-Identifier: Apache-2.0 */
/* What the service manager is told, and what is left of the environment. */
#define _GNU_SOURCE /* mkdtemp() */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "app/process.h"

/* A manager's socket at this address, which begins with "@" when it is none of the file system. */
static int manager_at(const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int made = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    memcpy(address.sun_path, name, strlen(name));
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    assert_int_equal(bind(made, (const struct sockaddr *)&address, size), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
    return made;
}

static void assert_told(int manager, const char *state)
{
    char got[64] = "";
    assert_int_equal(recv(manager, got, sizeof(got) - 1, 0), strlen(state));
    assert_string_equal(got, state);
}

static void the_manager_is_told(void **state)
{
    char folder[] = "/tmp/tieline-test-XXXXXX", path[64], name[64];
    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/notify", folder);
    (void)snprintf(name, sizeof(name), "@tieline-test-%ld", (long)getpid());
    const char *const places[] = { path, name };
    for (size_t i = 0; i < 2; i++) {
        int manager = manager_at(places[i]);
        process_notify("READY=1");
        assert_told(manager, "READY=1");
        process_notify("STOPPING=1");
        assert_told(manager, "STOPPING=1");
        (void)close(manager);
    }
    (void)unlink(path);
    assert_int_equal(rmdir(folder), 0);
}

static void nobody_who_listens_is_no_matter(void **state)
{
    char longest[300];
    (void)state;
    memset(longest, 'x', sizeof(longest));
    longest[0] = '/';
    longest[sizeof(longest) - 1] = '\0';
    const char *const places[] = { "/nonexistent/notify", "", "@tieline-test-nobody", longest };
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        assert_int_equal(setenv("NOTIFY_SOCKET", places[i], 1), 0);
        process_notify("READY=1");
    }
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    process_notify("READY=1");
}

static void what_libraries_read_is_gone(void **state)
{
    (void)state;
    assert_int_equal(setenv("PGSERVICE", "elsewhere", 1), 0);
    assert_int_equal(setenv("SSL_CERT_FILE", "/tmp/ca", 1), 0);
    assert_int_equal(setenv("TIELINE_DATA", "/srv", 1), 0);
    process_clean_environment();
    assert_null(getenv("PGSERVICE"));
    assert_null(getenv("SSL_CERT_FILE"));
    assert_string_equal(getenv("TIELINE_DATA"), "/srv");
    assert_string_equal(getenv("HOME"), "/nonexistent");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_manager_is_told),
        cmocka_unit_test(nobody_who_listens_is_no_matter),
        cmocka_unit_test(what_libraries_read_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
