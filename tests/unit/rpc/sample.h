/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small API to drive rpc and http with: answers at once and from another thread, fails in every
 * way, and streams. Who calls is told by a header: `authorization: Bearer good`.
 */
#ifndef TESTS_SAMPLE_H
#define TESTS_SAMPLE_H

#include "base/buf.h"
#include "http/server.h"

#include <stdbool.h>

struct sample;

/* The note of this number has so long a text: more than may wait in a stream of events. */
#define SAMPLE_LONG_NOTE 777
#define SAMPLE_LONG_BYTES (HTTP_STREAM_QUEUE_MAX + 1)

struct sample_options {
    struct str listen;                             /* absent: a free port of 127.0.0.1 */
    int64_t header_timeout_ms, request_timeout_ms; /* 0: long ones */
    size_t body_max;                               /* 0: 64 KiB */
    bool dispatch;                                 /* calls run on a thread that may block */
    bool busy; /* … which has no time for them before sample_release() */
};

/* Ends the test program when it cannot start. */
struct sample *sample_start(const struct sample_options *options);
struct str sample_address(const struct sample *sample);
/* Lets the calls of `hold.wait` end. */
void sample_release(struct sample *sample);
/* Calls of `hold.wait` that wait. */
int sample_held(struct sample *sample);
/* Subscriptions that are open. */
int sample_subscribers(struct sample *sample);
/* Closes the server, waiting for answers for that long. */
void sample_stop(struct sample *sample, int64_t wait_ms);
void sample_typescript(struct buf *out);

#endif
