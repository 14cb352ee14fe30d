/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A component of a connector's operation. What is said about it, and what judges its config, is the
 * operation's own; running it hands over the session that the step was lent.
 */
#include "component/operation.h"

#include <assert.h>

static enum step_result run(struct step *step, const void *config, struct error *err)
{
    const struct operation *operation = step->component->operation;
    assert(operation && step->conn);
    const struct operation_run run = {
        .arena = step->arena,
        .by = step->by,
        .writes_allowed = step->writes_allowed,
        .cancelled = step->cancelled,
        .output = step->output,
    };
    return operation->run(step->conn, &run, config, err);
}

struct component operation_component(const struct connector *connector,
                                     const struct operation *operation)
{
    return (struct component){
        .name = operation->name,
        .title = operation->title,
        .doc = operation->doc,
        .example = operation->example,
        .kind = COMPONENT_ACTION,
        .connector = connector,
        .operation = operation,
        .config = operation->config,
        .check = operation->check,
        .effect = operation->effect,
        .timeout_ms = operation->timeout_ms,
        .run = run,
    };
}
