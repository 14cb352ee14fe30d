/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of audit_log: who changed what. Never holds a secret, nor text that a person typed. */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include "store/store.h"

struct audit_row {
    struct id id;
    struct id project_id, user_id; /* may be none */
    struct str action;             /* path of the procedure: "connections.update" */
    struct id subject_id;          /* of what was changed; may be none */
    struct json_text detail;       /* may be absent */
    struct instant created_at;
};

/* Id and created_at are filled in when they are none. In the same transaction as the change. */
MUST_USE bool audit_insert(struct tx *tx, const struct audit_row *row, struct error *err);
/* Newest first; project none: what belongs to no project. */
MUST_USE bool audit_list(struct tx *tx, struct id project_id, int64_t limit, struct arena *arena,
                         struct array *out, struct error *err);

#endif
