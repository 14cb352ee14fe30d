/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON reader: one pass over the text, with a stack of its own instead of recursion.
 *
 * Every value under construction is an entry; the entries of all open arrays and objects lie one
 * behind the other. What closes copies its entries, whose number is known by then, into the arena
 * and gives them back; so the last entry is always the value that is being read.
 */
#include "json/read.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "json/internal.h"

#define FEW_ENTRIES 32

struct frame {
    const char *start; /* of the array or object */
    size_t first;      /* its first entry */
    bool object;
};

struct reader {
    const char *start, *at, *end;
    struct arena *arena;
    struct error *err;
    enum json_duplicates duplicates;
    struct json_member *entries; /* `few` until these do not suffice; array items have no name */
    size_t count, size;
    struct buf decoded; /* of a string with escapes */
    size_t depth;
    struct frame frames[JSON_DEPTH_MAX];
    struct json_member few[FEW_ENTRIES];
};

static bool expected_at(struct reader *r, const char *at, const char *what)
{
    return fail(r->err, ERR_BAD_REQUEST, "not JSON: expected %s at byte %zu%s", what,
                (size_t)(at - r->start), at == r->end ? ", where the text ends" : "");
}

static bool expected(struct reader *r, const char *what)
{
    return expected_at(r, r->at, what);
}

static inline void skip_blanks(struct reader *r)
{
    const char *at = r->at;
    while (at < r->end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    r->at = at;
}

static void grow_entries(struct reader *r)
{
    size_t bytes = r->size * sizeof(*r->entries);
    if (r->entries == r->few) {
        r->entries = xmalloc(bytes * 2);
        memcpy(r->entries, r->few, bytes);
    } else {
        r->entries = xrealloc(r->entries, bytes * 2);
    }
    r->size *= 2;
}

static inline void push_entry(struct reader *r, struct str name)
{
    if (r->count == r->size)
        grow_entries(r);
    r->entries[r->count++] = (struct json_member){ .name = name };
}

static inline struct json *last_value(struct reader *r)
{
    return &r->entries[r->count - 1].value;
}

/* Strings */

static void add_code_point(struct buf *buf, uint32_t c)
{
    char text[4];
    size_t len = 0;
    if (c < 0x80) {
        text[len++] = (char)c;
    } else if (c < 0x800) {
        text[len++] = (char)(0xC0 | c >> 6);
        text[len++] = (char)(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        text[len++] = (char)(0xE0 | c >> 12);
        text[len++] = (char)(0x80 | (c >> 6 & 0x3F));
        text[len++] = (char)(0x80 | (c & 0x3F));
    } else {
        text[len++] = (char)(0xF0 | c >> 18);
        text[len++] = (char)(0x80 | (c >> 12 & 0x3F));
        text[len++] = (char)(0x80 | (c >> 6 & 0x3F));
        text[len++] = (char)(0x80 | (c & 0x3F));
    }
    buf_add(buf, (struct str){ text, len });
}

int json_escaped_unit(struct str text, size_t at)
{
    if (at > text.len || text.len - at < 2 || text.ptr[at] != '\\' || text.ptr[at + 1] != 'u')
        return -1;
    return str_hex(text, at + 2, 4);
}

static int unit_here(const struct reader *r)
{
    return json_escaped_unit((struct str){ r->at, (size_t)(r->end - r->at) }, 0);
}

/* At the backslash of \uXXXX; takes the second half of a surrogate pair too. */
static bool read_unicode_escape(struct reader *r)
{
    const char *escape = r->at;
    int unit = unit_here(r);
    if (unit < 0)
        return expected_at(r, escape, "\"\\u\" and four hexadecimal digits");
    r->at += 6;
    if (unit < 0xD800 || unit > 0xDFFF) {
        add_code_point(&r->decoded, (uint32_t)unit);
        return true;
    }
    int second = unit > 0xDBFF ? -1 : unit_here(r);
    if (second < 0xDC00 || second > 0xDFFF)
        return expected_at(r, escape, "both halves of a surrogate pair");
    r->at += 6;
    add_code_point(&r->decoded,
                   0x10000 + ((uint32_t)(unit - 0xD800) << 10) + (uint32_t)(second - 0xDC00));
    return true;
}

static bool read_escape(struct reader *r)
{
    static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
    if (r->end - r->at < 2)
        return expected_at(r, r->end, "the rest of an escape");
    if (r->at[1] == 'u')
        return read_unicode_escape(r);
    const char *name = memchr(names, r->at[1], sizeof(names) - 1);
    if (!name)
        return expected(r, "one of the escapes \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u");
    buf_add_byte(&r->decoded, bytes[name - names]);
    r->at += 2;
    return true;
}

/* Reads on where read_string() stopped; `from` is the first byte of the string. */
static bool read_rest_of_string(struct reader *r, const char *from, struct str *out)
{
    buf_reset(&r->decoded);
    for (;;) {
        buf_add(&r->decoded, (struct str){ from, (size_t)(r->at - from) });
        if (r->at == r->end)
            return expected(r, "\"\\\"\" to end a string");
        if (*r->at == '"') {
            r->at++;
            *out = arena_str(r->arena, buf_str(&r->decoded));
            return true;
        }
        if ((unsigned char)*r->at < 0x20)
            return expected(r, "an escape instead of a control character");
        if (*r->at != '\\')
            return expected(r, "valid UTF-8");
        if (!read_escape(r))
            return false;
        from = r->at;
        r->at = json_plain_end(from, r->end);
    }
}

/* At the opening quote. Text without escapes is not copied. */
static bool read_string(struct reader *r, struct str *out)
{
    const char *from = r->at + 1;
    r->at = json_plain_end(from, r->end);
    if (r->at == r->end || *r->at != '"')
        return read_rest_of_string(r, from, out);
    *out = (struct str){ from, (size_t)(r->at - from) };
    r->at++;
    return true;
}

/* Other scalars */

static inline const char *skip_digits(const char *at, const char *end)
{
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

static bool read_number(struct reader *r, struct str *out)
{
    const char *from = r->at, *at = from, *end = r->end;
    if (*at == '-')
        at++;
    const char *digits = at;
    /* After a leading 0 the number is over: what follows it fails as a separator would. */
    at = at < end && *at == '0' ? at + 1 : skip_digits(at, end);
    if (at == digits)
        return expected_at(r, at, "a digit");
    if (at < end && *at == '.') {
        digits = ++at;
        at = skip_digits(at, end);
        if (at == digits)
            return expected_at(r, at, "a digit");
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        digits = at;
        at = skip_digits(at, end);
        if (at == digits)
            return expected_at(r, at, "a digit");
    }
    *out = (struct str){ from, (size_t)(at - from) };
    r->at = at;
    return true;
}

static bool read_word(struct reader *r, struct str word)
{
    if ((size_t)(r->end - r->at) < word.len || memcmp(r->at, word.ptr, word.len) != 0)
        return expected(r, "a value");
    r->at += word.len;
    return true;
}

static bool read_scalar(struct reader *r)
{
    struct json *value = last_value(r);
    const char *from = r->at;
    bool ok;
    switch (from == r->end ? '\0' : *from) {
    case '"':
        value->kind = JSON_STRING;
        ok = read_string(r, &value->text);
        break;
    case 't':
    case 'f':
        value->kind = JSON_BOOL;
        value->boolean = *from == 't';
        ok = read_word(r, value->boolean ? STR("true") : STR("false"));
        break;
    case 'n':
        ok = read_word(r, STR("null")); /* the kind of a fresh entry */
        break;
    default:
        if (from == r->end || (*from != '-' && (*from < '0' || *from > '9')))
            return expected(r, "a value");
        value->kind = JSON_NUMBER;
        ok = read_number(r, &value->text);
    }
    value->raw = (struct str){ from, (size_t)(r->at - from) };
    return ok;
}

/* Arrays and objects */

static bool fail_duplicate(struct reader *r, const struct json_member *again)
{
    struct str name = str_cut(again->name, 64);
    return fail(r->err, ERR_BAD_REQUEST,
                "not JSON: expected each name once, but \"" STR_FMT
                "\" comes again with the value at byte %zu",
                STR_ARG(name), (size_t)(again->value.raw.ptr - r->start));
}

static void keep_items(struct reader *r, const struct json_member *entries, size_t count,
                       struct json *out)
{
    out->kind = JSON_ARRAY;
    out->count = count;
    if (count == 0)
        return;
    out->items = ARENA_ARRAY(r->arena, json, count);
    for (size_t i = 0; i < count; i++)
        out->items[i] = entries[i].value;
}

static bool keep_members(struct reader *r, struct json_member *entries, size_t count,
                         struct json *out)
{
    const struct json_member *again = json_find_duplicate(entries, count);
    if (again && r->duplicates == JSON_DUPLICATES_REFUSED)
        return fail_duplicate(r, again);
    if (again)
        count = json_drop_duplicates(entries, count);
    out->kind = JSON_OBJECT;
    out->count = count;
    if (count > 0)
        out->members = arena_copy(r->arena, entries, count * sizeof(*entries));
    return true;
}

/* At the closing bracket: the entries of the array or object become part of the value before. */
static bool close_container(struct reader *r)
{
    const struct frame *frame = &r->frames[--r->depth];
    struct json_member *entries = r->entries + frame->first;
    size_t count = r->count - frame->first;
    r->at++;
    r->count = frame->first;
    struct json *value = last_value(r);
    value->raw = (struct str){ frame->start, (size_t)(r->at - frame->start) };
    if (frame->object)
        return keep_members(r, entries, count, value);
    keep_items(r, entries, count, value);
    return true;
}

/* A name and the colon behind it. */
static bool read_name(struct reader *r, const char *what)
{
    struct str name;
    if (r->at == r->end || *r->at != '"')
        return expected(r, what);
    if (!read_string(r, &name))
        return false;
    skip_blanks(r);
    if (r->at == r->end || *r->at != ':')
        return expected(r, "\":\"");
    r->at++;
    push_entry(r, name);
    return true;
}

static char closing_bracket(bool object)
{
    if (object)
        return '}';
    return ']';
}

/* At an opening bracket; reads up to the first item's or member's value, if there is one. */
static bool open_container(struct reader *r, bool *value_next)
{
    if (r->depth == JSON_DEPTH_MAX)
        return fail(r->err, ERR_BAD_REQUEST,
                    "not JSON that is accepted here: nested deeper than %d at byte %zu",
                    JSON_DEPTH_MAX, (size_t)(r->at - r->start));
    bool object = *r->at == '{';
    r->frames[r->depth++] = (struct frame){ r->at, r->count, object };
    r->at++;
    skip_blanks(r);
    if (r->at < r->end && *r->at == closing_bracket(object)) {
        *value_next = false;
        return close_container(r);
    }
    *value_next = true;
    if (object)
        return read_name(r, "a name in quotes or \"}\"");
    push_entry(r, STR_NULL);
    return true;
}

static bool read_value(struct reader *r, bool *value_next)
{
    if (r->at < r->end && (*r->at == '{' || *r->at == '['))
        return open_container(r, value_next);
    *value_next = false;
    return read_scalar(r);
}

/* Within an array or object, behind a value. */
static bool read_separator(struct reader *r, bool *value_next)
{
    bool object = r->frames[r->depth - 1].object;
    bool there = r->at < r->end;
    if (there && *r->at == closing_bracket(object))
        return close_container(r);
    if (!there || *r->at != ',')
        return expected(r, object ? "\",\" or \"}\"" : "\",\" or \"]\"");
    r->at++;
    *value_next = true;
    if (!object) {
        push_entry(r, STR_NULL);
        return true;
    }
    skip_blanks(r);
    return read_name(r, "a name in quotes");
}

static bool read_text(struct reader *r)
{
    push_entry(r, STR_NULL);
    bool value_next = true;
    for (;;) {
        skip_blanks(r);
        if (value_next) {
            if (!read_value(r, &value_next))
                return false;
        } else if (r->depth > 0) {
            if (!read_separator(r, &value_next))
                return false;
        } else {
            return r->at == r->end || expected(r, "nothing after the value");
        }
    }
}

struct json *json_read(struct arena *arena, struct str text, enum json_duplicates duplicates,
                       struct error *err)
{
    if (!str_set(text))
        text = STR("");
    struct reader r; /* not zeroed: most of it is room that few texts use */
    r.start = r.at = text.ptr;
    r.end = text.ptr + text.len;
    r.arena = arena;
    r.err = err;
    r.duplicates = duplicates;
    r.entries = r.few;
    r.count = r.depth = 0;
    r.size = FEW_ENTRIES;
    buf_init(&r.decoded, text.len);

    struct json *value = NULL;
    if (read_text(&r))
        value = arena_copy(arena, &r.entries[0].value, sizeof(*value));
    buf_done(&r.decoded);
    if (r.entries != r.few)
        free(r.entries);
    return value;
}

/* The first blank outside strings from `at` on, or `end`. */
static const char *find_blank(const char *at, const char *end)
{
    for (; at < end; at++) {
        if (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')
            return at;
        if (*at != '"')
            continue;
        for (at++; at < end && *at != '"'; at++) {
            if (*at == '\\')
                at++;
        }
    }
    return end;
}

struct str json_compact(struct arena *arena, struct str raw)
{
    const char *at = raw.ptr, *end = raw.ptr + raw.len;
    const char *blank = find_blank(at, end);
    if (blank == end)
        return raw;
    char *out = arena_alloc(arena, raw.len);
    size_t len = 0;
    while (at < end) {
        memcpy(out + len, at, (size_t)(blank - at));
        len += (size_t)(blank - at);
        at = blank < end ? blank + 1 : end;
        blank = find_blank(at, end);
    }
    return (struct str){ out, len };
}
