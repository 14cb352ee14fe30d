/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealed values. The first byte says which way the rest goes in: as what was sealed, as a secret to
 * be sealed, altered and opened, as a key file, or as a connection (a line of URL, then its config)
 * that becomes a row and is opened again. Keys are new in each run, so bytes alone never open.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "connector/connector.h"
#include "connector/dial.h"
#include "connector/sealed.h"
#include "vault/keyring.h"
#include "vault/seal.h"

static struct {
    struct keyring *keyring;
    struct project_key *key;
    struct egress *egress;
    struct id project_id;
    struct arena *arena;
    struct seal_bond bond;
    int file; /* what the fuzzer writes as a key file */
    char path[64];
} f;

static void make_keys(void)
{
    char path[] = "/tmp/tieline-fuzz-XXXXXX";
    struct error err = { 0 };
    bool created;
    int file = mkstemp(path);

    HOLDS(file >= 0 && close(file) == 0 && unlink(path) == 0);
    f.keyring = keyring_open(path, true, &created, &err);
    HOLDS(f.keyring && created);
    f.file = open(path, O_RDWR | O_CLOEXEC | O_TRUNC);
    HOLDS(f.file >= 0 && unlink(path) == 0);
    (void)snprintf(f.path, sizeof(f.path), "/proc/self/fd/%d", f.file);
}

static void start(void)
{
    struct error err = { 0 };

    secret_init();
    make_keys();
    f.arena = arena_new();
    f.project_id = id_new();
    f.key = keyring_open_project_key(
        f.keyring, f.project_id, keyring_new_project_key(f.keyring, f.project_id, f.arena), &err);
    f.egress = egress_new(EGRESS_OPEN, STR(""), &err);
    HOLDS(f.key && f.egress);
    f.bond = (struct seal_bond){
        .purpose = STR("connection"),
        .project_id = f.project_id,
        .connection_id = id_new(),
        .field = STR("connectionUrl"),
        .secret_version = 3,
        .kind = STR("postgresql"),
        .host = STR("db.example.com"),
        .port = 5432,
        .tls_mode = STR("verify-full"),
    };
}

static bool equals(struct str plain, void *context)
{
    return str_eq(plain, *(const struct str *)context);
}

static bool opens(const struct seal_bond *bond, struct str sealed)
{
    struct secret *secret = NULL;
    struct error err = { 0 };

    if (seal_open(f.key, bond, sealed, &secret, &err)) {
        secret_free(secret);
        return true;
    }
    HOLDS(!secret && err.code == ERR_CONNECTION_UNREADABLE);
    HOLDS(str_eq(str_from(err.message), STR("what was sealed cannot be opened")));
    return false;
}

/* Bytes from anywhere are no seal, no wrapped key and no sentinel. */
static void as_sealed(struct str text, struct arena *arena)
{
    struct error err = { 0 };

    HOLDS(!opens(&f.bond, text));
    HOLDS(!opens(&f.bond, arena_printf(arena, "tl1." STR_FMT, STR_ARG(text))));
    HOLDS(!keyring_open_project_key(f.keyring, f.project_id, text, &err));
    HOLDS(!keyring_check(f.keyring, text, &err) && err.message[0] != '\0');
    struct str named = arena_printf(arena, "tlk1." STR_FMT "." STR_FMT,
                                    STR_ARG(keyring_key_id(f.keyring)), STR_ARG(text));
    HOLDS(!keyring_open_project_key(f.keyring, f.project_id, named, &err));
}

/* Where and how to alter comes from the text's own first bytes. */
static void as_secret(struct str text, struct arena *arena)
{
    AUTO(secret) secret = secret_new(text);
    struct str sealed = seal_close(f.key, &f.bond, secret, arena);
    struct secret *back = NULL;
    struct error err = { 0 };

    HOLDS(seal_open(f.key, &f.bond, sealed, &back, &err) && secret_use(back, equals, &text));
    secret_free(back);
    HOLDS(text.len < 8 || !fuzz_contains(sealed, text));
    if (text.len < 4)
        return;
    size_t place = (size_t)(unsigned char)text.ptr[0] << 8 | (unsigned char)text.ptr[1];
    char *altered = arena_c(arena, sealed);
    altered[place % sealed.len] = text.ptr[2];
    if (altered[place % sealed.len] != sealed.ptr[place % sealed.len])
        HOLDS(!opens(&f.bond, (struct str){ altered, sealed.len }));
    HOLDS(!opens(&f.bond, str_slice(sealed, 0, place % sealed.len)));
    HOLDS(!opens(&f.bond, arena_printf(arena, STR_FMT "%c", STR_ARG(sealed), text.ptr[2] | 1)));

    struct seal_bond bond = f.bond;
    struct str other = str_slice(text, 3, text.len);
    struct str *parts[] = { &bond.purpose, &bond.field, &bond.kind, &bond.host, &bond.tls_mode };
    struct str *part = parts[(unsigned char)text.ptr[2] % ARRAY_LEN(parts)];
    if (str_eq(*part, other))
        return;
    *part = other;
    HOLDS(!opens(&bond, sealed));
}

static void as_key_file(struct str text)
{
    struct error err = { 0 };
    bool created;

    HOLDS(ftruncate(f.file, 0) == 0 && pwrite(f.file, text.ptr, text.len, 0) == (ssize_t)text.len);
    AUTO(keyring) keyring = keyring_open(f.path, false, &created, &err);
    if (!keyring) {
        HOLDS(err.message[0] != '\0' && str_is_utf8(str_from(err.message)));
        return;
    }
    HOLDS(str_starts(str_trim(text), STR("tieline-key-1 ")));
    HOLDS(fuzz_contains(text, keyring_key_id(keyring)));
}

static void check_touched(const struct connection_row *row, struct str text)
{
    struct connection_row touched[5];
    struct error err = { 0 };

    for (size_t i = 0; i < ARRAY_LEN(touched); i++)
        touched[i] = *row;
    touched[0].host = text;
    touched[1].port++;
    touched[2].tls_mode = STR("");
    touched[3].secret_version++;
    touched[4].connection_type =
        str_eq(row->connection_type, STR("redis")) ? STR("postgresql") : STR("redis");
    for (size_t i = 0; i < ARRAY_LEN(touched); i++) {
        if (i == 0 && str_eq(text, row->host))
            continue;
        HOLDS(!upstream_from_row(&touched[i], f.key, f.egress, &err));
        HOLDS(err.code == ERR_CONNECTION_UNREADABLE);
    }
}

struct same {
    const struct secret *other;
};

static bool same_secret(struct str plain, void *context)
{
    const struct same *same = context;
    return secret_use(same->other, equals, &plain);
}

static void as_connection(struct str text, struct arena *arena)
{
    struct str url = fuzz_line(&text);
    bool redis = str_starts(url, STR("redis"));
    AUTO(secret) typed = secret_new(url);
    struct connection_input input = {
        .connector = connector_find(redis ? STR("redis") : STR("postgresql")),
        .url = typed,
        .config = { str_set(text) && text.len > 0 ? text : STR_NULL },
    };
    struct error err = { 0 };
    AUTO(opened_upstream) opened = upstream_from_input(&input, NULL, f.key, f.egress, &err);

    if (!opened) {
        HOLDS(err.message[0] != '\0' && str_is_utf8(str_from(err.message)));
        return;
    }
    struct connection_row row = { .id = id_new(), .project_id = f.project_id, .secret_version = 1 };
    connection_row_seal(opened, &input, f.key, arena, &row);
    HOLDS(!str_set(row.client_key) == !opened->client_key);

    AUTO(opened_upstream) again = upstream_from_row(&row, f.key, f.egress, &err);
    HOLDS(again);
    HOLDS(again->upstream.connector == input.connector);
    HOLDS(str_eq(again->upstream.url.redacted, row.url_redacted));
    HOLDS(again->upstream.settings.tls_mode == opened->upstream.settings.tls_mode);
    HOLDS(!again->password == !opened->password);
    struct same same = { opened->password };
    if (again->password)
        HOLDS(secret_use(again->password, same_secret, &same));
    same.other = opened->client_key;
    if (again->client_key)
        HOLDS(secret_use(again->client_key, same_secret, &same));
    check_touched(&row, url);

    /* Saved once more without a URL, everything is kept. */
    struct connection_input keep = { .connector = input.connector };
    AUTO(opened_upstream) kept = upstream_from_input(&keep, &row, f.key, f.egress, &err);
    HOLDS(kept && str_eq(kept->upstream.url.redacted, row.url_redacted));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!f.arena)
        start();
    if (size == 0)
        return 0;
    AUTO(arena) arena = arena_new();
    struct str text = fuzz_text(data + 1, size - 1);
    switch (data[0]) {
    case 's':
        as_secret(text, arena);
        break;
    case 'k':
        as_key_file(text);
        break;
    case 'c':
        as_connection(text, arena);
        break;
    default:
        as_sealed(text, arena);
    }
    return 0;
}
