/* SPDX-License-Identifier: Apache-2.0 */
/* Growing text with a cap: memory doubles, one byte more than the text holds is always there. */
#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define FIRST_SIZE 256

void buf_init(struct buf *buf, size_t max)
{
    /* Room for the NUL behind the longest text must be countable. */
    *buf = (struct buf){ .max = max < SIZE_MAX ? max : SIZE_MAX - 1 };
}

void buf_done(struct buf *buf)
{
    free(buf->ptr);
    *buf = (struct buf){ 0 };
}

void buf_reset(struct buf *buf)
{
    buf->len = 0;
    buf->failed = false;
    if (buf->ptr)
        buf->ptr[0] = '\0';
}

/* Makes room for `more` bytes and a NUL; false at the cap. */
static bool grow(struct buf *buf, size_t more)
{
    if (buf->failed)
        return false;
    if (more > buf->max - buf->len) {
        buf->failed = true;
        return false;
    }
    size_t needed = buf->len + more + 1;
    if (needed <= buf->size)
        return true;
    size_t size = buf->size > 0 ? buf->size : FIRST_SIZE;
    while (size < needed)
        size = size > SIZE_MAX / 2 ? needed : size * 2;
    if (size > buf->max + 1)
        size = buf->max + 1;
    buf->ptr = xrealloc(buf->ptr, size);
    buf->size = size;
    return true;
}

static bool has_room(struct buf *buf, size_t more)
{
    /* size is at most max + 1, so within it the cap needs no look of its own. */
    return (!buf->failed && more < buf->size - buf->len) || grow(buf, more);
}

void buf_add(struct buf *buf, struct str s)
{
    if (s.len == 0 || !has_room(buf, s.len))
        return;
    memcpy(buf->ptr + buf->len, s.ptr, s.len);
    buf->len += s.len;
    buf->ptr[buf->len] = '\0';
}

void buf_add_c(struct buf *buf, const char *text)
{
    buf_add(buf, str_from(text));
}

void buf_add_byte(struct buf *buf, char byte)
{
    if (!has_room(buf, 1))
        return;
    buf->ptr[buf->len++] = byte;
    buf->ptr[buf->len] = '\0';
}

void buf_add_int(struct buf *buf, int64_t value)
{
    char digits[STR_INT_SIZE];
    buf_add(buf, str_of_int(value, digits));
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    if (buf->failed)
        return;
    va_list args;
    va_start(args, format);
    size_t room = buf->size - buf->len;
    int length = vsnprintf(buf->ptr ? buf->ptr + buf->len : NULL, room, format, args);
    va_end(args);
    if (length >= 0 && (size_t)length >= room && grow(buf, (size_t)length)) {
        va_start(args, format);
        length = vsnprintf(buf->ptr + buf->len, (size_t)length + 1, format, args);
        va_end(args);
    }
    if (length < 0)
        buf->failed = true;
    if (!buf->failed)
        buf->len += (size_t)length;
    else if (buf->ptr)
        buf->ptr[buf->len] = '\0'; /* drops what the first try wrote */
}

char *buf_reserve(struct buf *buf, size_t size)
{
    return has_room(buf, size) ? buf->ptr + buf->len : NULL;
}

void buf_added(struct buf *buf, size_t size)
{
    if (buf->failed || !buf->ptr)
        return;
    assert(size < buf->size - buf->len);
    buf->len += size;
    buf->ptr[buf->len] = '\0';
}

bool buf_finish(struct buf *buf, struct str *out, struct error *err)
{
    if (buf->failed)
        return fail(err, ERR_RESULT_TOO_LARGE, "longer than %zu bytes", buf->max);
    *out = buf_str(buf);
    return true;
}

char *buf_take(struct buf *buf, size_t *len)
{
    char *text = NULL;
    *len = 0;
    if (!buf->failed) {
        *len = buf->len;
        text = buf->ptr ? buf->ptr : xcalloc(1, 1);
        buf->ptr = NULL;
    }
    size_t max = buf->max;
    buf_done(buf);
    buf_init(buf, max);
    return text;
}
