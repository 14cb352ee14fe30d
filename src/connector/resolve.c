/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The resolver's threads, its queue, and who frees what.
 *
 *     waiting ──taken by a thread──► running ──► answered      the asker frees the look-up
 *        │ asker left                   │ asker left
 *        └─► freed by the asker         └─► abandoned ──► freed by the thread
 *
 * Threads start with the first work for them. At every unlock, no more than RESOLVE_AT_ONCE of them
 * are not hanging in an abandoned look-up.
 */
#define _GNU_SOURCE /* EAI_NODATA */
#include "connector/resolve.h"

#include "base/list.h"
#include "base/mem.h"
#include "base/thread.h"
#include "connector/host.h"
#include "connector/interrupt.h"

#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#define RESOLVE_AT_ONCE 2
#define RESOLVE_WAITING_MAX 64
#define RESOLVE_THREADS_MAX 16

struct lookup {
    struct list_node node; /* linked while it waits */
    char host[HOST_MAX + 1];
    bool answered, abandoned;
    int result; /* of getaddrinfo() */
    struct addrinfo *addresses;
    int done; /* rung when it is answered */
};

static struct {
    pthread_mutex_t lock;
    struct list waiting;
    unsigned waiting_count;
    unsigned threads;   /* alive */
    unsigned idle;      /* of these, waiting for work */
    unsigned abandoned; /* of these, in a look-up nobody waits for */
    pthread_cond_t work;
} resolver = { .lock = PTHREAD_MUTEX_INITIALIZER };

static pthread_once_t resolver_once = PTHREAD_ONCE_INIT;

static void resolver_init(void)
{
    list_init(&resolver.waiting);
    cond_init(&resolver.work);
}

static void lookup_free(struct lookup *lookup)
{
    if (!lookup)
        return;
    if (lookup->addresses)
        freeaddrinfo(lookup->addresses);
    if (lookup->done >= 0)
        (void)close(lookup->done);
    free(lookup);
}
AUTO_DEFINE(lookup, lookup_free)

static int ask_system(const char *host, struct addrinfo **out)
{
    /* Without AI_ADDRCONFIG: a machine with loopback alone must still find its own names. */
    struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    return getaddrinfo(host, NULL, &hints, out);
}

/* Runs one look-up; the lock is held on entry and on return, not meanwhile. */
static void run_lookup(struct lookup *lookup)
{
    (void)pthread_mutex_unlock(&resolver.lock);
    struct addrinfo *addresses = NULL;
    int result = ask_system(lookup->host, &addresses);
    (void)pthread_mutex_lock(&resolver.lock);
    lookup->result = result;
    lookup->addresses = result == 0 ? addresses : NULL;
    if (lookup->abandoned) {
        resolver.abandoned--;
        lookup_free(lookup);
        return;
    }
    lookup->answered = true;
    interrupt_ring(lookup->done);
}

static void *resolver_main(void *context)
{
    (void)pthread_mutex_lock(&resolver.lock);
    /* A thread that hung was replaced meanwhile; at its return it is one too many, and ends. */
    while (resolver.threads - resolver.abandoned <= RESOLVE_AT_ONCE) {
        struct list_node *node = list_pop(&resolver.waiting);
        if (node) {
            resolver.waiting_count--;
            run_lookup(LIST_ITEM(node, lookup, node));
            continue;
        }
        resolver.idle++;
        (void)cond_wait_until(&resolver.work, &resolver.lock, DEADLINE_NEVER);
        resolver.idle--;
    }
    resolver.threads--;
    (void)pthread_mutex_unlock(&resolver.lock);
    return context;
}

/* Sees to it that somebody will take what waits. The lock is held. */
static void call_thread(void)
{
    if (resolver.idle >= resolver.waiting_count) {
        (void)pthread_cond_signal(&resolver.work);
    } else if (resolver.threads - resolver.abandoned < RESOLVE_AT_ONCE &&
               resolver.threads < RESOLVE_THREADS_MAX) {
        resolver.threads++;
        (void)pthread_detach(thread_start("resolver", resolver_main, NULL));
    }
}

/* The asker leaves: takes the look-up back, or leaves it to its thread. The lock is held. */
static void abandon(struct lookup *lookup)
{
    if (list_linked(&lookup->node)) {
        list_remove(&lookup->node);
        resolver.waiting_count--;
        lookup_free(lookup);
        return;
    }
    lookup->abandoned = true;
    resolver.abandoned++;
    if (!list_empty(&resolver.waiting))
        call_thread();
}

/* Queues it and waits; NULL when the wait ended first, or the queue is full, and it is gone then. */
static struct lookup *wait_for_answer(struct lookup *lookup, struct deadline by,
                                      const struct interrupt *stop)
{
    bool answered = false;
    (void)pthread_mutex_lock(&resolver.lock);
    if (resolver.waiting_count >= RESOLVE_WAITING_MAX) {
        lookup_free(lookup);
    } else {
        list_push(&resolver.waiting, &lookup->node);
        resolver.waiting_count++;
        call_thread();
        (void)pthread_mutex_unlock(&resolver.lock);
        enum waited waited = wait_ready(lookup->done, POLLIN, by, stop);
        (void)pthread_mutex_lock(&resolver.lock);
        /* An answer may still have come between the end of the wait and here. */
        answered = lookup->answered;
        assert(answered || waited != WAITED_READY);
        if (!answered)
            abandon(lookup);
    }
    (void)pthread_mutex_unlock(&resolver.lock);
    return answered ? lookup : NULL;
}

static const char *reason(int result)
{
    if (result == EAI_NONAME)
        return "no such name";
    if (result == EAI_AGAIN)
        return "no name server answered";
    if (result == EAI_NODATA)
        return "the name has no address";
    return gai_strerror(result);
}

struct addrinfo *resolve(struct str host, struct deadline by, const struct interrupt *stop,
                         struct error *err)
{
    (void)pthread_once(&resolver_once, resolver_init);
    assert(host.len <= HOST_MAX);
    AUTO(lookup) asked = NEW(lookup);
    memcpy(asked->host, host.ptr, host.len);
    asked->done = interrupt_bell();
    if (asked->done < 0)
        return fail_null(err, ERR_UNAVAILABLE, "out of file descriptors");
    AUTO(lookup) lookup = wait_for_answer(lookup_take(&asked), by, stop);
    if (!lookup) {
        if (interrupt_told(stop)) {
            (void)fail_stopped(err);
            return NULL;
        }
        return fail_null(err, ERR_DNS_TIMEOUT, "\"" STR_FMT "\" could not be resolved in time",
                         STR_ARG(host));
    }
    if (lookup->result != 0)
        return fail_null(err, ERR_DNS_FAILED, "\"" STR_FMT "\" could not be resolved: %s",
                         STR_ARG(host), reason(lookup->result));
    struct addrinfo *addresses = lookup->addresses;
    lookup->addresses = NULL;
    return addresses;
}
