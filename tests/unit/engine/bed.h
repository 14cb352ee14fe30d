/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An engine on a store of its own, and one who waits for an execution. The nodes' connection was never
 * made, so steps fail by themselves: no upstream is needed.
 */
#ifndef TESTS_ENGINE_BED_H
#define TESTS_ENGINE_BED_H

#include "store_fixture.h"

#include <pthread.h>

#include "base/thread.h"
#include "connector/manager.h"
#include "engine/engine.h"
#include "store/projects.h"
#include "store/users.h"
#include "store/workflows.h"

/* Far longer than anything here takes: only a hang reaches it. */
#define HANG_S 60
#define LONG_MS 20000

#define NODE(id)                                                                                   \
    "{\"id\":\"" id "\",\"type\":\"redis-command\",\"name\":\"n\",\"onError\":\"continue\","       \
    "\"config\":{\"connectionId\":\"01890000-0000-7000-8000-000000000001\","                       \
    "\"command\":\"INCR\",\"key\":\"k\"}}"
#define TWO_NODES "{\"nodes\":[" NODE("a") "," NODE("b") "],\"edges\":[]}"

struct bed {
    struct fixture f;
    struct manager *manager;
    struct engine *engine;
    struct graph *graph;
    struct user_row user;
    struct project_row project;
    struct workflow_row workflow;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct engine_start start;
    struct engine_waiter waiter;
    bool started, waited, closed;
    int status;          /* that the waiter was told; 0 none */
    int64_t retry_in_ms; /* of insert_left_behind() */
};

static inline bool insert_rows(struct tx *tx, const void *context, struct error *err)
{
    const struct bed *bed = context;
    return user_insert(tx, &bed->user, err) &&
           project_insert(tx, &bed->project, bed->user.id, err) &&
           workflow_insert(tx, &bed->workflow, NULL, 0, err);
}

static inline bool run_sql(struct tx *tx, const void *context, struct error *err)
{
    return tx_run(tx, context, NO_BINDS, NULL, err);
}

#define SQL_NOW(bed, text)                                                                         \
    do {                                                                                           \
        static const struct sql sql_now = SQL(text);                                               \
        MUST_WRITE(&(bed)->f, run_sql, &sql_now);                                                  \
    } while (0)

static inline void open_engine(struct bed *bed)
{
    bed->engine = engine_open(
        &(struct engine_config){ .store = bed->f.store, .manager = bed->manager, .workers = 2 },
        &bed->f.err);
    MUST(&bed->f, bed->engine);
}

static inline void bed_open(struct bed *bed)
{
    alarm(HANG_S);
    *bed = (struct bed){ .lock = PTHREAD_MUTEX_INITIALIZER, .retry_in_ms = 300 };
    cond_init(&bed->changed);
    fixture_open(&bed->f);
    struct instant now = instant_now();
    bed->user = (struct user_row){ .id = id_new(),
                                   .email = STR("a@localhost"),
                                   .name = STR("A"),
                                   .password_hash = STR("x"),
                                   .created_at = now,
                                   .updated_at = now };
    bed->project = (struct project_row){
        .id = id_new(), .name = STR("P"), .data_key = STR("x"), .created_at = now, .updated_at = now
    };
    bed->workflow = (struct workflow_row){ .id = id_new(),
                                           .project_id = bed->project.id,
                                           .name = STR("w"),
                                           .version = 1,
                                           .active = true,
                                           .definition = { STR(TWO_NODES) },
                                           .created_by = bed->user.id,
                                           .created_at = now,
                                           .updated_at = now };
    MUST_WRITE(&bed->f, insert_rows, bed);
    bed->manager = manager_new(&(struct manager_config){ .store = bed->f.store });
    bed->graph = graph_compile(STR(TWO_NODES), &bed->f.err);
    MUST(&bed->f, bed->graph);
}

static inline void bed_close(struct bed *bed)
{
    if (!bed->closed)
        engine_close(bed->engine, deadline_in_ms(LONG_MS));
    engine_free(bed->engine);
    manager_free(bed->manager);
    graph_unref(bed->graph);
    fixture_close(&bed->f);
    pthread_cond_destroy(&bed->changed);
    alarm(0);
}

static inline void on_started(struct engine_start *start, const struct error *err)
{
    struct bed *bed = CONTAINER_OF(start, struct bed, start);
    assert_null(err);
    pthread_mutex_lock(&bed->lock);
    bed->started = true;
    pthread_cond_broadcast(&bed->changed);
    pthread_mutex_unlock(&bed->lock);
}

static inline void on_done(struct engine_waiter *waiter, const struct execution_row *row)
{
    struct bed *bed = CONTAINER_OF(waiter, struct bed, waiter);
    pthread_mutex_lock(&bed->lock);
    bed->waited = true;
    bed->status = row ? row->status : 0;
    pthread_cond_broadcast(&bed->changed);
    pthread_mutex_unlock(&bed->lock);
}

static inline void await_flag(struct bed *bed, const bool *flag)
{
    pthread_mutex_lock(&bed->lock);
    while (!*flag)
        (void)cond_wait_until(&bed->changed, &bed->lock, DEADLINE_NEVER);
    pthread_mutex_unlock(&bed->lock);
}

/* Starts the workflow; who waits for it waits from now on. */
static inline void begin(struct bed *bed)
{
    bed->waiter.done = on_done;
    bed->start = (struct engine_start){ .project_id = bed->project.id,
                                        .workflow_id = bed->workflow.id,
                                        .workflow_name = STR("w"),
                                        .workflow_version = 1,
                                        .graph = bed->graph,
                                        .waiter = &bed->waiter,
                                        .wait_until = deadline_in_ms(LONG_MS),
                                        .started = on_started };
    engine_start(bed->engine, &bed->start);
    await_flag(bed, &bed->started);
}

/* An execution whose process died: a waits for a retry, b has not begun. */
static inline bool insert_left_behind(struct tx *tx, const void *context, struct error *err)
{
    const struct bed *bed = context;
    struct instant now = instant_now();
    struct execution_row row = { .id = bed->waiter.execution_id,
                                 .project_id = bed->project.id,
                                 .workflow_id = bed->workflow.id,
                                 .workflow_name = STR("w"),
                                 .workflow_version = 1,
                                 .status = EXECUTION_RUNNING,
                                 .created_at = now,
                                 .started_at = now,
                                 .lease_owner = STR("gone"),
                                 .lease_epoch = 1 };
    struct step_row step = { .project_id = row.project_id,
                             .execution_id = row.id,
                             .node_id = STR("a"),
                             .status = STEP_WAITING,
                             .started_at = now,
                             .retry_at = instant_add_ms(now, bed->retry_in_ms),
                             .attempt_count = 1 };
    AUTO(arena) arena = arena_new();
    return execution_insert(tx, &row, err) && step_save(tx, &step, arena, err);
}

#endif
