/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One value, from the server's text form to JSON. Nothing is rounded: what a double cannot hold
 * goes as text, and so does every type without a form of its own.
 */
#include "connector/postgresql_internal.h"

#include <ctype.h>

#include "connector/base64.h"
#include "json/read.h"

/* How deep JSON in a cell may be; deeper goes as text, as our own reader would refuse it. */
#define CELL_DEPTH_MAX 48

#define INT8_EXACT ((int64_t)1 << 53)
#define NOWHERE SIZE_MAX

static size_t digits_end(struct str text, size_t at)
{
    while (at < text.len && isdigit((unsigned char)text.ptr[at]))
        at++;
    return at;
}

static bool is_at(struct str text, size_t at, const char *set)
{
    return at < text.len && text.ptr[at] != '\0' && strchr(set, text.ptr[at]);
}

/* Behind the JSON number that begins at `at`; NOWHERE when none does. */
static size_t number_end(struct str text, size_t at)
{
    at += is_at(text, at, "-");
    size_t end = is_at(text, at, "0") ? at + 1 : digits_end(text, at);
    if (end == at)
        return NOWHERE;
    if (is_at(text, end, ".")) {
        at = end + 1;
        end = digits_end(text, at);
        if (end == at)
            return NOWHERE;
    }
    if (is_at(text, end, "eE")) {
        at = end + 1;
        at += is_at(text, at, "+-");
        end = digits_end(text, at);
        if (end == at)
            return NOWHERE;
    }
    return end;
}

static void write_int8(struct json_writer *w, struct str text)
{
    int64_t value;
    if (str_to_int64(text, &value) && value <= INT8_EXACT && value >= -INT8_EXACT)
        json_int(w, value);
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

static bool is_between(int unit, int low, int high)
{
    return unit >= low && unit <= high;
}

/* Behind the JSON string that begins at `at`. Half a surrogate pair, which type json lets in, is none. */
static size_t string_end(struct str text, size_t at)
{
    for (at++; at < text.len && text.ptr[at] != '"'; at++) {
        if ((unsigned char)text.ptr[at] < 0x20)
            return NOWHERE;
        if (text.ptr[at] != '\\')
            continue;
        int unit = json_escaped_unit(text, at);
        if (unit < 0 && !is_at(text, at + 1, "\"\\/bfnrt"))
            return NOWHERE;
        if (is_between(unit, 0xDC00, 0xDFFF))
            return NOWHERE;
        if (is_between(unit, 0xD800, 0xDBFF)) {
            if (!is_between(json_escaped_unit(text, at + 6), 0xDC00, 0xDFFF))
                return NOWHERE;
            at += 6;
        }
        at += unit >= 0 ? 5 : 1;
    }
    return at < text.len ? at + 1 : NOWHERE;
}

static size_t literal_end(struct str text, size_t at)
{
    static const char *const literals[] = { "true", "false", "null" };
    for (size_t i = 0; i < ARRAY_LEN(literals); i++)
        if (str_starts(str_slice(text, at, text.len), str_from(literals[i])))
            return at + strlen(literals[i]);
    return NOWHERE;
}

enum expected {
    EXPECT_VALUE,
    EXPECT_VALUE_OR_END,
    EXPECT_NAME,
    EXPECT_NAME_OR_END,
    EXPECT_COLON,
    EXPECT_COMMA, /* or the end of what is open */
};

struct copy {
    enum expected expected;
    unsigned depth;
    uint64_t objects; /* a bit for each level that is open, the innermost lowest: 1 = object */
};

static bool open_level(struct copy *copy, bool object)
{
    copy->objects = copy->objects << 1 | object;
    copy->expected = object ? EXPECT_NAME_OR_END : EXPECT_VALUE_OR_END;
    return ++copy->depth <= CELL_DEPTH_MAX;
}

static bool close_level(struct copy *copy, bool object)
{
    bool empty = copy->expected == (object ? EXPECT_NAME_OR_END : EXPECT_VALUE_OR_END);
    if (copy->depth == 0 || (copy->objects & 1) != object ||
        (!empty && copy->expected != EXPECT_COMMA))
        return false;
    copy->objects >>= 1;
    copy->depth--;
    copy->expected = EXPECT_COMMA;
    return true;
}

static bool separate(struct copy *copy, enum expected expected, enum expected next)
{
    bool ok = copy->expected == expected && copy->depth > 0;
    copy->expected = next;
    return ok;
}

/* A string, number or literal at `at`; its end. */
static size_t take_scalar(struct copy *copy, struct str text, size_t at)
{
    bool string = text.ptr[at] == '"';
    if (string && (copy->expected == EXPECT_NAME || copy->expected == EXPECT_NAME_OR_END)) {
        copy->expected = EXPECT_COLON;
        return string_end(text, at);
    }
    if (copy->expected != EXPECT_VALUE && copy->expected != EXPECT_VALUE_OR_END)
        return NOWHERE;
    copy->expected = EXPECT_COMMA;
    if (string)
        return string_end(text, at);
    return is_at(text, at, "tfn") ? literal_end(text, at) : number_end(text, at);
}

/* One part of the text, from `at`: its end, or NOWHERE when it may not stand there. */
static size_t take_part(struct copy *copy, struct str text, size_t at)
{
    char c = text.ptr[at];
    bool value = copy->expected == EXPECT_VALUE || copy->expected == EXPECT_VALUE_OR_END, ok;
    switch (c) {
    case '{':
    case '[':
        ok = value && open_level(copy, c == '{');
        break;
    case '}':
    case ']':
        ok = close_level(copy, c == '}');
        break;
    case ':':
        ok = separate(copy, EXPECT_COLON, EXPECT_VALUE);
        break;
    case ',':
        ok = separate(copy, EXPECT_COMMA, copy->objects & 1 ? EXPECT_NAME : EXPECT_VALUE);
        break;
    default:
        return take_scalar(copy, text, at);
    }
    return ok ? at + 1 : NOWHERE;
}

/*
 * A cell's JSON in one line without blanks between its parts. False when our own reader would refuse
 * it: deep nesting, half surrogate pairs, and what a server that lies passes off as JSON, which would
 * break out of the result otherwise. It is copied while it is read: a tree of it would be many times
 * as large.
 */
static bool add_json(struct buf *out, struct str text)
{
    struct copy copy = { .expected = EXPECT_VALUE };
    for (size_t at = 0; at < text.len;) {
        if (is_at(text, at, " \t\r\n")) {
            at++;
            continue;
        }
        size_t end = take_part(&copy, text, at);
        if (end == NOWHERE)
            return false;
        buf_add(out, str_slice(text, at, end));
        at = end;
    }
    return copy.depth == 0 && copy.expected == EXPECT_COMMA;
}

static void write_json(struct json_writer *w, struct str text)
{
    struct buf line;
    buf_init(&line, w->buf->max);
    if (str_is_utf8(text) && add_json(&line, text))
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
        /* "infinity", "NaN" and their kind are no numbers in JSON. */
        if (number_end(text, 0) == text.len)
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
