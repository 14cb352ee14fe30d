/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tests of a connector against a real server share: an upstream from a URL, sessions of it,
 * and one run of its operation from a config in JSON.
 */
#ifndef TESTS_INTEGRATION_UPSTREAM_H
#define TESTS_INTEGRATION_UPSTREAM_H

#include "unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "connector/connector.h"
#include "connector/dial.h"

#include <stdatomic.h>
#include <stdbool.h>

#define RUN_OUTPUT_MAX ((size_t)8 << 20)

struct subject {
    struct upstream upstream;
    struct arena *arena;
    struct secret *password;
    struct egress *egress;
};

/* First of all: ends the program as skipped when the environment variable `name` is missing. */
void prepare_process(const char *name);
/* The same for one test. */
void need_server(const char *name);
/* `config` is a connection's config in JSON, or NULL. Ends the test when it is refused. */
void subject_init(struct subject *subject, const struct connector *connector, const char *url,
                  const char *config);
void subject_done(struct subject *subject);
/* A session; a failure to open ends the test. */
struct conn *subject_session(struct subject *subject);
/* An upstream whose session must not open; says how it failed. */
void refused(const struct connector *connector, const char *url, const char *config,
             struct error *err);

struct outcome {
    enum step_result result;
    struct error err; /* of STEP_FAILED */
    struct buf output;
};

struct run_how {
    int64_t ms; /* 0: 30 s */
    bool writes_allowed;
    atomic_bool *cancelled;
};

/* One run of the connector's first operation. The outcome is freed by outcome_done(). */
void run_how(struct conn *conn, const char *config, struct run_how how, struct outcome *out);
void outcome_done(struct outcome *outcome);

/* As a borrower and the pool do it: again with writes allowed where it asks for that, then reset. */
void borrow(struct conn *conn, const char *config, struct outcome *out);
/* `borrow`, of which the output must be this text. */
void expect(struct conn *conn, const char *config, const char *output);
/* … or the error this code, and SQLSTATE or error word ("" for none). */
void expect_error(struct conn *conn, const char *config, enum error_code code, const char *server);

#endif
