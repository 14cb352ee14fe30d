/* SPDX-License-Identifier: Apache-2.0 */
/* Thin names over POSIX threads. */
#define _GNU_SOURCE /* pthread_setname_np */
#include "base/thread.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/crash.h"
#include "base/mem.h"

#ifdef TIELINE_SANITIZED
#define STACK_SIZE ((size_t)1024 * 1024) /* sanitizers make frames several times as large */
#else
#define STACK_SIZE ((size_t)256 * 1024)
#endif

#define NAME_SIZE 16 /* what the kernel keeps */

/* These calls fail only on our own bugs or when the system has nothing left to give. */
static void must(int result, const char *what)
{
    if (result != 0)
        crash_fatal("could not %s: error %d", what, result);
}

void cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;
    must(pthread_condattr_init(&attributes), "make a condition");
    must(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC), "choose a condition's clock");
    must(pthread_cond_init(cond, &attributes), "make a condition");
    must(pthread_condattr_destroy(&attributes), "make a condition");
}

bool cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, struct deadline by)
{
    if (by.at_us == DEADLINE_NEVER.at_us) {
        must(pthread_cond_wait(cond, lock), "wait");
        return true;
    }
    struct timespec until = deadline_timespec(by);
    int result = pthread_cond_timedwait(cond, lock, &until);
    if (result == ETIMEDOUT)
        return false;
    must(result, "wait");
    return true;
}

struct start {
    char name[NAME_SIZE];
    void *(*run)(void *context);
    void *context;
};

static void *thread_main(void *argument)
{
    struct start start = *(struct start *)argument;
    free(argument);
    (void)pthread_setname_np(pthread_self(), start.name); /* only for people who look */
    return start.run(start.context);
}

/* All that a thread can be spared: the kernel kills silently where a fault's signal is blocked. */
static sigset_t blocked_signals(void)
{
    static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT };
    sigset_t set;
    (void)sigfillset(&set);
    for (size_t i = 0; i < ARRAY_LEN(faults); i++)
        (void)sigdelset(&set, faults[i]);
    return set;
}

pthread_t thread_start(const char *name, void *(*run)(void *context), void *context)
{
    struct start *start = NEW(start);
    struct str kept = str_cut(str_from(name), NAME_SIZE - 1);
    memcpy(start->name, kept.ptr, kept.len);
    start->run = run;
    start->context = context;

    pthread_attr_t attributes;
    must(pthread_attr_init(&attributes), "prepare a thread");
    must(pthread_attr_setstacksize(&attributes, STACK_SIZE), "size a thread's stack");

    /* A thread inherits the mask; set in the new thread it would come too late for some signal. */
    sigset_t blocked = blocked_signals(), before;
    must(pthread_sigmask(SIG_BLOCK, &blocked, &before), "block signals");
    pthread_t thread;
    int result = pthread_create(&thread, &attributes, thread_main, start);
    must(pthread_sigmask(SIG_SETMASK, &before, NULL), "restore signals");
    must(pthread_attr_destroy(&attributes), "prepare a thread");
    must(result, "start a thread");
    return thread;
}
