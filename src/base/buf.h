/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growing text with a cap. Appending never needs a check: the first failure (cap reached, bad
 * UTF-8 where it was asked for) sticks, later calls do nothing, and buf_finish() is the one check.
 *
 *     struct buf b;
 *     buf_init(&b, 64 * 1024);
 *     buf_add(&b, STR("SELECT "));
 *     if (!buf_finish(&b, &text, err)) ...
 *     buf_done(&b);
 *
 * Threads: one at a time.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/attr.h"
#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    char *ptr; /* NUL-terminated once something was added */
    size_t len;
    size_t size; /* allocated */
    size_t max;  /* cap on len */
    bool failed; /* sticks */
};

void buf_init(struct buf *buf, size_t max);
/* Frees the text; the buf may be used again after buf_init(). */
void buf_done(struct buf *buf);
/* Forgets the text and any failure, keeps the memory. */
void buf_reset(struct buf *buf);

void buf_add(struct buf *buf, struct str s);
void buf_add_c(struct buf *buf, const char *text);
void buf_add_byte(struct buf *buf, char byte);
void buf_add_int(struct buf *buf, int64_t value);
void buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
/* Room for `size` more bytes, to be filled by the caller, who then calls buf_added(). NULL at the cap. */
char *buf_reserve(struct buf *buf, size_t size);
void buf_added(struct buf *buf, size_t size);

/* What was written so far. */
static inline struct str buf_str(const struct buf *buf)
{
    return (struct str){ buf->ptr ? buf->ptr : "", buf->len };
}

/* The text, still owned by the buf, or RESULT_TOO_LARGE naming the cap. */
MUST_USE bool buf_finish(struct buf *buf, struct str *out, struct error *err);
/* Hands the text to the caller, who frees it with free(), or NULL after a failure; empties the buf. */
MUST_USE char *buf_take(struct buf *buf, size_t *len);

#endif
