/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys. The key file is one line, "tieline-key-1 <id> <base64 of 32 bytes>". A wrapped project key
 * is "tlk1.<id of the master key>.<box>", bound to the project; the sentinel is
 * "tls1.<id>.<box of a known text>".
 */
#include "vault/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "base/crash.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/secret.h"
#include "vault/internal.h"

#define FILE_MAX 256
#define FORMAT "tieline-key-1"
#define ID_LEN 8 /* hexadecimal digits */
#define BASE64_SIZE 45
#define VARIANT sodium_base64_VARIANT_ORIGINAL
#define SENTINEL STR("this store belongs to this key")

/* Lives in guarded memory as a whole. */
struct keyring {
    uint8_t key[KEY_BYTES];
    char id[ID_LEN + 1];
};

struct project_key {
    uint8_t bytes[KEY_BYTES];
};

static void *guarded_new(size_t size)
{
    void *memory = sodium_malloc(size);
    if (!memory)
        crash_fatal("out of memory: the system refused %zu bytes for a key", size);
    memset(memory, 0, size);
    return memory;
}

/* --- the key file --- */

static bool check_private(const char *path, struct error *err)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return fail(err, ERR_NOT_FOUND, "there is no key file \"%s\"", path);
    if (!S_ISREG(status.st_mode))
        return fail(err, ERR_BAD_REQUEST, "the key file \"%s\" is no file", path);
    /* As systemd hands a credential over: root's own, and an access list names the service's user,
     * which shows as reading by the group. */
    bool credential = status.st_uid == 0 && status.st_gid == 0 && (status.st_mode & 07777) == 0440;
    if (!credential && status.st_mode & (S_IRWXG | S_IRWXO))
        return fail(err, ERR_BAD_REQUEST,
                    "the key file \"%s\" may be read by others: its mode is %o, make it 600", path,
                    (unsigned)(status.st_mode & 07777));
    return true;
}

static bool parse(struct str text, struct keyring *out)
{
    struct str rest = str_trim(text), format, id, key;
    size_t length;
    const char *end;
    if (!str_split(&rest, ' ', &format) || !str_split(&rest, ' ', &id) ||
        !str_split(&rest, ' ', &key) || str_set(rest) || !str_eq(format, STR(FORMAT)) ||
        id.len != ID_LEN)
        return false;
    for (size_t i = 0; i < id.len; i++)
        if (!memchr("0123456789abcdef", id.ptr[i], 16))
            return false;
    memcpy(out->id, id.ptr, ID_LEN);
    return sodium_base642bin(out->key, sizeof(out->key), key.ptr, key.len, NULL, &length, &end,
                             VARIANT) == 0 &&
           end == key.ptr + key.len && length == sizeof(out->key);
}

static bool read_file(const char *path, struct keyring *out, struct error *err)
{
    AUTO(arena) arena = arena_new();
    arena_wipe_on_reset(arena);
    struct str text;
    if (!check_private(path, err) || !file_read(path, FILE_MAX, arena, &text, err))
        return false;
    return parse(text, out) ||
           fail(err, ERR_BAD_REQUEST,
                "\"%s\" is no key file: its line is not \"" FORMAT " <id> <key>\"", path);
}

static bool make_file(const char *path, struct error *err)
{
    uint8_t key[KEY_BYTES], id[ID_LEN / 2];
    char key_text[BASE64_SIZE], id_text[ID_LEN + 1];
    random_bytes(key, sizeof(key));
    random_bytes(id, sizeof(id));
    (void)sodium_bin2base64(key_text, sizeof(key_text), key, sizeof(key), VARIANT);
    (void)sodium_bin2hex(id_text, sizeof(id_text), id, sizeof(id));
    AUTO(arena) arena = arena_new();
    arena_wipe_on_reset(arena);
    struct str line = arena_printf(arena, FORMAT " %s %s\n", id_text, key_text);
    bool ok = file_create(path, 0600, line, err);
    secret_wipe(key, sizeof(key));
    secret_wipe(key_text, sizeof(key_text));
    return ok;
}

struct keyring *keyring_open(const char *path, bool may_create, bool *created, struct error *err)
{
    bool make = may_create && !file_exists(path);
    if (make && !make_file(path, err)) {
        error_prefix(err, "could not make the key file: ");
        return NULL;
    }
    struct keyring *keyring = guarded_new(sizeof(*keyring));
    if (!read_file(path, keyring, err)) {
        keyring_free(keyring);
        return NULL;
    }
    (void)sodium_mprotect_readonly(keyring);
    *created = make;
    return keyring;
}

void keyring_free(struct keyring *keyring)
{
    sodium_free(keyring); /* overwrites it; NULL is fine */
}

struct str keyring_key_id(const struct keyring *keyring)
{
    return str_from(keyring->id);
}

/* --- wrapping --- */

/* "<kind>.<id>.<box>" */
static struct str wrap(const struct keyring *keyring, const char *kind, struct str bond,
                       struct str plain, struct arena *arena)
{
    struct str box = box_close(keyring->key, bond, plain, arena);
    return arena_printf(arena, "%s.%s." STR_FMT, kind, keyring->id, STR_ARG(box));
}

/* The three parts; false when it does not look like that. */
static bool split(struct str wrapped, struct str kind, struct str *id, struct str *box)
{
    struct str rest = wrapped, first;
    return str_split(&rest, '.', &first) && str_eq(first, kind) && str_split(&rest, '.', id) &&
           str_split(&rest, '.', box) && !str_set(rest);
}

struct str keyring_sentinel(const struct keyring *keyring, struct arena *arena)
{
    return wrap(keyring, "tls1", STR("sentinel"), SENTINEL, arena);
}

bool keyring_check(const struct keyring *keyring, struct str sentinel, struct error *err)
{
    struct str id, box;
    if (!split(sentinel, STR("tls1"), &id, &box))
        return fail(err, ERR_INTERNAL, "the store's proof of its key cannot be read");
    if (!str_eq(id, keyring_key_id(keyring)))
        return fail(err, ERR_BAD_REQUEST,
                    "the store was sealed with the key \"" STR_FMT
                    "\", but the key file holds the key \"%s\"",
                    STR_ARG(id), keyring->id);
    uint8_t plain[256];
    size_t length;
    if (box_plain_max(box) > sizeof(plain) ||
        !box_open(keyring->key, STR("sentinel"), box, plain, &length) ||
        !str_eq((struct str){ (const char *)plain, length }, SENTINEL))
        return fail(err, ERR_BAD_REQUEST,
                    "the key file says it holds the key \"%s\", but that key does not open the "
                    "store",
                    keyring->id);
    return true;
}

static struct str project_bond(struct buf *buf, struct id project_id)
{
    buf_init(buf, 256);
    bond_add(buf, STR("project key"));
    bond_add(buf, (struct str){ (const char *)project_id.bytes, sizeof(project_id.bytes) });
    return buf_str(buf);
}

struct str keyring_new_project_key(const struct keyring *keyring, struct id project_id,
                                   struct arena *arena)
{
    uint8_t key[KEY_BYTES];
    random_bytes(key, sizeof(key));
    struct buf buf;
    struct str wrapped = wrap(keyring, "tlk1", project_bond(&buf, project_id),
                              (struct str){ (const char *)key, sizeof(key) }, arena);
    buf_done(&buf);
    secret_wipe(key, sizeof(key));
    return wrapped;
}

static bool unwrap(const struct keyring *keyring, struct id project_id, struct str wrapped,
                   uint8_t *out)
{
    struct str id, box;
    uint8_t plain[256];
    size_t length = 0;
    if (!split(wrapped, STR("tlk1"), &id, &box) || !str_eq(id, keyring_key_id(keyring)) ||
        box_plain_max(box) > sizeof(plain))
        return false;
    struct buf buf;
    bool ok = box_open(keyring->key, project_bond(&buf, project_id), box, plain, &length) &&
              length == KEY_BYTES;
    buf_done(&buf);
    if (ok)
        memcpy(out, plain, KEY_BYTES);
    secret_wipe(plain, sizeof(plain));
    return ok;
}

struct project_key *keyring_open_project_key(const struct keyring *keyring, struct id project_id,
                                             struct str wrapped, struct error *err)
{
    struct project_key *key = guarded_new(sizeof(*key));
    if (!unwrap(keyring, project_id, wrapped, key->bytes)) {
        project_key_free(key);
        return fail_null(err, ERR_CONNECTION_UNREADABLE,
                         "the project's key cannot be opened with the key \"%s\"", keyring->id);
    }
    (void)sodium_mprotect_readonly(key);
    return key;
}

void project_key_free(struct project_key *key)
{
    sodium_free(key);
}

const uint8_t *project_key_bytes(const struct project_key *key)
{
    return key->bytes;
}
