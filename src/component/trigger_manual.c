/* SPDX-License-Identifier: Apache-2.0 */
/* The trigger that a person or a program pulls: what the execution was started with goes on. */
#include "component/internal.h"

static enum effect effect(const void *config)
{
    (void)config;
    return EFFECT_READS;
}

static int64_t timeout_ms(const void *config)
{
    (void)config;
    return 0;
}

static enum step_result run(struct step *step, const void *config, struct error *err)
{
    (void)config;
    (void)err;
    buf_add(step->output, str_set(step->trigger) ? step->trigger : STR("null"));
    return STEP_DONE;
}

const struct component trigger_manual = {
    .name = "manual-trigger",
    .title = "Manual Trigger",
    .doc =
        "Starts the workflow when a person or a program says so, and passes on the input that the "
        "execution was given. A workflow without it starts the same way.",
    .example = "{\"config\":{},"
               "\"input\":{\"customer\":{\"id\":7}},"
               "\"output\":{\"customer\":{\"id\":7}}}",
    .kind = COMPONENT_TRIGGER,
    .effect = effect,
    .timeout_ms = timeout_ms,
    .run = run,
};
