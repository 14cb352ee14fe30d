/* SPDX-License-Identifier: Apache-2.0 */
/* All routers, and how rpc reaches auth. */
#include "api/internal.h"

#include <stdlib.h>

#include "auth/permit.h"
#include "auth/session.h"
#include "base/mem.h"

const struct procedure *const api_tables[] = {
    auth_procedures,
    auth_code_procedures,
    token_procedures,
    user_procedures,
    project_procedures,
    member_procedures,
    invitation_procedures,
    connection_procedures,
    connection_save_procedures,
    connection_test_procedures,
    connection_template_procedures,
    connection_statistics_procedures,
    component_procedures,
    workflow_procedures,
    workflow_statistics_procedures,
    execute_procedures,
    execution_procedures,
    execution_statistics_procedures,
    watch_procedures,
    system_procedures,
    NULL,
};

static bool authenticate(const struct http_request *request, struct arena *arena,
                         struct caller *out, void *context, struct error *err)
{
    const struct services *services = context;
    return auth_request(services->auth, request, arena, out, err);
}

static bool permit_hook(struct call *call, const void *input, struct error *err)
{
    return permit_call(services_of(call)->auth, call, input, err);
}

struct dispatched {
    struct job job;
    void (*work)(void *argument);
    void *argument;
};

static void run_dispatched(struct job *job)
{
    struct dispatched *self = CONTAINER_OF(job, struct dispatched, job);
    void (*work)(void *) = self->work;
    void *argument = self->argument;

    free(self);
    work(argument);
}

void api_dispatch(void (*work)(void *argument), void *argument, void *context)
{
    const struct services *services = context;

    if (!services->calling) {
        work(argument);
        return;
    }
    struct dispatched *self = NEW(dispatched);
    *self = (struct dispatched){ { .run = run_dispatched }, work, argument };
    blocking_run_surely(services->calling, &self->job);
}

struct rpc_hooks api_hooks(struct services *services)
{
    return (struct rpc_hooks){
        .authenticate = authenticate,
        .permit = permit_hook,
        .dispatch = services->calling ? api_dispatch : NULL,
        .services = services,
    };
}
