/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passwords of people: argon2id, 19 MiB, 2 passes; at most two at work at once, the others wait.
 * Both functions take about 30 ms.  Blocks: yes.  Threads: any but the HTTP thread.
 */
#ifndef VAULT_PASSWORD_H
#define VAULT_PASSWORD_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/secret.h"
#include "base/str.h"

#include <stdbool.h>

/* The text to store. */
MUST_USE struct str password_hash(const struct secret *password, struct arena *arena);
/* Absent `stored` (unknown user) costs the same and is false. */
MUST_USE bool password_matches(const struct secret *password, struct str stored);

#endif
