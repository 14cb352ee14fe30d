/* SPDX-License-Identifier: Apache-2.0 */
/* What to do about the errors of an execution: the advice that a connection test gives, too. */
#include "api/internal.h"

#include "component/component.h"
#include "connector/connector.h"

#include <stdio.h>

static void advise(struct execution_error *error, struct str type)
{
    struct error like = { 0 };

    if (!error)
        return;
    const struct component *component = component_find(type);
    like.code = error_code_of_reason(error->code);
    (void)snprintf(like.server_code, sizeof(like.server_code), STR_FMT, STR_ARG(error->sql_state));
    const char *text = connector_advice(component ? component->connector : NULL, &like);
    if (text)
        error->advice = str_from(text);
}

void api_advise_step(struct step_row *step)
{
    struct attempt *attempts = step->attempts.items;

    advise(step->error, step->type);
    for (size_t i = 0; i < step->attempts.count; i++)
        advise(attempts[i].error, step->type);
}

void api_advise(struct execution_row *row)
{
    struct step_row *steps = row->steps.items;

    for (size_t i = 0; i < row->steps.count; i++) {
        api_advise_step(&steps[i]);
        if (row->error && str_eq(steps[i].node_id, row->error->node_id))
            advise(row->error, steps[i].type);
    }
}
