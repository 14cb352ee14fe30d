/* SPDX-License-Identifier: Apache-2.0 */
/* One attempt of one step, on a session of its pool. */
#include "engine/executor.h"

#include "base/crash.h"
#include "connector/interrupt.h"

static struct deadline attempt_deadline(const struct executor_request *request)
{
    const struct component *component = request->component;
    int64_t ms = component->timeout_ms ? component->timeout_ms(request->config) : 0;
    if (ms == 0 && request->pool)
        ms = pool_settings(request->pool)->statement_timeout_ms;
    return ms == 0 ? request->by : deadline_earlier(request->by, deadline_in_ms(ms));
}

static enum step_result run(const struct executor_request *request, struct conn *conn,
                            struct arena *arena, struct buf *output, struct error *err)
{
    struct step step = {
        .component = request->component,
        .arena = arena,
        .by = attempt_deadline(request),
        .writes_allowed = request->writes_allowed,
        .cancelled = request->cancelled,
        .conn = conn,
        .trigger = request->trigger,
        .execution_id = request->execution_id,
        .output = output,
    };
    CRASH_POINT("engine.send");
    enum step_result result = request->component->run(&step, request->config, err);
    CRASH_POINT("engine.reply");
    return result;
}

enum step_result executor_run(const struct executor_request *request, struct arena *arena,
                              struct buf *output, struct error *err)
{
    if (!request->pool)
        return run(request, NULL, arena, output, err);
    CRASH_POINT("engine.dial");
    int64_t connect_ms = pool_settings(request->pool)->connect_timeout_ms;
    const struct interrupt stop = { request->bell, request->cancelled };
    struct conn *conn = pool_open(
        request->pool, deadline_earlier(request->by, deadline_in_ms(connect_ms)), &stop, err);
    if (!conn) {
        pool_release_slot(request->pool);
        return STEP_FAILED;
    }
    request->using(conn, request->context);
    enum step_result result = STEP_FAILED;
    if (atomic_load(request->cancelled))
        (void)fail(err, ERR_CANCELLED, "cancelled before it was sent");
    else
        result = run(request, conn, arena, output, err);
    request->using(NULL, request->context);
    pool_close(request->pool, conn);
    return result;
}
