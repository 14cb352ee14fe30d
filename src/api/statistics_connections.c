/* SPDX-License-Identifier: Apache-2.0 */
/* connections.statistics: what the steps that used each connection came to, and how long they took. */
#include "api/statistics.h"

#define STEPS_OF_MAX 30000
#define STEPS_OF_PAGE 200

struct connection_line {
    struct outcome outcome; /* first: see struct lines */
    struct id connection_id;
    struct str name, connection_type;
    struct opt_bool deleted;
    int64_t retries;
};
static const struct field connection_fields[] = {
    { FIELD("connectionId", connection_line, connection_id, REQUIRED, "Id of the connection.") },
    { FIELD("name", connection_line, name, REQUIRED, "Its name.") },
    { FIELD("connectionType", connection_line, connection_type, REQUIRED, "Its kind.") },
    { FIELD("deleted", connection_line, deleted, OPTIONAL, "True: it was deleted.") },
    { FIELD("steps", connection_line, outcome.count, REQUIRED, "Steps that used it.") },
    { FIELD("succeeded", connection_line, outcome.succeeded, REQUIRED, "Those that succeeded.") },
    { FIELD("failed", connection_line, outcome.failed, REQUIRED, "Those that failed.") },
    { FIELD("retries", connection_line, retries, REQUIRED,
            "Attempts behind the first of a step.") },
    { FIELD("medianMs", connection_line, outcome.median_ms, OPTIONAL,
            "Half of the steps that succeeded or failed took at most so long, waits between "
            "attempts included.") },
    { FIELD("p95Ms", connection_line, outcome.p95_ms, OPTIONAL,
            "95 of 100 took at most so long.") },
    { 0 },
};
static const struct shape line_shape =
    SHAPE("ConnectionStatistics", connection_line, connection_fields);

struct connections_statistics {
    struct covered covered;
    struct array connections;
};
static const struct field by_connection_fields[] = {
    { FIELD("since", connections_statistics, covered.since, REQUIRED,
            "Steps of executions that were accepted from here on count.") },
    { FIELD("until", connections_statistics, covered.until, REQUIRED, "Until here.") },
    { FIELD("complete", connections_statistics, covered.complete, REQUIRED,
            "False: there are more in the range than are counted, those of the newest 30000 "
            "executions.") },
    { FIELD_LIST("connections", connections_statistics, connections, REQUIRED, &line_shape,
                 "By connection, the most steps first; 200 at most.") },
    { 0 },
};
static const struct shape by_connection_shape =
    SHAPE(NULL, connections_statistics, by_connection_fields);

static void count_step(struct lines *lines, struct samples *samples, const struct step_fact *fact)
{
    bool fresh;
    size_t at = lines_find(lines, &fact->connection_id, &fresh);
    struct connection_line *line = lines_at(lines, at);
    line->connection_id = fact->connection_id;
    line->outcome.count++;
    line->outcome.succeeded += fact->status == STEP_SUCCEEDED;
    line->outcome.failed += fact->status == STEP_STATUS_FAILED;
    line->retries += fact->attempt_count - 1;
    if (fact->status == STEP_SUCCEEDED || fact->status == STEP_STATUS_FAILED)
        samples_take(samples, at, fact->started_at, fact->finished_at);
}

static bool count_all(struct walk *walk, struct lines *lines, struct samples *samples,
                      struct error *err)
{
    AUTO(arena) scratch = arena_new();
    struct array page, steps;
    for (;;) {
        arena_reset(scratch);
        if (!walk_next(walk, scratch, &page, &steps, err))
            return false;
        if (page.count == 0)
            return true;
        const struct step_fact *facts = steps.items;
        for (size_t i = 0; i < steps.count; i++)
            count_step(lines, samples, &facts[i]);
    }
}

/* Connections that were used; deleted ones are still known. */
static bool name_lines(struct call *call, struct lines *lines, struct error *err)
{
    struct array names;
    AUTO(tx) tx = store_read(services_of(call)->store, api_scope(call), err);
    if (!tx || !statistics_connections(tx, call->project_id, call->arena, &names, err))
        return false;
    const struct connection_name *known = names.items;
    for (size_t i = 0; i < names.count; i++) {
        void *at = map_find(lines->map, id_key(&known[i].id));
        if (!at)
            continue;
        struct connection_line *line = lines_at(lines, (size_t)at - 1);
        line->name = known[i].name;
        line->connection_type = known[i].connection_type;
        line->deleted = (struct opt_bool){ known[i].deleted, known[i].deleted };
    }
    return true;
}

static bool count_connections(struct call *call, void *context, struct error *err)
{
    const struct statistics_input *in = context;
    struct connections_statistics *out = call->output;
    struct walk walk = statistics_walk(call, in->range, STEPS_OF_MAX, STEPS_OF_PAGE);
    struct lines lines = { .map = map_new(), .size = sizeof(struct connection_line) };
    struct samples samples = { 0 };

    bool ok = count_all(&walk, &lines, &samples, err) && name_lines(call, &lines, err);
    if (ok) {
        lines_measure(&lines, &samples);
        out->connections = lines_rank(&lines, call->arena);
        out->covered = walk_covered(&walk);
    }
    samples_done(&samples);
    lines_done(&lines);
    return ok;
}

static enum answer connections_statistics(struct call *call, const void *input, void *output,
                                          struct error *err)
{
    (void)output;
    return statistics_block(call, input, count_connections, err);
}

const struct procedure connection_statistics_procedures[] = {
    { .path = "connections.statistics",
      .kind = QUERY,
      .needs = PROJECT_READ,
      .about = ABOUT_PROJECT,
      .doc = "What the steps of a range came to, and how long they took, by connection.",
      .input = &statistics_input_shape,
      .output = &by_connection_shape,
      .run = connections_statistics },
    { 0 },
};
