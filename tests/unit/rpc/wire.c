/* SPDX-License-Identifier: Apache-2.0 */
/* A client made of bytes: see wire.h. */
#include "wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/time.h"

#define ANSWER_MAX ((size_t)32 << 20)

void wire_open(struct wire *wire, struct str address)
{
    size_t colon = str_find_byte(address, ':');
    int64_t port = 0;
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

    if (!str_to_int64(str_slice(address, colon + 1, address.len), &port))
        crash_fatal("wire: no port in " STR_FMT, STR_ARG(address));
    to.sin_port = htons((uint16_t)port);
    buf_init(&wire->got, ANSWER_MAX);
    buf_init(&wire->last, ANSWER_MAX);
    wire->socket = socket(AF_INET, SOCK_STREAM, 0);
    if (wire->socket < 0 || connect(wire->socket, (struct sockaddr *)&to, sizeof(to)) != 0)
        crash_fatal("wire: could not connect to " STR_FMT, STR_ARG(address));
}

void wire_close(struct wire *wire)
{
    (void)close(wire->socket);
    buf_done(&wire->got);
    buf_done(&wire->last);
}

void wire_send_str(struct wire *wire, struct str text)
{
    while (text.len > 0) {
        ssize_t sent = send(wire->socket, text.ptr, text.len, MSG_NOSIGNAL);
        /* The server may have had enough: what it said is still to be read. */
        if (sent <= 0)
            return;
        text = str_slice(text, (size_t)sent, text.len);
    }
}

void wire_send(struct wire *wire, const char *text)
{
    wire_send_str(wire, str_from(text));
}

void wire_half_close(struct wire *wire)
{
    (void)shutdown(wire->socket, SHUT_WR);
}

/* More bytes; false when there are no more. */
static bool read_more(struct wire *wire, struct deadline by)
{
    struct pollfd ready = { .fd = wire->socket, .events = POLLIN };

    if (poll(&ready, 1, deadline_left_ms(by)) <= 0)
        crash_fatal("wire: nothing came; so far: " STR_FMT, STR_ARG(buf_str(&wire->got)));
    char *room = buf_reserve(&wire->got, 65536);
    if (!room)
        crash_fatal("wire: too much came");
    ssize_t got = recv(wire->socket, room, 65536, 0);
    if (got <= 0)
        return false;
    buf_added(&wire->got, (size_t)got);
    return true;
}

/* Forgets the first bytes of what was read. */
static void skip(struct wire *wire, size_t size)
{
    struct buf rest;

    buf_init(&rest, ANSWER_MAX);
    buf_add(&rest, str_slice(buf_str(&wire->got), size, wire->got.len));
    buf_done(&wire->got);
    wire->got = rest;
}

/* Reads until the text is there; returns where it ends. */
static size_t find(struct wire *wire, struct str text, size_t from)
{
    struct deadline by = deadline_in_ms(WIRE_PATIENCE_MS);

    for (;;) {
        struct str all = buf_str(&wire->got);
        struct str rest = str_slice(all, from, all.len);
        size_t at = str_find(rest, text);
        if (at < rest.len)
            return from + at + text.len;
        if (!read_more(wire, by))
            crash_fatal("wire: closed before \"" STR_FMT "\"; so far: " STR_FMT, STR_ARG(text),
                        STR_ARG(buf_str(&wire->got)));
    }
}

void wire_expect(struct wire *wire, const char *text)
{
    skip(wire, find(wire, str_from(text), 0));
}

static void take_bytes(struct wire *wire, size_t *at, size_t size)
{
    struct deadline by = deadline_in_ms(WIRE_PATIENCE_MS);

    while (wire->got.len - *at < size)
        if (!read_more(wire, by))
            crash_fatal("wire: closed inside a body");
    buf_add(&wire->last, str_slice(buf_str(&wire->got), *at, *at + size));
    *at += size;
}

static size_t take_chunks(struct wire *wire, size_t at)
{
    for (;;) {
        size_t end = find(wire, STR("\r\n"), at);
        size_t size = (size_t)strtoul(wire->got.ptr + at, NULL, 16);
        at = end;
        take_bytes(wire, &at, size);
        at = find(wire, STR("\r\n"), at);
        if (size == 0)
            return at;
    }
}

int wire_answer(struct wire *wire)
{
    size_t at = find(wire, STR("\r\n\r\n"), 0);
    int64_t status = 0, size = 0;

    buf_reset(&wire->last);
    buf_add(&wire->last, str_slice(buf_str(&wire->got), 0, at));
    if (!str_to_int64(str_slice(buf_str(&wire->last), 9, 12), &status))
        crash_fatal("wire: no status");
    struct str length = wire_header(wire, "content-length");
    if (str_set(wire_header(wire, "transfer-encoding")))
        at = take_chunks(wire, at);
    else if (str_set(length) && str_to_int64(length, &size))
        take_bytes(wire, &at, (size_t)size);
    skip(wire, at);
    return (int)status;
}

struct str wire_body(const struct wire *wire)
{
    struct str all = buf_str(&wire->last);

    return str_slice(all, str_find(all, STR("\r\n\r\n")) + 4, all.len);
}

struct str wire_header(const struct wire *wire, const char *name)
{
    struct str all = buf_str(&wire->last), line;
    struct str head = str_slice(all, 0, str_find(all, STR("\r\n\r\n")));

    while (str_split(&head, '\n', &line)) {
        size_t colon = str_find_byte(line, ':');
        if (str_eq_nocase(str_slice(line, 0, colon), str_from(name)))
            return str_trim(str_slice(line, colon + 1, line.len));
    }
    return STR_NULL;
}

bool wire_closed(struct wire *wire)
{
    return wire->got.len == 0 && !read_more(wire, deadline_in_ms(WIRE_PATIENCE_MS));
}

int wire_once(struct str address, const char *request, struct buf *body)
{
    struct wire wire;

    wire_open(&wire, address);
    wire_send(&wire, request);
    int status = wire_answer(&wire);
    if (body) {
        buf_reset(body);
        buf_add(body, wire_body(&wire));
    }
    wire_close(&wire);
    return status;
}
