/* SPDX-License-Identifier: Apache-2.0 */
/* A made-up connector's operation, as a component. */
#include "unit.h"

#include "component/operation.h"

struct echo_config {
    struct id connection_id;
    struct str text;
};
static const struct field echo_fields[] = {
    { FIELD("text", echo_config, text, REQUIRED, "What comes back.") },
    { FIELD("connectionId", echo_config, connection_id, REQUIRED, "Where to."),
      .look = LOOK_CONNECTION },
    { 0 },
};
static const struct shape echo_shape = SHAPE(NULL, echo_config, echo_fields);

static const struct operation_run *seen_run;
static struct operation_run seen;
static struct conn *seen_conn;

static enum step_result echo(struct conn *conn, const struct operation_run *run, const void *config,
                             struct error *err)
{
    const struct echo_config *echo_config = config;
    seen_conn = conn;
    seen_run = run;
    seen = *run;
    if (echo_config->text.len == 0) {
        error_set_detail(err, STR("nothing said"));
        return STEP_FAILED;
    }
    buf_add(run->output, echo_config->text);
    return run->writes_allowed ? STEP_DONE : STEP_WRITES;
}

static bool check(const void *config, struct error *err)
{
    const struct echo_config *echo_config = config;
    return echo_config->text.len < 5 || fail_field(err, ERR_INVALID_INPUT, "text", "too long");
}

static enum effect effect(const void *config)
{
    (void)config;
    return EFFECT_IDEMPOTENT;
}

static int64_t timeout_ms(const void *config)
{
    (void)config;
    return 1234;
}

static const struct operation echo_operation = {
    .name = "echo-text",
    .title = "Echo Text",
    .doc = "Says it again.",
    .example = "{}",
    .config = &echo_shape,
    .check = check,
    .effect = effect,
    .timeout_ms = timeout_ms,
    .run = echo,
};
static const struct connector echo_connector = { .name = "echo", .title = "Echo" };

static void says_and_judges_what_the_operation_does(void **state)
{
    (void)state;
    struct component component = operation_component(&echo_connector, &echo_operation);
    assert_string_equal(component.name, "echo-text");
    assert_string_equal(component.title, "Echo Text");
    assert_string_equal(component.doc, "Says it again.");
    assert_string_equal(component.example, "{}");
    assert_int_equal(component.kind, COMPONENT_ACTION);
    assert_ptr_equal(component.connector, &echo_connector);
    assert_ptr_equal(component.operation, &echo_operation);
    assert_ptr_equal(component.config, &echo_shape);
    assert_null(component.ports);

    struct echo_config config = { .text = STR("much too long") };
    struct error err = { 0 };
    assert_false(component.check(&config, &err));
    assert_string_equal(err.field, "text");
    assert_int_equal(component.effect(&config), EFFECT_IDEMPOTENT);
    assert_int_equal(component.timeout_ms(&config), 1234);
}

static void hands_the_step_s_session_and_limits_on(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct component component = operation_component(&echo_connector, &echo_operation);
    struct conn conn = { .connector = &echo_connector };
    atomic_bool cancelled = false;
    struct buf output;
    buf_init(&output, 100);
    struct step step = {
        .component = &component,
        .arena = arena,
        .by = { 42 },
        .writes_allowed = true,
        .cancelled = &cancelled,
        .conn = &conn,
        .output = &output,
    };
    struct echo_config config = { .text = STR("hi") };
    struct error err = { 0 };
    assert_int_equal(component.run(&step, &config, &err), STEP_DONE);
    assert_ptr_equal(seen_conn, &conn);
    assert_non_null(seen_run);
    assert_ptr_equal(seen.arena, arena);
    assert_int_equal(seen.by.at_us, 42);
    assert_true(seen.writes_allowed);
    assert_ptr_equal(seen.cancelled, &cancelled);
    assert_true(str_eq(buf_str(&output), STR("hi")));

    step.writes_allowed = false;
    assert_int_equal(component.run(&step, &config, &err), STEP_WRITES);
    config.text = STR("");
    assert_int_equal(component.run(&step, &config, &err), STEP_FAILED);
    assert_string_equal(err.detail, "nothing said");
    buf_done(&output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_and_judges_what_the_operation_does),
        cmocka_unit_test(hands_the_step_s_session_and_limits_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
