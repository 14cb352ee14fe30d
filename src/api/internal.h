/* SPDX-License-Identifier: Apache-2.0 */
/* What routers share: ways to end a call later, outputs that many have, the audit log. */
#ifndef API_INTERNAL_H
#define API_INTERNAL_H

#include "api/api.h"
#include "api/blocking.h"
#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"
#include "engine/graph.h"
#include "schema/field.h"
#include "store/executions.h"
#include "store/store.h"

#include <stdbool.h>

extern const struct procedure auth_procedures[];
extern const struct procedure auth_code_procedures[];
extern const struct procedure token_procedures[];
extern const struct procedure project_procedures[];
extern const struct procedure member_procedures[];
extern const struct procedure invitation_procedures[];
extern const struct procedure connection_procedures[];
extern const struct procedure connection_save_procedures[];
extern const struct procedure connection_test_procedures[];
extern const struct procedure connection_template_procedures[];
extern const struct procedure component_procedures[];
extern const struct procedure workflow_procedures[];
extern const struct procedure workflow_statistics_procedures[];
extern const struct procedure execution_procedures[];
extern const struct procedure execute_procedures[];
extern const struct procedure execution_statistics_procedures[];
extern const struct procedure connection_statistics_procedures[];
extern const struct procedure watch_procedures[];
extern const struct procedure user_procedures[];
extern const struct procedure system_procedures[];

/* Bounds of what people sign in with. */
#define PASSWORD_MIN 8
#define PASSWORD_MAX 1024
#define EMAIL_MAX 254

static inline struct services *services_of(const struct call *call)
{
    return call->services;
}

/* What a call may see of its project: what its user may; the operator is no user, and owns it. */
static inline struct scope api_scope(const struct call *call)
{
    return call->caller.is_operator ? scope_project(call->project_id)
                                    : scope_user(call->caller.user_id);
}

/* `{success}` */
struct success {
    bool success;
};
extern const struct shape success_shape;

struct project_id_input {
    struct id project_id;
};
extern const struct shape project_id_input_shape;

/* --- calls that end later (pending.c) --- */

/*
 * Carries out a transaction and then ends the call: with success, or with its error. `run` obeys the
 * rules of struct write; it may allocate in call->arena. `then` (or NULL) runs behind the commit or
 * failure (err), on the writer's thread, and must not block.
 */
struct api_write {
    bool (*run)(struct tx *tx, struct call *call, void *context, struct error *err);
    void (*then)(struct call *call, void *context, const struct error *err);
};
enum answer api_write(struct call *call, struct scope scope, const struct api_write *how,
                      void *context);

/* Runs `work` on a thread of the pool and ends the call with what it returns. */
typedef bool api_work(struct call *call, void *context, struct error *err);
enum answer api_block(struct call *call, struct blocking *pool, api_work *work, void *context,
                      struct error *err);

/* Records the change that this call makes, in its transaction. `subject` may be none. */
MUST_USE bool api_audit(struct tx *tx, const struct call *call, struct id subject,
                        struct error *err);

/* A moment later than `before`, at best now: for updated_at, which tells changes apart. */
struct instant api_later_than(struct instant before);

/* --- saved.c --- */

struct connection_row;
struct project_key;
/* The data key of the call's project; the caller frees it. */
MUST_USE struct project_key *api_project_key(struct call *call, struct error *err);
/* A connection of the call's project with its seals, or ERR_NOT_FOUND. */
MUST_USE bool api_find_connection(struct call *call, struct id id, struct connection_row *out,
                                  struct error *err);
/* Fails, naming the kinds that there are. */
bool api_unknown_connector(struct str type, struct error *err);

/* --- workflows.c --- */

/* The problems of a workflow as it is: its graph's, and connections that it can no longer use. Texts
 * are copied to the arena. */
MUST_USE bool workflow_judge(struct tx *tx, struct id project_id, const struct graph *graph,
                             struct arena *arena, struct array *problems, struct error *err);

/* --- advise.c --- */

/* Adds advice to the errors of an execution, or of one step, which must be the caller's own copies. */
void api_advise(struct execution_row *row);
void api_advise_step(struct step_row *step);

/* --- await.c --- */

/* The execution as it is now; ERR_NOT_FOUND when there is none. */
MUST_USE bool execution_look(struct call *call, struct id id, struct execution_row *out,
                             struct error *err);

/* Puts an execution, which lives in the call's arena, into the call's output. */
typedef void api_place(struct call *call, struct execution_row *row);
/* Ends the call with the execution as it is once it has ended, or at `by`. Blocks on a read. */
void api_await_end(struct call *call, struct id id, struct deadline by, api_place *place);
/* Ends the call with this ended execution; NULL: with the execution as it is now. */
void api_waited(struct call *call, struct id id, const struct execution_row *row, api_place *place);

#endif
