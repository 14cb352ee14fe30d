/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Testing a connection: the very path of an execution (resolve, judge, connect, TLS, sign in, query)
 * on a session of its own, with a total deadline of 5 s, or the connection's own when it is earlier.
 */
#ifndef CONNECTOR_TEST_H
#define CONNECTOR_TEST_H

#include "base/arena.h"
#include "base/str.h"
#include "connector/sealed.h"
#include "schema/field.h"

#define CONNECTION_TEST_MS 5000

/* Output of connections.test; api.md's TestResult. */
struct test_stage {
    int name; /* resolve, connect, tls, sign-in, query */
    bool ok;
    int64_t ms;
    struct str error;
};
struct test_result {
    bool success;
    struct str message;
    struct str error; /* code */
    struct str advice;
    int64_t latency_ms;
    struct str server_version;
    struct str tls; /* "verified", "unverified"; absent when off */
    struct str tested_from;
    struct array stages; /* of test_stage */
};
extern const struct shape test_result_shape; /* "TestResult" */

/* Never fails: a failed test is a result.  Blocks: at most CONNECTION_TEST_MS, or until `stop`, which
 * may be NULL, says so. */
void connection_test(const struct opened_upstream *opened, const struct interrupt *stop,
                     struct arena *arena, struct test_result *out);

#endif
