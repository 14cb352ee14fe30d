/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /metrics: figures of this process in the text format of Prometheus. docs/metrics.md lists them.
 * Threads: the HTTP thread of the server that asks.
 */
#ifndef APP_METRICS_H
#define APP_METRICS_H

#include "http/server.h"

struct services;

/* Whose figures; lives as long as the routes. */
struct metrics {
    struct services *services;
    struct http_server *http; /* whose requests are counted; NULL until it is open */
};

/* For the server that everybody reaches: administrators only. The context is a struct metrics. */
void page_metrics(struct exchange *exchange, void *context);
/* For a listener of its own: whoever reaches it. */
void page_metrics_open(struct exchange *exchange, void *context);

#endif
