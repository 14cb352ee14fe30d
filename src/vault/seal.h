/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealing one secret: XChaCha20-Poly1305 under a project's data key, a random nonce, and everything
 * that must not change as associated data, each part with its length before it. A sealed value that
 * was moved to another row, project, field or destination does not open.
 *
 * Sealed text: "tl2." and base64url of version, nonce, ciphertext. "tl1." stands before seals of
 * earlier builds, which were bound to all but `trust`; they open by another function, so that nothing
 * but the one place that makes them anew takes the lesser bond.
 * Source: libsodium's XChaCha20-Poly1305-IETF construction.  Threads: any.
 */
#ifndef VAULT_SEAL_H
#define VAULT_SEAL_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"
#include "base/id.h"
#include "base/secret.h"
#include "base/str.h"
#include "vault/keyring.h"

#include <stdint.h>

/* Before seals of a build that did not bind seal_bond.trust. */
#define SEAL_OLDER STR("tl1.")

/* What a seal is bound to. */
struct seal_bond {
    struct str purpose; /* "connection" */
    struct id project_id, connection_id;
    struct str field; /* "connectionUrl", "clientKeyPem" */
    int64_t secret_version;
    struct str kind, host; /* connector's name; host as dialled */
    int64_t port;
    struct str tls_mode;
    struct str
        trust; /* digest of the certificates that decide who is trusted, and as whom we come */
};

MUST_USE struct str seal_close(const struct project_key *key, const struct seal_bond *bond,
                               const struct secret *plain, struct arena *arena);
/* CONNECTION_UNREADABLE, the same for every cause, when it does not open. */
MUST_USE bool seal_open(const struct project_key *key, const struct seal_bond *bond,
                        struct str sealed, struct secret **out, struct error *err);

/* The same for a SEAL_OLDER; bond->trust is not looked at. */
MUST_USE bool seal_open_older(const struct project_key *key, const struct seal_bond *bond,
                              struct str sealed, struct secret **out, struct error *err);

#endif
