/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text from an upstream, before it is kept: some servers repeat credentials in their errors, so
 * the connection's own secret is replaced in it, however it is written.
 */
#ifndef CONNECTOR_SCRUB_H
#define CONNECTOR_SCRUB_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/secret.h"
#include "base/str.h"

/*
 * `text` with each occurrence of the secret (as it is, percent-encoded, with JSON escapes, or any
 * mix of them) replaced by URL_MASK. A secret of fewer than four bytes is replaced where it stands
 * as a word, since it would make every text unreadable otherwise. NULL: a plain copy.
 * Scrub before cutting: half a secret is not found.
 */
MUST_USE struct str scrub(struct arena *arena, struct str text, const struct secret *secret);

#endif
