/* SPDX-License-Identifier: Apache-2.0 */
/* Threads for work that blocks. */
#include "api/blocking.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/thread.h"

#define BLOCKING_THREADS_MAX 16

struct blocking {
    pthread_mutex_t lock;
    pthread_cond_t work; /* something is in line, or it ends */
    struct list line;
    unsigned waiting, line_max;
    bool ending;
    /* not under the lock */
    unsigned count;
    pthread_t threads[BLOCKING_THREADS_MAX];
};

static struct job *next_job(struct blocking *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (list_empty(&pool->line) && !pool->ending)
        pthread_cond_wait(&pool->work, &pool->lock);
    struct list_node *node = list_pop(&pool->line);
    if (node)
        pool->waiting--;
    pthread_mutex_unlock(&pool->lock);
    return node ? LIST_ITEM(node, job, node) : NULL;
}

static void *work(void *context)
{
    struct blocking *pool = context;
    struct job *job;

    while ((job = next_job(pool)))
        job->run(job);
    return NULL;
}

struct blocking *blocking_open(const char *name, unsigned threads, unsigned line_max)
{
    struct blocking *pool = NEW(blocking);

    pthread_mutex_init(&pool->lock, NULL);
    cond_init(&pool->work);
    list_init(&pool->line);
    pool->line_max = line_max;
    pool->count = threads < BLOCKING_THREADS_MAX ? threads : BLOCKING_THREADS_MAX;
    for (unsigned i = 0; i < pool->count; i++)
        pool->threads[i] = thread_start(name, work, pool);
    return pool;
}

void blocking_close(struct blocking *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->ending = true;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->count; i++)
        pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

/* False, and nothing happened, when so many are in line already. */
static bool stand_in_line(struct blocking *pool, struct job *job, unsigned most)
{
    pthread_mutex_lock(&pool->lock);
    bool room = pool->waiting < most;
    if (room) {
        list_push(&pool->line, &job->node);
        pool->waiting++;
        pthread_cond_signal(&pool->work);
    }
    pthread_mutex_unlock(&pool->lock);
    return room;
}

bool blocking_run(struct blocking *pool, struct job *job, struct error *err)
{
    return stand_in_line(pool, job, pool->line_max) ||
           fail_for_now(err, ERR_TOO_MANY_REQUESTS, 0,
                        "%u requests of this kind are waiting already", pool->line_max);
}

void blocking_run_surely(struct blocking *pool, struct job *job)
{
    (void)stand_in_line(pool, job, UINT_MAX);
}
