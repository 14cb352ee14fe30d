/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that answer with an execution once it has ended, or a wait is over.
 *
 * An execution may end between asking about it and waiting for it, so the wait begins first. Two then
 * arrive: the one who asks, and the engine's word. The later of them ends the call, since until then
 * the other may still touch it.
 */
#include "api/internal.h"

#include <stdatomic.h>

#include "engine/engine.h"
#include "schema/copy.h"

bool execution_look(struct call *call, struct id id, struct execution_row *out, struct error *err)
{
    bool found;

    if (!engine_view(services_of(call)->engine, call->project_id, id, call->arena, out, &found,
                     err))
        return false;
    return found || fail(err, ERR_NOT_FOUND, "no such execution");
}

/* Over is over: an execution that goes on is shown as it is now. */
void api_waited(struct call *call, struct id id, const struct execution_row *row, api_place *place)
{
    struct error err = { 0 };

    if (row) {
        place(call, schema_copy(&execution_shape, row, call->arena));
        call_finish(call, NULL);
        return;
    }
    struct execution_row *now = ARENA_NEW(call->arena, execution_row);
    bool seen = execution_look(call, id, now, &err);
    if (seen)
        place(call, now);
    call_finish(call, seen ? NULL : &err);
}

struct await {
    struct engine_waiter waiter;
    struct call *call;
    api_place *place;
    struct execution_row *row; /* NULL: the wait was over first */
    atomic_int arrived;
};

static void arrive(struct await *self)
{
    if (atomic_fetch_add(&self->arrived, 1) == 0)
        return;
    if (self->row) {
        self->place(self->call, self->row);
        call_finish(self->call, NULL);
    } else {
        api_waited(self->call, self->waiter.execution_id, NULL, self->place);
    }
}

static void waited(struct engine_waiter *waiter, const struct execution_row *row)
{
    struct await *self = CONTAINER_OF(waiter, struct await, waiter);

    if (row)
        self->row = schema_copy(&execution_shape, row, self->call->arena);
    arrive(self);
}

void api_await_end(struct call *call, struct id id, struct deadline by, api_place *place)
{
    struct engine *engine = services_of(call)->engine;
    struct await *self = ARENA_NEW(call->arena, await);
    struct execution_row row;
    struct error err = { 0 };
    bool found = false;

    *self = (struct await){ .waiter = { .execution_id = id, .done = waited },
                            .call = call,
                            .place = place };
    engine_wait(engine, &self->waiter, by);
    /* The call's arena is the waiter's now. */
    AUTO(arena) arena = arena_new();
    bool ended = engine_view(engine, call->project_id, id, arena, &row, &found, &err) && found &&
                 execution_status_ended(row.status);
    if (ended && engine_wait_stop(engine, &self->waiter))
        api_waited(call, id, &row, place);
    else
        arrive(self);
}
