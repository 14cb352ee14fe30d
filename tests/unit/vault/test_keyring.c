/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/secret.h"
#include "vault/keyring.h"

struct place {
    char folder[64], path[80];
    struct arena *arena;
    struct error err;
};

static int enter(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    (void)snprintf(place->folder, sizeof(place->folder), "/tmp/tieline-test-XXXXXX");
    place->arena = arena_new();
    *state = place;
    if (!mkdtemp(place->folder))
        return -1;
    (void)snprintf(place->path, sizeof(place->path), "%s/key", place->folder);
    return 0;
}

static int leave(void **state)
{
    struct place *place = *state;
    (void)unlink(place->path);
    arena_free(place->arena);
    int result = rmdir(place->folder);
    free(place);
    return result;
}

static struct keyring *open_new(struct place *place)
{
    (void)unlink(place->path);
    bool created = false;
    struct keyring *keyring = keyring_open(place->path, true, &created, &place->err);
    if (!keyring)
        fail_msg("%s", place->err.message);
    assert_true(created);
    return keyring;
}

static void a_missing_file_is_made_private_and_found_again(void **state)
{
    struct place *place = *state;
    AUTO(keyring) made = open_new(place);
    struct stat status;
    assert_int_equal(stat(place->path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    struct str sentinel = keyring_sentinel(made, place->arena);

    bool created = true;
    AUTO(keyring) again = keyring_open(place->path, true, &created, &place->err);
    assert_non_null(again);
    assert_false(created);
    assert_true(str_eq(keyring_key_id(made), keyring_key_id(again)));
    assert_true(keyring_check(again, sentinel, &place->err));
}

static void a_missing_file_is_not_made_unasked(void **state)
{
    struct place *place = *state;
    bool created;
    assert_null(keyring_open(place->path, false, &created, &place->err));
    assert_non_null(strstr(place->err.message, place->path));
    assert_false(file_exists(place->path));
}

static void a_file_that_others_may_read_is_refused(void **state)
{
    struct place *place = *state;
    AUTO(keyring) keyring = open_new(place);
    assert_int_equal(chmod(place->path, 0640), 0);
    bool created;
    assert_null(keyring_open(place->path, true, &created, &place->err));
    assert_non_null(strstr(place->err.message, place->path));
    assert_non_null(strstr(place->err.message, "640"));
}

/* Only root can own it: for other users there is nothing to try. */
static void a_credential_of_the_service_manager_is_taken(void **state)
{
    struct place *place = *state;
    AUTO(keyring) keyring = open_new(place);
    bool created;
    assert_int_equal(chmod(place->path, 0440), 0);
    AUTO(keyring) handed_over = keyring_open(place->path, true, &created, &place->err);
    assert_int_equal(handed_over != NULL, geteuid() == 0 && getegid() == 0);
    assert_int_equal(chmod(place->path, 0444), 0);
    assert_null(keyring_open(place->path, true, &created, &place->err));
}

static void what_is_no_key_file_is_refused(void **state)
{
    struct place *place = *state;
    static const char *const texts[] = {
        "",
        "\n",
        "tieline-key-1 0a1b2c3d\n",
        "tieline-key-2 0a1b2c3d AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "tieline-key-1 0a1b2c3 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "tieline-key-1 0a1b2c3Z AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "tieline-key-1 0a1b2c3d AAAA\n",
        "tieline-key-1 0a1b2c3d AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= more\n",
        "tieline-key-1 0a1b2c3d AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "tieline-key-1 0a1b2c3d AAAAAAAAAAAAAAAAAAAAA!AAAAAAAAAAAAAAAAAAAAA=\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        (void)unlink(place->path);
        assert_true(file_create(place->path, 0600, str_from(texts[i]), &place->err));
        bool created;
        if (keyring_open(place->path, true, &created, &place->err))
            fail_msg("\"%s\" was taken", texts[i]);
        assert_null(strstr(place->err.message, "AAAA"));
    }
}

/* A NUL is no hexadecimal digit, though C ends its texts with one. */
static void a_key_id_holds_no_nul(void **state)
{
    struct place *place = *state;
    bool created;
    struct str line =
        STR("tieline-key-1 \0\0adcafe AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
    assert_true(file_create(place->path, 0600, line, &place->err));
    assert_null(keyring_open(place->path, false, &created, &place->err));
    assert_int_equal(place->err.code, ERR_BAD_REQUEST);
}

static void another_key_is_refused_with_both_ids(void **state)
{
    struct place *place = *state;
    AUTO(keyring) first = open_new(place);
    AUTO(keyring) second = open_new(place);
    struct str sentinel = keyring_sentinel(first, place->arena);
    assert_false(keyring_check(second, sentinel, &place->err));
    assert_non_null(strstr(place->err.message, arena_c(place->arena, keyring_key_id(first))));
    assert_non_null(strstr(place->err.message, arena_c(place->arena, keyring_key_id(second))));
}

static void another_key_under_the_same_id_is_refused(void **state)
{
    struct place *place = *state;
    AUTO(keyring) first = open_new(place);
    struct str sentinel = keyring_sentinel(first, place->arena);
    (void)unlink(place->path);
    struct str forged = arena_printf(
        place->arena, "tieline-key-1 " STR_FMT " AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        STR_ARG(keyring_key_id(first)));
    assert_true(file_create(place->path, 0600, forged, &place->err));
    bool created;
    AUTO(keyring) second = keyring_open(place->path, false, &created, &place->err);
    assert_non_null(second);
    assert_false(keyring_check(second, sentinel, &place->err));
    assert_false(keyring_check(first, STR("nonsense"), &place->err));
    assert_false(keyring_check(first, STR(""), &place->err));
}

static bool opens(struct place *place, const struct keyring *keyring, struct id id,
                  struct str wrapped)
{
    AUTO(project_key) key = keyring_open_project_key(keyring, id, wrapped, &place->err);
    if (!key)
        assert_int_equal(place->err.code, ERR_CONNECTION_UNREADABLE);
    return key != NULL;
}

static void a_project_key_opens_only_as_it_was_wrapped(void **state)
{
    struct place *place = *state;
    AUTO(keyring) keyring = open_new(place);
    struct id project = id_new();
    struct str wrapped = keyring_new_project_key(keyring, project, place->arena);
    assert_true(opens(place, keyring, project, wrapped));
    assert_false(opens(place, keyring, id_new(), wrapped));
    AUTO(keyring) other = open_new(place);
    assert_false(opens(place, other, project, wrapped));
    for (size_t i = 0; i < wrapped.len; i++) {
        char *changed = arena_c(place->arena, wrapped);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        if (opens(place, keyring, project, str_from(changed)))
            fail_msg("byte %zu may be changed", i);
        if (opens(place, keyring, project, str_slice(wrapped, 0, i)))
            fail_msg("may be cut to %zu bytes", i);
    }
}

int main(void)
{
    secret_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_missing_file_is_made_private_and_found_again, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(a_missing_file_is_not_made_unasked, enter, leave),
        cmocka_unit_test_setup_teardown(a_file_that_others_may_read_is_refused, enter, leave),
        cmocka_unit_test_setup_teardown(a_credential_of_the_service_manager_is_taken, enter, leave),
        cmocka_unit_test_setup_teardown(what_is_no_key_file_is_refused, enter, leave),
        cmocka_unit_test_setup_teardown(a_key_id_holds_no_nul, enter, leave),
        cmocka_unit_test_setup_teardown(another_key_is_refused_with_both_ids, enter, leave),
        cmocka_unit_test_setup_teardown(another_key_under_the_same_id_is_refused, enter, leave),
        cmocka_unit_test_setup_teardown(a_project_key_opens_only_as_it_was_wrapped, enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
