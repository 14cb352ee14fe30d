/* SPDX-License-Identifier: Apache-2.0 */
/* One attempt of one step, on a session of its pool. */
#include "engine/executor.h"

#include <string.h>

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

/*
 * Did the session end while it lay idle, unseen until this attempt used it? Then nobody acted on what
 * was sent: either nothing was, or it may be sent twice. A session that was dialled for this attempt
 * is not asked about: what ends that one is no accident.
 */
static bool died_idle(const struct executor_request *request, const struct conn *conn,
                      const struct error *err)
{
    const struct component *component = request->component;
    bool repeatable = component->effect && component->effect(request->config) != EFFECT_ONCE;
    bool lost = err->code == ERR_CONNECTION_LOST && (repeatable || !err->maybe_done);
    const char *state = err->code == ERR_SERVER_ERROR ? err->server_code : "";
    bool ended = (strcmp(state, "57P01") == 0 && repeatable) || /* admin_shutdown */
                 strcmp(state, "57P05") == 0; /* idle_session_timeout: it had nothing to do */
    return conn->idle_since_us != 0 && conn->broken && (lost || ended) &&
           !atomic_load(request->cancelled);
}

static enum step_result use(const struct executor_request *request, struct conn *conn,
                            struct arena *arena, struct buf *output, struct error *err)
{
    enum step_result result = STEP_FAILED;
    request->using(conn, request->context);
    if (atomic_load(request->cancelled))
        (void)fail(err, ERR_CANCELLED, "cancelled before it was sent");
    else
        result = run(request, conn, arena, output, err);
    request->using(NULL, request->context);
    return result;
}

enum step_result executor_run(const struct executor_request *request, struct arena *arena,
                              struct buf *output, struct error *err)
{
    if (!request->pool)
        return run(request, NULL, arena, output, err);
    CRASH_POINT("engine.dial");
    int64_t connect_ms = pool_settings(request->pool)->connect_timeout_ms;
    struct deadline by = deadline_earlier(request->by, deadline_in_ms(connect_ms));
    const struct interrupt stop = { request->bell, request->cancelled };
    enum step_result result = STEP_FAILED;
    struct conn *conn = pool_open(request->pool, by, &stop, err);
    if (conn)
        result = use(request, conn, arena, output, err);
    if (conn && result == STEP_FAILED && died_idle(request, conn, err)) {
        by = deadline_earlier(request->by, deadline_in_ms(connect_ms));
        buf_reset(output);
        conn = pool_replace(request->pool, conn, by, &stop, err);
        if (conn)
            result = use(request, conn, arena, output, err);
    }
    if (conn)
        pool_close(request->pool, conn);
    else
        pool_release_slot(request->pool);
    return result;
}
