/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A few threads for work that blocks, and a line of bounded length before them.
 * Threads: any may hand over work; one opens and closes.
 */
#ifndef API_BLOCKING_H
#define API_BLOCKING_H

#include "base/attr.h"
#include "base/error.h"
#include "base/list.h"

#include <stdbool.h>

/* Work to be done; embed it in a struct of your own. */
struct job {
    struct list_node node; /* the pool's own */
    void (*run)(struct job *job);
};

struct blocking;

/* `line_max`: so many blocking_run() lets wait. */
MUST_USE struct blocking *blocking_open(const char *name, unsigned threads, unsigned line_max);
/* Does what stands in line, then ends the threads. NULL is fine. */
void blocking_close(struct blocking *pool);
/* Blocks: no.  Fails: ERR_TOO_MANY_REQUESTS when the line is full. */
MUST_USE bool blocking_run(struct blocking *pool, struct job *job, struct error *err);
/*
 * The same however long the line is: for what cannot be refused any more, as it comes behind a commit,
 * and is no more than the calls under way.
 */
void blocking_run_surely(struct blocking *pool, struct job *job);

#endif
