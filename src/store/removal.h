/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows for taking history away in small pieces. A piece is a number of rows, so that a write of the
 * store never lasts: executions go oldest first, each one's steps before itself, perhaps over several
 * pieces; whoever is killed in between goes on where it was.
 */
#ifndef STORE_REMOVAL_H
#define STORE_REMOVAL_H

#include "store/store.h"

/* What of one project's executions is to go. */
struct removal {
    struct id project_id;
    struct id workflow_id; /* none: of all */
    struct id before;      /* only older ones; none: all */
    bool open_too;         /* also those that have not ended */
};

/* What a piece has come to. */
struct removal_piece {
    int64_t executions; /* removed */
    bool more;          /* there may be more */
};

/*
 * Removes up to `rows` rows of steps and executions. *after (ID_NONE at first) is where the next piece
 * goes on.
 */
MUST_USE bool removal_run(struct tx *tx, const struct removal *removal, int64_t rows,
                          struct id *after, struct removal_piece *out, struct error *err);

/* Ids of projects that are gone and have history left. */
MUST_USE bool removal_projects(struct tx *tx, struct arena *arena, struct array *out,
                               struct error *err);
/* Removes up to `rows` rows that a project left beside its executions; at last the note of it, and
 * *more is false. */
MUST_USE bool removal_finish(struct tx *tx, struct id project_id, int64_t rows, bool *more,
                             struct error *err);

struct workflow_of {
    struct id project_id, workflow_id;
};
/* All workflows, also deleted ones, behind this one in order, as struct workflow_of. */
MUST_USE bool removal_workflows(struct tx *tx, struct workflow_of after, int64_t limit,
                                struct arena *arena, struct array *out, struct error *err);
/*
 * The execution that stands `count` places behind `from` (none: before the newest) when a workflow's
 * are counted from the newest; *out is none when there are not so many.
 */
MUST_USE bool removal_nth(struct tx *tx, struct workflow_of workflow, struct id from, int64_t count,
                          struct arena *arena, struct id *out, struct error *err);

/* An idempotency key. */
struct key_row {
    struct id project_id;
    struct str key;
    bool stale; /* its execution is gone, and it is old */
};
/* The `limit` keys behind `after`, in order; stale ones are older than `before`. To be read, not
 * written: of very many keys hardly any go. */
MUST_USE bool removal_look_at_keys(struct tx *tx, const struct key_row *after,
                                   struct instant before, int64_t limit, struct arena *arena,
                                   struct array *out, struct error *err);
/* Removes those that are stale. */
MUST_USE bool removal_stale_keys(struct tx *tx, const struct array *keys, struct error *err);

/*
 * Gives up to `pages` free pages back to the file system when more of the file is free than is worth
 * keeping for new rows. *more: there are more.
 */
MUST_USE bool removal_shrink(struct tx *tx, int64_t pages, bool *more, struct error *err);

#endif
