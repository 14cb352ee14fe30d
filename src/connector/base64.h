/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 (RFC 4648, section 4, padded): how bytes that are no text travel in JSON.  Threads: any. */
#ifndef CONNECTOR_BASE64_H
#define CONNECTOR_BASE64_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/str.h"
#include "json/value.h"
#include "json/write.h"

#include <stdbool.h>

void base64_encode(struct buf *out, struct str bytes);
/* False for anything but whole, padded groups of the alphabet, without stray bits. */
MUST_USE bool base64_decode(struct arena *arena, struct str text, struct str *out);

/* {"base64": "…"} */
void base64_write(struct json_writer *w, struct str bytes);
/* The text in {"base64": "text"}; absent when `value` is anything else. */
struct str base64_find(const struct json *value);

#endif
