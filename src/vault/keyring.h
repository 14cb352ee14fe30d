/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys. A master key comes from a file (mode 0600) and never enters the store; it wraps one data key
 * for each project, and those seal. Each master key has an id, which every wrapped key names.
 * Threads: any (a keyring does not change after it was opened).
 */
#ifndef VAULT_KEYRING_H
#define VAULT_KEYRING_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"
#include "base/id.h"
#include "base/str.h"

#include <stdbool.h>

struct keyring;
struct project_key;

/*
 * Opens the key file; makes a new one when it is missing and `may_create`.
 *   Fails  naming the file: missing, readable by others, not a key file
 */
MUST_USE struct keyring *keyring_open(const char *path, bool may_create, bool *created,
                                      struct error *err);
void keyring_free(struct keyring *keyring);
AUTO_DEFINE(keyring, keyring_free)
/* Id of the key that wraps now, as text. */
struct str keyring_key_id(const struct keyring *keyring);

/* A known text under the master key, kept in the store: proves at start that the key is the one. */
MUST_USE struct str keyring_sentinel(const struct keyring *keyring, struct arena *arena);
/* False with an error that names the expected key's id and ours. */
MUST_USE bool keyring_check(const struct keyring *keyring, struct str sentinel, struct error *err);

/* A new random data key for a project, wrapped for the store (printable text). */
MUST_USE struct str keyring_new_project_key(const struct keyring *keyring, struct id project_id,
                                            struct arena *arena);
/* CONNECTION_UNREADABLE when it does not open. */
MUST_USE struct project_key *keyring_open_project_key(const struct keyring *keyring,
                                                      struct id project_id, struct str wrapped,
                                                      struct error *err);
void project_key_free(struct project_key *key);
AUTO_DEFINE(project_key, project_key_free)

#endif
