/* SPDX-License-Identifier: Apache-2.0 */
/* The streaming JSON writer. */
#include "json/write.h"

#include <assert.h>

#include "json/internal.h"

#define DEPTH_MAX 64 /* bits of json_writer.objects */

void json_writer_init(struct json_writer *w, struct buf *buf)
{
    *w = (struct json_writer){ .buf = buf };
}

static inline bool in_object(const struct json_writer *w)
{
    return w->depth > 0 && (w->objects & 1) != 0;
}

/* Before every value: a comma where one is due, and a look at whether a value may stand here. */
static void begin_value(struct json_writer *w)
{
    assert(w->named == in_object(w));  /* a name before each member, and only there */
    assert(w->depth > 0 || !w->comma); /* one value at the top */
    if (w->comma)
        buf_add_byte(w->buf, ',');
    w->comma = true;
    w->named = false;
}

static void open_container(struct json_writer *w, bool object)
{
    begin_value(w);
    assert(w->depth < DEPTH_MAX);
    buf_add_byte(w->buf, object ? '{' : '[');
    w->depth++;
    w->objects = w->objects << 1 | (object ? 1 : 0);
    w->comma = false;
}

static void close_container(struct json_writer *w, bool object)
{
    assert(w->depth > 0 && in_object(w) == object && !w->named);
    buf_add_byte(w->buf, object ? '}' : ']');
    w->depth--;
    w->objects >>= 1;
    w->comma = true;
}

void json_begin_object(struct json_writer *w)
{
    open_container(w, true);
}

void json_end_object(struct json_writer *w)
{
    close_container(w, true);
}

void json_begin_array(struct json_writer *w)
{
    open_container(w, false);
}

void json_end_array(struct json_writer *w)
{
    close_container(w, false);
}

void json_key(struct json_writer *w, struct str name)
{
    assert(in_object(w) && !w->named);
    if (w->comma)
        buf_add_byte(w->buf, ',');
    json_quote(w->buf, name);
    buf_add_byte(w->buf, ':');
    w->comma = false;
    w->named = true;
}

void json_raw(struct json_writer *w, struct str json)
{
    begin_value(w);
    buf_add(w->buf, json);
}

void json_null(struct json_writer *w)
{
    json_raw(w, STR("null"));
}

void json_bool(struct json_writer *w, bool value)
{
    json_raw(w, value ? STR("true") : STR("false"));
}

void json_int(struct json_writer *w, int64_t value)
{
    begin_value(w);
    buf_add_int(w->buf, value);
}

void json_string(struct json_writer *w, struct str text)
{
    begin_value(w);
    json_quote(w->buf, text);
}

/* Text that is known to need no escapes. */
static void write_plain(struct json_writer *w, struct str text)
{
    begin_value(w);
    buf_add_byte(w->buf, '"');
    buf_add(w->buf, text);
    buf_add_byte(w->buf, '"');
}

void json_id(struct json_writer *w, struct id id)
{
    char text[ID_TEXT_SIZE];
    write_plain(w, id_format(id, text));
}

void json_instant(struct json_writer *w, struct instant at)
{
    char text[INSTANT_TEXT_SIZE];
    write_plain(w, instant_format(at, text));
}

void json_value(struct json_writer *w, const struct json *value)
{
    assert(str_set(value->raw));
    json_raw(w, value->raw);
}

/* A byte at which json_plain_end() stops. */
static void add_escaped(struct buf *buf, unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";
    static const char bytes[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
    const char *known = memchr(bytes, byte, sizeof(bytes) - 1);
    if (byte >= 0x80)
        buf_add(buf, STR("\xEF\xBF\xBD")); /* U+FFFD */
    else if (known)
        buf_add(buf, (struct str){ (char[]){ '\\', names[known - bytes] }, 2 });
    else
        buf_add(buf,
                (struct str){ (char[]){ '\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15] },
                              6 });
}

void json_escape(struct buf *buf, struct str text)
{
    const char *at = text.ptr, *end = text.len > 0 ? text.ptr + text.len : at;
    while (at < end) {
        const char *stop = json_plain_end(at, end);
        buf_add(buf, (struct str){ at, (size_t)(stop - at) });
        if (stop < end)
            add_escaped(buf, (unsigned char)*stop++);
        at = stop;
    }
}

void json_quote(struct buf *buf, struct str text)
{
    buf_add_byte(buf, '"');
    json_escape(buf, text);
    buf_add_byte(buf, '"');
}
