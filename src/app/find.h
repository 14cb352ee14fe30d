/* SPDX-License-Identifier: Apache-2.0 */
/* From what people call a thing to its id. */
#ifndef APP_FIND_H
#define APP_FIND_H

#include "app/ask.h"

/* By id or exact name. ERR_NOT_FOUND; ERR_CONFLICT when several have the name. */
MUST_USE bool find_project(struct ask *to, struct str project, struct str *id, struct error *err);
/* By address. ERR_NOT_FOUND */
MUST_USE bool find_user(struct ask *to, struct str email, struct str *id, struct error *err);
/* Of a user, by id or by the beginning of its secret (`tieline token list` shows both). */
MUST_USE bool find_token(struct ask *to, struct str email, struct str token, struct str *id,
                         struct error *err);

#endif
