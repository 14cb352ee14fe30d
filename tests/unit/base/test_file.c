/* SPDX-License-Identifier: Apache-2.0 */
/* Whole small files, folders and locks, in a folder of the test's own. */
#include "unit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

static char folder[64];

static const char *in_folder(const char *name)
{
    static char path[512];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/tieline-file-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

/* Files left in the folder, removed. */
static int empty_folder(void)
{
    int count = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] == '.')
            continue;
        (void)remove(in_folder(entry->d_name));
        count++;
    }
    (void)closedir(dir);
    return count;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)empty_folder();
    return rmdir(folder);
}

static void a_new_file_has_its_content_and_mode(void **state)
{
    (void)state;
    struct error err;
    struct stat status;
    struct str text;
    AUTO(arena) arena = arena_new();
    mode_t before = umask(0777);
    bool created = file_create(in_folder("key"), 0640, STR("a\0b"), &err);
    (void)umask(before);
    assert_true(created);
    assert_int_equal(stat(in_folder("key"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0640);
    assert_true(file_read(in_folder("key"), 3, arena, &text, &err));
    assert_int_equal(text.len, 3);
    assert_memory_equal(text.ptr, "a\0b", 4);

    assert_false(file_create(in_folder("key"), 0600, STR("other"), &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_non_null(strstr(err.message, "/key\""));
    assert_true(file_read(in_folder("key"), 100, arena, &text, &err));
    assert_int_equal(text.len, 3);
    assert_int_equal(empty_folder(), 1); /* nothing half-made stays behind */
}

static void a_file_in_no_folder_cannot_be_created(void **state)
{
    (void)state;
    struct error err;
    assert_false(file_create(in_folder("no/key"), 0600, STR("x"), &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
}

static void reading_keeps_to_the_cap(void **state)
{
    (void)state;
    struct error err = { 0 };
    struct str text = STR("before");
    AUTO(arena) arena = arena_new();
    assert_true(file_create(in_folder("five"), 0600, STR("12345"), &err));
    assert_false(file_read(in_folder("five"), 4, arena, &text, &err));
    assert_int_equal(err.code, ERR_PAYLOAD_TOO_LARGE);
    assert_string_equal(text.ptr, "before");
    assert_true(file_read(in_folder("five"), 5, arena, &text, &err));
    assert_string_equal(text.ptr, "12345");
    assert_false(file_read(in_folder("six"), 5, arena, &text, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_false(file_read(folder, 5, arena, &text, &err));
    /* A file that tells no size. */
    assert_true(file_read("/proc/self/stat", 65536, arena, &text, &err));
    assert_true(text.len > 0);
    (void)empty_folder();
}

static void a_folder_is_made_once(void **state)
{
    (void)state;
    struct error err;
    struct stat status;
    assert_false(file_exists(in_folder("data")));
    assert_true(file_make_folder(in_folder("data"), &err));
    assert_true(file_make_folder(in_folder("data"), &err));
    assert_true(file_exists(in_folder("data")));
    assert_int_equal(stat(in_folder("data"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    assert_false(file_make_folder(in_folder("no/data"), &err));
    assert_true(file_create(in_folder("file"), 0600, STR(""), &err));
    assert_false(file_make_folder(in_folder("file"), &err));
    (void)empty_folder();
}

static void a_lock_has_one_holder_who_is_named(void **state)
{
    (void)state;
    struct error err = { 0 };
    int lock, second = -1;
    assert_true(file_lock(in_folder("lock"), &lock, &err));
    assert_false(file_lock(in_folder("lock"), &second, &err));
    assert_int_equal(second, -1);
    assert_int_equal(err.code, ERR_CONFLICT);
    char process[32];
    (void)snprintf(process, sizeof(process), "process %ld", (long)getpid());
    assert_non_null(strstr(err.message, process));

    /* The holder may open and close the file without losing it. */
    struct str text;
    AUTO(arena) arena = arena_new();
    assert_true(file_read(in_folder("lock"), 100, arena, &text, &err));
    assert_false(file_lock(in_folder("lock"), &second, &err));

    file_unlock(lock);
    assert_true(file_lock(in_folder("lock"), &lock, &err));
    file_unlock(lock);
    (void)empty_folder();
}

static void a_lock_ends_with_its_process(void **state)
{
    (void)state;
    struct error err;
    int lock, status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(file_lock(in_folder("lock"), &lock, &err) ? 0 : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_true(file_lock(in_folder("lock"), &lock, &err));
    file_unlock(lock);
    (void)empty_folder();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_file_has_its_content_and_mode),
        cmocka_unit_test(a_file_in_no_folder_cannot_be_created),
        cmocka_unit_test(reading_keeps_to_the_cap),
        cmocka_unit_test(a_folder_is_made_once),
        cmocka_unit_test(a_lock_has_one_holder_who_is_named),
        cmocka_unit_test(a_lock_ends_with_its_process),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
