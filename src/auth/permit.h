/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may do what: one table of rights and roles. A project's right is looked up by the id that the
 * input names, through the caller's memberships: an id of a project that the caller does not belong
 * to answers exactly like an unknown one.
 */
#ifndef AUTH_PERMIT_H
#define AUTH_PERMIT_H

#include "auth/session.h"
#include "base/attr.h"
#include "base/error.h"
#include "base/id.h"
#include "rpc/procedure.h"
#include "store/projects.h"

#include <stdbool.h>

/* What is asked for. */
struct permit_question {
    enum procedure_right needs;
    enum procedure_about about;
    struct id id;  /* of what it is about */
    bool mutation; /* which a read-only token may not */
};

/*
 * Fills the project and the caller's role (enum role); both stay as they are when it is about
 * nothing.
 *   Fails   ERR_UNAUTHORIZED not signed in · ERR_FORBIDDEN not an admin, role too low, or a read-only
 *           token · ERR_NOT_FOUND no such thing in the caller's projects
 *   Blocks  on a read of the store when it is not remembered.  Threads: any.
 */
MUST_USE bool permit(struct auth *auth, const struct caller *caller,
                     const struct permit_question *question, struct id *project_id, int *role,
                     struct error *err);

/*
 * The same for a call: the question comes from its procedure and input, the answer goes to
 * call->project_id and call->role. Mutations by cookie must come from our own page: header
 * `x-tieline: 1` and a matching Origin or Sec-Fetch-Site, else ERR_FORBIDDEN.
 */
MUST_USE bool permit_call(struct auth *auth, struct call *call, const void *input,
                          struct error *err);

#endif
