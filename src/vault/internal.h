/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What seals and keyrings share: boxes. A box is XChaCha20-Poly1305 with a random nonce, and text:
 * base64url of version, nonce, ciphertext. What is bound to it is told again to open it.
 */
#ifndef VAULT_INTERNAL_H
#define VAULT_INTERNAL_H

#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/str.h"
#include "vault/keyring.h"

#define KEY_BYTES 32

/* The bytes of a project's data key, in locked memory. */
const uint8_t *project_key_bytes(const struct project_key *key);

/* Parts of what is bound: each with its length before it, so that no two lists read the same. */
void bond_add(struct buf *bond, struct str part);
void bond_add_int(struct buf *bond, int64_t part);

MUST_USE struct str box_close(const uint8_t *key, struct str bond, struct str plain,
                              struct arena *arena);
/* Most bytes that such a box may hold. */
size_t box_plain_max(struct str box);
/* Opens into plain[box_plain_max()]; false when anything is not as it was. */
MUST_USE bool box_open(const uint8_t *key, struct str bond, struct str box, uint8_t *plain,
                       size_t *plain_len);

#endif
