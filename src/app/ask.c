/* SPDX-License-Identifier: Apache-2.0 */
/* Asking procedures: see ask.h. One request a connection, in HTTP/1.0, whose answers end with it. */
#include "app/ask.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app/home.h"
#include "app/server.h"
#include "auth/session.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/secret.h"
#include "http/local.h"
#include "json/read.h"
#include "schema/encode.h"

#define ANSWER_MS 80000
#define REQUEST_MAX ((size_t)8 << 20)
#define ANSWER_MAX ((size_t)128 << 20)

struct ask {
    struct arena *arena;
    const char *path; /* of the socket, or its name */
    struct home *home;
    struct server *server; /* our own; NULL: somebody else's is asked */
};

/* --- finding the server --- */

static bool is_there(const char *path, struct error *err)
{
    int connected = local_connect(path, err);

    if (connected < 0)
        return false;
    bool ours = local_peer_is_ours(connected) || geteuid() == 0;
    (void)close(connected);
    return ours || fail(err, ERR_FORBIDDEN, "the server at \"%s\" is another user's", path);
}

/* A store that root makes or opens would be closed to the user whose folder it is. */
static bool check_owner(const char *folder, struct error *err)
{
    struct stat status;

    if (geteuid() != 0 || stat(folder, &status) != 0 || status.st_uid == 0)
        return true;
    (void)fail(err, ERR_FORBIDDEN, "\"%s\" belongs to user %lu, and no server runs there", folder,
               (unsigned long)status.st_uid);
    err->hint = "run the command as that user: setpriv --reuid=… --clear-groups tieline …";
    return false;
}

static bool check_store(const struct store_options *at, enum ask_need need, const char *folder,
                        struct error *err)
{
    if (need == ASK_SERVER) {
        (void)fail(err, ERR_UNAVAILABLE, "no server runs on \"%s\"", folder);
        err->hint = "only a server carries this out: start one with \"tieline serve\"";
        return false;
    }
    if (need == ASK_STORE && !str_set(at->store) && !file_exists(folder)) {
        (void)fail(err, ERR_NOT_FOUND, "there is no data folder \"%s\"", folder);
        err->hint = "name it with --data, or make one: \"tieline serve\", \"tieline migrate\"";
        return false;
    }
    return check_owner(folder, err);
}

static bool be_the_server(struct ask *ask, const struct store_options *at, struct error *err)
{
    ask->home = home_open(at, ask->arena, err);
    if (!ask->home)
        return false;
    ask->server = server_open_private(ask->home, err);
    if (!ask->server)
        return false;
    ask->path = arena_c(ask->arena, server_local_address(ask->server));
    return true;
}

struct ask *ask_open(const struct store_options *at, enum ask_need need, struct arena *arena,
                     struct error *err)
{
    AUTO(ask) ask = ARENA_NEW(arena, ask);
    const char *folder = arena_c(arena, at->data);
    struct deadline by = deadline_in_ms(HOME_WAIT_MS);

    ask->arena = arena;
    ask->path = arena_c(arena, home_socket(at, arena));
    /* Somebody who has the store open without listening is starting, ending, or a command. */
    for (;;) {
        if (is_there(ask->path, err))
            return ask_take(&ask);
        if (err->code != ERR_NOT_FOUND || !check_store(at, need, folder, err))
            return NULL;
        if (be_the_server(ask, at, err))
            return ask_take(&ask);
        if (err->code != ERR_CONFLICT || deadline_passed(by))
            return NULL;
        (void)nanosleep(&(struct timespec){ .tv_nsec = HOME_PAUSE_MS * 1000000L }, NULL);
    }
}

void ask_close(struct ask *ask)
{
    if (!ask)
        return;
    server_close(ask->server);
    home_close(ask->home);
    ask->server = NULL;
    ask->home = NULL;
}

/* --- one request --- */

static bool lost(struct error *err, const char *what, int number)
{
    char reason[128] = "";

    if (strerror_r(number, reason, sizeof(reason)) != 0)
        (void)snprintf(reason, sizeof(reason), "error %d", number);
    return fail(err, ERR_UNAVAILABLE, "the server %s: %s", what, reason);
}

static bool wait_for(int connection, short events, struct deadline by, struct error *err)
{
    struct pollfd poll_fd = { .fd = connection, .events = events };
    int ready;

    do
        ready = poll(&poll_fd, 1, deadline_left_ms(by));
    while (ready < 0 && errno == EINTR);
    if (ready == 0)
        return fail(err, ERR_UNAVAILABLE, "the server did not answer in time");
    return ready > 0 || lost(err, "cannot be waited for", errno);
}

static bool send_all(int connection, struct str text, struct deadline by, struct error *err)
{
    while (text.len > 0) {
        if (!wait_for(connection, POLLOUT, by, err))
            return false;
        ssize_t sent = send(connection, text.ptr, text.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EINTR && errno != EAGAIN)
            return lost(err, "does not take the request", errno);
        text = str_slice(text, sent > 0 ? (size_t)sent : 0, text.len);
    }
    return true;
}

static bool receive_all(int connection, struct buf *buf, struct deadline by, struct error *err)
{
    for (;;) {
        char part[16384];
        if (!wait_for(connection, POLLIN, by, err))
            return false;
        ssize_t got = recv(connection, part, sizeof(part), MSG_DONTWAIT);
        if (got == 0)
            return true;
        if (got > 0)
            buf_add(buf, (struct str){ part, (size_t)got });
        else if (errno != EINTR && errno != EAGAIN)
            return lost(err, "ended the connection", errno);
    }
}

static bool write_request(const struct question *question, struct arena *arena, struct buf *buf,
                          struct error *err)
{
    struct str body =
        question->shape ? schema_encode_text(question->shape, question->input, arena) : STR("{}");

    for (size_t i = 0; i < question->user.len; i++)
        if ((unsigned char)question->user.ptr[i] < ' ' || question->user.ptr[i] == 0x7f)
            return fail(err, ERR_BAD_REQUEST, "an address holds no control characters");
    buf_printf(buf, "POST /trpc/%s HTTP/1.0\r\nHost: localhost\r\n", question->procedure);
    if (str_set(question->user))
        buf_printf(buf, AUTH_ACT_AS ": " STR_FMT "\r\n", STR_ARG(question->user));
    buf_printf(buf, "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n", body.len);
    buf_add(buf, body);
    return true;
}

static bool exchange_texts(const struct ask *ask, struct str request, struct buf *answer,
                           struct error *err)
{
    struct deadline by = deadline_in_ms(ANSWER_MS);
    int connection = local_connect(ask->path, err);

    if (connection < 0)
        return false;
    bool ok = send_all(connection, request, by, err) && receive_all(connection, answer, by, err);
    (void)close(connection);
    return ok;
}

/* The error of an answer as ours. */
static bool fail_answered(const struct json *error, struct error *err)
{
    const struct json *message = json_member(error, STR("message"));
    const struct json *data = json_member(error, STR("data"));
    const struct json *reason = json_member(data, STR("reason"));
    enum error_code code = reason ? error_code_of_reason(reason->text) : ERR_NONE;

    if (!message || message->kind != JSON_STRING)
        return fail(err, ERR_UNAVAILABLE, "the server gave an answer that is no answer");
    return fail(err, code == ERR_NONE ? ERR_BAD_REQUEST : code, STR_FMT, STR_ARG(message->text));
}

static const struct json *read_answer(struct ask *ask, struct str text, struct error *err)
{
    size_t head = str_find(text, STR("\r\n\r\n"));
    struct str body = str_slice(text, head + 4, text.len);
    struct error unread;

    if (head == text.len)
        return fail_null(err, ERR_UNAVAILABLE, "the server ended without an answer");
    const struct json *answer =
        json_read(ask->arena, arena_str(ask->arena, body), JSON_DUPLICATES_LAST, &unread);
    const struct json *data = json_member(json_member(answer, STR("result")), STR("data"));
    if (data)
        return data;
    const struct json *error = json_member(answer, STR("error"));
    if (!error)
        return fail_null(err, ERR_UNAVAILABLE, "the server answered \"" STR_FMT "\"",
                         STR_ARG(str_cut(str_trim(body), 100)));
    (void)fail_answered(error, err);
    return NULL;
}

const struct json *ask(struct ask *ask, const struct question *question, struct error *err)
{
    AUTO(arena) arena = arena_new();
    struct buf request, answer;
    struct str text;

    arena_wipe_on_reset(arena);
    buf_init(&request, REQUEST_MAX);
    buf_init(&answer, ANSWER_MAX);
    bool ok = write_request(question, arena, &request, err) && buf_finish(&request, &text, err) &&
              exchange_texts(ask, text, &answer, err) && buf_finish(&answer, &text, err);
    const struct json *data = ok ? read_answer(ask, text, err) : NULL;
    if (request.ptr)
        secret_wipe(request.ptr, request.len);
    buf_done(&request);
    buf_done(&answer);
    return data;
}
