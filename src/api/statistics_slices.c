/* SPDX-License-Identifier: Apache-2.0 */
/* Slices of a range, and what executions came to in each. */
#include "api/statistics.h"

static const struct field slice_fields[] = {
    { FIELD("at", slice, at, REQUIRED, "When the slice begins.") },
    { FIELD("succeeded", slice, outcome.succeeded, REQUIRED, "Those that succeeded.") },
    { FIELD("failed", slice, outcome.failed, REQUIRED, "Those that failed.") },
    { FIELD("cancelled", slice, outcome.cancelled, REQUIRED, "Those that were cancelled.") },
    { FIELD("open", slice, outcome.open, REQUIRED, "Those that have not ended.") },
    { 0 },
};
const struct shape slice_shape = SHAPE("StatisticsSlice", slice, slice_fields);

void outcome_count(struct outcome *outcome, int status)
{
    outcome->count++;
    switch ((enum execution_status)status) {
    case EXECUTION_SUCCEEDED:
        outcome->succeeded++;
        break;
    case EXECUTION_FAILED:
        outcome->failed++;
        break;
    case EXECUTION_CANCELLED:
        outcome->cancelled++;
        break;
    case EXECUTION_QUEUED:
    case EXECUTION_RUNNING:
    case EXECUTION_WAITING:
        outcome->open++;
        break;
    }
}

struct slice *slices_find(const struct array *slices, int64_t slice_us, struct instant at)
{
    struct slice *all = slices->items;
    int64_t index = (at.us - all[0].at.us) / slice_us;
    if (at.us < all[0].at.us)
        index = 0;
    if ((size_t)index >= slices->count)
        index = (int64_t)slices->count - 1;
    return &all[index];
}

struct array slices_make(const struct walk *walk, int64_t slice_us, struct arena *arena)
{
    int64_t first = walk->since.us / slice_us, last = walk->until.us / slice_us;
    size_t count = (size_t)(last - first) + 1;
    struct slice *all = ARENA_ARRAY(arena, slice, count);
    for (size_t i = 0; i < count; i++)
        all[i].at.us = (first + (int64_t)i) * slice_us;
    return (struct array){ all, count };
}
