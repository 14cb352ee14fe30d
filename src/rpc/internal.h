/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the parts of rpc/ see each other.
 *
 * A request of n calls is a join: `left` counts the calls that have not ended, and one more for the
 * thread that starts them. Whoever brings it to zero writes the answer. A procedure that returns
 * PENDING may have ended its call already, so nothing touches a call after its run().
 *
 * A single call lives in the exchange's arena, which is its own from run() on. Calls of a batch end
 * on different threads and have an arena each.
 */
#ifndef RPC_INTERNAL_H
#define RPC_INTERNAL_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/map.h"
#include "http/server.h"
#include "json/value.h"
#include "json/write.h"
#include "rpc/procedure.h"
#include "rpc/trpc.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* Cap on one answer's text, over the largest that a procedure gives. */
#define RPC_ANSWER_MAX ((size_t)64 << 20)

struct rpc {
    struct rpc_hooks hooks;
    struct map *procedures;   /* path → const struct procedure */
    pthread_mutex_t lock;     /* of the spares and of how subscriptions end */
    struct arena *spares[64]; /* under the lock: for calls of batches */
    size_t spare_count;
};

/* `"name": json` of an error's data. */
struct error_datum {
    struct error_datum *next;
    struct str name, json;
};

struct cookie {
    struct cookie *next;
    struct str value;
};

struct rpc_call {
    struct call call;
    struct rpc_request *request;
    struct str path;
    const void *input; /* decoded */
    bool failed;
    struct error error;
    struct error_datum *data; /* newest first */
    struct cookie *cookies;

    /* Of subscriptions: stream.c */
    bool streaming;
    bool returned, gone, ended, released; /* under rpc->lock */
    void (*closed)(struct call *call);
    struct str last_event_id; /* that the client has seen */
    struct buf last_id;       /* that was sent */
};

struct rpc_request {
    struct rpc *rpc;
    struct exchange *exchange;
    const struct http_request *http;
    bool batch;
    bool lines;    /* JSON lines were asked for */
    bool streamed; /* … and are being sent as calls end */
    size_t count;
    struct rpc_call *calls;
    atomic_size_t left;

    bool read; /* the input was looked at */
    bool read_failed;
    const struct json *input; /* NULL: undefined */
    bool authenticated;
    bool caller_refused;
    struct caller caller;
    struct error read_error, caller_error;
};

/* trpc.c */
/* The one place where failures of calls are logged. */
void rpc_log_failure(const struct rpc_call *call, const struct error *err);
/* Gives back the memory of a batch's calls; the exchange's stays. */
void rpc_release(struct rpc_request *request);

/* input.c: finds and reads inputs. */
MUST_USE bool rpc_input_decode(struct rpc_call *call, const void **out, struct error *err);

/* answer.c: the parts of answers. */
void rpc_write_envelope(const struct rpc_call *call, struct json_writer *w);
int rpc_call_status(const struct rpc_call *call);
/* Headers that every answer has, and the ones that these calls' errors and cookies ask for. */
void rpc_set_headers(const struct rpc_request *request, struct http_response *response);
/* Answers with the calls' results, or (lines) with all lines at once. */
void rpc_answer(struct rpc_request *request);
/* Answers with one envelope for the whole request. */
void rpc_refuse(struct exchange *exchange, const struct error *err);

/* batch.c */
const struct json *batch_input(const struct json *map, size_t index);
void batch_write(const struct rpc_request *request, struct json_writer *w);
int batch_status(const struct rpc_request *request);

/* jsonl.c */
void jsonl_begin(struct rpc_request *request);
void jsonl_call_ended(struct rpc_call *call);
void jsonl_end(struct rpc_request *request);
void jsonl_write_all(const struct rpc_request *request, struct buf *out);

/* input.c */
/* The same input, where that member is not the procedure's: none, or without it. */
const struct json *input_without(struct rpc_call *call, const struct json *input, struct str name);

/* stream.c */
/* Finds the last event's id, and the input without it. */
const struct json *stream_input(struct rpc_call *call, const struct json *input);
void stream_fail(struct rpc_call *call, const struct error *err);
/* run() has returned: from here on `closed` may be called. */
void stream_returned(struct rpc_call *call);

#endif
