/* SPDX-License-Identifier: Apache-2.0 */
/* Paths into JSON: their text, and following them through a text without a tree of it. */
#include "json/path.h"

#include "json/read.h"
#include "json/skip.h"

struct parser {
    struct str text;
    size_t at;
    struct arena *arena;
    struct error *err;
};

static bool expected_at(struct parser *p, size_t at, const char *what)
{
    return fail(p->err, ERR_TEMPLATE_PATH, "path \"" STR_FMT "\": expected %s at byte %zu%s",
                STR_ARG(str_cut(p->text, 96)), what, at,
                at == p->text.len ? ", where it ends" : "");
}

static char byte_here(const struct parser *p)
{
    if (p->at >= p->text.len)
        return '\0';
    return p->text.ptr[p->at];
}

static bool starts_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool parse_name(struct parser *p, struct str *out)
{
    size_t from = p->at;
    if (!starts_name(byte_here(p)))
        return expected_at(p, from, "a name");
    while (starts_name(byte_here(p)) || is_digit(byte_here(p)) || byte_here(p) == '-')
        p->at++;
    *out = arena_str(p->arena, str_slice(p->text, from, p->at));
    return true;
}

static bool parse_key(struct parser *p, struct str *out)
{
    size_t from = p->at++;
    while (p->at < p->text.len && byte_here(p) != '"')
        p->at += byte_here(p) == '\\' ? 2 : 1;
    if (p->at >= p->text.len)
        return expected_at(p, p->text.len, "\"\\\"\" to end a key");
    p->at++;
    struct error why;
    struct str quoted = arena_str(p->arena, str_slice(p->text, from, p->at));
    const struct json *key = json_read(p->arena, quoted, JSON_DUPLICATES_REFUSED, &why);
    if (!key)
        return expected_at(p, from, "a key that is a JSON string");
    *out = key->text;
    return true;
}

static bool parse_index(struct parser *p, size_t *out)
{
    const size_t digits_max = 9; /* no array here comes near that */
    size_t from = p->at, value = 0;
    for (; is_digit(byte_here(p)); p->at++) {
        if (p->at - from == digits_max)
            return expected_at(p, from, "an index of at most 9 digits");
        value = value * 10 + (size_t)(byte_here(p) - '0');
    }
    if (p->at - from > 1 && p->text.ptr[from] == '0')
        return expected_at(p, from, "an index without a leading 0");
    *out = value;
    return true;
}

static bool parse_bracket(struct parser *p, struct json_path_step *step)
{
    p->at++;
    bool ok;
    if (byte_here(p) == '"')
        ok = parse_key(p, &step->name);
    else if (is_digit(byte_here(p)))
        ok = parse_index(p, &step->index);
    else
        ok = expected_at(p, p->at, "an index or a key in quotes");
    if (!ok)
        return false;
    if (byte_here(p) != ']')
        return expected_at(p, p->at, "\"]\"");
    p->at++;
    return true;
}

static bool parse_step(struct parser *p, struct json_path_step *step)
{
    *step = (struct json_path_step){ 0 };
    if (byte_here(p) == '[')
        return parse_bracket(p, step);
    if (byte_here(p) == '.')
        p->at++;
    else if (p->at > 0)
        return expected_at(p, p->at, "\".\" or \"[\"");
    return parse_name(p, &step->name);
}

bool json_path_parse(struct str text, struct arena *arena, struct json_path *out, struct error *err)
{
    struct parser p = { .text = text, .arena = arena, .err = err };
    struct json_path_step steps[JSON_PATH_STEPS_MAX];
    size_t count = 0;
    do {
        if (count == JSON_PATH_STEPS_MAX)
            return fail(err, ERR_TEMPLATE_PATH, "path \"" STR_FMT "...\": more than %d steps",
                        STR_ARG(str_cut(text, 96)), JSON_PATH_STEPS_MAX);
        if (!parse_step(&p, &steps[count++]))
            return false;
    } while (p.at < text.len);
    out->steps = arena_copy(arena, steps, count * sizeof(steps[0]));
    out->count = count;
    return true;
}

/* --- following --- */

/* A name in its quotes is that one. */
static bool is_name(struct str quoted, struct str name)
{
    struct str inside = str_slice(quoted, 1, quoted.len - 1);
    if (str_find_byte(inside, '\\') == inside.len)
        return str_eq(inside, name);
    /* An escape has six bytes at most for each one that it stands for, and none for fewer. */
    if (inside.len < name.len || inside.len > 6 * name.len)
        return false;
    struct error ignored;
    AUTO(arena) arena = arena_new();
    const struct json *decoded = json_read(arena, quoted, JSON_DUPLICATES_REFUSED, &ignored);
    return decoded && str_eq(decoded->text, name);
}

static bool find_member(struct str object, struct str name, struct str *out)
{
    bool found = false;
    struct json_parts parts = json_parts(object);
    while (json_next_part(&parts)) {
        if (!is_name(parts.name, name))
            continue;
        *out = parts.value;
        found = true; /* and maybe again */
    }
    return found;
}

static bool find_item(struct str array, size_t index, struct str *out)
{
    struct json_parts parts = json_parts(array);
    bool there = json_next_part(&parts);
    for (; there && index > 0; index--)
        there = json_next_part(&parts);
    *out = parts.value;
    return there;
}

static bool follow(struct str value, const struct json_path_step *step, struct str *out)
{
    if (str_set(step->name))
        return json_kind_of(value) == JSON_OBJECT && find_member(value, step->name, out);
    return json_kind_of(value) == JSON_ARRAY && find_item(value, step->index, out);
}

static bool is_same_step(const struct json_path_step *a, const struct json_path_step *b)
{
    return str_set(a->name) == str_set(b->name) &&
           (str_set(a->name) ? str_eq(a->name, b->name) : a->index == b->index);
}

void json_finder_init(struct json_finder *finder, struct str text)
{
    size_t at = json_skip_blanks(text, 0);
    finder->last = NULL;
    finder->known = 0;
    finder->way[0] = str_slice(text, at, json_skip_value(text, at));
}

bool json_find(struct json_finder *finder, const struct json_path *path, struct str *out,
               size_t *stopped)
{
    size_t at = 0;
    while (at < finder->known && at < path->count &&
           is_same_step(&finder->last->steps[at], &path->steps[at]))
        at++;
    while (at < path->count && follow(finder->way[at], &path->steps[at], &finder->way[at + 1]))
        at++;
    finder->last = path;
    finder->known = at;
    *out = finder->way[at];
    *stopped = at;
    return at == path->count;
}

enum json_kind json_kind_of(struct str value)
{
    switch (value.len > 0 ? value.ptr[0] : 'n') {
    case '{':
        return JSON_OBJECT;
    case '[':
        return JSON_ARRAY;
    case '"':
        return JSON_STRING;
    case 't':
    case 'f':
        return JSON_BOOL;
    case 'n':
        return JSON_NULL;
    default:
        return JSON_NUMBER;
    }
}

size_t json_count(struct str value)
{
    size_t count = 0;
    struct json_parts parts = json_parts(value);
    while (json_next_part(&parts))
        count++;
    return count;
}
