/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of workflow_executions and component_executions (steps), and of idempotency keys.
 *
 * Every write of an execution's holder names its lease epoch and an open status; zero rows changed
 * means that the lease was lost ("fenced"): the result is dropped.
 */
#ifndef STORE_EXECUTIONS_H
#define STORE_EXECUTIONS_H

#include "store/store.h"

enum execution_status {
    EXECUTION_QUEUED = 1,
    EXECUTION_RUNNING,
    EXECUTION_WAITING,
    EXECUTION_SUCCEEDED,
    EXECUTION_FAILED,
    EXECUTION_CANCELLED,
};
extern const char *const execution_status_names[];
static inline bool execution_status_ended(int status)
{
    return status >= EXECUTION_SUCCEEDED;
}

/* Who started it: a person in the page, or a program (also the command line). */
enum execution_trigger {
    TRIGGER_MANUAL = 1,
    TRIGGER_API,
};
extern const char *const execution_trigger_names[];

enum step_status {
    STEP_PENDING = 1,
    STEP_RUNNING,
    STEP_WAITING,
    STEP_SUCCEEDED,
    STEP_STATUS_FAILED,
    STEP_SKIPPED,
    STEP_CANCELLED,
};
extern const char *const step_status_names[];

enum attempt_status {
    ATTEMPT_STARTED = 1,
    ATTEMPT_SUCCEEDED,
    ATTEMPT_FAILED,
    ATTEMPT_CANCELLED,
    ATTEMPT_ABANDONED, /* its process died, and it may be repeated */
    ATTEMPT_UNKNOWN,   /* nobody knows whether the upstream acted */
};
extern const char *const attempt_status_names[];

/* `{code, message, nodeId?, sqlState?}`, stored as JSON text. */
struct execution_error {
    struct str code, message, node_id, sql_state;
    struct str advice; /* only where it is shown: never stored */
};
extern const struct shape execution_error_shape; /* "ExecutionError" */

struct attempt {
    int64_t number;
    int status;
    struct instant started_at, finished_at;
    struct execution_error *error;
    struct opt_bool repeatable; /* of one that is under way: it may be run again; in rows only */
};
extern const struct shape attempt_shape; /* "Attempt" */

struct execution_row {
    struct id id, project_id, workflow_id;
    struct str workflow_name;
    int64_t workflow_version;
    struct id rerun_of; /* none: it was not run again of another */
    int trigger;        /* 0: nobody wrote it down, as with those of earlier versions */
    int status;
    struct opt_int attempt_count; /* of all nodes; absent as `trigger` */
    struct json_text input;
    struct execution_error *error;
    struct instant created_at, started_at, finished_at;
    struct str lease_owner; /* name of the process that holds it; absent = nobody */
    int64_t lease_epoch;
    int64_t claims; /* processes that died holding it, since it was last saved */
    /* By the clock of who let it rest: until then, from then on. Absent: it does not, or did not just
     * now. */
    struct instant resume_at, resting_since;
    bool cancel_requested;
    struct array steps; /* of struct step_row; not a column */
};
extern const struct shape execution_shape;         /* "Execution": output */
extern const struct shape execution_summary_shape; /* "ExecutionSummary": without input and steps */

struct step_row {
    struct id project_id, execution_id;
    struct str node_id;
    struct str name, type; /* from the definition, not columns */
    int status;
    struct json_text input; /* the config after templates; absent when it held none */
    struct json_text output;
    struct execution_error *error;
    struct instant started_at, finished_at;
    struct instant retry_at;
    int64_t attempt_count;   /* all of them; `attempts` keeps the first and the latest */
    struct opt_bool partial; /* input or output were left out; not a column */
    struct opt_int input_bytes, output_bytes; /* of what was cut: as a whole; no columns */
    struct array attempts;                    /* of struct attempt; JSON text in the row */
};
extern const struct shape step_shape; /* "Step": output */

/* --- starting --- */

/* What an idempotency key stands for, if it is known; else it is kept now. */
MUST_USE bool execution_key_use(struct tx *tx, struct id project_id, struct str key,
                                struct str request_hash, struct id execution_id,
                                struct arena *arena, struct id *existing, struct error *err);
MUST_USE bool execution_insert(struct tx *tx, const struct execution_row *row, struct error *err);

/* --- holding --- */

struct execution_fence {
    struct id project_id, id;
    int64_t epoch;
};
/* How an execution stands at a durable point. */
struct execution_point {
    int status;
    int64_t attempt_count;
    struct instant started_at, finished_at;
    const struct execution_error *error; /* or NULL */
};
/*
 * Writes how the execution stands, under its fence. *held is false when fenced.
 * An ended status also gives the lease up.
 */
MUST_USE bool execution_save(struct tx *tx, const struct execution_fence *fence,
                             const struct execution_point *point, struct arena *arena, bool *held,
                             struct error *err);
/* Inserts or replaces one step's row; only behind execution_save() with *held. */
MUST_USE bool step_save(struct tx *tx, const struct step_row *step, struct arena *arena,
                        struct error *err);

/*
 * Gives the lease up until a time, behind execution_save() with *held: nobody claims it before.
 * *released is false when it is to be cancelled, which its holder sees to.
 */
MUST_USE bool execution_rest(struct tx *tx, const struct execution_fence *fence,
                             struct instant since, struct instant until, bool *released,
                             struct error *err);

struct execution_claim {
    struct str owner;
    int64_t fresh, due; /* at most so many: that do not rest, that have rested until now */
    struct instant now;
};
struct execution_claimed {
    struct array rows; /* of execution_row, with their new epochs; those with a resume_at rested */
    bool more_fresh, more_due; /* there may be more of them */
    struct instant first_rest; /* when the first of those left is due; absent when none rests */
};
/*
 * Takes open executions that nobody holds, oldest first, for this owner: epoch + 1. Those of a deleted
 * project that it comes upon go, instead of being taken.
 */
MUST_USE bool execution_claim(struct tx *tx, const struct execution_claim *claim,
                              struct arena *arena, struct execution_claimed *out,
                              struct error *err);
/* How many rest, of projects that are there. As slow as they are many. */
MUST_USE bool execution_count_resting(struct tx *tx, int64_t *out, struct error *err);
/* What rests since a time that has not come yet, because the clock was set back: it begins anew, now,
 * and lasts as long. As slow as they are many. */
MUST_USE bool execution_rest_anew(struct tx *tx, struct instant now, struct error *err);
/*
 * Gives up the leases of one owner, or of all (absent) when this is the only process. `died` counts
 * it against what was held, as one more process that was lost over it: also against what was waiting by
 * its row, since a retry begins in memory.
 */
MUST_USE bool execution_release(struct tx *tx, struct str owner, bool died, struct error *err);

/* --- reading --- */

MUST_USE bool execution_find(struct tx *tx, struct id project_id, struct id id, struct arena *arena,
                             struct execution_row *out, bool *found, struct error *err);
/* The rows of steps that have one, in no order. */
MUST_USE bool step_list(struct tx *tx, struct id project_id, struct id execution_id,
                        struct arena *arena, struct array *out, struct error *err);
/* The same without long texts: of an input or output only so many characters, which may be no JSON. */
MUST_USE bool step_list_briefly(struct tx *tx, struct id project_id, struct id execution_id,
                                size_t characters, struct arena *arena, struct array *out,
                                struct error *err);
/* The row of this node's step alone, or none. */
MUST_USE bool step_list_one(struct tx *tx, struct id project_id, struct id execution_id,
                            struct str node_id, struct arena *arena, struct array *out,
                            struct error *err);

struct execution_filter {
    struct id project_id, workflow_id; /* workflow none: all */
    int status;                        /* 0: all */
    bool open;                         /* of any status but an ended one; status is 0 then */
    bool not_resting;                  /* with open: only what somebody holds, or may claim */
    struct id before;                  /* none: from the newest */
    struct id first;                   /* the oldest; none: to the first */
    int64_t limit;
};
MUST_USE bool execution_list(struct tx *tx, const struct execution_filter *filter,
                             struct arena *arena, struct array *out, struct error *err);

struct execution_cancelled {
    bool ended;  /* by this */
    bool rested; /* and had been waiting for a retry, held by nobody */
};
/*
 * Ends an open execution that nobody holds as cancelled, steps included; or marks one as to be
 * cancelled by its holder: also one that a dead process left in the middle of an attempt, since that
 * has to be judged first.
 */
MUST_USE bool execution_request_cancel(struct tx *tx, struct id project_id, struct id id,
                                       struct instant at, struct execution_cancelled *out,
                                       struct error *err);

#endif
