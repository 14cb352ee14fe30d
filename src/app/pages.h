/* SPDX-License-Identifier: Apache-2.0 */
/* Routes beside /trpc.  Threads: the HTTP thread. */
#ifndef APP_PAGES_H
#define APP_PAGES_H

#include "http/server.h"

/* GET /healthz */
void page_health(struct exchange *exchange, void *context);
/* Everything that no other route answers: this build has no web page, and says where the API is. */
void page_other(struct exchange *exchange, void *context);

#endif
