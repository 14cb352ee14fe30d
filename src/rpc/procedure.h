/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a procedure is: a row of a table. Input checking, rights, output, `tieline types` and the
 * reference docs all come from that row.
 */
#ifndef RPC_PROCEDURE_H
#define RPC_PROCEDURE_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"
#include "base/id.h"
#include "base/str.h"
#include "http/server.h"
#include "schema/field.h"

#include <stdbool.h>

enum procedure_kind {
    QUERY,
    MUTATION,
    SUBSCRIPTION,
};

/* What a caller must be. The PROJECT_ rights ask for a role in the project that the input names. */
enum procedure_right {
    ANYONE,
    SIGNED_IN,
    SELF, /* signed in, as a person: what it is about is theirs */
    ADMIN,
    PROJECT_READ,  /* viewer */
    PROJECT_WRITE, /* editor */
    PROJECT_OWN,   /* owner */
};

/* How the input names the project: by its own id, or by the id of something that belongs to it. */
enum procedure_about {
    ABOUT_NOTHING,
    ABOUT_PROJECT,    /* projectId */
    ABOUT_CONNECTION, /* connectionId, or else projectId */
    ABOUT_WORKFLOW,   /* workflowId */
    ABOUT_EXECUTION,  /* executionId, or else projectId */
};

enum answer {
    DONE,    /* *output is filled */
    FAILED,  /* *err is filled */
    PENDING, /* some thread will call call_finish(), once; it may have done so already */
};

struct call;

struct procedure {
    const char *path; /* "connections.list"; NULL ends a table */
    enum procedure_kind kind;
    enum procedure_right needs;
    enum procedure_about about;
    const char *doc;
    const struct shape *input;  /* NULL: takes none (anything given is ignored, as tRPC does) */
    const struct shape *output; /* NULL: none; of subscriptions: one event's data */
    bool tracked;               /* of subscriptions: every event has an id */
    bool carries_secrets;       /* the call's memory is wiped afterwards */
    bool sets_cookie;           /* may call call_set_cookie() */
    /*
     * Runs on the thread that read the request, which must not wait: reads answer at once, anything
     * that waits returns PENDING. `input` and `output` (zeroed) live in the call's arena.
     */
    enum answer (*run)(struct call *call, const void *input, void *output, struct error *err);
};

/* Who calls; filled by the authenticate hook. */
struct caller {
    bool signed_in;
    struct id user_id;
    bool admin;
    bool is_operator;        /* of the server, on its own machine: every right, but no person */
    bool read_only;       /* a token of access "read": queries only */
    struct id session_id; /* of a cookie, or none */
    struct id token_id;   /* of a token, or none */
};

/* One call of a procedure. Members are for procedures to read; the rest is rpc's own. */
struct call {
    struct arena *arena;
    const struct procedure *procedure;
    const struct http_request *request;
    struct caller caller;
    struct id project_id; /* set by the permit hook when the procedure is about a project */
    int role;             /* of the caller in it: auth/permit.h */
    void *services;       /* the api's own: api/api.h */
    void *output;
    void *subscription; /* of a subscription: the procedure's own, seen by `closed` */
};

/*
 * Ends a PENDING call: err NULL means that call->output is filled. The call is gone for the caller.
 * Blocks: no.  Threads: any, one at a time with the procedure that returned PENDING.
 */
void call_finish(struct call *call, const struct error *err);

/*
 * Adds a Set-Cookie header to the answer of this request. Before the call is finished; for procedures
 * that say so: a streamed batch that holds one is sent when all of its calls have ended, because
 * headers leave first.
 */
void call_set_cookie(struct call *call, struct str value);
/* Adds `"name": json` to data of the error that this call ends with. */
void call_error_data(struct call *call, const char *name, struct str json);

/*
 * Subscriptions: run() calls call_subscribe() and returns PENDING; any thread sends events, until it
 * ends them or the client goes, whereupon `closed` (given in call_subscribe) is called once, on any
 * thread, after run() has returned; after it the call is gone. Writing never blocks. A procedure
 * keeps `closed` and its own writing apart by a lock of its own, under which it forgets the call.
 * Once it has subscribed, run() fails by call_end(), not by FAILED.
 */
void call_subscribe(struct call *call, void (*closed)(struct call *call));
/* Id of the last event that the client has seen, or the absent str. */
struct str call_last_event_id(const struct call *call);
/* One event: data is a struct of the procedure's output shape; id absent = not tracked. */
void call_event(struct call *call, struct str id, const void *data);
/*
 * Who calls and what they may is judged again, as it was before run(): for streams, which outlive
 * rights. `scratch` is for the judging.  Blocks: on reads of the store.
 */
MUST_USE bool call_judge_again(struct call *call, struct arena *scratch, struct error *err);
/* Bytes that were written and not taken by the client yet. */
size_t call_backlog(struct call *call);
/* The sequence is over. With an error the client's subscription fails. */
void call_end(struct call *call, const struct error *err);

#endif
