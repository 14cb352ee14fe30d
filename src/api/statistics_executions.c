/* SPDX-License-Identifier: Apache-2.0 */
/* executions.statistics: what executions came to, and how long they took: together, over time, by workflow. */
#include "api/statistics.h"

#define EXECUTIONS_MAX 200000
#define EXECUTIONS_PAGE 1000

struct workflow_line {
    struct outcome outcome; /* first: see struct lines */
    struct id workflow_id;
    struct str name;
};
static const struct field workflow_fields[] = {
    { FIELD("workflowId", workflow_line, workflow_id, REQUIRED, "Id of the workflow.") },
    { FIELD("name", workflow_line, name, REQUIRED, "Its name, of the newest execution.") },
    OUTCOME_FIELDS(workflow_line),
    { 0 },
};
static const struct shape line_shape = SHAPE("WorkflowStatistics", workflow_line, workflow_fields);

struct execution_statistics {
    struct covered covered;
    struct outcome outcome;
    struct array slices, workflows;
};
static const struct field statistics_fields[] = {
    { FIELD("since", execution_statistics, covered.since, REQUIRED,
            "What was accepted from here on counts.") },
    { FIELD("until", execution_statistics, covered.until, REQUIRED, "Until here.") },
    { FIELD("complete", execution_statistics, covered.complete, REQUIRED,
            "False: there are more in the range than are counted, the newest 200000.") },
    OUTCOME_FIELDS(execution_statistics),
    { FIELD_LIST("slices", execution_statistics, slices, REQUIRED, &slice_shape,
                 "By the time when they were accepted; empty slices too.") },
    { FIELD_LIST("workflows", execution_statistics, workflows, REQUIRED, &line_shape,
                 "By workflow, the most executions first; 200 at most.") },
    { 0 },
};
static const struct shape statistics_shape =
    SHAPE("ExecutionStatistics", execution_statistics, statistics_fields);

static void count_execution(struct execution_statistics *out, int64_t slice_us, struct lines *lines,
                            struct samples *samples, const struct execution_fact *fact,
                            struct arena *arena)
{
    bool fresh;
    size_t at = lines_find(lines, &fact->workflow_id, &fresh);
    struct workflow_line *line = lines_at(lines, at);
    if (fresh) {
        line->workflow_id = fact->workflow_id;
        line->name = arena_str(arena, fact->workflow_name);
    }
    outcome_count(&line->outcome, fact->status);
    outcome_count(&out->outcome, fact->status);
    outcome_count(&slices_find(&out->slices, slice_us, fact->created_at)->outcome, fact->status);
    if (fact->status == EXECUTION_SUCCEEDED || fact->status == EXECUTION_FAILED)
        samples_take(samples, at, fact->started_at, fact->finished_at);
}

static bool count_all(struct walk *walk, int64_t slice_us, struct lines *lines,
                      struct samples *samples, struct error *err)
{
    struct call *call = walk->call;
    AUTO(arena) scratch = arena_new();
    struct array page;
    do {
        arena_reset(scratch);
        if (!walk_next(walk, scratch, &page, NULL, err))
            return false;
        const struct execution_fact *facts = page.items;
        for (size_t i = 0; i < page.count; i++)
            count_execution(call->output, slice_us, lines, samples, &facts[i], call->arena);
    } while (page.count > 0);
    return true;
}

static bool count_executions(struct call *call, void *context, struct error *err)
{
    const struct statistics_input *in = context;
    struct execution_statistics *out = call->output;
    struct walk walk = statistics_walk(call, in->range, EXECUTIONS_MAX, EXECUTIONS_PAGE);
    int64_t slice_us = statistics_ranges[in->range].slice_ms * 1000;
    struct lines lines = { .map = map_new(), .size = sizeof(struct workflow_line) };
    struct samples samples = { 0 };

    out->slices = slices_make(&walk, slice_us, call->arena);
    bool ok = count_all(&walk, slice_us, &lines, &samples, err);
    if (ok) {
        samples_measure_all(&samples, &out->outcome);
        lines_measure(&lines, &samples);
        out->workflows = lines_rank(&lines, call->arena);
        out->covered = walk_covered(&walk);
    }
    samples_done(&samples);
    lines_done(&lines);
    return ok;
}

static enum answer executions_statistics(struct call *call, const void *input, void *output,
                                         struct error *err)
{
    (void)output;
    return statistics_block(call, input, count_executions, err);
}

const struct procedure execution_statistics_procedures[] = {
    { .path = "executions.statistics",
      .kind = QUERY,
      .needs = PROJECT_READ,
      .about = ABOUT_PROJECT,
      .doc = "What the executions of a range came to, and how long they took: together, over time, "
             "by workflow.",
      .input = &statistics_input_shape,
      .output = &statistics_shape,
      .run = executions_statistics },
    { 0 },
};
