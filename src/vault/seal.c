/* SPDX-License-Identifier: Apache-2.0 */
/* Seals: a box under a project's key, bound to where its secret belongs and where it is sent. */
#include "vault/seal.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "vault/internal.h"

#define MAGIC STR("tl2.")
#define BOND_MAX ((size_t)64 * 1024)

static void add_id(struct buf *to, struct id id)
{
    bond_add(to, (struct str){ (const char *)id.bytes, sizeof(id.bytes) });
}

/* False when it is longer than any real one. */
static bool write_bond(struct buf *to, const struct seal_bond *bond, bool older, struct str *out)
{
    buf_init(to, BOND_MAX);
    bond_add(to, bond->purpose);
    add_id(to, bond->project_id);
    add_id(to, bond->connection_id);
    bond_add(to, bond->field);
    bond_add_int(to, bond->secret_version);
    bond_add(to, bond->kind);
    bond_add(to, bond->host);
    bond_add_int(to, bond->port);
    bond_add(to, bond->tls_mode);
    if (!older)
        bond_add(to, bond->trust);
    struct error err;
    return buf_finish(to, out, &err);
}

struct closing {
    const struct project_key *key;
    struct str bond;
    struct arena *arena;
    struct str box;
};

static bool close_plain(struct str plain, void *context)
{
    struct closing *closing = context;
    closing->box = box_close(project_key_bytes(closing->key), closing->bond, plain, closing->arena);
    return true;
}

struct str seal_close(const struct project_key *key, const struct seal_bond *bond,
                      const struct secret *plain, struct arena *arena)
{
    struct buf buf;
    struct closing closing = { .key = key, .arena = arena };
    bool ok = write_bond(&buf, bond, false, &closing.bond);
    if (ok)
        (void)secret_use(plain, close_plain, &closing);
    buf_done(&buf);
    return ok ? arena_printf(arena, STR_FMT STR_FMT, STR_ARG(MAGIC), STR_ARG(closing.box))
              : STR_NULL;
}

static bool open_box(const struct project_key *key, const struct seal_bond *bond, bool older,
                     struct str sealed, struct secret **out)
{
    struct str magic = older ? SEAL_OLDER : MAGIC;
    if (!str_starts(sealed, magic))
        return false;
    struct str box = str_slice(sealed, magic.len, sealed.len);
    struct buf buf;
    struct str bound;
    bool ok = write_bond(&buf, bond, older, &bound);
    size_t size = box_plain_max(box) + 1, length;
    uint8_t *plain = xmalloc(size);
    ok = ok && box_open(project_key_bytes(key), bound, box, plain, &length);
    if (ok)
        *out = secret_new((struct str){ (const char *)plain, length });
    secret_wipe(plain, size);
    free(plain);
    buf_done(&buf);
    return ok;
}

bool seal_open(const struct project_key *key, const struct seal_bond *bond, struct str sealed,
               struct secret **out, struct error *err)
{
    return open_box(key, bond, false, sealed, out) ||
           fail(err, ERR_CONNECTION_UNREADABLE, "what was sealed cannot be opened");
}

bool seal_open_older(const struct project_key *key, const struct seal_bond *bond, struct str sealed,
                     struct secret **out, struct error *err)
{
    return open_box(key, bond, true, sealed, out) ||
           fail(err, ERR_CONNECTION_UNREADABLE, "what was sealed cannot be opened");
}
