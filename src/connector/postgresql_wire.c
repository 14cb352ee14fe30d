/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flights over a link that never blocks, and ending what runs in it.
 *
 * Waiting has three ends: an answer, the deadline, and interrupt(), which rings the session's
 * eventfd. After the latter the server gets a moment to say itself that it cancelled; whoever does
 * not hear it in time closes the session. A cancel request may come late and hit what runs next in
 * the same session, so a session that was interrupted is never lent again.
 */
#include "connector/postgresql_internal.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/thread.h"
#include "connector/dial.h"
#include "connector/interrupt.h"
#include "connector/tls.h"

#define STOP_GRACE_MS 1000
#define CANCEL_MS 5000
#define CANCEL_THREADS_MAX 64
/* Waits of one run before its bytes are counted: small results need no counting. */
#define UNCOUNTED_WAKES 4
/* What is read between two looks at how much it is. */
#define RECEIVE_MAX ((size_t)256 << 10)

struct pg_cancel {
    atomic_int holders;
    PGcancel *request;
    const struct egress *egress;
    struct sockaddr_storage address;
    int64_t port;
};

static atomic_int cancel_threads;

struct pg_cancel *pg_cancel_new(PGconn *link, const struct egress *egress)
{
    struct pg_cancel *cancel = NEW(pg_cancel);
    cancel->holders = 1;
    cancel->request = PQgetCancel(link);
    cancel->egress = egress;
    socklen_t size = sizeof(cancel->address);
    if (getpeername(PQsocket(link), (struct sockaddr *)&cancel->address, &size) != 0)
        cancel->address.ss_family = AF_UNSPEC;
    if (cancel->address.ss_family == AF_INET)
        cancel->port = ntohs(((const struct sockaddr_in *)&cancel->address)->sin_port);
    else if (cancel->address.ss_family == AF_INET6)
        cancel->port = ntohs(((const struct sockaddr_in6 *)&cancel->address)->sin6_port);
    return cancel;
}

void pg_cancel_unref(struct pg_cancel *cancel)
{
    if (!cancel || atomic_fetch_sub(&cancel->holders, 1) > 1)
        return;
    PQfreeCancel(cancel->request);
    free(cancel);
}

/* Dials the same address anew; tcp_user_timeout bounds the dialling. */
static void *carry_out_cancel(void *context)
{
    struct pg_cancel *cancel = context;
    char said[256];
    pg_patience(deadline_in_ms(CANCEL_MS), true);
    (void)PQcancel(cancel->request, said, sizeof(said));
    pg_patience(DEADLINE_NEVER, false);
    pg_cancel_unref(cancel);
    atomic_fetch_sub(&cancel_threads, 1);
    return NULL;
}

/* Judged anew, and here: the thread may outlive the policy. */
static bool may_cancel(const struct pg_cancel *cancel)
{
    return cancel && cancel->request && cancel->address.ss_family != AF_UNSPEC &&
           egress_allows(cancel->egress, (const struct sockaddr *)&cancel->address, cancel->port);
}

void pg_cancel_aside(struct pg_cancel *cancel)
{
    if (!may_cancel(cancel))
        return;
    /* Past the cap the server finds out by itself: client_connection_check_interval. */
    if (atomic_fetch_add(&cancel_threads, 1) >= CANCEL_THREADS_MAX) {
        atomic_fetch_sub(&cancel_threads, 1);
        return;
    }
    atomic_fetch_add(&cancel->holders, 1);
    pthread_detach(thread_start("pg-cancel", carry_out_cancel, cancel));
}

bool pg_send(struct pg *pg, const char *sql, struct error *err)
{
    return PQsendQueryParams(pg->link, sql, 0, NULL, NULL, NULL, NULL, 0) || pg_fail_lost(pg, err);
}

static bool flush(struct pg *pg, struct error *err)
{
    pg_receive_at_most(RECEIVE_MAX); /* it reads where it cannot send */
    int left = PQflush(pg->link);
    pg_receive_at_most(SIZE_MAX);
    pg->unsent = left > 0;
    return left >= 0 || pg_fail_lost(pg, err);
}

bool pg_send_sync(struct pg *pg, struct error *err)
{
    return (PQpipelineSync(pg->link) || pg_fail_lost(pg, err)) && flush(pg, err);
}

/* Bytes that ever came in on the socket: encrypted ones too, and those still in the kernel. */
uint64_t pg_received(const struct pg *pg)
{
    struct tcp_info info = { 0 };
    socklen_t size = sizeof(info);
    if (getsockopt(PQsocket(pg->link), IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
        return 0;
    return info.tcpi_bytes_received;
}

void pg_limit_received(const struct pg *pg, struct pg_wait *wait, size_t max)
{
    wait->received_before = pg_received(pg);
    wait->received_max = max;
}

/*
 * libpq gathers a whole message before it shows any of it, however large, so a cap on what is
 * written is not enough: this one is on what has come in. It is looked at whenever libpq comes up
 * for air, which pg_receive_at_most() sees to. It bounds in the same way what libpq 15 loses for good:
 * 216 bytes of every description of parameters but the last (tried), which only a server that means
 * ill sends twice.
 */
static bool within_size(struct pg *pg, struct pg_wait *wait, struct error *err)
{
    if (wait->received_max == 0 || ++wait->wakes < UNCOUNTED_WAKES ||
        pg_received(pg) - wait->received_before <= wait->received_max)
        return true;
    pg->conn.broken = true;
    pg_cancel_aside(pg->cancel);
    if (wait->received_max == PG_CHATTER_MAX)
        return pg_fail_chatter(err);
    return fail(err, ERR_RESULT_TOO_LARGE, "the result is too large");
}

bool pg_fail_chatter(struct error *err)
{
    return fail(err, ERR_SERVER_PROTOCOL, "the server says more than it was asked");
}

bool pg_is_bloated(const struct pg *pg, const struct pg_wait *wait, size_t written)
{
    return wait->wakes >= UNCOUNTED_WAKES &&
           pg_received(pg) - wait->received_before > PG_CHATTER_MAX + 4 * (uint64_t)written;
}

/* The deadline passed, or the moment after a cancel did. */
static bool give_up(struct pg *pg, const struct pg_wait *wait, struct error *err)
{
    pg->conn.broken = true;
    if (wait->stopping)
        return fail(err, ERR_CANCELLED, "cancelled");
    pg_cancel_aside(pg->cancel);
    return fail(err, ERR_DEADLINE_PASSED, "no answer in time");
}

static void notice_cancel(struct pg *pg, struct pg_wait *wait)
{
    uint64_t rings;
    (void)!read(pg->wake, &rings, sizeof(rings));
    if (wait->stopping || !wait->cancelled || !atomic_load(wait->cancelled))
        return;
    wait->stopping = true;
    wait->by = deadline_earlier(wait->by, deadline_in_ms(STOP_GRACE_MS));
}

/* Until the socket has something to read, or took what is unsent. */
static bool wait_socket(struct pg *pg, struct pg_wait *wait, struct error *err)
{
    for (;;) {
        if (interrupt_told(wait->stop)) {
            pg->conn.broken = true;
            return fail_stopped(err);
        }
        /* Who never stops talking would always be ready. */
        if (deadline_passed(wait->by))
            return give_up(pg, wait, err);
        struct pollfd fds[3] = {
            { .fd = PQsocket(pg->link), .events = (short)(POLLIN | (pg->unsent ? POLLOUT : 0)) },
            { .fd = pg->wake, .events = POLLIN },
            { .fd = wait->stop ? wait->stop->bell : -1, .events = POLLIN },
        };
        int ready = poll(fds, 3, deadline_left_ms(wait->by));
        if (ready > 0 && fds[1].revents)
            notice_cancel(pg, wait);
        if (ready > 0 && fds[2].revents)
            interrupt_heard(wait->stop);
        if (ready > 0 && fds[0].revents)
            return within_size(pg, wait, err);
    }
}

/* libpq would give the same result again for ever, until the copying is done. */
static bool is_copy(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

/*
 * A TLS record may be larger than the room that libpq had for it. What was left over is decrypted
 * then, and no socket tells of it; libpq itself only looks for it where it waits by itself.
 */
static bool has_unread(const struct pg *pg)
{
    return PQsslInUse(pg->link) && tls_holds_bytes(PQsslStruct(pg->link, "OpenSSL"));
}

bool pg_next(struct pg *pg, struct pg_wait *wait, PGresult **out, struct error *err)
{
    for (;;) {
        if (pg->unsent && !flush(pg, err))
            return false;
        if (!PQisBusy(pg->link))
            break;
        if (!has_unread(pg) && !wait_socket(pg, wait, err))
            return false;
        /* A server that ends a session says why before it closes: that is still read. */
        pg_receive_at_most(RECEIVE_MAX);
        bool open = PQconsumeInput(pg->link) == 1;
        pg_receive_at_most(SIZE_MAX);
        if (!open && PQisBusy(pg->link))
            return pg_fail_lost(pg, err);
    }
    PGresult *result = PQgetResult(pg->link);
    /* One nothing stands behind each statement; a second in a row means that no Sync will come. */
    wait->nothings = result ? 0 : wait->nothings + 1;
    if (!result && (PQstatus(pg->link) == CONNECTION_BAD || wait->nothings > 1))
        return pg_fail_lost(pg, err);
    if (is_copy(result)) {
        PQclear(result);
        pg->conn.broken = true;
        return fail(err, ERR_COPY_NOT_ALLOWED, "COPY from or to the client is not supported");
    }
    *out = result;
    return true;
}

bool pg_read_flight(struct pg *pg, struct pg_wait *wait, ExecStatusType kind, PGresult **last,
                    struct error *err)
{
    bool ok = true;
    for (;;) {
        AUTO(pg_result) result = NULL;
        struct error other;
        if (!pg_next(pg, wait, &result, ok ? err : &other))
            return false;
        if (!result)
            continue;
        ExecStatusType status = PQresultStatus(result);
        if (status == PGRES_PIPELINE_SYNC)
            return ok;
        if (status == PGRES_FATAL_ERROR) {
            if (ok)
                ok = pg_fail_result(pg, result, err);
            if (PQstatus(pg->link) == CONNECTION_BAD) {
                pg->conn.broken = true;
                return false;
            }
        } else if (last && status == kind) {
            PQclear(*last);
            *last = pg_result_take(&result);
        }
    }
}

bool pg_finish_flight(struct pg *pg, struct pg_wait *wait, struct error *err)
{
    return pg_read_flight(pg, wait, PGRES_TUPLES_OK, NULL, err);
}
