/* SPDX-License-Identifier: Apache-2.0 */
/* The beginning of a long JSON text, as JSON of its own: for who wants to look before they load it. */
#ifndef JSON_BEGINNING_H
#define JSON_BEGINNING_H

#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Adds the beginning of `json`, which is valid JSON, to the buf. Of an object each member's value has
 * `most` bytes of its own, and a little for what must be closed, so that what stands behind a long one
 * is there too, until 4 × `most` are full. A list keeps whole items, if there is one; text is cut
 * between characters.
 *
 *   Returns  whether something was left out.   Reads all of `json` once.   Blocks: no.
 */
bool json_beginning(struct str json, size_t most, struct buf *out);

#endif
