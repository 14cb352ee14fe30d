/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ids: UUID version 7 (RFC 9562), which sort by the time they were made. Within a process each is
 * larger than the one before.  Threads: any.
 */
#ifndef BASE_ID_H
#define BASE_ID_H

#include "base/attr.h"
#include "base/str.h"
#include "base/time.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct id {
    uint8_t bytes[16]; /* all zero = none */
};

#define ID_NONE ((struct id){ { 0 } })
#define ID_TEXT_SIZE 37

struct id id_new(void);
/* Below every id made at that moment or later, above those made before. */
struct id id_first_at(struct instant at);
/* When an id of ours was made, to the microsecond; a little later when very many were made at once. */
struct instant id_made_at(struct id id);
/* Lower-case text with hyphens into text[ID_TEXT_SIZE]; returns a view of it. */
struct str id_format(struct id id, char *text);
/* True for the 36 characters of any UUID but the nil one; letters of either case. */
MUST_USE bool id_parse(struct str text, struct id *out);

static inline bool id_eq(struct id a, struct id b)
{
    return memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0;
}

static inline bool id_set(struct id id)
{
    return !id_eq(id, ID_NONE);
}

uint64_t id_hash(struct id id);

/* Unpredictable bytes from the system. */
void random_bytes(void *out, size_t size);
/* A number in 0..limit-1, without bias, for jitter. */
uint64_t random_below(uint64_t limit);

#endif
