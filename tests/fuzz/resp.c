/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replies of a Redis server: the first byte is the size of the pieces in which the rest arrives.
 * What comes of it must not depend on the pieces; a session that failed is never lent again; no
 * error repeats the password, however the server does.
 */
#include "fuzz.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "connector/redis_wire.h"

/* It overlaps itself, and needs escapes in URLs and in JSON. */
#define PASSWORD STR("h6sh/\"h6sh")

/* Records the socket's buffer has room for. */
#define RECORDS_MAX 100

static struct secret *password;

/* ends[0] is a socket on whose other end the server has said everything and will say no more. */
static void server_says(struct str text, size_t piece, int ends[2])
{
    /* Records stay apart, so that each is read by a recv() of its own. */
    HOLDS(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends) == 0);
    if (piece < text.len / RECORDS_MAX + 1)
        piece = text.len / RECORDS_MAX + 1;
    for (size_t at = 0; at < text.len; at += piece) {
        struct str part = str_slice(text, at, at + piece);
        HOLDS(send(ends[1], part.ptr, part.len, 0) == (ssize_t)part.len);
    }
    HOLDS(shutdown(ends[1], SHUT_WR) == 0);
}

struct outcome {
    bool ok, broken;
    struct redis_reply reply;
    struct error err;
};

static struct outcome call(struct str text, size_t piece, struct arena *arena)
{
    static const struct redis_command_line line = { { { "GET", 3 }, { "key", 3 } }, 2 };
    struct upstream upstream = { .password = password };
    int ends[2];
    server_says(text, piece, ends);
    struct redis_conn conn = { .socket = ends[0], .upstream = &upstream };
    struct outcome out = { 0 };

    out.ok = redis_call(&conn, &line, arena, deadline_in_ms(5000), NULL, &out.reply, &out.err);
    out.broken = conn.conn.broken;
    if (out.ok && out.reply.kind == REDIS_REPLY_FAILURE) {
        HOLDS(!redis_fail(&conn, out.reply.text, arena, &out.err));
        HOLDS(str_is_utf8(str_from(out.err.message)) && out.err.message[0] != '\0');
        HOLDS(!fuzz_contains(str_from(out.err.message), PASSWORD));
        HOLDS(!fuzz_contains(str_from(out.err.detail), PASSWORD));
    }
    (void)close(ends[0]);
    (void)close(ends[1]);
    return out;
}

static void check(struct str text, const struct outcome *out)
{
    if (!out->ok) {
        HOLDS(out->broken && out->err.maybe_done);
        HOLDS(out->err.code == ERR_CONNECTION_LOST || out->err.code == ERR_SERVER_PROTOCOL ||
              out->err.code == ERR_TLS_REQUIRED || out->err.code == ERR_RESULT_TOO_LARGE);
        return;
    }
    HOLDS(text.len >= 3);
    HOLDS(out->reply.text.len == 0 || fuzz_contains(text, out->reply.text));
    if (out->broken)
        return;
    /* What stands behind a bulk string is skipped, whatever it is: the library does not look. */
    if (out->reply.kind == REDIS_REPLY_BULK)
        HOLDS(str_ends(str_slice(text, 0, text.len - 2), out->reply.text));
    else
        HOLDS(str_ends(text, STR("\r\n")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!password) {
        secret_init();
        password = secret_new(PASSWORD);
    }
    if (size == 0 || size > 65536)
        return 0;
    AUTO(arena) arena = arena_new();
    struct str text = fuzz_text(data + 1, size - 1);
    struct outcome whole = call(text, 16384, arena);
    struct outcome parts = call(text, data[0] ? data[0] : 1, arena);

    check(text, &whole);
    HOLDS(whole.ok == parts.ok);
    /* The first two bytes tell TLS only when they come together. */
    HOLDS(whole.ok || whole.err.code == parts.err.code || whole.err.code == ERR_TLS_REQUIRED);
    if (whole.ok)
        HOLDS(whole.reply.kind == parts.reply.kind && whole.reply.number == parts.reply.number &&
              str_eq(whole.reply.text, parts.reply.text));
    return 0;
}
