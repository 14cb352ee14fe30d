/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding of URLs' parts. Source: RFC 3986; the URL standard's form rules for queries. */
#ifndef HTTP_TEXT_H
#define HTTP_TEXT_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/str.h"

#include <stdbool.h>

/* Percent-decodes a path once ("+" stays). False for a malformed escape or a result that is not UTF-8. */
MUST_USE bool http_decode_path(struct arena *arena, struct str raw, struct str *out);
/*
 * First parameter of that name in a raw query, decoded by form rules ("+" is a blank, malformed
 * escapes stay as text); absent when there is none. *utf8 says whether it is valid UTF-8.
 */
struct str http_query_param(struct arena *arena, struct str query, struct str name, bool *utf8);

#endif
