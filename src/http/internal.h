/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the parts of http/ see each other.
 *
 *     server_mhd.c   the library's callbacks                     HTTP thread
 *     exchange.c     one request's life                          any thread, under server->lock
 *     sweep.c        deadlines and pings                         a thread of its own
 *     server.c       open and close, routes
 *
 * One lock, the server's, guards everything below that says so. It is held across the library's
 * suspend and resume (which take the library's own lock and never call us), so that a connection is
 * resumed exactly once for each time it was suspended, and not after the server began to stop. It
 * is never held while a handler or `closed` runs.
 */
#ifndef HTTP_INTERNAL_H
#define HTTP_INTERNAL_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/list.h"
#include "base/time.h"
#include "http/check.h"
#include "http/peer.h"
#include "http/server.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct MHD_Connection;
struct MHD_Daemon;

/* How long a connection may stay open between requests. */
#define HTTP_IDLE_MS 60000

enum exchange_state {
    EXCHANGE_READING, /* the request is not complete */
    EXCHANGE_RUNNING, /* its handler is on the HTTP thread */
    EXCHANGE_PARKED,  /* the connection is suspended: no answer yet, or nothing to stream */
    EXCHANGE_READY,   /* answered; the HTTP thread sends it as soon as it comes by */
    EXCHANGE_SENDING,
};

struct exchange {
    struct http_server *server;
    struct http_conn *conn;
    struct MHD_Connection *connection;
    struct arena *arena;
    struct http_request request;
    const struct http_route *route;
    struct str target; /* raw */
    bool begun;        /* the headers were looked at */
    bool complete;     /* the handler was called */
    struct buf body;
    size_t received; /* bytes of the body, also those thrown away */
    struct http_response response;
    struct buf text; /* response.text, taken over */
    bool wipe;

    /* Under the server's lock: */
    enum exchange_state state;
    bool open;     /* the HTTP side still needs it */
    bool held;     /* the handler's side still needs it */
    bool given_up; /* answered for the handler: what it says goes nowhere */
    bool streaming;
    bool ended; /* exchange_end() was called */
    bool cut;   /* the client reads too slowly or is gone: end without a proper end */
    bool closed_called;
    struct buf queue; /* of a stream: what waits to be sent, from `sent` on */
    size_t sent;
    int64_t written_at_us; /* for pings */
    int64_t taken_at_us;   /* when the library last took something, or found nothing to take */
    void (*closed)(void *context);
    void *closed_context;
    struct exchange *next_free;
};

/* A client's connection. */
struct http_conn {
    struct list_node node;     /* in server->conns, under the lock */
    struct exchange *exchange; /* under the lock */
    int socket;
    _Atomic int64_t deadline_us; /* on the monotonic clock; what happens then: sweep.c */
    char peer[HTTP_PEER_SIZE];
    bool foreign; /* of a Unix socket: another user's */
};

struct http_server {
    struct http_config config;
    struct http_hosts hosts;
    struct http_proxies *proxies;
    struct MHD_Daemon *daemon;
    int socket; /* listening */
    char address[80];
    char *local_path; /* of a Unix socket with a file, or NULL */
    uint64_t local_file;
    char host[64];
    _Atomic int64_t answers[HTTP_STATUS_MAX];
    struct exchange *free; /* of the HTTP thread */
    size_t free_count;

    pthread_mutex_t lock;
    pthread_cond_t changed; /* an exchange completed */
    pthread_cond_t sweep;   /* wakes the sweeper to end */
    struct list conns;
    int64_t conn_count;
    size_t exchanges; /* not freed */
    size_t active;    /* with a handler or an answer under way */
    bool quiesced;    /* answers close their connections */
    bool closing;     /* streams end */
    bool stopping;    /* nothing is suspended any more */
    bool closed;      /* the last exchange frees the server */

    pthread_t sweeper;
    bool sweeping;
};

/* exchange.c, for the HTTP thread. */
struct exchange *exchange_begin(struct http_server *server, struct http_conn *conn,
                                struct MHD_Connection *connection, struct str target);
/* Keeps a part of the body; false when the client must be cut off. */
MUST_USE bool exchange_take_body(struct exchange *exchange, struct str part);
/* Runs the handler; true when an answer is ready, false when the connection was suspended. */
MUST_USE bool exchange_run(struct exchange *exchange);
/* The next part of a stream: bytes copied, or one of the two below; 0 when it was suspended. */
#define STREAM_END (-1)
#define STREAM_CUT (-2)
ptrdiff_t exchange_read(struct exchange *exchange, char *out, size_t max);
/* The library is done with the request. */
void exchange_completed(struct exchange *exchange);
/* Under the lock: answers for the handler, with config.overdue. */
void exchange_give_up(struct exchange *exchange);
/* Under the lock: resumes the connection if it is suspended. */
void exchange_wake(struct exchange *exchange);
/* Frees what the HTTP thread keeps for the next request. */
void exchange_free_spares(struct http_server *server);

/* server.c */
const struct http_route *http_route_find(const struct http_server *server, struct str path);
void http_server_free(struct http_server *server);

/* sweep.c */
void sweep_start(struct http_server *server);
void sweep_stop(struct http_server *server);

/* server_mhd.c: the library, narrowed to what the others need. */
MUST_USE bool mhd_start(struct http_server *server, struct error *err);
void mhd_quiesce(struct http_server *server);
void mhd_stop(struct http_server *server);
void mhd_suspend(struct exchange *exchange);
void mhd_resume(struct exchange *exchange);

#endif
