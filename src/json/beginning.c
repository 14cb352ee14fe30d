/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The beginning of a long JSON text. It is walked byte by byte; after each part that could be the last
 * one it is remembered how far we came, and at the end of the room what is still open there is closed.
 */
#include "json/beginning.h"

#include "json/read.h"

#define TOTAL_TIMES 4
#define DEPTH_MAX 64 /* the reader's */

struct walk {
    struct str text;
    size_t at;
    char closers[DEPTH_MAX];
    unsigned depth;
    bool names;   /* in an object, a name comes next */
    size_t good;  /* what stands before is the beginning of something valid */
    bool in_text; /* there, a string is open */
    size_t items; /* what stands before are whole items of the outermost list */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t skip_blanks(struct str text, size_t at)
{
    while (at < text.len && is_blank(text.ptr[at]))
        at++;
    return at;
}

/* There stands the escape of one half of a character. */
static bool is_half(struct str text, size_t at, char from, char to)
{
    if (at + 6 > text.len || text.ptr[at] != '\\' || text.ptr[at + 1] != 'u')
        return false;
    char which = (char)(text.ptr[at + 3] | 0x20);
    return (text.ptr[at + 2] | 0x20) == 'd' && which >= from && which <= to;
}

/* Behind one character of a string, or its escape; two escapes that are one character stay together. */
static size_t skip_character(struct str text, size_t at)
{
    unsigned char c = (unsigned char)text.ptr[at];
    if (c == '\\' && at + 1 < text.len && text.ptr[at + 1] != 'u')
        return at + 2;
    if (c == '\\') {
        bool high = is_half(text, at, '8', '9') || is_half(text, at, 'a', 'b');
        return at + (high && is_half(text, at + 6, 'c', 'f') ? 12 : 6);
    }
    return at + (c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4);
}

/* Behind the string that begins there. */
static size_t skip_string(struct str text, size_t at)
{
    for (at++; at < text.len && text.ptr[at] != '"';)
        at += text.ptr[at] == '\\' ? 2 : 1;
    return at < text.len ? at + 1 : text.len;
}

/* Behind a number, true, false or null. */
static size_t skip_word(struct str text, size_t at)
{
    while (at < text.len && !is_blank(text.ptr[at]) && text.ptr[at] != ',' && text.ptr[at] != '}' &&
           text.ptr[at] != ']')
        at++;
    return at;
}

/* Behind the value that begins there. */
static size_t skip_value(struct str text, size_t at)
{
    size_t depth = 0;
    do {
        char c = text.ptr[at];
        if (c == '"')
            at = skip_string(text, at);
        else if (c == '{' || c == '[' || c == '}' || c == ']') {
            depth += c == '{' || c == '[' ? 1 : (size_t)-1;
            at++;
        } else if (c == ',' || c == ':' || is_blank(c))
            at++;
        else
            at = skip_word(text, at);
    } while (depth > 0 && at < text.len);
    return at;
}

/* What stands before the place could be all. */
static void note_good(struct walk *w, bool in_text)
{
    w->good = w->at;
    w->in_text = in_text;
    if (w->depth == 1 && !in_text && w->closers[0] == ']')
        w->items = w->at;
}

static void walk_string(struct walk *w, size_t most)
{
    w->at++;
    note_good(w, true);
    while (w->at < most && w->text.ptr[w->at] != '"') {
        w->at = skip_character(w->text, w->at);
        if (w->at <= most)
            note_good(w, true);
    }
    if (w->at < most) {
        w->at++;
        note_good(w, false);
    }
}

/* One step on. False: what comes does not fit. */
static bool walk_on(struct walk *w, size_t most)
{
    char c = w->text.ptr[w->at];
    bool in_object = w->depth > 0 && w->closers[w->depth - 1] == '}';
    if (is_blank(c)) {
        w->at++;
    } else if (c == ',' || c == ':') {
        w->names = c == ',' && in_object;
        w->at++;
    } else if (c == '{' || c == '[') {
        if (w->depth == DEPTH_MAX)
            return false;
        w->closers[w->depth++] = c == '{' ? '}' : ']';
        w->names = c == '{';
        w->at++;
        w->good = w->at;
        w->in_text = false;
    } else if (c == '}' || c == ']') {
        w->depth--;
        w->at++;
        note_good(w, false);
    } else if (c == '"' && w->names) {
        w->at = skip_string(w->text, w->at);
    } else if (c == '"') {
        walk_string(w, most);
    } else {
        size_t end = skip_word(w->text, w->at);
        if (end > most)
            return false;
        w->at = end;
        note_good(w, false);
    }
    return true;
}

static bool add_value(struct str text, size_t most, struct buf *out)
{
    if (text.len <= most) {
        buf_add(out, text);
        return false;
    }
    struct walk w = { .text = text };
    while (w.at < most && walk_on(&w, most))
        ;
    if (w.items > 0) {
        buf_add(out, str_slice(text, 0, w.items));
        buf_add_byte(out, ']');
        return true;
    }
    buf_add(out, w.good > 0 ? str_slice(text, 0, w.good) : STR("null"));
    if (w.in_text)
        buf_add_byte(out, '"');
    while (w.depth > 0 && w.good > 0)
        buf_add_byte(out, w.closers[--w.depth]);
    return true;
}

bool json_beginning(struct str json, size_t most, struct buf *out)
{
    size_t at = skip_blanks(json, 0), start = out->len;
    if (at == json.len || json.ptr[at] != '{' || json.len <= most)
        return add_value(str_slice(json, at, json.len), most, out);
    bool cut = false, comma = false;
    buf_add_byte(out, '{');
    for (at = skip_blanks(json, at + 1); at < json.len && json.ptr[at] == '"';) {
        size_t name = at, name_end = skip_string(json, at);
        size_t value = skip_blanks(json, skip_blanks(json, name_end) + 1);
        size_t end = skip_value(json, value);
        if (out->len - start + (name_end - name) + most > TOTAL_TIMES * most) {
            cut = true;
            break;
        }
        if (comma)
            buf_add_byte(out, ',');
        comma = true;
        buf_add(out, str_slice(json, name, name_end));
        buf_add_byte(out, ':');
        cut = add_value(str_slice(json, value, end), most, out) || cut;
        at = skip_blanks(json, end);
        if (at < json.len && json.ptr[at] == ',')
            at = skip_blanks(json, at + 1);
    }
    buf_add_byte(out, '}');
    return cut;
}
