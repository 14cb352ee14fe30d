/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kinds of node. A component is one file that ends in one const struct, and one line in registry.c;
 * each operation of a connector is a component by itself (operation.c).
 *
 * A component checks its config, says whether an attempt may be repeated, and runs. It knows nothing
 * of queues, leases or stores: one step goes in, one JSON value or one error comes out.
 */
#ifndef COMPONENT_COMPONENT_H
#define COMPONENT_COMPONENT_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/id.h"
#include "base/str.h"
#include "base/time.h"
#include "connector/connector.h"
#include "schema/field.h"

#include <stdatomic.h>
#include <stdbool.h>

enum component_kind {
    COMPONENT_TRIGGER, /* passes the execution's input on; no attempt, no durable point */
    COMPONENT_ACTION,
    COMPONENT_FLOW,
};

struct component;

/* What a running node sees. */
struct step {
    const struct component *component;
    struct arena *arena;
    struct deadline by;  /* of this attempt, total */
    bool writes_allowed; /* the intent was recorded: it may change something */
    atomic_bool *cancelled;
    struct conn *conn;  /* of its connection; NULL when the component needs none */
    struct str trigger; /* the execution's input, JSON text */
    struct id execution_id;
    struct buf *output; /* the result as one JSON value; capped */
};

struct component {
    const char *name;  /* "postgresql-query": stored, never renamed */
    const char *title; /* "PostgreSQL Query" */
    const char *doc;
    const char *example; /* JSON {"config":…,"input":…,"output":…}: shown in docs, run as a test */
    enum component_kind kind;
    const struct connector *connector; /* whose sessions it needs, by connectionId; or NULL */
    const struct operation *operation; /* what it was made of, or NULL */
    const struct shape *config;        /* NULL: takes none */
    const char *const *ports;          /* outputs, NULL at the end; NULL means one, "out" */
    bool (*check)(const void *config, struct error *err); /* beyond the shape; NULL: nothing */
    enum effect (*effect)(const void *config);
    int64_t (*timeout_ms)(const void *config); /* of one attempt; 0 = the connection's setting */
    enum step_result (*run)(struct step *step, const void *config, struct error *err);
};

/* All components, in the palette's order. `at` counts from 0; NULL behind the last.  Threads: any. */
const struct component *component_at(size_t at);
const struct component *component_find(struct str name);

/* The connectionId of a decoded config, found by its shape; none when it has no such field. */
struct id component_connection(const struct component *component, const void *config);

#endif
