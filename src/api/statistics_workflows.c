/* SPDX-License-Identifier: Apache-2.0 */
/* workflows.statistics: what the executions of each workflow came to, over time. For a list of them all. */
#include "api/statistics.h"

#include <assert.h>

#define EXECUTIONS_MAX 200000
#define EXECUTIONS_PAGE 1000

struct history_line {
    struct outcome outcome; /* first: see struct lines */
    struct id workflow_id;
    struct slice slices[STATISTICS_SLICES_MAX]; /* as those of the range */
    struct array filled;                        /* made of them at the end */
};
static const struct field line_fields[] = {
    { FIELD("workflowId", history_line, workflow_id, REQUIRED, "Id of the workflow.") },
    { FIELD("executions", history_line, outcome.count, REQUIRED, "All of them.") },
    { FIELD_LIST("slices", history_line, filled, REQUIRED, &slice_shape,
                 "Those with executions, by the time when they were accepted.") },
    { 0 },
};
static const struct shape line_shape = SHAPE("WorkflowHistory", history_line, line_fields);

struct moment {
    struct instant at;
};
static const struct field moment_fields[] = {
    { FIELD("at", moment, at, REQUIRED, "When the slice begins.") },
    { 0 },
};
static const struct shape moment_shape = SHAPE(NULL, moment, moment_fields);

struct workflow_statistics {
    struct covered covered;
    struct array slices, workflows;
};
static const struct field statistics_fields[] = {
    { FIELD("since", workflow_statistics, covered.since, REQUIRED,
            "What was accepted from here on counts.") },
    { FIELD("until", workflow_statistics, covered.until, REQUIRED, "Until here.") },
    { FIELD("complete", workflow_statistics, covered.complete, REQUIRED,
            "False: there are more in the range than are counted, the newest 200000.") },
    { FIELD_LIST("slices", workflow_statistics, slices, REQUIRED, &moment_shape,
                 "All slices of the range.") },
    { FIELD_LIST("workflows", workflow_statistics, workflows, REQUIRED, &line_shape,
                 "Those that were executed.") },
    { 0 },
};
static const struct shape statistics_shape =
    SHAPE("WorkflowHistories", workflow_statistics, statistics_fields);

static bool count_all(struct walk *walk, const struct array *slices, int64_t slice_us,
                      struct lines *lines, struct error *err)
{
    AUTO(arena) scratch = arena_new();
    const struct slice *first = slices->items;
    struct array page;

    do {
        arena_reset(scratch);
        if (!walk_next(walk, scratch, &page, NULL, err))
            return false;
        const struct execution_fact *facts = page.items;
        for (size_t i = 0; i < page.count; i++) {
            bool fresh;
            struct history_line *line =
                lines_at(lines, lines_find(lines, &facts[i].workflow_id, &fresh));
            line->workflow_id = facts[i].workflow_id;
            outcome_count(&line->outcome, facts[i].status);
            ptrdiff_t at = slices_find(slices, slice_us, facts[i].created_at) - first;
            outcome_count(&line->slices[at].outcome, facts[i].status);
        }
    } while (page.count > 0);
    return true;
}

/* Copies of the lines, each with its slices that are not empty. */
static struct array fill(const struct lines *lines, const struct array *slices, struct arena *arena)
{
    const struct slice *times = slices->items;
    struct history_line *kept = ARENA_ARRAY(arena, history_line, lines->count + 1);

    for (size_t i = 0; i < lines->count; i++) {
        kept[i] = *(const struct history_line *)lines_at(lines, i);
        struct slice *filled = ARENA_ARRAY(arena, slice, slices->count);
        size_t count = 0;
        for (size_t at = 0; at < slices->count; at++)
            if (kept[i].slices[at].outcome.count > 0)
                filled[count++] = (struct slice){ times[at].at, kept[i].slices[at].outcome };
        kept[i].filled = (struct array){ filled, count };
    }
    return (struct array){ kept, lines->count };
}

static struct array moments(const struct array *slices, struct arena *arena)
{
    const struct slice *times = slices->items;
    struct moment *all = ARENA_ARRAY(arena, moment, slices->count);

    for (size_t i = 0; i < slices->count; i++)
        all[i].at = times[i].at;
    return (struct array){ all, slices->count };
}

static bool count_workflows(struct call *call, void *context, struct error *err)
{
    const struct statistics_input *in = context;
    struct workflow_statistics *out = call->output;
    struct walk walk = statistics_walk(call, in->range, EXECUTIONS_MAX, EXECUTIONS_PAGE);
    int64_t slice_us = statistics_ranges[in->range].slice_ms * 1000;
    struct lines lines = { .map = map_new(), .size = sizeof(struct history_line) };
    struct array slices = slices_make(&walk, slice_us, call->arena);

    assert(slices.count <= STATISTICS_SLICES_MAX);
    bool ok = count_all(&walk, &slices, slice_us, &lines, err);
    if (ok) {
        out->slices = moments(&slices, call->arena);
        out->workflows = fill(&lines, &slices, call->arena);
        out->covered = walk_covered(&walk);
    }
    lines_done(&lines);
    return ok;
}

static enum answer workflows_statistics(struct call *call, const void *input, void *output,
                                        struct error *err)
{
    (void)output;
    return statistics_block(call, input, count_workflows, err);
}

const struct procedure workflow_statistics_procedures[] = {
    { .path = "workflows.statistics",
      .kind = QUERY,
      .needs = PROJECT_READ,
      .about = ABOUT_PROJECT,
      .doc = "What the executions of each workflow came to, over time.",
      .input = &statistics_input_shape,
      .output = &statistics_shape,
      .run = workflows_statistics },
    { 0 },
};
