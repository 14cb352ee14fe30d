/* SPDX-License-Identifier: Apache-2.0 */
/* A seal opens where it was closed, unchanged, and nowhere else. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vault/seal.h"

#define PLAIN STR("postgresql://app:s3cr3t@db.example:5432/orders")

static struct {
    char path[64];
    struct arena *arena;
    struct keyring *keyring;
    struct project_key *key, *other_key;
    struct seal_bond bond;
} f;

static int start(void **state)
{
    (void)state;
    struct error err;
    bool created;
    (void)snprintf(f.path, sizeof(f.path), "/tmp/tieline-test-key-%ld", (long)getpid());
    f.arena = arena_new();
    f.keyring = keyring_open(f.path, true, &created, &err);
    assert_non_null(f.keyring);
    struct id project = id_new();
    f.key = keyring_open_project_key(f.keyring, project,
                                     keyring_new_project_key(f.keyring, project, f.arena), &err);
    f.other_key = keyring_open_project_key(
        f.keyring, project, keyring_new_project_key(f.keyring, project, f.arena), &err);
    f.bond = (struct seal_bond){
        .purpose = STR("connection"),
        .project_id = project,
        .connection_id = id_new(),
        .field = STR("connectionUrl"),
        .secret_version = 3,
        .kind = STR("postgresql"),
        .host = STR("db.example"),
        .port = 5432,
        .tls_mode = STR("verify-full"),
        .trust = STR("0123"),
    };
    return f.key && f.other_key ? 0 : -1;
}

static int finish(void **state)
{
    (void)state;
    project_key_free(f.key);
    project_key_free(f.other_key);
    keyring_free(f.keyring);
    arena_free(f.arena);
    return unlink(f.path);
}

static struct str close_seal(struct str plain)
{
    AUTO(secret) secret = secret_new(plain);
    return seal_close(f.key, &f.bond, secret, f.arena);
}

static bool same_text(struct str plain, void *context)
{
    return str_eq(plain, *(const struct str *)context);
}

/* True when it opens; then it must hold `plain`. Every failure looks the same. */
static bool opens(const struct project_key *key, const struct seal_bond *bond, struct str sealed,
                  struct str plain)
{
    struct secret *secret = NULL;
    struct error err = { 0 };
    if (!seal_open(key, bond, sealed, &secret, &err)) {
        assert_int_equal(err.code, ERR_CONNECTION_UNREADABLE);
        assert_string_equal(err.message, "what was sealed cannot be opened");
        assert_null(secret);
        return false;
    }
    assert_true(secret_use(secret, same_text, &plain));
    secret_free(secret);
    return true;
}

static void a_seal_opens_where_it_was_closed(void **state)
{
    (void)state;
    struct str sealed = close_seal(PLAIN);
    assert_true(str_starts(sealed, STR("tl2.")));
    assert_int_equal(str_find(sealed, STR("s3cr3t")), sealed.len);
    assert_true(opens(f.key, &f.bond, sealed, PLAIN));
    assert_true(opens(f.key, &f.bond, close_seal(STR("")), STR("")));
    assert_false(str_eq(sealed, close_seal(PLAIN))); /* a nonce of its own */
}

static void a_changed_bond_does_not_open(void **state)
{
    (void)state;
    struct str sealed = close_seal(PLAIN);
    struct seal_bond changed[14];
    for (size_t i = 0; i < ARRAY_LEN(changed); i++)
        changed[i] = f.bond;
    changed[0].purpose = STR("connectioN");
    changed[1].project_id = id_new();
    changed[2].connection_id = id_new();
    changed[3].field = STR("clientKeyPem");
    changed[4].secret_version = 4;
    changed[5].kind = STR("redis");
    changed[6].host = STR("db.example.org");
    changed[7].port = 5433;
    changed[8].tls_mode = STR("require");
    /* The same letters, cut elsewhere. */
    changed[9].kind = STR("postgresqldb");
    changed[9].host = STR(".example");
    changed[10].host = STR("");
    changed[11].tls_mode = STR_NULL;
    changed[12].trust = STR("0124");
    changed[13].trust = STR_NULL;
    for (size_t i = 0; i < ARRAY_LEN(changed); i++)
        if (opens(f.key, &changed[i], sealed, PLAIN))
            fail_msg("bond %zu opens it", i);
    assert_false(opens(f.other_key, &f.bond, sealed, PLAIN));
}

/* The two ways to open do not take each other's seals, whatever their beginning says. */
static void a_seal_is_not_taken_for_an_older_one(void **state)
{
    (void)state;
    struct secret *secret = NULL;
    struct error err = { 0 };
    struct str sealed = close_seal(PLAIN);
    struct str relabelled =
        arena_printf(f.arena, "tl1." STR_FMT, STR_ARG(str_slice(sealed, 4, sealed.len)));
    assert_true(str_starts(relabelled, SEAL_OLDER));
    assert_false(seal_open_older(f.key, &f.bond, sealed, &secret, &err));
    assert_false(seal_open_older(f.key, &f.bond, relabelled, &secret, &err));
    assert_int_equal(err.code, ERR_CONNECTION_UNREADABLE);
    assert_false(opens(f.key, &f.bond, relabelled, PLAIN));
}

static void a_changed_byte_does_not_open(void **state)
{
    (void)state;
    struct str sealed = close_seal(PLAIN);
    for (size_t i = 0; i < sealed.len; i++)
        for (int bit = 0; bit < 8; bit++) {
            char *changed = arena_c(f.arena, sealed);
            changed[i] = (char)(changed[i] ^ (1 << bit));
            if (opens(f.key, &f.bond, (struct str){ changed, sealed.len }, PLAIN))
                fail_msg("bit %d of byte %zu may be flipped", bit, i);
        }
}

static void a_cut_or_longer_seal_does_not_open(void **state)
{
    (void)state;
    struct str sealed = close_seal(PLAIN);
    for (size_t length = 0; length < sealed.len; length++)
        if (opens(f.key, &f.bond, str_slice(sealed, 0, length), PLAIN))
            fail_msg("its first %zu bytes open", length);
    assert_false(opens(f.key, &f.bond, arena_printf(f.arena, STR_FMT "A", STR_ARG(sealed)), PLAIN));
    assert_false(opens(f.key, &f.bond, arena_printf(f.arena, STR_FMT "=", STR_ARG(sealed)), PLAIN));
    assert_false(opens(f.key, &f.bond, STR_NULL, PLAIN));
}

int main(void)
{
    secret_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seal_opens_where_it_was_closed),
        cmocka_unit_test(a_changed_bond_does_not_open),
        cmocka_unit_test(a_seal_is_not_taken_for_an_older_one),
        cmocka_unit_test(a_changed_byte_does_not_open),
        cmocka_unit_test(a_cut_or_longer_seal_does_not_open),
    };
    return cmocka_run_group_tests(tests, start, finish);
}
