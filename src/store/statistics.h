/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What statistics are made of: a page of a project's executions, the newest first, and the steps of
 * such a page that used a connection. Whoever asks decides how many pages are looked at.
 */
#ifndef STORE_STATISTICS_H
#define STORE_STATISTICS_H

#include "store/store.h"

struct execution_fact {
    struct id id, workflow_id;
    struct str workflow_name; /* as it was at the start */
    int status;               /* enum execution_status; open ones may be older than memory */
    struct instant created_at, started_at, finished_at;
};

struct step_fact {
    struct id connection_id;
    int status; /* enum step_status */
    int64_t attempt_count;
    struct instant started_at, finished_at;
};

struct connection_name {
    struct id id;
    struct str name, connection_type;
    bool deleted;
};

/* Of struct execution_fact, from `first` on (an id), those before `before` (none: from the newest). */
MUST_USE bool statistics_executions(struct tx *tx, struct id project_id, struct id first,
                                    struct id before, int64_t limit, struct arena *arena,
                                    struct array *out, struct error *err);
/* Of struct step_fact: steps of the executions from `first` to `last` that began an attempt. */
MUST_USE bool statistics_steps(struct tx *tx, struct id project_id, struct id first, struct id last,
                               struct arena *arena, struct array *out, struct error *err);
/* Of struct connection_name, deleted ones too. */
MUST_USE bool statistics_connections(struct tx *tx, struct id project_id, struct arena *arena,
                                     struct array *out, struct error *err);

#endif
