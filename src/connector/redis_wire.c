/* SPDX-License-Identifier: Apache-2.0 */
/* Commands out, replies in: caps, deadlines, and what a reply's first bytes give away. */
#include "connector/redis_wire.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hiredis/hiredis.h>

#include "base/mem.h"
#include "connector/interrupt.h"
#include "connector/scrub.h"
#include "connector/tls.h"

#define LINE_MAX ((size_t)1 << 20)

/* A command under way. */
struct exchange {
    struct redis_conn *conn;
    struct arena *arena;
    struct deadline by;
    atomic_bool *cancelled;
    struct error *err;
    bool sent; /* some of it has left */
    size_t received;
    bool line_ended; /* the first line of the reply is whole */
};

/* --- sockets --- */

static bool lost(struct exchange *x, enum error_code code, const char *message)
{
    x->conn->conn.broken = true;
    if (x->cancelled && atomic_load(x->cancelled)) {
        code = ERR_CANCELLED;
        message = "cancelled";
    }
    (void)fail(x->err, code, "%s", message);
    x->err->maybe_done = x->sent;
    return false;
}

static bool wait_for(struct exchange *x, short events)
{
    if (deadline_passed(x->by))
        return lost(x, ERR_DEADLINE_PASSED, "no answer in time");
    switch (wait_ready(x->conn->socket, events, x->by, x->conn->stop)) {
    case WAITED_READY:
        return true;
    case WAITED_LATE:
        return lost(x, ERR_DEADLINE_PASSED, "no answer in time");
    case WAITED_STOPPED:
        x->conn->conn.broken = true;
        return fail_stopped(x->err);
    }
    return false;
}

/* What recv() and send() say, over TLS too: bytes moved, 0 at the end, -1 with errno EAGAIN and what
 * to poll for, or with another errno. */
static long tell(enum tls_io io, size_t moved, short *events)
{
    switch (io) {
    case TLS_IO_DONE:
        return (long)moved;
    case TLS_IO_END:
        return 0;
    case TLS_IO_WANTS_READ:
        *events = POLLIN;
        errno = EAGAIN;
        return -1;
    case TLS_IO_WANTS_WRITE:
        *events = POLLOUT;
        errno = EAGAIN;
        return -1;
    case TLS_IO_FAILED:
        errno = ECONNRESET;
        return -1;
    }
    return -1;
}

static long read_some(struct redis_conn *conn, void *out, size_t size, short *events)
{
    size_t moved = 0;
    *events = POLLIN;
    if (!conn->tls)
        return recv(conn->socket, out, size, 0);
    enum tls_io io = tls_read(conn->tls, out, size, &moved);
    return tell(io, moved, events);
}

static long write_some(struct redis_conn *conn, const void *bytes, size_t size, short *events)
{
    size_t moved = 0;
    *events = POLLOUT;
    if (!conn->tls)
        return send(conn->socket, bytes, size, MSG_NOSIGNAL);
    enum tls_io io = tls_write(conn->tls, bytes, size, &moved);
    return tell(io, moved, events);
}

static bool send_all(struct exchange *x, struct str bytes)
{
    while (bytes.len > 0) {
        short events;
        long moved = write_some(x->conn, bytes.ptr, bytes.len, &events);
        if (moved > 0) {
            x->sent = true;
            bytes = str_slice(bytes, (size_t)moved, bytes.len);
        } else if (moved < 0 && (errno == EAGAIN || errno == EINTR)) {
            if (!wait_for(x, events))
                return false;
        } else {
            return lost(x, ERR_CONNECTION_LOST, "the server closed the connection");
        }
    }
    return true;
}

/* --- replies --- */

static void *new_reply(enum redis_reply_kind kind, long long number, struct str text)
{
    struct redis_reply *reply = NEW(redis_reply);
    *reply = (struct redis_reply){ kind, number, { xstrdup(text), text.len } };
    return reply;
}

/* The signature is the library's. NOLINTNEXTLINE(readability-non-const-parameter) */
static void *on_string(const redisReadTask *task, char *text, size_t len)
{
    enum redis_reply_kind kind = task->type == REDIS_REPLY_ERROR    ? REDIS_REPLY_FAILURE
                                 : task->type == REDIS_REPLY_STATUS ? REDIS_REPLY_STATUS_LINE
                                                                    : REDIS_REPLY_BULK;
    return new_reply(kind, 0, (struct str){ text, len });
}

/* No command of ours is answered by an array. */
static void *on_array(const redisReadTask *task, int count)
{
    (void)task;
    (void)count;
    return NULL;
}

static void *on_integer(const redisReadTask *task, long long number)
{
    (void)task;
    return new_reply(REDIS_REPLY_NUMBER, number, STR_NULL);
}

static void *on_nil(const redisReadTask *task)
{
    (void)task;
    return new_reply(REDIS_REPLY_NOTHING, 0, STR_NULL);
}

static void on_free(void *object)
{
    struct redis_reply *reply = object;
    union {
        const char *read;
        char *own;
    } text = { reply->text.ptr };
    free(text.own);
    free(reply);
}

static redisReplyObjectFunctions functions = { on_string, on_array, on_integer, on_nil, on_free };

/* A TLS alert or a hello where a reply should stand: the port speaks TLS. */
static bool looks_like_tls(const char *bytes, long count)
{
    return count >= 2 && (bytes[0] == 0x15 || bytes[0] == 0x16) && bytes[1] == 0x03;
}

/* A line is searched for its end again with each piece of it, so it may not be long. */
static bool within_size(struct exchange *x, const char *bytes, size_t count)
{
    x->received += count;
    if (!x->line_ended)
        x->line_ended = memchr(bytes, '\n', count) != NULL;
    if (!x->line_ended && x->received > LINE_MAX)
        return lost(x, ERR_RESULT_TOO_LARGE, "the reply has a line longer than 1 MiB");
    if (x->received > REDIS_REPLY_MAX)
        return lost(x, ERR_RESULT_TOO_LARGE, "the reply is longer than 8 MiB");
    return true;
}

static bool feed(struct exchange *x, redisReader *reader)
{
    char bytes[16384];
    short events;
    if (deadline_passed(x->by))
        return lost(x, ERR_DEADLINE_PASSED, "no answer in time");
    long count = read_some(x->conn, bytes, sizeof(bytes), &events);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return wait_for(x, events);
    if (count <= 0)
        return lost(x, ERR_CONNECTION_LOST, "the server closed the connection");
    if (x->received == 0 && !x->conn->answered && !x->conn->tls && looks_like_tls(bytes, count))
        return lost(x, ERR_TLS_REQUIRED, "the server demands TLS: write rediss:// in the URL");
    if (!within_size(x, bytes, (size_t)count))
        return false;
    if (redisReaderFeed(reader, bytes, (size_t)count) != REDIS_OK)
        return lost(x, ERR_SERVER_PROTOCOL, "the server does not speak the protocol of Redis");
    return true;
}

static bool receive(struct exchange *x, redisReader *reader, struct redis_reply *out)
{
    for (;;) {
        void *object = NULL;
        if (redisReaderGetReply(reader, &object) != REDIS_OK)
            return lost(x, ERR_SERVER_PROTOCOL, "the server does not speak the protocol of Redis");
        if (object) {
            struct redis_reply *reply = object;
            *out = *reply;
            out->text = arena_str(x->arena, reply->text);
            on_free(reply);
            x->conn->answered = true;
            if (reader->pos < reader->len)
                x->conn->conn.broken = true; /* it said more than it was asked */
            return true;
        }
        if (!feed(x, reader))
            return false;
    }
}

bool redis_call(struct redis_conn *conn, const struct redis_command_line *line, struct arena *arena,
                struct deadline by, atomic_bool *cancelled, struct redis_reply *out,
                struct error *err)
{
    struct exchange x = {
        .conn = conn, .arena = arena, .by = by, .cancelled = cancelled, .err = err
    };
    const char *texts[REDIS_ARGUMENTS_MAX];
    size_t lengths[REDIS_ARGUMENTS_MAX];
    for (int i = 0; i < line->count; i++) {
        texts[i] = line->arguments[i].ptr ? line->arguments[i].ptr : "";
        lengths[i] = line->arguments[i].len;
    }
    char *bytes = NULL;
    int size = redisFormatCommandArgv(&bytes, line->count, texts, lengths);
    if (size < 0)
        return fail(err, ERR_INTERNAL, "the command could not be formatted");
    redisReader *reader = redisReaderCreateWithFunctions(&functions);
    bool ok = send_all(&x, (struct str){ bytes, (size_t)size }) && receive(&x, reader, out);
    redisReaderFree(reader);
    secret_wipe(bytes, (size_t)size);
    redisFreeCommand(bytes);
    return ok;
}

/* --- errors --- */

/* The word that an error reply begins with, if it is one: letters in capitals. */
static struct str error_word(struct str reply)
{
    size_t end = str_find_byte(reply, ' ');
    for (size_t i = 0; i < end; i++)
        if (reply.ptr[i] < 'A' || reply.ptr[i] > 'Z')
            return STR("ERR");
    return str_slice(reply, 0, end);
}

/* What keeps one out, by its word or, where that is ERR, by its sentence. */
static const struct known_error {
    const char *word, *sentence;
    enum error_code code;
    const char *meaning;
} known_errors[] = {
    { "NOAUTH", NULL, ERR_AUTH_FAILED, "the server wants a password: " },
    { "WRONGPASS", NULL, ERR_AUTH_FAILED, "user or password was refused: " },
    { "NOPERM", NULL, ERR_AUTH_FAILED, "" },
    { "DENIED", NULL, ERR_AUTH_FAILED, "the server lets in nobody from elsewhere: " },
    { NULL, "without any password configured", ERR_AUTH_FAILED,
      "the server has no password, but the URL gives one: " },
    { NULL, "invalid password", ERR_AUTH_FAILED, "user or password was refused: " },
    { NULL, "max number of clients", ERR_TOO_MANY_CONNECTIONS, "" },
};

static const struct known_error *known_error_of(struct str word, struct str reply)
{
    for (size_t i = 0; i < ARRAY_LEN(known_errors); i++) {
        const struct known_error *known = &known_errors[i];
        if (known->word ? str_eq(word, str_from(known->word))
                        : str_find(reply, str_from(known->sentence)) < reply.len)
            return known;
    }
    return NULL;
}

bool redis_fail(const struct redis_conn *conn, struct str reply, struct arena *arena,
                struct error *err)
{
    struct str word = error_word(reply);
    struct str text = scrub(arena, reply, conn->upstream->password);
    if (text.len == 0 || text.ptr[0] == '\0')
        text = STR("the server answered with an error that says nothing");
    const struct known_error *known = known_error_of(word, reply);
    (void)fail(err, known ? known->code : ERR_SERVER_ERROR, "%s" STR_FMT,
               known ? known->meaning : "", STR_ARG(text));
    (void)snprintf(err->server_code, sizeof(err->server_code), STR_FMT, STR_ARG(word));
    return false;
}
