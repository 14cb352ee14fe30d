/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kinds of upstream. A connector is one file that ends in one const struct, and one line in
 * registry.c. It says how a URL of its kind reads, opens sessions (conns), and offers operations,
 * each of which is a node type (component/operation.h makes one of it).
 *
 * A conn is used by one thread at a time. Everything here may block, until its deadline at the
 * latest, and never dials but through dial().
 */
#ifndef CONNECTOR_CONNECTOR_H
#define CONNECTOR_CONNECTOR_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/id.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/time.h"
#include "connector/settings.h"
#include "connector/url.h"
#include "schema/field.h"

#include <stdatomic.h>
#include <stdbool.h>

struct egress;
struct interrupt;

/* What is needed to open a session: a parsed URL, its secrets, and settings with defaults filled in. */
struct upstream {
    const struct connector *connector;
    struct url url;                /* parts, password excepted */
    const struct secret *password; /* decoded; NULL for none */
    struct connection_settings settings;
    const struct secret *client_key; /* PEM, or NULL */
    const struct egress *egress;
    struct str application_name; /* "tieline": shown by the upstream */
};

/* Stages of opening a session, as a connection test reports them. */
enum stage {
    STAGE_RESOLVE,
    STAGE_CONNECT,
    STAGE_TLS,
    STAGE_SIGN_IN,
    STAGE_QUERY,
    STAGE_COUNT,
};

enum tls_state {
    TLS_STATE_NONE, /* unknown yet */
    TLS_STATE_OFF,
    TLS_STATE_UNVERIFIED,
    TLS_STATE_VERIFIED,
};

/* What happened on the way; filled when wanted, stage by stage. */
struct trial {
    struct {
        bool reached, ok;
        int64_t us;
    } stages[STAGE_COUNT];
    enum tls_state tls;
    char server_version[64]; /* "PostgreSQL 16.4", "Redis 7.0.15", "" while unknown */
    const char *advice;      /* of a session that opened: what to know about it; or NULL */
};

/* Stage clock: begin at each stage, end with how it went. NULL trials are fine. */
void trial_begin(struct trial *trial, enum stage stage);
void trial_end(struct trial *trial, enum stage stage, bool ok);

/* How a session is to be opened. */
struct opening {
    struct deadline by;
    const struct interrupt *stop; /* NULL: nothing but the deadline ends it (CANCELLED) */
    struct trial *trial;          /* told what happens on the way; or NULL */
};

/* Whether an attempt may be repeated when nobody knows how it ended. */
enum effect {
    EFFECT_READS,      /* proven to change nothing */
    EFFECT_IDEMPOTENT, /* twice is as good as once */
    EFFECT_ONCE,       /* unknown outcome = stop */
};

enum step_result {
    STEP_DONE,
    STEP_FAILED, /* *err is filled; err->maybe_done says whether the upstream may have acted */
    STEP_WRITES, /* was tried as reading, changes something after all; nothing happened: run again
                    with writes_allowed, after the intent was recorded */
};

/* An open session. Connectors embed this first in a struct of their own. */
struct conn {
    const struct connector *connector;
    bool broken;        /* close instead of lending again */
    int64_t opened_us;  /* clock_us(); these three are the pool's own */
    int64_t expires_us; /* too old then: not lent again */
    int64_t idle_since_us;
};

/* What an operation gets beside its config. */
struct operation_run {
    struct arena *arena;
    struct deadline by;     /* total, cancel included */
    bool writes_allowed;    /* false: an operation of EFFECT_READS must prove that it reads */
    atomic_bool *cancelled; /* set by another thread, which then calls connector->interrupt */
    struct buf *output;     /* the result as one JSON value, capped by the caller */
};

struct operation {
    const char *name;  /* of the component: "postgresql-query"; stored, never renamed */
    const char *title; /* "PostgreSQL Query" */
    const char *doc;
    const char *example; /* JSON {"config":…,"input":…,"output":…}: in the docs, run as a test */
    const struct shape *config; /* holds a connectionId with LOOK_CONNECTION */
    /* Beyond what the shape checks; NULL when that is all. Names the field. */
    bool (*check)(const void *config, struct error *err);
    enum effect (*effect)(const void *config);
    int64_t (*timeout_ms)(const void *config); /* of one attempt; 0 = the connection's setting */
    enum step_result (*run)(struct conn *conn, const struct operation_run *run, const void *config,
                            struct error *err);
};

struct connector {
    const char *name;  /* "postgresql": stored, never renamed */
    const char *title; /* "PostgreSQL" */
    const char *url_example;
    struct url_rules rules; /* schemes, default port, allowed options */
    /* Connector's own look at a parsed URL and settings, e.g. allowed TLS modes; may be NULL. */
    bool (*check)(const struct url *url, const struct connection_settings *settings,
                  struct error *err);
    /*
     * Dials, signs in, sets the session's limits, asks its version (when a trial is given).
     * NULL with DNS_FAILED … TLS_*, AUTH_FAILED, DATABASE_MISSING, TOO_MANY_CONNECTIONS, EGRESS_DENIED …
     * Every wait in it ends at its deadline or interrupt.
     */
    struct conn *(*open)(const struct upstream *upstream, const struct opening *how,
                         struct error *err);
    /* A look at the socket without waiting: false when the upstream is known to have hung up. May
     * be NULL. Asked before each loan. */
    bool (*alive)(struct conn *conn);
    /* Is a session that lay idle for long still there? Sends something and reads the answer. */
    bool (*ping)(struct conn *conn, struct deadline by);
    /*
     * Makes the session fresh for its next borrower without waiting: sends what is needed; the
     * answer is read at the start of the next run. False: throw it away.
     */
    bool (*reset)(struct conn *conn);
    /*
     * Ends what runs in the conn right now, from another thread, so that run() comes back soon.
     * Must not block: what does (a cancel request) goes to a thread of its own, with a deadline.
     */
    void (*interrupt)(struct conn *conn);
    void (*close)(struct conn *conn);
    const struct operation *operations; /* name NULL ends them */
};

/* All connectors, NULL at the end: registry.c. */
extern const struct connector *const connector_registry[];
const struct connector *connector_find(struct str name);

/*
 * One line of advice for a failed test or step, by its code (the documentation's Troubleshooting).
 * NULL when there is nothing sure to say.
 */
const char *connector_advice(const struct connector *connector, const struct error *err);

#endif
