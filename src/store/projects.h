/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of projects and project_members. A project has at least one owner: what would take the last
 * one away is ERR_CONFLICT.
 */
#ifndef STORE_PROJECTS_H
#define STORE_PROJECTS_H

#include "store/store.h"

enum role {
    ROLE_VIEWER = 1,
    ROLE_EDITOR,
    ROLE_OWNER,
};
extern const char *const role_names[];

struct project_row {
    struct id id;
    struct str name;
    struct str data_key; /* wrapped: vault/keyring.h; only of project_find_key() */
    int role;            /* of the asking user; only of project_list() and project_find() */
    int64_t workflow_count, connection_count, recent_failures; /* only of project_list() */
    struct instant created_at, updated_at;
};
extern const struct shape project_shape;         /* "Project": output */
extern const struct shape project_summary_shape; /* "ProjectSummary": with the counts */

/* More failures than these are not counted. */
#define PROJECT_FAILURES_MAX 1000

/* Makes the project and its first owner. */
MUST_USE bool project_insert(struct tx *tx, const struct project_row *row, struct id owner_id,
                             struct error *err);
/* All of them, for the system: struct project_row, of which only the id is filled. */
MUST_USE bool project_ids(struct tx *tx, struct arena *arena, struct array *out, struct error *err);
/* The user's projects, newest first; no user: all, as the operator's. Failures count since `since`. */
MUST_USE bool project_list(struct tx *tx, struct id user_id, struct instant since,
                           struct arena *arena, struct array *out, struct error *err);
/* ERR_NOT_FOUND unless the user is a member; no user: any project. */
MUST_USE bool project_find(struct tx *tx, struct id project_id, struct id user_id,
                           struct arena *arena, struct project_row *out, struct error *err);
/* The wrapped data key; ERR_NOT_FOUND for an unknown project. */
MUST_USE bool project_find_key(struct tx *tx, struct id project_id, struct arena *arena,
                               struct str *out, struct error *err);
MUST_USE bool project_rename(struct tx *tx, struct id project_id, struct str name,
                             struct instant at, struct error *err);
/* With everything in it: members, connections, workflows, what runs. The history, which nobody can
 * reach any more, follows in pieces (store/history.h). The audit log stays. */
MUST_USE bool project_delete(struct tx *tx, struct id project_id, struct error *err);

struct member_row {
    struct id project_id, user_id;
    struct str email, name;
    int role;
    struct instant created_at;
    struct instant last_seen_at; /* none: never, or before that was written down */
};
extern const struct shape member_shape; /* "Member": output */

/* Owners first, then by name. */
MUST_USE bool member_list(struct tx *tx, struct id project_id, struct arena *arena,
                          struct array *out, struct error *err);
MUST_USE bool member_find(struct tx *tx, struct id project_id, struct id user_id,
                          struct arena *arena, struct member_row *out, bool *found,
                          struct error *err);
/* ERR_CONFLICT when the user is a member already. */
MUST_USE bool member_insert(struct tx *tx, struct id project_id, struct id user_id, int role,
                            struct instant at, struct error *err);
/* Both are ERR_NOT_FOUND for no member, ERR_CONFLICT for the last owner. */
MUST_USE bool member_set_role(struct tx *tx, struct id project_id, struct id user_id, int role,
                              struct error *err);
MUST_USE bool member_delete(struct tx *tx, struct id project_id, struct id user_id,
                            struct error *err);

#endif
