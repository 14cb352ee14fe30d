/* SPDX-License-Identifier: Apache-2.0 */
/* What a user may see: from an id to its project and the user's role there, in one statement. */
#ifndef STORE_RIGHTS_H
#define STORE_RIGHTS_H

#include "store/projects.h"
#include "store/store.h"

enum right_subject {
    RIGHT_OF_PROJECT,
    RIGHT_OF_CONNECTION, /* not deleted */
    RIGHT_OF_WORKFLOW,   /* not deleted */
    RIGHT_OF_EXECUTION,
};

struct right_row {
    struct id project_id;
    int role; /* enum role */
};

/*
 * Not found: there is no such thing in any project of which the user is a member. No user: of all
 * projects, as their owner; for the operator of the server.
 */
MUST_USE bool right_find(struct tx *tx, enum right_subject subject, struct id user_id, struct id id,
                         struct right_row *out, bool *found, struct error *err);

#endif
