/* SPDX-License-Identifier: Apache-2.0 */
/* The manual trigger passes on what the execution was given. */
#include "unit.h"

#include "component/internal.h"

static void assert_passes_on(struct str input, struct str expected)
{
    struct buf output;
    buf_init(&output, 100);
    struct step step = { .component = &trigger_manual, .trigger = input, .output = &output };
    struct error err = { 0 };
    assert_int_equal(trigger_manual.run(&step, NULL, &err), STEP_DONE);
    assert_true(str_eq(buf_str(&output), expected));
    buf_done(&output);
}

static void passes_the_input_on_byte_by_byte(void **state)
{
    (void)state;
    assert_passes_on(STR("{\"a\":1.10}"), STR("{\"a\":1.10}"));
    assert_passes_on(STR("\"\""), STR("\"\""));
}

static void no_input_is_null(void **state)
{
    (void)state;
    assert_passes_on(STR_NULL, STR("null"));
}

static void changes_nothing_anywhere(void **state)
{
    (void)state;
    assert_int_equal(trigger_manual.effect(NULL), EFFECT_READS);
    assert_int_equal(trigger_manual.kind, COMPONENT_TRIGGER);
    assert_null(trigger_manual.connector);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_the_input_on_byte_by_byte),
        cmocka_unit_test(no_input_is_null),
        cmocka_unit_test(changes_nothing_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
