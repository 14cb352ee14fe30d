/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps the history from growing for ever: a thread that removes old executions, what deleted
 * projects left behind, and keys that nobody will use again; then gives the room back to the file
 * system.
 *
 * It works in pieces of a few milliseconds, with longer pauses between them, so that no other write
 * notices. Only executions that have ended are removed for their age or number.
 *
 * Age is counted by the wall clock. When that is set by more than a minute while the process runs, a
 * day passes before anything is removed for its age again: a clock that was set wrong must not cost
 * the history.
 */
#ifndef STORE_HISTORY_H
#define STORE_HISTORY_H

#include "store/store.h"

struct history;

struct history_config {
    struct store *store;
    int64_t keep_days; /* 0: whatever their age */
    int64_t keep;      /* the newest so many of each workflow; 0: all */
    int64_t every_ms;  /* between two looks */
};

/* What it has done since it was opened. */
struct history_stats {
    int64_t looks;      /* finished */
    int64_t executions; /* removed */
    int64_t projects;   /* of which nothing is left */
    int64_t failures;   /* looks that were given up; the next one goes on */
};

/* Starts the thread; the first look is at once. Never NULL. */
struct history *history_open(const struct history_config *config);
/* Ends it within one piece. NULL is fine. */
void history_close(struct history *history);
void history_stats(struct history *history, struct history_stats *out);

#endif
