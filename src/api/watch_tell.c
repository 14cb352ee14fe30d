/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is sent to who watches.
 *
 * An execution is looked at as a whole; of what looks other than last time each stream gets what is
 * newer than what it has seen. With its end, which comes last, the sequence is over.
 *
 * A project's events say which execution came to which status. A status on the way is told as it is
 * by now, or not at all when a later event tells more; the end is told with the event that says it,
 * once.
 */
#include "api/watch_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/internal.h"
#include "base/arena.h"
#include "base/mem.h"
#include "engine/engine.h"
#include "store/executions.h"

/* Executions that a stream of a project begins with. */
#define FIRST_PAGE 50
/* Events of a project that are told in one go. */
#define BATCH 256
/* Failures of reading in a row, a tenth of a second apart, before streams end with the error. */
#define FAILURES_MAX 50

enum watch_type {
    WATCH_EXECUTION = 1,
    WATCH_STEP,
    WATCH_GAP,
};
static const char *const type_names[] = { NULL, "execution", "step", "gap", NULL };

struct watch_event {
    int type;
    struct execution_row *execution;
    struct id execution_id;
    struct step_row *step;
    struct opt_bool partial;
};
static const struct field event_fields[] = {
    { FIELD_ENUM("type", watch_event, type, REQUIRED, type_names,
                 "gap: what came in between is not known any more, fetch again.") },
    { FIELD_SHAPE("execution", watch_event, execution, OPTIONAL, &execution_summary_shape,
                  "Of an execution: as it is now.") },
    { FIELD("executionId", watch_event, execution_id, OPTIONAL, "Of a step: whose it is.") },
    { FIELD_SHAPE("step", watch_event, step, OPTIONAL, &step_shape, "Of a step: as it is now.") },
    { FIELD("partial", watch_event, partial, OPTIONAL,
            "True: the step's input or output is too long for an event; executions.get has it.") },
    { 0 },
};
const struct shape watch_event_shape = SHAPE("WatchEvent", watch_event, event_fields);

/* --- one stream --- */

/* False when it has to wait until the stream has taken what it got, or when that is over. */
static bool send_event(struct stream *stream, struct str id, const struct watch_event *event)
{
    (void)pthread_mutex_lock(&stream->lock);
    if (stream->call && call_backlog(stream->call) > WATCH_BACKLOG_MAX)
        stream->lagging = true;
    bool open = stream->call && !stream->lagging;
    if (open)
        call_event(stream->call, id, event);
    (void)pthread_mutex_unlock(&stream->lock);
    return open;
}

static struct str place_id(const struct watched *watched, uint64_t place, struct arena *arena)
{
    return arena_printf(arena, "%s.%llu", watched->tag, (unsigned long long)place);
}

/* The store was busy, perhaps: true when it is tried again, some times in a row. */
static bool put_off(struct watched *watched, const struct error *err)
{
    watched->again = err->code != ERR_NOT_FOUND && ++watched->failures < FAILURES_MAX;
    return watched->again;
}

static void end_all(const struct audience *to, const struct error *err)
{
    for (size_t i = 0; i < to->count; i++)
        stream_end(to->streams[i], err);
}

/* --- an execution --- */

static uint64_t mix(uint64_t sum, uint64_t value)
{
    return (sum ^ value) * 1099511628211U;
}

static uint64_t look_of_execution(const struct execution_row *row)
{
    uint64_t sum = mix(14695981039346656037U, (uint64_t)row->status);
    sum = mix(sum, (uint64_t)row->started_at.us);
    sum = mix(sum, (uint64_t)row->finished_at.us);
    return sum | 1;
}

static uint64_t look_of_step(const struct step_row *step)
{
    const struct attempt *attempts = step->attempts.items;
    uint64_t sum = mix(14695981039346656037U, (uint64_t)step->status);
    sum = mix(sum, (uint64_t)step->attempt_count);
    sum = mix(sum, step->attempts.count);
    if (step->attempts.count > 0)
        sum = mix(sum, (uint64_t)attempts[step->attempts.count - 1].status);
    sum = mix(sum, (uint64_t)step->started_at.us);
    sum = mix(sum, (uint64_t)step->finished_at.us);
    sum = mix(sum, (uint64_t)step->retry_at.us);
    sum = mix(sum, str_set(step->input.text));
    return sum | 1;
}

static void mark(struct watched *watched, struct mark *mark, uint64_t look)
{
    if (mark->look == look)
        return;
    mark->look = look;
    mark->revision = ++watched->revision;
}

/* The end comes behind everything that led to it. */
static void mark_changes(struct watched *watched, const struct execution_row *row)
{
    const struct step_row *steps = row->steps.items;
    bool ended = execution_status_ended(row->status);

    if (!watched->steps) {
        watched->steps = xcalloc(row->steps.count + 1, sizeof(*watched->steps));
        watched->step_count = row->steps.count;
    }
    if (!ended)
        mark(watched, &watched->execution, look_of_execution(row));
    for (size_t i = 0; i < watched->step_count && i < row->steps.count; i++)
        mark(watched, &watched->steps[i], look_of_step(&steps[i]));
    if (ended)
        mark(watched, &watched->execution, look_of_execution(row));
}

struct part {
    uint64_t revision;
    struct step_row *step; /* NULL: the execution */
};

static int by_revision(const void *a, const void *b)
{
    const struct part *one = a, *other = b;
    return one->revision < other->revision ? -1 : one->revision > other->revision;
}

/* What is newer than `seen`, in the order in which it changed. */
static size_t find_parts(const struct watched *watched, const struct execution_row *row,
                         uint64_t seen, struct part *out)
{
    struct step_row *steps = row->steps.items;
    size_t count = 0;

    if (watched->execution.revision > seen)
        out[count++] = (struct part){ watched->execution.revision, NULL };
    for (size_t i = 0; i < watched->step_count; i++)
        if (watched->steps[i].revision > seen)
            out[count++] = (struct part){ watched->steps[i].revision, &steps[i] };
    qsort(out, count, sizeof(*out), by_revision);
    return count;
}

/* Texts that were left out are present and empty. */
static struct watch_event step_event(const struct execution_row *row, struct step_row *step)
{
    struct watch_event event = { .type = WATCH_STEP, .execution_id = row->id, .step = step };
    struct json_text *texts[] = { &step->input, &step->output };

    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (str_set(texts[i]->text) && texts[i]->text.len == 0)
            event.partial = (struct opt_bool){ true, true };
    return event;
}

static bool send_part(struct stream *stream, struct execution_row *row, const struct part *part,
                      struct arena *arena)
{
    char id_text[ID_TEXT_SIZE];

    if (part->step) {
        struct watch_event event = step_event(row, part->step);
        struct step_row shown = *part->step;
        if (shown.input.text.len == 0)
            shown.input.text = STR_NULL;
        if (shown.output.text.len == 0)
            shown.output.text = STR_NULL;
        event.step = &shown;
        return send_event(stream, place_id(stream->watched, part->revision, arena), &event);
    }
    struct watch_event event = { .type = WATCH_EXECUTION, .execution = row };
    struct str id = place_id(stream->watched, part->revision, arena);
    if (execution_status_ended(row->status))
        id = arena_printf(arena, STR_FMT ".end", STR_ARG(id_format(row->id, id_text)));
    return send_event(stream, id, &event);
}

static void catch_up(struct watches *watches, struct stream *stream, struct execution_row *row,
                     struct part *parts)
{
    struct arena *arena = watches->arena;

    if (!execution_status_ended(row->status))
        stream->has_seen_end = false; /* of another one, perhaps */
    size_t count = find_parts(stream->watched, row, stream->seen, parts), sent = 0;

    while (sent < count && !stream->has_seen_end && send_part(stream, row, &parts[sent], arena))
        stream->seen = parts[sent++].revision;
    if (execution_status_ended(row->status) && (stream->has_seen_end || sent == count))
        stream_end(stream, NULL);
}

void tell_execution(struct watches *watches, struct watched *watched, const struct audience *to)
{
    struct execution_row row;
    struct error err = { 0 };
    bool found;

    bool ok = engine_glance(watches->engine, watched->topic.project_id, watched->topic.execution_id,
                            watches->arena, &row, &found, &err);
    if (ok && !found)
        ok = fail(&err, ERR_NOT_FOUND, "no such execution");
    if (!ok) {
        if (!put_off(watched, &err))
            end_all(to, &err);
        return;
    }
    watched->failures = 0;
    api_advise(&row);
    mark_changes(watched, &row);
    struct part *parts = ARENA_ARRAY(watches->arena, part, row.steps.count + 1);
    for (size_t i = 0; i < to->count; i++) {
        watches_judge(watches, false);
        catch_up(watches, to->streams[i], &row, parts);
    }
}

/* --- a project --- */

/* Events from number `from` on, and the rows that they are about. */
struct batch {
    struct watched *watched;
    uint64_t from;
    struct event events[BATCH];
    size_t count;
    struct tx *tx;
    const struct execution_row *told; /* ended ones among these were told already */
    size_t told_count;
};

static bool is_told(const struct batch *batch, struct id id)
{
    for (size_t i = 0; i < batch->told_count; i++)
        if (id_eq(batch->told[i].id, id) && execution_status_ended(batch->told[i].status))
            return true;
    return false;
}

static bool is_overtaken(const struct batch *batch, size_t at)
{
    for (size_t i = at + 1; i < batch->count; i++)
        if (id_eq(batch->events[i].execution_id, batch->events[at].execution_id))
            return true;
    return false;
}

/* The execution of an event as it is now; *tell: this event is the one to say so. */
static bool load(struct watches *watches, const struct batch *batch, size_t at, struct arena *arena,
                 struct execution_row *row, bool *tell, struct error *err)
{
    const struct event *event = &batch->events[at];
    bool ended = execution_status_ended(event->status), found;

    *tell = !is_overtaken(batch, at) && !is_told(batch, event->execution_id);
    if (!*tell)
        return true;
    if (!execution_find(batch->tx, batch->watched->topic.project_id, event->execution_id, arena,
                        row, &found, err))
        return false;
    if (found && !ended)
        engine_refresh(watches->engine, row, 1);
    *tell = found && execution_status_ended(row->status) == ended;
    return true;
}

static bool tell_batch(struct watches *watches, struct batch *batch, const struct audience *to,
                       struct error *err)
{
    AUTO(arena) arena = arena_new();
    for (size_t at = 0; at < batch->count; at++) {
        uint64_t number = batch->from + at;
        struct execution_row row;
        bool tell;
        arena_reset(arena);
        if (!load(watches, batch, at, arena, &row, &tell, err))
            return false;
        struct watch_event event = { .type = WATCH_EXECUTION, .execution = &row };
        struct str id = place_id(batch->watched, number + 1, arena);
        for (size_t i = 0; i < to->count; i++) {
            struct stream *stream = to->streams[i];
            if (stream->seen == number && (!tell || send_event(stream, id, &event)))
                stream->seen = number + 1;
        }
    }
    return true;
}

/* Tells the events from `from` on, those from `until` on excepted, in batches. */
static bool tell_events(struct watches *watches, struct batch *batch, uint64_t until,
                        const struct audience *to, struct error *err)
{
    while (batch->from < until) {
        if (!events_read(watches->events, &batch->watched->topic, batch->from, batch->events, BATCH,
                         &batch->count))
            return true; /* too late: the next round tells of the gap */
        if (until - batch->from < batch->count)
            batch->count = (size_t)(until - batch->from);
        AUTO(tx)
        tx = store_read(watches->store, scope_project(batch->watched->topic.project_id), err);
        batch->tx = tx;
        watches_judge(watches, false);
        if (!tx || !tell_batch(watches, batch, to, err))
            return false;
        batch->from += batch->count;
    }
    return true;
}

/* The newest executions; the end of those that are about to end comes as an event. */
static bool first_page(struct watches *watches, struct id project_id, struct array *out,
                       struct error *err)
{
    struct execution_filter newest = { .project_id = project_id, .limit = FIRST_PAGE };
    AUTO(tx) tx = store_read(watches->store, scope_project(project_id), err);
    if (!tx || !execution_list(tx, &newest, watches->arena, out, err))
        return false;
    struct execution_row *rows = out->items;
    size_t kept = 0;
    for (size_t i = 0; i < out->count; i++)
        if (!execution_status_ended(rows[i].status) ||
            !engine_is_ending(watches->engine, rows[i].id))
            rows[kept++] = rows[i];
    out->count = kept;
    engine_refresh(watches->engine, rows, kept);
    return true;
}

/*
 * How things stand, oldest first. What happened while that was being found out is told behind it,
 * unless it is in there.
 */
static bool begin_project(struct watches *watches, struct stream *stream, struct error *err)
{
    struct watched *watched = stream->watched;
    struct array page;

    stream->seen = events_count(watches->events, &watched->topic);
    if (!first_page(watches, watched->topic.project_id, &page, err))
        return false;
    struct batch batch = {
        .watched = watched, .from = stream->seen, .told = page.items, .told_count = page.count
    };
    uint64_t until = events_count(watches->events, &watched->topic);
    struct execution_row *rows = page.items;
    struct str unfinished = arena_printf(watches->arena, "%s." WATCH_UNFINISHED, watched->tag);
    struct str finished = place_id(watched, stream->seen, watches->arena);
    for (size_t i = page.count; i-- > 0;) {
        struct watch_event event = { .type = WATCH_EXECUTION, .execution = &rows[i] };
        (void)send_event(stream, i > 0 ? unfinished : finished, &event);
    }
    struct audience alone = { &stream, 1 };
    return tell_events(watches, &batch, until, &alone, err);
}

/* Whoever is too far behind goes on with what comes next. False: not even that can be told now. */
static bool skip_gap(struct watches *watches, struct stream *stream)
{
    struct watched *watched = stream->watched;
    uint64_t count = events_count(watches->events, &watched->topic);
    struct watch_event gap = { .type = WATCH_GAP };

    if (!stream->lost_track && stream->seen <= count && count - stream->seen <= EVENTS_KEPT)
        return true;
    if (!send_event(stream, place_id(watched, count, watches->arena), &gap))
        return false;
    stream->seen = count;
    stream->lost_track = false;
    return true;
}

void tell_project(struct watches *watches, struct watched *watched, const struct audience *to)
{
    uint64_t until = events_count(watches->events, &watched->topic), from = until;
    struct error err = { 0 };

    for (size_t i = 0; i < to->count; i++) {
        struct stream *stream = to->streams[i];
        watches_judge(watches, false);
        if (stream->fresh) {
            stream->fresh = false;
            if (!begin_project(watches, stream, &err))
                stream_end(stream, &err);
        } else if (skip_gap(watches, stream) && stream->seen < from) {
            from = stream->seen;
        }
    }
    struct batch batch = { .watched = watched, .from = from };
    if (tell_events(watches, &batch, until, to, &err))
        watched->failures = 0;
    else if (!put_off(watched, &err))
        end_all(to, &err);
}
