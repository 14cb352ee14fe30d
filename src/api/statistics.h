/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statistics of a project's executions: of the last day, week or month.
 *
 * They are read page by page, the newest first, on a thread that may block; so many executions at
 * most, and for so long, that an answer costs the same however many are stored. An answer that did
 * not reach the beginning of its range says since when it counts.
 */
#ifndef API_STATISTICS_H
#define API_STATISTICS_H

#include "api/internal.h"
#include "base/map.h"
#include "base/time.h"
#include "store/statistics.h"

struct statistics_range {
    int64_t ms, slice_ms;
};
extern const struct statistics_range statistics_ranges[]; /* by statistics_input.range */

struct statistics_input {
    struct id project_id;
    int range;
};
extern const struct shape statistics_input_shape;

/* --- what came out, and how long it took --- */

struct outcome {
    int64_t count, succeeded, failed, cancelled, open;
    struct opt_int median_ms, p95_ms;
};

#define OUTCOME_FIELDS(type)                                                                       \
    { FIELD("executions", type, outcome.count, REQUIRED, "All of them.") },                        \
        { FIELD("succeeded", type, outcome.succeeded, REQUIRED, "Those that succeeded.") },        \
        { FIELD("failed", type, outcome.failed, REQUIRED, "Those that failed.") },                 \
        { FIELD("cancelled", type, outcome.cancelled, REQUIRED, "Those that were cancelled.") },   \
        { FIELD("open", type, outcome.open, REQUIRED, "Those that have not ended.") },             \
        { FIELD("medianMs", type, outcome.median_ms, OPTIONAL,                                     \
                "Half of those that succeeded or failed took at most so long.") },                 \
    {                                                                                              \
        FIELD("p95Ms", type, outcome.p95_ms, OPTIONAL, "95 of 100 took at most so long.")          \
    }

/* Counts one of this status (enum execution_status). */
void outcome_count(struct outcome *outcome, int status);

/* A piece of a range; pieces begin at whole hours or days, UTC. */
struct slice {
    struct instant at;
    struct outcome outcome;
};
extern const struct shape slice_shape; /* "StatisticsSlice" */
/* More slices than any range has. */
#define STATISTICS_SLICES_MAX 32

/* How long one took, and whose it was: the number of its line. */
struct sample {
    size_t line;
    int64_t us;
};

struct samples { /* zeroed at first */
    struct sample *items;
    size_t count, room;
};

void samples_done(struct samples *samples);
/* Takes nothing when either is absent. */
void samples_take(struct samples *samples, size_t line, struct instant from, struct instant to);
void samples_measure_all(struct samples *samples, struct outcome *out);

/* --- lines of a table, found by id --- */

/* `size` is that of a line, a struct whose first member is its outcome. */
struct lines {
    struct map *map;
    void *items;
    size_t size, count, room;
};

void lines_done(struct lines *lines);
/* The line's number; *fresh when it is a new one, all zero. */
size_t lines_find(struct lines *lines, const struct id *id, bool *fresh);
/* Valid until the next lines_find(). */
void *lines_at(const struct lines *lines, size_t number);
/* Each line's times. */
void lines_measure(struct lines *lines, struct samples *samples);
/* Those that count most, in order; their numbers are void then. */
struct array lines_rank(struct lines *lines, struct arena *arena);

/* --- the walk --- */

struct walk {
    struct call *call;
    struct instant since, until, reached;
    struct id first, before;
    size_t left, page;
    struct deadline by;
    bool complete; /* it came to the beginning of the range */
};

/* What of its range was counted. */
struct covered {
    struct instant since, until;
    bool complete;
};

struct walk statistics_walk(struct call *call, int range, size_t most, size_t page);
/* Empty slices from the beginning of the walk to now. */
struct array slices_make(const struct walk *walk, int64_t slice_us, struct arena *arena);
/* The slice that a moment lies in. */
struct slice *slices_find(const struct array *slices, int64_t slice_us, struct instant at);
/* Does the counting on a thread that may take its time, with a copy of the input as its context. */
enum answer statistics_block(struct call *call, const struct statistics_input *input,
                             api_work *count, struct error *err);
/* The next executions (struct execution_fact), none at the end; with `steps`, theirs. Resets the
 * arena.   Blocks. */
MUST_USE bool walk_next(struct walk *walk, struct arena *arena, struct array *out,
                        struct array *steps, struct error *err);
struct covered walk_covered(const struct walk *walk);

#endif
