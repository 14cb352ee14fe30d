/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stretch of wire between a connector and a real server, in a thread, that misbehaves on request.
 * To the server it speaks no TLS.
 */
#ifndef TESTS_INTEGRATION_PROXY_H
#define TESTS_INTEGRATION_PROXY_H

#include <stdbool.h>

struct proxy;

struct proxy_how {
    bool other_pid; /* PostgreSQL: announces another process id than the server's, like a pooler */
    /*
     * PostgreSQL: speaks TLS to the client (sslmode=require), in records as large as there are, and
     * says nothing more before what the server has to say is over. Newer servers do so, and poolers.
     */
    bool large_records;
};

/* In front of the server that `url` names. Failures end the test. */
struct proxy *proxy_open(const char *url, struct proxy_how how);
void proxy_close(struct proxy *proxy);
/* The same URL, leading here. */
const char *proxy_url(const struct proxy *proxy);
/* What the client sends next still reaches the server; then both are hung up on. */
void proxy_cut_after_next(struct proxy *proxy);

#endif
