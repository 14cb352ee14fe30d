/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that end on another thread, and what every router needs. */
#include "api/internal.h"

#include "store/audit.h"

static const struct field success_fields[] = {
    { FIELD("success", success, success, REQUIRED, "True: it is done.") },
    { 0 },
};
const struct shape success_shape = SHAPE("Success", success, success_fields);

static const struct field project_id_fields[] = {
    { FIELD("projectId", project_id_input, project_id, REQUIRED, "Id of the project.") },
    { 0 },
};
const struct shape project_id_input_shape = SHAPE(NULL, project_id_input, project_id_fields);

struct pending_write {
    struct write write;
    struct call *call;
    struct api_write how;
    void *context;
};

static bool run_write(struct tx *tx, struct write *write, struct error *err)
{
    struct pending_write *pending = CONTAINER_OF(write, struct pending_write, write);
    return pending->how.run(tx, pending->call, pending->context, err);
}

static void write_done(struct write *write, const struct error *err)
{
    struct pending_write *pending = CONTAINER_OF(write, struct pending_write, write);

    if (pending->how.then)
        pending->how.then(pending->call, pending->context, err);
    call_finish(pending->call, err);
}

enum answer api_write(struct call *call, struct scope scope, const struct api_write *how,
                      void *context)
{
    struct pending_write *pending = ARENA_NEW(call->arena, pending_write);

    *pending = (struct pending_write){
        .write = { .scope = scope, .run = run_write, .done = write_done },
        .call = call,
        .how = *how,
        .context = context,
    };
    store_submit(services_of(call)->store, &pending->write);
    return PENDING;
}

struct pending_job {
    struct job job;
    struct call *call;
    api_work *work;
    void *context;
};

static void run_job(struct job *job)
{
    struct pending_job *pending = CONTAINER_OF(job, struct pending_job, job);
    struct error err = { 0 };
    bool done = pending->work(pending->call, pending->context, &err);

    call_finish(pending->call, done ? NULL : &err);
}

enum answer api_block(struct call *call, struct blocking *pool, api_work *work, void *context,
                      struct error *err)
{
    struct pending_job *pending = ARENA_NEW(call->arena, pending_job);

    *pending = (struct pending_job){
        .job = { .run = run_job },
        .call = call,
        .work = work,
        .context = context,
    };
    return blocking_run(pool, &pending->job, err) ? PENDING : FAILED;
}

bool api_audit(struct tx *tx, const struct call *call, struct id subject, struct error *err)
{
    struct audit_row row = {
        .project_id = call->project_id,
        .user_id = call->caller.user_id,
        .action = str_from(call->procedure->path),
        .subject_id = subject,
    };
    return audit_insert(tx, &row, err);
}

struct instant api_later_than(struct instant before)
{
    struct instant now = instant_now();
    return now.us > before.us ? now : (struct instant){ before.us + 1 };
}
