/* SPDX-License-Identifier: Apache-2.0 */
/* executions.watch: streams, how many there may be, and the rounds of the thread that feeds them. */
#include "api/watch.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/internal.h"
#include "api/watch_internal.h"
#include "base/mem.h"
#include "base/thread.h"
#include "engine/engine.h"

/* How long something is remembered that nobody watches any more: clients come back. */
#define LINGER_US ((int64_t)60 * 1000 * 1000)
#define LINGERING_MAX 1024
/* How long a stream that has not taken its text is left alone. */
#define LAG_MS 100

/* --- streams --- */

static void unref(struct stream *stream)
{
    if (atomic_fetch_sub(&stream->refs, 1) > 1)
        return;
    (void)pthread_mutex_destroy(&stream->lock);
    free(stream);
}

void stream_end(struct stream *stream, const struct error *err)
{
    (void)pthread_mutex_lock(&stream->lock);
    if (stream->call)
        call_end(stream->call, err);
    stream->call = NULL;
    (void)pthread_mutex_unlock(&stream->lock);
}

static void closed(struct call *call)
{
    struct watches *watches = services_of(call)->watches;
    struct stream *stream = call->subscription;

    (void)pthread_mutex_lock(&stream->lock);
    stream->call = NULL;
    (void)pthread_mutex_unlock(&stream->lock);
    (void)pthread_mutex_lock(&watches->lock);
    list_remove(&stream->node);
    watches->stream_count--;
    if (list_empty(&stream->watched->streams))
        stream->watched->left_at_us = clock_us();
    (void)pthread_mutex_unlock(&watches->lock);
    unref(stream);
}

/* --- who may have one more --- */

struct quota {
    size_t user, peer;
};

/* Under the lock. */
static struct quota count_streams(struct watches *watches, const struct call *call)
{
    struct quota count = { 0 };
    LIST_EACH(&watches->all, watched, node, watched)
    {
        LIST_EACH(&watched->streams, stream, node, stream)
        {
            count.user += id_eq(stream->user_id, call->caller.user_id);
            count.peer += str_eq(str_from(stream->peer), call->request->peer);
        }
    }
    return count;
}

static bool check_quota(struct watches *watches, const struct call *call, struct error *err)
{
    struct quota count = count_streams(watches, call);
    if (watches->stream_count >= WATCH_STREAMS_MAX)
        return fail(err, ERR_TOO_MANY_REQUESTS, "the server has %d event streams open, its most",
                    WATCH_STREAMS_MAX);
    if (count.user >= WATCH_USER_MAX)
        return fail(err, ERR_TOO_MANY_REQUESTS,
                    "you have %d event streams open, the most for a user: close some",
                    WATCH_USER_MAX);
    if (count.peer >= WATCH_PEER_MAX)
        return fail(err, ERR_TOO_MANY_REQUESTS,
                    "your address has %d event streams open, its most: close some", WATCH_PEER_MAX);
    return true;
}

/* --- beginning to watch --- */

/* Under the lock. */
static struct watched *find_watched(struct watches *watches, struct id project_id,
                                    struct id execution_id)
{
    LIST_EACH(&watches->all, watched, node, watched)
    {
        if (id_eq(watched->topic.execution_id, execution_id) &&
            id_eq(watched->topic.project_id, project_id))
            return watched;
    }
    struct watched *watched = NEW(watched);
    uint64_t random;
    random_bytes(&random, sizeof(random));
    (void)snprintf(watched->tag, sizeof(watched->tag), "%016llx", (unsigned long long)random);
    watched->topic.project_id = project_id;
    watched->topic.execution_id = execution_id;
    list_init(&watched->streams);
    list_push(&watches->all, &watched->node);
    watches->watched_count++;
    events_add(watches->events, &watched->topic);
    return watched;
}

/* Where it goes on. A place that is not one of ours means: from the beginning. */
static void find_place(struct stream *stream, struct str last_id)
{
    const struct topic *topic = &stream->watched->topic;
    bool whole = !id_set(topic->execution_id);
    char id_text[ID_TEXT_SIZE];
    struct str rest = last_id, tag;
    int64_t place;

    stream->fresh = !str_set(last_id);
    if (stream->fresh || !str_split(&rest, '.', &tag))
        return;
    if (!whole && str_eq(tag, id_format(topic->execution_id, id_text)))
        stream->has_seen_end = str_set(rest) && str_eq(rest, STR("end"));
    else if (whole && str_set(rest) && str_eq(rest, STR(WATCH_UNFINISHED)))
        stream->fresh = true;
    else if (str_eq(tag, str_from(stream->watched->tag)) && str_set(rest) &&
             str_to_int64(rest, &place) && place >= 0)
        stream->seen = (uint64_t)place;
    else
        stream->lost_track = whole;
}

struct watch_input {
    struct id execution_id, project_id;
    struct str last_event_id;
};
static const struct field input_fields[] = {
    { FIELD("executionId", watch_input, execution_id, OPTIONAL, "Id of the execution.") },
    { FIELD("projectId", watch_input, project_id, OPTIONAL, "Or of a project: all of its own.") },
    { FIELD("lastEventId", watch_input, last_event_id, OPTIONAL,
            "Id of the last event that was seen: go on behind it."),
      .max = 100 },
    { 0 },
};
static const struct shape input_shape = SHAPE(NULL, watch_input, input_fields);

static enum answer executions_watch(struct call *call, const void *input, void *output,
                                    struct error *err)
{
    const struct watch_input *in = input;
    struct watches *watches = services_of(call)->watches;
    (void)output;

    if (id_set(in->execution_id) && id_set(in->project_id)) {
        (void)fail_field(err, ERR_BAD_REQUEST, "projectId",
                         "is not taken beside executionId: watch one of them");
        return FAILED;
    }
    struct stream *stream = NEW(stream);
    (void)pthread_mutex_init(&stream->lock, NULL);
    atomic_init(&stream->refs, 1);
    stream->user_id = call->caller.user_id;
    stream->call = call;
    (void)snprintf(stream->peer, sizeof(stream->peer), STR_FMT, STR_ARG(call->request->peer));

    (void)pthread_mutex_lock(&watches->lock);
    bool room = check_quota(watches, call, err);
    if (room) {
        call->subscription = stream;
        call_subscribe(call, closed);
        stream->watched = find_watched(watches, call->project_id, in->execution_id);
        find_place(stream, call_last_event_id(call));
        stream->watched->left_at_us = 0;
        list_push(&stream->watched->streams, &stream->node);
        watches->stream_count++;
        events_touch(watches->events, &stream->watched->topic);
    }
    (void)pthread_mutex_unlock(&watches->lock);
    if (!room)
        unref(stream);
    return room ? PENDING : FAILED;
}

const struct procedure watch_procedures[] = {
    { .path = "executions.watch",
      .kind = SUBSCRIPTION,
      .needs = PROJECT_READ,
      .about = ABOUT_EXECUTION,
      .doc = "An execution, its steps and what happens to them, until its end; or the executions "
             "of a project: the newest at first, then each that comes to another status.",
      .input = &input_shape,
      .output = &watch_event_shape,
      .tracked = true,
      .run = executions_watch },
    { 0 },
};

/* --- the teller --- */

/* Holds streams so that they outlive the round: of one thing, or of all (NULL). */
static struct audience gather(struct watches *watches, const struct watched *only)
{
    struct audience all = { 0 };
    (void)pthread_mutex_lock(&watches->lock);
    all.streams = xcalloc(watches->stream_count + 1, sizeof(*all.streams));
    LIST_EACH(&watches->all, watched, node, watched)
    {
        if (only && watched != only)
            continue;
        LIST_EACH(&watched->streams, stream, node, stream)
        {
            atomic_fetch_add(&stream->refs, 1);
            all.streams[all.count++] = stream;
        }
    }
    (void)pthread_mutex_unlock(&watches->lock);
    return all;
}

static void let_go(struct audience *all)
{
    for (size_t i = 0; i < all->count; i++)
        unref(all->streams[i]);
    free(all->streams);
}

void watches_judge(struct watches *watches, bool always)
{
    uint64_t generation = store_rights_generation(watches->store);
    if (generation == watches->judged && !always)
        return;
    watches->judged = generation;
    struct audience all = gather(watches, NULL);
    AUTO(arena) scratch = arena_new();
    for (size_t i = 0; i < all.count; i++) {
        struct stream *stream = all.streams[i];
        struct error err = { 0 };
        (void)pthread_mutex_lock(&stream->lock);
        if (stream->call && !call_judge_again(stream->call, scratch, &err)) {
            call_end(stream->call, &err);
            stream->call = NULL;
        }
        (void)pthread_mutex_unlock(&stream->lock);
        arena_reset(scratch);
    }
    let_go(&all);
}

static void tell(struct watches *watches, struct watched *watched)
{
    struct audience to = gather(watches, watched);
    if (to.count > 0 && id_set(watched->topic.execution_id))
        tell_execution(watches, watched, &to);
    else if (to.count > 0)
        tell_project(watches, watched, &to);
    let_go(&to);
    arena_reset(watches->arena);
}

/* Under the lock. */
static void forget(struct watches *watches, struct watched *watched)
{
    list_remove(&watched->node);
    watches->watched_count--;
    events_remove(watches->events, &watched->topic);
    free(watched->steps);
    free(watched);
}

/* Under the lock. True: somebody lags. Who has taken enough is told the rest. */
static bool look_after(struct watches *watches, struct watched *watched)
{
    bool lagging = false, ready = false;
    LIST_EACH(&watched->streams, stream, node, stream)
    {
        (void)pthread_mutex_lock(&stream->lock);
        if (stream->lagging && stream->call &&
            call_backlog(stream->call) <= WATCH_BACKLOG_MAX / 2) {
            stream->lagging = false;
            ready = true;
        }
        lagging = lagging || (stream->lagging && stream->call);
        (void)pthread_mutex_unlock(&stream->lock);
    }
    if (ready)
        events_touch(watches->events, &watched->topic);
    return lagging || ready;
}

/* Those that lag are looked after; what nobody came back to is forgotten. True: somebody lags. */
static bool tidy(struct watches *watches)
{
    int64_t now_us = clock_us();
    bool lagging = false;
    (void)pthread_mutex_lock(&watches->lock);
    LIST_EACH(&watches->all, watched, node, watched)
    {
        bool left = list_empty(&watched->streams);
        if (left && (now_us - watched->left_at_us >= LINGER_US ||
                     watches->watched_count > LINGERING_MAX + watches->stream_count))
            forget(watches, watched);
        else if (look_after(watches, watched))
            lagging = true;
        if (!left && watched->again) {
            watched->again = false;
            events_touch(watches->events, &watched->topic);
            lagging = true;
        }
    }
    (void)pthread_mutex_unlock(&watches->lock);
    return lagging;
}

void watches_publish(struct watches *watches, struct id project_id, struct id execution_id,
                     int status)
{
    events_publish(watches->events, project_id, (struct event){ execution_id, status }, true);
}

static void *teller(void *context)
{
    struct watches *watches = context;
    struct deadline judge_at = deadline_in_ms(WATCH_JUDGE_MS), tidy_at = deadline_in_ms(LAG_MS);

    while (!atomic_load(&watches->ending)) {
        bool idle = watches_count(watches) == 0;
        struct topic *topic =
            events_wait(watches->events, idle ? judge_at : deadline_earlier(judge_at, tidy_at));
        bool due = deadline_passed(judge_at);
        watches_judge(watches, due);
        if (topic) {
            tell(watches, CONTAINER_OF(topic, struct watched, topic));
            tidy_at = deadline_earlier(tidy_at, deadline_in_ms(LAG_MS));
        }
        if (due || deadline_passed(tidy_at)) {
            bool lagging = tidy(watches);
            tidy_at = deadline_in_ms(lagging ? LAG_MS : WATCH_JUDGE_MS);
        }
        if (due)
            judge_at = deadline_in_ms(WATCH_JUDGE_MS);
    }
    return NULL;
}

static void on_rights_changed(void *context)
{
    struct watches *watches = context;
    events_poke(watches->events);
}

struct watches *watches_open(struct store *store, struct engine *engine, struct events *events)
{
    struct watches *watches = NEW(watches);
    watches->store = store;
    watches->engine = engine;
    watches->events = events;
    (void)pthread_mutex_init(&watches->lock, NULL);
    list_init(&watches->all);
    watches->arena = arena_new();
    store_on_rights_changed(store, on_rights_changed, watches);
    watches->teller = thread_start("watch", teller, watches);
    return watches;
}

void watches_close(struct watches *watches)
{
    if (!watches)
        return;
    store_on_rights_changed(watches->store, NULL, NULL);
    atomic_store(&watches->ending, true);
    events_poke(watches->events);
    (void)pthread_join(watches->teller, NULL);
    LIST_EACH(&watches->all, watched, node, watched)
    forget(watches, watched);
    arena_free(watches->arena);
    (void)pthread_mutex_destroy(&watches->lock);
    free(watches);
}

size_t watches_count(struct watches *watches)
{
    (void)pthread_mutex_lock(&watches->lock);
    size_t count = watches->stream_count;
    (void)pthread_mutex_unlock(&watches->lock);
    return count;
}
