/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Thin names over POSIX threads: conditions that wait on the monotonic clock, threads with small
 * stacks and a name. Failures here are our own bugs or a system out of resources: the process ends.
 */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include "base/attr.h"
#include "base/time.h"

#include <pthread.h>
#include <stdbool.h>

/* A condition whose timed waits follow CLOCK_MONOTONIC. */
void cond_init(pthread_cond_t *cond);
/* Waits for a signal or the deadline; false when the deadline passed. Spurious wakes give true. */
bool cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, struct deadline by);

/*
 * Starts a thread with a stack of 256 KiB and a name of up to 15 bytes. All signals are blocked in
 * it but those of faults, so that base/crash.h still has its last words.
 */
pthread_t thread_start(const char *name, void *(*run)(void *context), void *context);

#endif
