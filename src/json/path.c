/* SPDX-License-Identifier: Apache-2.0 */
/* Paths into JSON values. */
#include "json/path.h"

#include "json/read.h"

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

static const struct json *follow(const struct json *value, const struct json_path_step *step)
{
    if (str_set(step->name))
        return json_member(value, step->name);
    if (value->kind != JSON_ARRAY || step->index >= value->count)
        return NULL;
    return &value->items[step->index];
}

const struct json *json_path_find(const struct json *value, const struct json_path *path,
                                  size_t *stopped)
{
    for (size_t i = 0; i < path->count; i++) {
        const struct json *next = follow(value, &path->steps[i]);
        if (!next) {
            *stopped = i;
            return NULL;
        }
        value = next;
    }
    return value;
}
