/* SPDX-License-Identifier: Apache-2.0 */
/* Who is told that an execution has changed: topics by id, and the line of those that have. */
#include "engine/events.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/thread.h"

#define BUCKETS 256

struct events {
    atomic_size_t topics; /* also read without the lock: is there anybody? */
    pthread_mutex_t lock;
    struct list buckets[BUCKETS];
    struct list changed;
    bool poked;
    /* The lock guards what stands above. */
    pthread_cond_t news;
};

static struct list *bucket_of(struct events *events, struct id id)
{
    return &events->buckets[id_hash(id) % BUCKETS];
}

/* What a topic is found by. */
static struct id key_of(const struct topic *topic)
{
    return id_set(topic->execution_id) ? topic->execution_id : topic->project_id;
}

struct events *events_new(void)
{
    struct events *events = NEW(events);
    pthread_mutex_init(&events->lock, NULL);
    cond_init(&events->news);
    list_init(&events->changed);
    for (size_t i = 0; i < BUCKETS; i++)
        list_init(&events->buckets[i]);
    return events;
}

void events_free(struct events *events)
{
    if (!events)
        return;
    pthread_cond_destroy(&events->news);
    pthread_mutex_destroy(&events->lock);
    free(events);
}

void events_add(struct events *events, struct topic *topic)
{
    if (!id_set(topic->execution_id))
        topic->kept = xcalloc(EVENTS_KEPT, sizeof(*topic->kept));
    pthread_mutex_lock(&events->lock);
    list_push(bucket_of(events, key_of(topic)), &topic->bucket);
    atomic_fetch_add(&events->topics, 1);
    pthread_mutex_unlock(&events->lock);
}

void events_remove(struct events *events, struct topic *topic)
{
    pthread_mutex_lock(&events->lock);
    list_remove(&topic->bucket);
    list_remove(&topic->changed_place);
    atomic_fetch_sub(&events->topics, 1);
    pthread_mutex_unlock(&events->lock);
    free(topic->kept);
    topic->kept = NULL;
}

/* Under the lock. */
static void change(struct events *events, struct topic *topic)
{
    if (topic->changed_place.next)
        return; /* in line already */
    bool first = list_empty(&events->changed);
    list_push(&events->changed, &topic->changed_place);
    if (first)
        pthread_cond_signal(&events->news);
}

static void publish_to(struct events *events, struct id key, const struct event *event, bool turned)
{
    LIST_EACH(bucket_of(events, key), topic, bucket, topic)
    {
        bool whole = !id_set(topic->execution_id);
        if (!id_eq(key_of(topic), key) || (whole && !turned))
            continue;
        if (whole)
            topic->kept[topic->count++ % EVENTS_KEPT] = *event;
        change(events, topic);
    }
}

void events_publish(struct events *events, struct id project_id, struct event event, bool turned)
{
    if (!events || atomic_load_explicit(&events->topics, memory_order_relaxed) == 0)
        return;
    pthread_mutex_lock(&events->lock);
    publish_to(events, event.execution_id, &event, turned);
    publish_to(events, project_id, &event, turned);
    pthread_mutex_unlock(&events->lock);
}

void events_touch(struct events *events, struct topic *topic)
{
    pthread_mutex_lock(&events->lock);
    change(events, topic);
    pthread_mutex_unlock(&events->lock);
}

void events_poke(struct events *events)
{
    pthread_mutex_lock(&events->lock);
    events->poked = true;
    pthread_cond_signal(&events->news);
    pthread_mutex_unlock(&events->lock);
}

struct topic *events_wait(struct events *events, struct deadline by)
{
    pthread_mutex_lock(&events->lock);
    while (!events->poked && list_empty(&events->changed) &&
           cond_wait_until(&events->news, &events->lock, by))
        ;
    bool poked = events->poked;
    events->poked = false;
    struct list_node *node = poked ? NULL : list_pop(&events->changed);
    pthread_mutex_unlock(&events->lock);
    return node ? LIST_ITEM(node, topic, changed_place) : NULL;
}

uint64_t events_count(struct events *events, const struct topic *topic)
{
    pthread_mutex_lock(&events->lock);
    uint64_t count = topic->count;
    pthread_mutex_unlock(&events->lock);
    return count;
}

bool events_read(struct events *events, const struct topic *topic, uint64_t from, struct event *out,
                 size_t max, size_t *got)
{
    pthread_mutex_lock(&events->lock);
    uint64_t count = topic->count;
    bool kept = from <= count && count - from <= EVENTS_KEPT;
    *got = 0;
    for (; kept && from < count && *got < max; from++)
        out[(*got)++] = topic->kept[from % EVENTS_KEPT];
    pthread_mutex_unlock(&events->lock);
    return kept;
}
