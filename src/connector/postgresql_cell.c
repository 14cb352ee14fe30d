/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One value, from the server's text form to JSON. Nothing is rounded: what a double cannot hold
 * goes as text, and so does every type without a form of its own.
 */
#include "connector/postgresql_internal.h"

#include <ctype.h>

#include "connector/base64.h"

/* How deep JSON in a cell may be; deeper goes as text, as our own reader would refuse it. */
#define CELL_DEPTH_MAX 48

#define INT8_EXACT ((int64_t)1 << 53)

/* "infinity", "NaN" and their kind are no numbers in JSON. */
static bool is_finite_number(struct str text)
{
    return text.len > 0 && (isdigit((unsigned char)text.ptr[text.len - 1]) != 0);
}

static void write_int8(struct json_writer *w, struct str text)
{
    int64_t value;
    if (str_to_int64(text, &value) && value <= INT8_EXACT && value >= -INT8_EXACT)
        json_raw(w, text);
    else
        json_string(w, text);
}

static void write_bytes(struct json_writer *w, struct str text)
{
    /* It wants a NUL at the end, which the values of a result have, as those of an array do. */
    size_t size = 0;
    unsigned char *bytes = PQunescapeBytea((const unsigned char *)text.ptr, &size);
    if (bytes)
        base64_write(w, (struct str){ (const char *)bytes, size });
    else
        json_string(w, text);
    PQfreemem(bytes);
}

/*
 * ISO 8601 has a "T" between date and time, "Z" for "+00", and minutes in every offset. What has no
 * place in it (years before Christ, infinity) stays as the server wrote it.
 */
static void write_time(struct json_writer *w, struct str text)
{
    char iso[64];
    if (text.len == 0 || text.len > sizeof(iso) - 4 || !isdigit((unsigned char)text.ptr[0]) ||
        str_ends(text, STR("BC"))) {
        json_string(w, text);
        return;
    }
    memcpy(iso, text.ptr, text.len);
    size_t length = text.len, blank = str_find_byte(text, ' ');
    if (blank < length)
        iso[blank] = 'T';
    size_t zone = blank < length ? blank : 0;
    while (zone < length && iso[zone] != '+' && iso[zone] != '-')
        zone++;
    if (str_eq(str_slice(text, zone, length), STR("+00"))) {
        iso[zone] = 'Z';
        length = zone + 1;
    } else if (length - zone == 3) {
        iso[length++] = ':';
        iso[length++] = '0';
        iso[length++] = '0';
    }
    json_string(w, (struct str){ iso, length });
}

/* The code unit of the \u escape at `at`, or -1. */
static int escaped_unit(struct str text, size_t at)
{
    if (at + 6 > text.len || text.ptr[at] != '\\' || text.ptr[at + 1] != 'u')
        return -1;
    int unit = 0;
    for (size_t i = at + 2; i < at + 6; i++) {
        char c = text.ptr[i];
        int digit = isdigit((unsigned char)c) ? c - '0' : (c | 0x20) - 'a' + 10;
        if (digit < 0 || digit > 15)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

static bool is_between(int unit, int low, int high)
{
    return unit >= low && unit <= high;
}

/* Behind the JSON string that begins at `at`; text.len + 1 when it holds half a surrogate pair. */
static size_t string_end(struct str text, size_t at)
{
    for (at++; at < text.len && text.ptr[at] != '"'; at++) {
        if (text.ptr[at] != '\\')
            continue;
        int unit = escaped_unit(text, at);
        if (is_between(unit, 0xDC00, 0xDFFF))
            return text.len + 1;
        if (is_between(unit, 0xD800, 0xDBFF)) {
            if (!is_between(escaped_unit(text, at + 6), 0xDC00, 0xDFFF))
                return text.len + 1;
            at += 6;
        }
        at += unit >= 0 ? 5 : 1;
    }
    return at + 1;
}

/*
 * A cell's JSON in one line without blanks between its parts. The server vouches for its grammar;
 * what our own reader would refuse all the same (deep nesting, half surrogate pairs, which type json
 * lets in) makes this false.
 */
static bool add_json(struct buf *out, struct str text)
{
    int depth = 0;
    for (size_t at = 0; at < text.len;) {
        char c = text.ptr[at];
        size_t end = c == '"' ? string_end(text, at) : at + 1;
        if (end > text.len)
            return false;
        depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
        if (depth > CELL_DEPTH_MAX)
            return false;
        if (!isspace((unsigned char)c))
            buf_add(out, str_slice(text, at, end));
        at = end;
    }
    return true;
}

static void write_json(struct json_writer *w, struct str text)
{
    struct buf line;
    buf_init(&line, w->buf->max);
    if (add_json(&line, text))
        json_raw(w, buf_str(&line));
    else
        json_string(w, text);
    w->buf->failed |= line.failed;
    buf_done(&line);
}

void pg_write_value(struct json_writer *w, const struct pg *pg, const struct pg_type *type,
                    struct str text)
{
    switch (type->form) {
    case PG_FORM_BOOL:
        json_bool(w, str_eq(text, STR("t")));
        return;
    case PG_FORM_NUMBER:
        if (is_finite_number(text))
            json_raw(w, text);
        else
            json_string(w, text);
        return;
    case PG_FORM_INT8:
        write_int8(w, text);
        return;
    case PG_FORM_JSON:
        write_json(w, text);
        return;
    case PG_FORM_BYTES:
        write_bytes(w, text);
        return;
    case PG_FORM_TIME:
        write_time(w, text);
        return;
    case PG_FORM_ARRAY:
        if (!pg_write_array(w, pg, type, text))
            json_string(w, text);
        return;
    case PG_FORM_TEXT:
        json_string(w, text);
        return;
    }
}
