/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Templates. The first line is the trigger's input, the second the output of the node "load", the
 * rest a config. A config that compiles and applies stays JSON of the same form: values come in
 * where a template stands and can do nothing around it.
 */
#include "fuzz.h"
#include "template_sample.h"

#include "base/arena.h"
#include "component/template.h"
#include "json/read.h"

#define OUTPUT_MAX ((size_t)16 << 20)

struct values {
    const struct json *trigger, *load;
};

static struct str value_of(const struct template_reference *reference, void *context)
{
    const struct values *values = context;

    HOLDS(reference->root != TEMPLATE_EXECUTION_ID);
    if (reference->root == TEMPLATE_TRIGGER)
        return values->trigger ? values->trigger->raw : STR_NULL;
    return values->load && str_eq(reference->node_id, STR("load")) ? values->load->raw : STR_NULL;
}

/* Only strings that hold braces may have become something else, and only those that begin with them
 * something other than a string. */
static void check_form(const struct json *before, const struct json *after)
{
    if (before->kind == JSON_STRING && fuzz_contains(before->text, STR("{{"))) {
        HOLDS(after->kind == JSON_STRING || str_starts(before->text, STR("{{")));
        return;
    }
    HOLDS(before->kind == after->kind && before->count == after->count);
    if (before->kind != JSON_ARRAY && before->kind != JSON_OBJECT)
        HOLDS(str_eq(before->raw, after->raw));
    for (size_t i = 0; i < before->count; i++) {
        if (before->kind == JSON_ARRAY) {
            check_form(&before->items[i], &after->items[i]);
            continue;
        }
        HOLDS(str_eq(before->members[i].name, after->members[i].name));
        check_form(&before->members[i].value, &after->members[i].value);
    }
}

static void check_error(const struct error *err)
{
    struct str field = str_from(err->field), message = str_from(err->message);

    HOLDS(err->code == ERR_TEMPLATE_PATH && str_is_utf8(message));
    HOLDS(field.len == 0 || str_starts(message, str_cut(field, message.len)));
}

static void check_references(const struct template *template)
{
    size_t count;
    const struct template_reference *references = template_references(template, &count);

    HOLDS(count <= TEMPLATES_MAX);
    for (size_t i = 0; i < count; i++) {
        HOLDS(references[i].text.len > 0 && str_is_utf8(references[i].text));
        HOLDS(references[i].field.len < sizeof(((struct error *)0)->field));
        HOLDS((references[i].root == TEMPLATE_NODE) == str_set(references[i].node_id));
    }
}

static void apply(const struct template *template, const struct json *config, struct values *values,
                  struct arena *arena)
{
    const struct template_source source = { value_of, STR("0195a1b2-0000-7000-8000-000000000001"),
                                            values };
    struct error err = { 0 };
    struct buf out;
    struct str text;

    buf_init(&out, OUTPUT_MAX);
    if (!template_apply(template, &source, &out, &err)) {
        check_error(&err);
    } else if (buf_finish(&out, &text, &err)) {
        /* A value that comes in may nest deeper than what was read; nothing else may be wrong. */
        const struct json *applied = json_read(arena, text, JSON_DUPLICATES_REFUSED, &err);
        if (!applied)
            fprintf(stderr, "%s\n" STR_FMT "\n", err.message, STR_ARG(text));
        HOLDS(applied || fuzz_contains(str_from(err.message), STR("nested deeper")));
        if (applied)
            check_form(config, applied);
    }
    buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) arena = arena_new();
    struct str rest = fuzz_text(data, size), trigger = fuzz_line(&rest), load = fuzz_line(&rest);
    struct error err = { 0 };
    struct template *template = NULL;
    const struct json *config = json_read(arena, rest, JSON_DUPLICATES_REFUSED, &err);

    if (!config)
        return 0;
    if (!template_compile(config, &sample_shape, arena, &template, &err)) {
        check_error(&err);
        return 0;
    }
    if (!template)
        return 0;
    HOLDS(fuzz_contains(config->raw, STR("{")));
    check_references(template);
    struct values values = {
        json_read(arena, trigger, JSON_DUPLICATES_REFUSED, &err),
        json_read(arena, load, JSON_DUPLICATES_REFUSED, &err),
    };
    apply(template, config, &values, arena);
    return 0;
}
