/* SPDX-License-Identifier: Apache-2.0 */
/* What statistics have in common: the walk through a range, lines of a table, times. */
#include "api/statistics.h"

#include <stdlib.h>

#include "base/mem.h"

#define TIME_MS 3000
/* Lines of a table at most: those with the most executions, or steps. */
#define LINES_MAX 200

#define HOUR_MS ((int64_t)3600 * 1000)
#define DAY_MS (24 * HOUR_MS)

enum range {
    RANGE_DAY = 1,
    RANGE_WEEK,
    RANGE_MONTH,
};
static const char *const range_names[] = { NULL, "24h", "7d", "30d", NULL };
const struct statistics_range statistics_ranges[] = {
    [RANGE_DAY] = { DAY_MS, HOUR_MS },
    [RANGE_WEEK] = { 7 * DAY_MS, 6 * HOUR_MS },
    [RANGE_MONTH] = { 30 * DAY_MS, DAY_MS },
};

static const struct field input_fields[] = {
    { FIELD("projectId", statistics_input, project_id, REQUIRED, "Id of the project.") },
    { FIELD_ENUM("range", statistics_input, range, REQUIRED, range_names,
                 "How far back: a day, a week, 30 days.") },
    { 0 },
};
const struct shape statistics_input_shape = SHAPE(NULL, statistics_input, input_fields);

/* --- times --- */

static int by_time(const void *a, const void *b)
{
    const struct sample *one = a, *other = b;
    return (one->us > other->us) - (one->us < other->us);
}

static int by_line(const void *a, const void *b)
{
    const struct sample *one = a, *other = b;
    if (one->line != other->line)
        return one->line < other->line ? -1 : 1;
    return by_time(a, b);
}

static struct opt_int percentile(const struct sample *sorted, size_t count, size_t hundredths)
{
    size_t rank = (count * hundredths + 99) / 100;
    return (struct opt_int){ true, (sorted[rank - 1].us + 500) / 1000 };
}

static void measure(struct outcome *out, const struct sample *sorted, size_t count)
{
    if (count == 0)
        return;
    out->median_ms = percentile(sorted, count, 50);
    out->p95_ms = percentile(sorted, count, 95);
}

void samples_done(struct samples *samples)
{
    free(samples->items);
}

void samples_take(struct samples *samples, size_t line, struct instant from, struct instant to)
{
    if (!instant_set(from) || !instant_set(to))
        return;
    if (samples->count == samples->room) {
        samples->room = samples->room ? 2 * samples->room : 1024;
        samples->items = xrealloc(samples->items, samples->room * sizeof(*samples->items));
    }
    int64_t us = to.us > from.us ? to.us - from.us : 0; /* clocks are set */
    samples->items[samples->count++] = (struct sample){ line, us };
}

void lines_measure(struct lines *lines, struct samples *samples)
{
    if (samples->count > 0)
        qsort(samples->items, samples->count, sizeof(*samples->items), by_line);
    for (size_t at = 0; at < samples->count;) {
        size_t end = at, line = samples->items[at].line;
        while (end < samples->count && samples->items[end].line == line)
            end++;
        measure(lines_at(lines, line), samples->items + at, end - at);
        at = end;
    }
}

void samples_measure_all(struct samples *samples, struct outcome *out)
{
    if (samples->count > 0)
        qsort(samples->items, samples->count, sizeof(*samples->items), by_time);
    measure(out, samples->items, samples->count);
}

/* --- lines --- */

void lines_done(struct lines *lines)
{
    map_free(lines->map);
    free(lines->items);
}

void *lines_at(const struct lines *lines, size_t number)
{
    return (char *)lines->items + number * lines->size;
}

size_t lines_find(struct lines *lines, const struct id *id, bool *fresh)
{
    void *known = map_find(lines->map, id_key(id));
    *fresh = !known;
    if (known)
        return (size_t)known - 1;
    if (lines->count == lines->room) {
        lines->room = lines->room ? 2 * lines->room : 64;
        lines->items = xrealloc(lines->items, lines->room * lines->size);
    }
    memset(lines_at(lines, lines->count), 0, lines->size);
    lines->count++;
    (void)map_put(lines->map, id_key(id), (void *)lines->count);
    return lines->count - 1;
}

/* All kinds of line begin with their outcome. */
static int by_count(const void *a, const void *b)
{
    const struct outcome *one = a, *other = b;
    return (one->count < other->count) - (one->count > other->count);
}

struct array lines_rank(struct lines *lines, struct arena *arena)
{
    size_t count = lines->count < LINES_MAX ? lines->count : LINES_MAX;
    void *kept = arena_alloc(arena, (count + 1) * lines->size);
    if (lines->count > 0) {
        qsort(lines->items, lines->count, lines->size, by_count);
        memcpy(kept, lines->items, count * lines->size);
    }
    return (struct array){ kept, count };
}

/* --- the walk --- */

enum answer statistics_block(struct call *call, const struct statistics_input *input,
                             api_work *count, struct error *err)
{
    struct statistics_input *kept = ARENA_NEW(call->arena, statistics_input);

    *kept = *input;
    return api_block(call, services_of(call)->counting, count, kept, err);
}

struct walk statistics_walk(struct call *call, int range, size_t most, size_t page)
{
    struct instant now = instant_now();
    struct instant since = instant_add_ms(now, -statistics_ranges[range].ms);
    return (struct walk){ .call = call,
                          .since = since,
                          .until = now,
                          .first = id_first_at(since),
                          .left = most,
                          .page = page,
                          .by = deadline_in_ms(TIME_MS) };
}

static bool read_page(struct walk *walk, struct arena *arena, struct array *out,
                      struct array *steps, struct error *err)
{
    struct call *call = walk->call;
    AUTO(tx) tx = store_read(services_of(call)->store, api_scope(call), err);
    if (!tx || !statistics_executions(tx, call->project_id, walk->first, walk->before,
                                      (int64_t)walk->page, arena, out, err))
        return false;
    const struct execution_fact *facts = out->items;
    return !steps || out->count == 0 ||
           statistics_steps(tx, call->project_id, facts[out->count - 1].id, facts[0].id, arena,
                            steps, err);
}

bool walk_next(struct walk *walk, struct arena *arena, struct array *out, struct array *steps,
               struct error *err)
{
    *out = (struct array){ NULL, 0 };
    if (walk->left < walk->page)
        walk->page = walk->left;
    if (walk->complete || walk->page == 0 || deadline_passed(walk->by))
        return true;
    while (!read_page(walk, arena, out, steps, err)) {
        /* Reads are cut after a while; long inputs make rows slow to get past. */
        if (err->code != ERR_UNAVAILABLE || walk->page == 1 || deadline_passed(walk->by))
            return false;
        *err = (struct error){ 0 };
        walk->page = walk->page > 8 ? walk->page / 8 : 1;
        arena_reset(arena);
    }
    walk->complete = out->count < walk->page;
    walk->left -= out->count;
    if (out->count == 0)
        return true;
    const struct execution_fact *last = (const struct execution_fact *)out->items + out->count - 1;
    walk->before = last->id;
    walk->reached = last->created_at;
    return true;
}

struct covered walk_covered(const struct walk *walk)
{
    bool whole = walk->complete || !instant_set(walk->reached);
    return (struct covered){ whole ? walk->since : walk->reached, walk->until, walk->complete };
}
