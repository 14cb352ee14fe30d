/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One command and its reply over a socket of ours. hiredis formats and parses; sockets, caps and
 * deadlines are ours, because its reader has none: it takes any announced length.
 */
#ifndef CONNECTOR_REDIS_WIRE_H
#define CONNECTOR_REDIS_WIRE_H

#include "base/attr.h"
#include "base/error.h"
#include "base/str.h"
#include "base/time.h"
#include "connector/connector.h"

#include <stdatomic.h>
#include <stdbool.h>

#define REDIS_REPLY_MAX ((size_t)8 << 20)
#define REDIS_ARGUMENTS_MAX 8

struct tls;

enum redis_reply_kind {
    REDIS_REPLY_STATUS_LINE,
    REDIS_REPLY_BULK,
    REDIS_REPLY_NUMBER,
    REDIS_REPLY_NOTHING,
    REDIS_REPLY_FAILURE, /* text: word and sentence */
};

struct redis_reply {
    enum redis_reply_kind kind;
    long long number;
    struct str text; /* in the arena */
};

struct redis_conn {
    struct conn conn; /* first */
    int socket;
    struct tls *tls;
    const struct upstream *upstream;
    const struct interrupt *stop; /* while it is being opened; or NULL */
    bool answered;                /* something valid has come from this server */
};

struct redis_command_line {
    struct str arguments[REDIS_ARGUMENTS_MAX];
    int count;
};

/*
 * Sends a command and reads its reply, which may be a REDIS_REPLY_FAILURE. On failure the conn is
 * broken, and err->maybe_done says whether the command had begun to be sent.
 *   Fails  CONNECTION_LOST, TIMEOUT, CANCELLED, SERVER_PROTOCOL, RESULT_TOO_LARGE, TLS_REQUIRED
 */
MUST_USE bool redis_call(struct redis_conn *conn, const struct redis_command_line *line,
                         struct arena *arena, struct deadline by, atomic_bool *cancelled,
                         struct redis_reply *out, struct error *err);

/* From an error reply to an error: code by its word, the sentence scrubbed of the secret. */
bool redis_fail(const struct redis_conn *conn, struct str reply, struct arena *arena,
                struct error *err);

/*
 * After a session could not be opened, with TLS or without: dials once more to see whether the
 * other way is the right one, and if so says that in *err instead.
 */
void redis_explain(const struct upstream *upstream, bool tls, const struct opening *how,
                   struct error *err);

extern const struct operation redis_operations[];

#endif
