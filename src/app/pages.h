/* SPDX-License-Identifier: Apache-2.0 */
/* Routes beside /trpc.  Threads: the HTTP thread. */
#ifndef APP_PAGES_H
#define APP_PAGES_H

#include "http/server.h"

/* GET /healthz; the context is the store, which says when it was found damaged. */
void page_health(struct exchange *exchange, void *context);
/*
 * Everything that no other route answers: a file of the web page; the page itself for its own routes
 * (web/src/app/router.tsx), also, with 404, where somebody with a browser lost their way; or, in a
 * build without a page, a text that says so.
 */
void page_other(struct exchange *exchange, void *context);

#endif
