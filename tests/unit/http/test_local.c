/* SPDX-License-Identifier: Apache-2.0 */
/* Unix sockets: who may connect, what a killed process leaves, paths that are too long. */
#define _GNU_SOURCE /* mkdtemp() */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http/local.h"

static char folder[64], path[96];
static struct error err;

static int start(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/tieline-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/t.sock", folder);
    err = (struct error){ 0 };
    return 0;
}

static int finish(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

static void assert_reaches(const char *place, int listening)
{
    int client = local_connect(place, &err);
    if (client < 0)
        fail_msg("%s", err.message);
    int served = accept(listening, NULL, NULL);
    assert_true(served >= 0);
    assert_true(local_peer_is_ours(served));
    assert_true(local_peer_is_ours(client));
    (void)close(served);
    (void)close(client);
}

static int listens(uint64_t *file)
{
    int listening = -1;
    if (!local_listen(path, &listening, file, &err))
        fail_msg("%s", err.message);
    return listening;
}

static void its_file_is_for_its_owner(void **state)
{
    uint64_t file;
    struct stat status;
    mode_t before = umask(0);
    int listening = listens(&file);

    (void)state;
    (void)umask(before);
    assert_int_equal(lstat(path, &status), 0);
    assert_int_equal(status.st_mode, S_IFSOCK | 0600);
    assert_reaches(path, listening);
    local_remove(path, file + 1);
    assert_int_equal(lstat(path, &status), 0);
    local_remove(path, file);
    assert_int_equal(lstat(path, &status), -1);
    (void)close(listening);
}

static void what_a_dead_process_left_is_replaced(void **state)
{
    uint64_t file;

    (void)state;
    (void)close(listens(&file));
    assert_int_equal(local_connect(path, &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
    int listening = listens(&file);
    assert_reaches(path, listening);
    (void)close(listening);
}

static void a_living_one_and_a_foreign_file_stay(void **state)
{
    uint64_t file;
    int listening = listens(&file), second = -1;

    (void)state;
    assert_false(local_listen(path, &second, &file, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    int asked = accept(listening, NULL, NULL); /* by the second one, whether anybody is there */
    assert_true(asked >= 0);
    (void)close(asked);
    assert_reaches(path, listening);
    (void)close(listening);
    assert_int_equal(unlink(path), 0);

    FILE *foreign = fopen(path, "w");
    assert_non_null(foreign);
    (void)fclose(foreign);
    assert_false(local_listen(path, &second, &file, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_non_null(strstr(err.message, "no socket"));
    assert_int_equal(access(path, F_OK), 0);
}

static void a_path_may_be_longer_than_an_address(void **state)
{
    char deep[400], long_path[500];
    uint64_t file;
    int listening = -1;

    (void)state;
    (void)snprintf(deep, sizeof(deep), "%s/%0200d", folder, 1);
    (void)snprintf(long_path, sizeof(long_path), "%s/t.sock", deep);
    assert_int_equal(mkdir(deep, 0700), 0);
    if (!local_listen(long_path, &listening, &file, &err))
        fail_msg("%s", err.message);
    assert_reaches(long_path, listening);
    local_remove(long_path, file);
    (void)close(listening);
    assert_int_equal(rmdir(deep), 0);
}

static void a_name_goes_with_its_socket(void **state)
{
    char name[LOCAL_NAME_SIZE];
    int listening = -1;

    (void)state;
    if (!local_listen_unnamed(&listening, name, &err))
        fail_msg("%s", err.message);
    assert_null(strchr(name, '/'));
    assert_reaches(name, listening);
    (void)close(listening);
    assert_int_equal(local_connect(name, &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
}

/* Only root can become somebody else: for other users there is nothing to try. */
static void one_who_takes_nobody_is_not_waited_for(void **state)
{
    (void)state;
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int listening = socket(AF_UNIX, SOCK_STREAM, 0), first;
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    assert_int_equal(bind(listening, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listening, 0), 0);
    first = local_connect(path, &err);
    assert_true(first >= 0);
    (void)alarm(LOCAL_CONNECT_S + 30);
    assert_int_equal(local_connect(path, &err), -1);
    (void)alarm(0);
    assert_int_equal(err.code, ERR_UNAVAILABLE);
    (void)close(first);
    (void)close(listening);
}

static void another_user_is_not_ours(void **state)
{
    char name[LOCAL_NAME_SIZE];
    int listening = -1, status = 0;

    (void)state;
    if (geteuid() != 0)
        return;
    assert_true(local_listen_unnamed(&listening, name, &err));
    pid_t child = fork();
    if (child == 0) {
        bool other = setuid(65534) == 0;
        int client = other ? local_connect(name, &err) : -1;
        /* Root's socket is trusted by everybody. */
        _exit(client >= 0 && local_peer_is_ours(client) ? 0 : 1);
    }
    int served = accept(listening, NULL, NULL);
    for (int i = 0; served < 0 && i < 500; i++) {
        (void)usleep(10000);
        served = accept(listening, NULL, NULL);
    }
    assert_true(served >= 0);
    assert_false(local_peer_is_ours(served));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    (void)close(served);
    (void)close(listening);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(its_file_is_for_its_owner, start, finish),
        cmocka_unit_test_setup_teardown(what_a_dead_process_left_is_replaced, start, finish),
        cmocka_unit_test_setup_teardown(a_living_one_and_a_foreign_file_stay, start, finish),
        cmocka_unit_test_setup_teardown(a_path_may_be_longer_than_an_address, start, finish),
        cmocka_unit_test_setup_teardown(a_name_goes_with_its_socket, start, finish),
        cmocka_unit_test_setup_teardown(one_who_takes_nobody_is_not_waited_for, start, finish),
        cmocka_unit_test_setup_teardown(another_user_is_not_ours, start, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
