/* SPDX-License-Identifier: Apache-2.0 */
/* All components, whatever connectors there are: what each must say about itself, and its example. */
#include "unit.h"

#include <stdio.h>

#include "base/map.h"
#include "component/component.h"
#include "component/template.h"
#include "json/read.h"
#include "schema/decode.h"

#define DEPTH_MAX 6 /* of fields within fields */

static const struct component *at_least(size_t count)
{
    const struct component *last = component_at(count - 1);
    assert_non_null(last);
    return last;
}

static bool said(const char *text)
{
    return text && *text;
}

static void each_is_found_by_its_own_name(void **state)
{
    (void)state;
    AUTO(map) names = map_new();
    (void)at_least(2); /* the trigger, and some connector's operation */
    const struct component *component;
    for (size_t i = 0; (component = component_at(i)); i++) {
        struct str name = str_from(component->name);
        assert_ptr_equal(component_find(name), component);
        assert_null(map_put(names, name, &names));
        /* What a URL, a class of CSS and a file may be called. */
        assert_true(name.len > 0 && name.len <= 64);
        for (size_t b = 0; b < name.len; b++)
            assert_true((name.ptr[b] >= 'a' && name.ptr[b] <= 'z') || name.ptr[b] == '-' ||
                        (name.ptr[b] >= '0' && name.ptr[b] <= '9'));
    }
    assert_null(component_find(STR("")));
    assert_null(component_find(STR("manual")));
    assert_null(component_find(STR("manual-trigger-")));
    assert_non_null(component_find(STR("manual-trigger")));
    assert_null(component_at(SIZE_MAX));
}

static void every_operation_of_every_connector_is_one(void **state)
{
    (void)state;
    size_t operations = 0, made = 0;
    for (const struct connector *const *at = connector_registry; *at; at++) {
        for (const struct operation *op = (*at)->operations; op->name; op++, operations++) {
            const struct component *component = component_find(str_from(op->name));
            assert_non_null(component);
            assert_ptr_equal(component->operation, op);
            assert_ptr_equal(component->connector, *at);
        }
    }
    const struct component *component;
    for (size_t i = 0; (component = component_at(i)); i++)
        made += component->operation != NULL;
    assert_true(operations > 0);
    assert_int_equal(made, operations);
}

static void each_says_what_it_is_and_does(void **state)
{
    (void)state;
    const struct component *component;
    for (size_t i = 0; (component = component_at(i)); i++) {
        assert_true(said(component->title));
        assert_true(said(component->doc));
        assert_true(said(component->example));
        assert_non_null(component->effect);
        assert_non_null(component->timeout_ms);
        assert_non_null(component->run);
    }
}

static size_t assert_described(const char *owner, const struct shape *shape, unsigned depth)
{
    size_t fields = 0;
    assert_true(depth < DEPTH_MAX);
    for (const struct field *field = shape->fields; field->name; field++, fields++) {
        if (!said(field->doc) || !said(field->title))
            fprintf(stderr, "%s: %s has no doc or no title\n", owner, field->name);
        assert_true(said(field->doc));
        assert_true(said(field->title));
        assert_ptr_equal(shape_field(shape, str_from(field->name)), field);
        if (field->shape)
            (void)assert_described(owner, field->shape, depth + 1);
    }
    return fields;
}

static void every_field_is_described(void **state)
{
    (void)state;
    const struct component *component;
    for (size_t i = 0; (component = component_at(i)); i++) {
        if (component->config)
            assert_true(assert_described(component->name, component->config, 0) > 0);
    }
}

static void a_connection_is_asked_for_exactly_when_one_is_needed(void **state)
{
    (void)state;
    const struct component *component;
    for (size_t i = 0; (component = component_at(i)); i++) {
        size_t asked = 0;
        const struct field *field = component->config ? component->config->fields : NULL;
        for (; field && field->name; field++) {
            if (field->look != LOOK_CONNECTION)
                continue;
            asked++;
            assert_int_equal(field->kind, FIELD_KIND_ID);
            assert_int_equal(field->need, REQUIRED);
            assert_string_equal(field->name, "connectionId");
            assert_non_null(component->connector);
            assert_string_equal(field->of, component->connector->name);
            assert_false(field->templates);
        }
        assert_int_equal(asked, component->connector ? 1 : 0);
    }
}

static struct str input_of(const struct template_reference *reference, void *context)
{
    assert_int_equal(reference->root, TEMPLATE_TRIGGER);
    const struct json *input = context;
    return input ? input->raw : STR_NULL;
}

/* The example's config with its templates replaced, decoded by the component's shape. */
static void *decode_example(const struct component *component, const struct json *example,
                            struct arena *arena)
{
    const struct json *config = json_member(example, STR("config"));
    struct error err = { 0 };
    struct template *template = NULL;
    assert_true(template_compile(config, component->config, arena, &template, &err));
    struct str text = config->raw;
    struct buf applied;
    buf_init(&applied, 64 * 1024);
    if (template) {
        const struct json *input = json_member(example, STR("input"));
        const struct template_source source = {
            .value = input_of,
            .execution_id = STR("0195a1b2-0000-7000-8000-000000000001"),
            .context = (void *)(uintptr_t)input,
        };
        if (!template_apply(template, &source, &applied, &err))
            fprintf(stderr, "%s: %s\n", component->name, err.message);
        assert_true(buf_finish(&applied, &text, &err));
        text = arena_str(arena, text);
    }
    buf_done(&applied);
    void *decoded = arena_alloc(arena, component->config->size);
    bool ok = schema_decode_text(component->config, text, arena, decoded, &err) &&
              (!component->check || component->check(decoded, &err));
    if (!ok)
        fprintf(stderr, "%s: %s\n", component->name, err.message);
    assert_true(ok);
    return decoded;
}

static void its_example_is_a_config_it_takes(void **state)
{
    (void)state;
    const struct component *component;
    for (size_t i = 0; (component = component_at(i)); i++) {
        AUTO(arena) arena = arena_new();
        struct error err = { 0 };
        const struct json *example =
            json_read(arena, str_from(component->example), JSON_DUPLICATES_REFUSED, &err);
        if (!example)
            fprintf(stderr, "%s: %s\n", component->name, err.message);
        assert_non_null(example);
        assert_int_equal(example->count, 3);
        assert_non_null(json_member(example, STR("input")));
        assert_non_null(json_member(example, STR("output")));
        const struct json *config = json_member(example, STR("config"));
        assert_non_null(config);
        assert_int_equal(config->kind, JSON_OBJECT);
        if (!component->config) {
            assert_int_equal(config->count, 0);
            assert_false(id_set(component_connection(component, NULL)));
            continue;
        }
        const void *decoded = decode_example(component, example, arena);
        struct id id = component_connection(component, decoded);
        assert_true(id_set(id) == (component->connector != NULL));
        if (component->connector) {
            char text[ID_TEXT_SIZE];
            const struct json *written = json_member(config, STR("connectionId"));
            assert_true(str_eq(id_format(id, text), written->text));
        }
        assert_true(component->timeout_ms(decoded) >= 0);
        assert_in_range(component->effect(decoded), EFFECT_READS, EFFECT_ONCE);
    }
}

/* Others need a server: tests/integration/ runs theirs. */
static void a_trigger_s_example_does_what_it_says(void **state)
{
    (void)state;
    const struct component *component;
    for (size_t i = 0; (component = component_at(i)); i++) {
        if (component->kind != COMPONENT_TRIGGER)
            continue;
        AUTO(arena) arena = arena_new();
        struct error err = { 0 };
        const struct json *example =
            json_read(arena, str_from(component->example), JSON_DUPLICATES_REFUSED, &err);
        assert_non_null(example);
        void *config = component->config ? decode_example(component, example, arena) : NULL;
        struct buf output;
        buf_init(&output, 64 * 1024);
        struct step step = {
            .component = component,
            .arena = arena,
            .trigger = json_member(example, STR("input"))->raw,
            .output = &output,
        };
        assert_int_equal(component->run(&step, config, &err), STEP_DONE);
        assert_true(str_eq(buf_str(&output), json_member(example, STR("output"))->raw));
        buf_done(&output);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_found_by_its_own_name),
        cmocka_unit_test(every_operation_of_every_connector_is_one),
        cmocka_unit_test(each_says_what_it_is_and_does),
        cmocka_unit_test(every_field_is_described),
        cmocka_unit_test(a_connection_is_asked_for_exactly_when_one_is_needed),
        cmocka_unit_test(its_example_is_a_config_it_takes),
        cmocka_unit_test(a_trigger_s_example_does_what_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
