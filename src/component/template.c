/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiling templates: a config becomes pieces of JSON text with places between them, so that
 * applying it (template_apply.c) only concatenates.
 *
 * The config's own bytes are kept wherever no template touches them. Strings are looked at decoded,
 * because "\u007b\u007b" says {{ as well; only strings that hold templates are written anew.
 */
#include "component/template.h"

#include <assert.h>
#include <stdio.h>

#include "component/internal.h"
#include "json/path.h"
#include "json/write.h"

/* What error.field holds. Longer names are cut: they are for reading, not for looking up. */
#define FIELD_NAME_SIZE sizeof(((struct error *)0)->field)

struct compiler {
    struct arena *arena;
    struct template *template;
    size_t room;        /* of the template's arrays */
    struct buf literal; /* text since the last place */
    const char *done;   /* up to here the config's text is in a piece, or replaced */
    bool found;         /* some string says other than it shows: a template or an escaped one */
    char field[FIELD_NAME_SIZE]; /* where we are: parameters[1].name */
    size_t field_len;
};

static void append_name(struct compiler *c, struct str part)
{
    struct str kept = str_cut(part, sizeof(c->field) - 1 - c->field_len);
    if (kept.len > 0)
        memcpy(c->field + c->field_len, kept.ptr, kept.len);
    c->field_len += kept.len;
    c->field[c->field_len] = '\0';
}

/* Both give what leave() takes back. */
static size_t enter_member(struct compiler *c, struct str name)
{
    size_t outside = c->field_len;
    if (outside > 0)
        append_name(c, STR("."));
    append_name(c, name);
    return outside;
}

static size_t enter_item(struct compiler *c, size_t index)
{
    char text[24];
    size_t outside = c->field_len;
    int len = snprintf(text, sizeof(text), "[%zu]", index);
    append_name(c, (struct str){ text, (size_t)len });
    return outside;
}

static void leave(struct compiler *c, size_t outside)
{
    c->field_len = outside;
    c->field[outside] = '\0';
}

/* The piece that ends here, in the arena. */
static struct str take_literal(struct compiler *c)
{
    assert(!c->literal.failed);
    struct str piece = arena_str(c->arena, buf_str(&c->literal));
    buf_reset(&c->literal);
    return piece;
}

static bool malformed(const struct compiler *c, struct str text, const char *why, struct error *err)
{
    return fail_field(err, ERR_TEMPLATE_PATH, c->field, "path \"" TEMPLATE_SHOWN_FMT "\" %s",
                      TEMPLATE_SHOWN_ARG(text), why);
}

static bool step_is(const struct json_path_step *step, struct str name)
{
    return str_set(step->name) && str_eq(step->name, name);
}

/* Splits a path into its root, which goes to *reference, and what follows, which stays. */
static bool split_root(const struct compiler *c, struct template_reference *reference,
                       struct json_path *path, struct error *err)
{
    const struct json_path_step *steps = path->steps;
    size_t root_steps = 1;
    if (step_is(&steps[0], STR("trigger"))) {
        reference->root = TEMPLATE_TRIGGER;
    } else if (step_is(&steps[0], STR("nodes"))) {
        if (path->count < 2 || !str_set(steps[1].name))
            return malformed(c, reference->text, "names no node: write nodes.<id>", err);
        reference->root = TEMPLATE_NODE;
        reference->node_id = steps[1].name;
        root_steps = 2;
    } else if (step_is(&steps[0], STR("execution"))) {
        if (path->count != 2 || !step_is(&steps[1], STR("id")))
            return malformed(c, reference->text, "is unknown: only execution.id is known", err);
        reference->root = TEMPLATE_EXECUTION_ID;
        root_steps = 2;
    } else {
        return malformed(c, reference->text, "must begin with trigger, nodes or execution", err);
    }
    path->steps += root_steps;
    path->count -= root_steps;
    return true;
}

static bool parse(const struct compiler *c, struct template_reference *reference,
                  struct json_path *path, struct error *err)
{
    struct str text = reference->text;
    if (text.len == 0)
        return fail_field(err, ERR_TEMPLATE_PATH, c->field, "\"{{ }}\" holds no path");
    /* A path in general may begin with a bracket or a dot; ours begins with a word. */
    if (text.ptr[0] == '[' || text.ptr[0] == '.')
        return malformed(c, text, "must begin with trigger, nodes or execution", err);
    if (!json_path_parse(text, c->arena, path, err)) {
        error_in_field(err, c->field);
        return false;
    }
    return split_root(c, reference, path, err);
}

static void make_room(struct compiler *c)
{
    struct template *t = c->template;
    if (t->count < c->room)
        return;
    c->room = c->room ? 2 * c->room : 4;
    struct template_reference *references = ARENA_ARRAY(c->arena, template_reference, c->room);
    struct template_place *places = ARENA_ARRAY(c->arena, template_place, c->room);
    for (size_t i = 0; i < t->count; i++) {
        references[i] = t->references[i];
        places[i] = t->places[i];
    }
    t->references = references;
    t->places = places;
}

/* The first of the template's references, if any, that begins at the same root. */
static size_t first_of_root(const struct template *t, const struct template_reference *reference)
{
    size_t at = 0;
    while (at < t->count && (t->references[at].root != reference->root ||
                             !str_eq(t->references[at].node_id, reference->node_id)))
        at++;
    return at;
}

/* `written` is a template with its braces. */
static bool add_place(struct compiler *c, struct str written, bool whole, struct error *err)
{
    struct template *t = c->template;
    if (t->count == TEMPLATES_MAX)
        return fail_field(err, ERR_TEMPLATE_PATH, c->field,
                          "there are more than %d templates in this config", TEMPLATES_MAX);
    struct str inside = str_trim(str_slice(written, 2, written.len - 2));
    struct template_reference reference = {
        .text = arena_str(c->arena, inside),
        .field = arena_str(c->arena, (struct str){ c->field, c->field_len }),
    };
    struct template_place place = { .whole = whole };
    if (!parse(c, &reference, &place.path, err))
        return false;
    place.before = take_literal(c);
    place.first = first_of_root(t, &reference);
    make_room(c);
    t->references[t->count] = reference;
    t->places[t->count] = place;
    t->count++;
    return true;
}

/* Length of the template that `text` begins with, braces included; 0 when it does not end. */
static size_t template_length(struct str text)
{
    bool quoted = false; /* a key in quotes may hold braces */
    for (size_t i = 2; i < text.len; i++) {
        if (text.ptr[i] == '"')
            quoted = !quoted;
        else if (quoted && text.ptr[i] == '\\')
            i++;
        else if (!quoted && text.ptr[i] == '}' && i + 1 < text.len && text.ptr[i + 1] == '}')
            return i + 2;
    }
    return 0;
}

/* Text around templates; the quotes are the caller's. */
static bool add_mixed(struct compiler *c, struct str text, struct error *err)
{
    while (text.len > 0) {
        size_t at = str_find(text, STR("{{"));
        json_escape(&c->literal, str_slice(text, 0, at));
        text = str_slice(text, at, text.len);
        if (text.len == 0)
            break;
        if (str_starts(text, STR("{{{{"))) {
            buf_add(&c->literal, STR("{{"));
            text = str_slice(text, 4, text.len);
            continue;
        }
        size_t length = template_length(text);
        if (length == 0)
            return fail_field(err, ERR_TEMPLATE_PATH, c->field,
                              "\"" TEMPLATE_SHOWN_FMT
                              "\" has no closing }} (a literal {{ is written {{{{)",
                              TEMPLATE_SHOWN_ARG(text));
        if (!add_place(c, str_slice(text, 0, length), false, err))
            return false;
        text = str_slice(text, length, text.len);
    }
    return true;
}

static bool scan_string(struct compiler *c, const struct json *value, struct error *err)
{
    struct str text = value->text;
    if (str_find(text, STR("{{")) == text.len)
        return true;
    c->found = true;
    buf_add(&c->literal, (struct str){ c->done, (size_t)(value->raw.ptr - c->done) });
    c->done = value->raw.ptr + value->raw.len;

    bool begins = str_starts(text, STR("{{")) && !str_starts(text, STR("{{{{"));
    if (begins && template_length(text) == text.len)
        return add_place(c, text, true, err);
    buf_add_byte(&c->literal, '"');
    if (!add_mixed(c, text, err))
        return false;
    buf_add_byte(&c->literal, '"');
    return true;
}

/* Everything below a field that takes templates. The reader's cap on depth ends the recursion. */
static bool scan_value(struct compiler *c, const struct json *value, struct error *err)
{
    switch (value->kind) {
    case JSON_NULL:
    case JSON_BOOL:
    case JSON_NUMBER:
        return true;
    case JSON_STRING:
        return scan_string(c, value, err);
    case JSON_ARRAY:
        for (size_t i = 0; i < value->count; i++) {
            size_t outside = enter_item(c, i);
            if (!scan_value(c, &value->items[i], err))
                return false;
            leave(c, outside);
        }
        return true;
    case JSON_OBJECT:
        for (size_t i = 0; i < value->count; i++) {
            size_t outside = enter_member(c, value->members[i].name);
            if (!scan_value(c, &value->members[i].value, err))
                return false;
            leave(c, outside);
        }
        return true;
    }
    return true;
}

static bool scan_object(struct compiler *c, const struct shape *shape, const struct json *object,
                        struct error *err);

static bool scan_field(struct compiler *c, const struct field *field, const struct json *value,
                       struct error *err)
{
    if (field->templates)
        return scan_value(c, value, err);
    if (!field->shape)
        return true;
    if (value->kind == JSON_OBJECT)
        return scan_object(c, field->shape, value, err);
    if (value->kind != JSON_ARRAY)
        return true;
    for (size_t i = 0; i < value->count; i++) {
        if (value->items[i].kind != JSON_OBJECT)
            continue;
        size_t outside = enter_item(c, i);
        if (!scan_object(c, field->shape, &value->items[i], err))
            return false;
        leave(c, outside);
    }
    return true;
}

/* In source order, since pieces are cut as we go. Unknown members are schema_decode()'s affair. */
static bool scan_object(struct compiler *c, const struct shape *shape, const struct json *object,
                        struct error *err)
{
    for (size_t i = 0; i < object->count; i++) {
        const struct json_member *member = &object->members[i];
        const struct field *field = shape_field(shape, member->name);
        if (!field)
            continue;
        size_t outside = enter_member(c, member->name);
        if (!scan_field(c, field, &member->value, err))
            return false;
        leave(c, outside);
    }
    return true;
}

bool template_compile(const struct json *config, const struct shape *shape, struct arena *arena,
                      struct template **out, struct error *err)
{
    if (!shape || config->kind != JSON_OBJECT) {
        *out = NULL;
        return true;
    }
    struct compiler c = {
        .arena = arena,
        .template = ARENA_NEW(arena, template),
        .done = config->raw.ptr,
    };
    /* The longest escape of one byte has six, so this cap is never met. */
    buf_init(&c.literal, 6 * config->raw.len);
    bool ok = scan_object(&c, shape, config, err);
    if (ok) {
        const char *end = config->raw.ptr + config->raw.len;
        buf_add(&c.literal, (struct str){ c.done, (size_t)(end - c.done) });
        c.template->after = take_literal(&c);
        *out = c.found ? c.template : NULL;
    }
    buf_done(&c.literal);
    return ok;
}

const struct template_reference *template_references(const struct template *template, size_t *count)
{
    *count = template->count;
    return template->references;
}
