/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The beginning of a long JSON text. It is walked byte by byte; after each part that could be the last
 * one it is remembered how far we came, and at the end of the room what is still open there is closed.
 */
#include "json/beginning.h"

#include "json/read.h"
#include "json/skip.h"

#define TOTAL_TIMES 4

struct walk {
    struct str text;
    size_t at;
    char closers[JSON_DEPTH_MAX];
    unsigned depth;
    bool names;   /* in an object, a name comes next */
    size_t good;  /* what stands before is the beginning of something valid */
    bool in_text; /* there, a string is open */
    size_t items; /* what stands before are whole items of the outermost list */
};

/* There stands the escape of one half of a character, of those from `first` on. */
static bool is_half(struct str text, size_t at, int first)
{
    int unit = json_escaped_unit(text, at);
    return unit >= first && unit < first + 0x400;
}

/* Behind one character of a string, or its escape; two escapes that are one character stay together. */
static size_t skip_character(struct str text, size_t at)
{
    unsigned char c = (unsigned char)text.ptr[at];
    if (c == '\\' && at + 1 < text.len && text.ptr[at + 1] != 'u')
        return at + 2;
    if (c == '\\') {
        bool pair = is_half(text, at, 0xD800) && is_half(text, at + 6, 0xDC00);
        return at + (pair ? 12 : 6);
    }
    return at + (c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4);
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
    w->at = json_skip_blanks(w->text, w->at);
    if (w->at >= most)
        return false;
    char c = w->text.ptr[w->at];
    bool in_object = w->depth > 0 && w->closers[w->depth - 1] == '}';
    if (c == ',' || c == ':') {
        w->names = c == ',' && in_object;
        w->at++;
    } else if (c == '{' || c == '[') {
        if (w->depth == JSON_DEPTH_MAX)
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
        w->at = json_skip_string(w->text, w->at);
    } else if (c == '"') {
        walk_string(w, most);
    } else {
        size_t end = json_skip_word(w->text, w->at);
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
    size_t at = json_skip_blanks(json, 0), start = out->len;
    if (at == json.len || json.ptr[at] != '{' || json.len <= most)
        return add_value(str_slice(json, at, json.len), most, out);
    bool cut = false, comma = false;
    struct json_parts parts = json_parts(str_slice(json, at, json.len));
    buf_add_byte(out, '{');
    while (json_next_part(&parts)) {
        if (out->len - start + parts.name.len + most > TOTAL_TIMES * most) {
            cut = true;
            break;
        }
        if (comma)
            buf_add_byte(out, ',');
        comma = true;
        buf_add(out, parts.name);
        buf_add_byte(out, ':');
        cut = add_value(parts.value, most, out) || cut;
    }
    buf_add_byte(out, '}');
    return cut;
}
