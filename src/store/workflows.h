/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of workflows, workflow_versions and workflow_connections. A version never changes. Deleting a
 * workflow keeps its rows: executions in the history, and open ones, still need their definition.
 */
#ifndef STORE_WORKFLOWS_H
#define STORE_WORKFLOWS_H

#include "store/store.h"

/* Something that keeps a workflow from running as it is; found when asked, not stored. */
struct workflow_problem {
    struct str node_id, field, message;
};
extern const struct shape workflow_problem_shape; /* "WorkflowProblem" */

/* The newest execution of a workflow. */
struct workflow_last {
    struct id workflow_id, execution_id;
    int status; /* enum execution_status; open ones may be older than memory */
    struct instant created_at;
};

struct workflow_row {
    struct id id, project_id;
    struct str name;
    bool active;
    int64_t version;             /* the latest; rises with the definition only */
    struct json_text definition; /* of that version */
    struct array problems;       /* of struct workflow_problem; not a column */
    struct workflow_last *last;  /* of lists; not a column; NULL: it was never executed */
    struct str saved_by;         /* name of who saved that version; absent: a user who is gone */
    struct id created_by;
    struct instant saved_at, created_at, updated_at;
};
extern const struct shape workflow_shape;         /* "Workflow": output */
extern const struct shape workflow_summary_shape; /* "WorkflowSummary": without definition */

/* A connection that a node of a version names. */
struct workflow_use {
    struct str node_id, node_name;
    struct id connection_id;
};

/* One definition, with what it names. */
struct workflow_version {
    struct id project_id, workflow_id;
    int64_t version;
    struct json_text definition;
    const struct workflow_use *uses;
    size_t use_count;
    struct id created_by;
    struct instant created_at;
};

/*
 * Makes the workflow (row->version is 1) with its first version. A connection that never belonged
 * to the project is ERR_BAD_REQUEST, field "definition", naming the node; deleted ones are taken.
 */
MUST_USE bool workflow_insert(struct tx *tx, const struct workflow_row *row,
                              const struct workflow_use *uses, size_t use_count, struct error *err);
/* Name and active. ERR_NOT_FOUND when there is none (any more). */
MUST_USE bool workflow_update(struct tx *tx, struct id project_id, struct id id, struct str name,
                              bool active, struct instant at, struct error *err);
/* Adds the next version, the one behind the latest; ERR_CONFLICT when it is not the next any more. */
MUST_USE bool workflow_save_version(struct tx *tx, const struct workflow_version *version,
                                    struct error *err);
MUST_USE bool workflow_delete(struct tx *tx, struct id project_id, struct id id, struct instant at,
                              struct error *err);

/* Newest first, definitions included. */
MUST_USE bool workflow_list(struct tx *tx, struct id project_id, struct arena *arena,
                            struct array *out, struct error *err);
/* Of struct workflow_last, by workflow_id in the order of workflow_list(). */
MUST_USE bool workflow_last_executions(struct tx *tx, struct id project_id, struct arena *arena,
                                       struct array *out, struct error *err);
/* Not the deleted ones. */
MUST_USE bool workflow_find(struct tx *tx, struct id project_id, struct id id, struct arena *arena,
                            struct workflow_row *out, bool *found, struct error *err);
/* The definition of any version, also of a deleted workflow; ERR_NOT_FOUND when there is none. */
MUST_USE bool workflow_find_version(struct tx *tx, struct id project_id, struct id id,
                                    int64_t version, struct arena *arena, struct json_text *out,
                                    struct error *err);

#endif
