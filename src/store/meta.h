/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of server_meta: what the server keeps about itself, by name. */
#ifndef STORE_META_H
#define STORE_META_H

#include "store/store.h"

#define META_KEY_SENTINEL STR("key_sentinel")    /* vault/keyring.h */
#define META_SETUP_TOKEN STR("setup_token_hash") /* vault/token.h; gone once it was used */

/* Absent when there is no such row. */
MUST_USE bool meta_get(struct tx *tx, struct str name, struct arena *arena, struct str *out,
                       struct error *err);
MUST_USE bool meta_set(struct tx *tx, struct str name, struct str value, struct error *err);
/* *deleted (or NULL) says whether there was one. */
MUST_USE bool meta_delete(struct tx *tx, struct str name, bool *deleted, struct error *err);

/* How large the store is, and what is in it. */
struct store_size {
    int64_t bytes, free_bytes; /* of the database, and those of them that are kept for new rows */
    int64_t users, projects, workflows, connections;
};
MUST_USE bool meta_size(struct tx *tx, struct store_size *out, struct error *err);

#endif
