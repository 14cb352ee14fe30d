/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a name to a signed-in link. We resolve and judge; libpq is given one judged address at a
 * time, with every keyword that could make it look elsewhere set. Certificates and keys go to it as
 * sealed files in memory.
 */
#define _GNU_SOURCE /* memfd_create */
#include "connector/postgresql_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connector/dial.h"
#include "connector/interrupt.h"
#include "connector/listener.h"
#include "connector/postgresql.h"
#include "connector/scrub.h"
#include "connector/tls.h"

#define NOWHERE "/dev/null/none" /* cannot exist: libpq then has no file of that kind */
#define PATH_SIZE 32
#define KEYWORDS_MAX 32

/* Files in memory for one connect; -1 for none. */
struct files {
    int ca, certificate, key;
};

static void close_file(int file)
{
    if (file >= 0)
        close(file);
}

static void files_close(struct files *files)
{
    close_file(files->ca);
    close_file(files->certificate);
    close_file(files->key);
}

/* libpq refuses a key file that others could read; a new one in memory has mode 0777. */
static bool write_file(struct str content, void *context)
{
    int *file = context;
    *file = memfd_create("tieline", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (*file < 0)
        return false;
    return fchmod(*file, 0600) == 0 &&
           write(*file, content.ptr, content.len) == (ssize_t)content.len &&
           fcntl(*file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0;
}

static bool files_open(const struct upstream *upstream, struct files *files, struct error *err)
{
    const struct connection_settings *settings = &upstream->settings;
    bool ok = (!str_set(settings->ca_pem) || write_file(settings->ca_pem, &files->ca)) &&
              (!str_set(settings->client_cert_pem) ||
               write_file(settings->client_cert_pem, &files->certificate)) &&
              (!upstream->client_key || secret_use(upstream->client_key, write_file, &files->key));
    return ok || fail(err, ERR_UNAVAILABLE, "could not make a file in memory: %s",
                      strerrordesc_np(errno));
}

static void file_path(char path[PATH_SIZE], int file, const char *otherwise)
{
    if (file >= 0)
        (void)snprintf(path, PATH_SIZE, "/proc/self/fd/%d", file);
    else
        (void)snprintf(path, PATH_SIZE, "%s", otherwise);
}

/* --- keywords --------------------------------------------------------------------------------- */

struct keywords {
    const char *names[KEYWORDS_MAX], *values[KEYWORDS_MAX];
    size_t count;
};

static void add(struct keywords *keywords, const char *name, const char *value)
{
    keywords->names[keywords->count] = name;
    keywords->values[keywords->count++] = value;
}

/* libpq's `require` checks the authority when it is given a file; `prefer` must not, or it would
 * fall back to plain text where the check fails. */
static const char *authority(enum tls_mode mode, const char *path)
{
    switch (mode) {
    case TLS_MODE_REQUIRE:
    case TLS_MODE_VERIFY_CA:
    case TLS_MODE_VERIFY_FULL:
        return path;
    case TLS_MODE_NONE:
    case TLS_MODE_DISABLE:
    case TLS_MODE_PREFER:
        break;
    }
    return NOWHERE;
}

struct start {
    const struct upstream *upstream;
    const char *address;
    const struct files *files;
    struct arena *arena;
    PGconn *link;
};

static void add_target(struct keywords *keywords, const struct start *start)
{
    const struct url *url = &start->upstream->url;
    struct arena *arena = start->arena;
    struct str application = url_option_find(url, STR("application_name"));
    struct str binding = url_option_find(url, STR("channel_binding"));
    struct str attributes = url_option_find(url, STR("target_session_attrs"));
    add(keywords, "host", arena_c(arena, url->host));
    add(keywords, "hostaddr", start->address);
    add(keywords, "port", arena_printf(arena, "%lld", (long long)url->port).ptr);
    add(keywords, "user", arena_c(arena, url->user));
    add(keywords, "dbname", arena_c(arena, str_set(url->database) ? url->database : url->user));
    add(keywords, "application_name",
        arena_c(arena, str_set(application) ? application : start->upstream->application_name));
    add(keywords, "channel_binding", str_set(binding) ? arena_c(arena, binding) : "prefer");
    add(keywords, "target_session_attrs", str_set(attributes) ? arena_c(arena, attributes) : "any");
}

static void add_tls(struct keywords *keywords, const struct start *start)
{
    const struct connection_settings *settings = &start->upstream->settings;
    char *ca = arena_alloc(start->arena, PATH_SIZE), *key = arena_alloc(start->arena, PATH_SIZE);
    char *certificate = arena_alloc(start->arena, PATH_SIZE);
    bool verifies = settings->tls_mode >= TLS_MODE_VERIFY_CA;
    file_path(ca, start->files->ca, NOWHERE);
    file_path(certificate, start->files->certificate, NOWHERE);
    file_path(key, start->files->key, NOWHERE);
    const char *root = start->files->ca < 0 && verifies ? TLS_SYSTEM_CA : ca;
    add(keywords, "sslmode", tls_mode_names[settings->tls_mode]);
    add(keywords, "sslrootcert", authority(settings->tls_mode, root));
    add(keywords, "sslcert", certificate);
    add(keywords, "sslkey", key);
    add(keywords, "sslcrl", NOWHERE);
    add(keywords, "ssl_min_protocol_version", "TLSv1.2");
}

static void add_rest(struct keywords *keywords)
{
    add(keywords, "gssencmode", "disable");
    add(keywords, "passfile", "/dev/null");
    add(keywords, "options", "");
    add(keywords, "client_encoding", "UTF8");
    add(keywords, "connect_timeout", "10");
    add(keywords, "keepalives", "1");
    add(keywords, "keepalives_idle", "30");
    add(keywords, "keepalives_interval", "10");
    add(keywords, "keepalives_count", "3");
    add(keywords, "tcp_user_timeout", "15000");
}

/* Begins with the password in sight, for no longer than that. */
static bool start_link(struct str password, void *context)
{
    struct start *start = context;
    struct keywords keywords = { 0 };
    add_target(&keywords, start);
    add_tls(&keywords, start);
    add_rest(&keywords);
    char *plain = arena_c(start->arena, password);
    if (plain)
        add(&keywords, "password", plain);
    start->link = PQconnectStartParams(keywords.names, keywords.values, 0);
    if (plain)
        secret_wipe(plain, password.len);
    return start->link != NULL;
}

/* --- one address ------------------------------------------------------------------------------ */

struct progress {
    struct pg *pg;
    const struct opening *how;
    struct trial *trial; /* its own */
    enum pg_phase phase;
};

static const enum stage stage_of[] = {
    [PG_PHASE_CONNECT] = STAGE_CONNECT,
    [PG_PHASE_TLS] = STAGE_TLS,
    [PG_PHASE_SIGN_IN] = STAGE_SIGN_IN,
};

/* Only ever forward: after TLS was refused, `prefer` begins again from the connect. */
static void follow(struct progress *progress)
{
    enum pg_phase phase = PG_PHASE_SIGN_IN;
    ConnStatusType status = PQstatus(progress->pg->link);
    if (status == CONNECTION_STARTED || status == CONNECTION_NEEDED || status == CONNECTION_MADE)
        phase = PG_PHASE_CONNECT;
    else if (status == CONNECTION_SSL_STARTUP)
        phase = PG_PHASE_TLS;
    else if (status == CONNECTION_BAD)
        phase = progress->phase;
    if (phase <= progress->phase)
        return;
    trial_end(progress->trial, stage_of[progress->phase], true);
    progress->phase = phase;
    trial_begin(progress->trial, stage_of[phase]);
}

static void ignore_notice(void *context, const PGresult *notice)
{
    (void)context;
    (void)notice;
}

static bool fail_connect(struct progress *progress, struct error *err)
{
    const struct upstream *upstream = progress->pg->upstream;
    AUTO(arena) arena = arena_new();
    struct str said =
        scrub(arena, str_from(PQerrorMessage(progress->pg->link)), upstream->password);
    char state[6];
    /* Whoever takes TLS where he gets it has been refused with it too, or got none. */
    bool tls = upstream->settings.tls_mode != TLS_MODE_DISABLE;
    enum error_code code = pg_connect_code(progress->phase, said, tls, state);
    struct str words = pg_connect_text(arena, said);
    if (progress->phase == PG_PHASE_CONNECT)
        (void)fail(err, code, "could not connect to \"" STR_FMT "\" port %lld: " STR_FMT,
                   STR_ARG(upstream->url.host), (long long)upstream->url.port, STR_ARG(words));
    else
        (void)fail(err, code, "could not sign in: " STR_FMT, STR_ARG(words));
    (void)snprintf(err->server_code, sizeof(err->server_code), "%s", state);
    error_set_detail(err, words);
    return false;
}

static bool fail_late(const struct progress *progress, struct error *err)
{
    const struct url *url = &progress->pg->upstream->url;
    if (progress->phase == PG_PHASE_CONNECT)
        return fail(err, ERR_CONNECT_TIMEOUT, "no answer from \"" STR_FMT "\" port %lld in time",
                    STR_ARG(url->host), (long long)url->port);
    return fail(err, ERR_DEADLINE_PASSED, "\"" STR_FMT "\" port %lld did not %s in time",
                STR_ARG(url->host), (long long)url->port,
                progress->phase == PG_PHASE_TLS ? "agree on TLS" : "let us sign in");
}

/* Turns libpq's crank until the link is signed in. */
static bool crank(struct progress *progress, struct deadline connect_by, struct error *err)
{
    PostgresPollingStatusType want = PGRES_POLLING_WRITING;
    while (want != PGRES_POLLING_OK) {
        if (want == PGRES_POLLING_FAILED)
            return fail_connect(progress, err);
        const struct opening *how = progress->how;
        bool spoken = progress->phase == PG_PHASE_SIGN_IN && pg_received(progress->pg) > 0;
        struct deadline limit = progress->phase == PG_PHASE_CONNECT ? connect_by
                                : spoken                            ? how->by
                                                                    : listener_reserve(how);
        short events = want == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        switch (wait_ready(PQsocket(progress->pg->link), events, limit, how->stop)) {
        case WAITED_READY:
            break;
        case WAITED_LATE:
            return fail_late(progress, err);
        case WAITED_STOPPED:
            return fail_stopped(err);
        }
        if (pg_received(progress->pg) > PG_CHATTER_MAX)
            return pg_fail_chatter(err);
        pg_patience(how->by, false);
        want = PQconnectPoll(progress->pg->link);
        pg_patience(DEADLINE_NEVER, false);
        if (want == PGRES_POLLING_FAILED && deadline_passed(how->by))
            return fail_late(progress, err);
        follow(progress);
    }
    return true;
}

static bool try_address(struct pg *pg, struct progress *progress, const char *address,
                        const struct files *files, struct deadline connect_by, struct error *err)
{
    AUTO(arena) arena = arena_new();
    struct start start = { pg->upstream, address, files, arena, NULL };
    const struct secret *password = pg->upstream->password;
    if (!(password ? secret_use(password, start_link, &start) : start_link(STR_NULL, &start)))
        return fail(err, ERR_UNAVAILABLE, "out of memory");
    PQfinish(pg->link);
    pg->link = start.link;
    PQsetNoticeReceiver(pg->link, ignore_notice, NULL);
    /* Else libpq itself waits, without end, for a server that asks but does not read. */
    (void)PQsetnonblocking(pg->link, 1);
    PQsetErrorVerbosity(pg->link, PQERRORS_VERBOSE);
    if (PQstatus(pg->link) == CONNECTION_BAD)
        return fail_connect(progress, err);
    return crank(progress, connect_by, err);
}

/* --- all addresses ---------------------------------------------------------------------------- */

static bool is_about_address(const struct error *err)
{
    return err->code == ERR_REFUSED || err->code == ERR_UNREACHABLE ||
           err->code == ERR_CONNECT_TIMEOUT;
}

/* An equal share of what is left for each address that is still to be tried. */
static struct deadline share(struct deadline by, unsigned addresses)
{
    return deadline_earlier(by, deadline_in_ms(deadline_left_ms(by) / (int)addresses + 1));
}

static bool try_addresses(struct pg *pg, struct progress *progress,
                          const struct dial_target *target, struct error *err)
{
    struct deadline by = progress->how->by;
    struct files files = { -1, -1, -1 };
    bool ok = files_open(pg->upstream, &files, err);
    for (unsigned i = 0; ok && i < target->count; i++) {
        char address[NI_MAXHOST];
        const struct sockaddr *raw = (const struct sockaddr *)&target->addresses[i];
        socklen_t size =
            raw->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
        if (getnameinfo(raw, size, address, sizeof(address), NULL, 0, NI_NUMERICHOST) != 0) {
            ok = fail(err, ERR_INTERNAL, "an address that has no text");
            break;
        }
        bool last = i + 1 == target->count;
        bool in = try_address(pg, progress, address, &files, share(by, target->count - i), err);
        if (in || last || !is_about_address(err)) {
            ok = in;
            break;
        }
    }
    files_close(&files);
    return ok;
}

const char postgresql_ssl_request[8] = { 0, 0, 0, 8, 4, (char)0xD2, 0x16, 0x2F };

/*
 * libpq only says that a certificate was not accepted. The same handshake once more, by ourselves,
 * tells why: expired, unknown authority, wrong name.
 */
static void explain_tls(const struct upstream *upstream, const struct opening *how,
                        struct error *err)
{
    struct error other;
    const struct opening again = { .by = how->by, .stop = how->stop };
    int socket = dial(upstream->url.host, upstream->url.port, upstream->egress, &again, &other);
    if (socket < 0)
        return;
    char answer = 0;
    if (send(socket, postgresql_ssl_request, sizeof(postgresql_ssl_request), MSG_NOSIGNAL) ==
            sizeof(postgresql_ssl_request) &&
        wait_ready(socket, POLLIN, how->by, how->stop) == WAITED_READY &&
        recv(socket, &answer, 1, 0) == 1 && answer == 'S') {
        struct tls *tls = tls_open(socket, upstream, &again, &other);
        if (!tls && other.code != ERR_DEADLINE_PASSED)
            *err = other;
        tls_close(tls);
    }
    close(socket);
}

static void report_tls(const struct pg *pg, struct trial *trial)
{
    if (!trial)
        return;
    enum tls_mode mode = pg->upstream->settings.tls_mode;
    bool verified = mode >= TLS_MODE_VERIFY_CA ||
                    (mode == TLS_MODE_REQUIRE && str_set(pg->upstream->settings.ca_pem));
    if (PQsslInUse(pg->link)) {
        trial->tls = verified ? TLS_STATE_VERIFIED : TLS_STATE_UNVERIFIED;
        return;
    }
    trial->tls = TLS_STATE_OFF;
    trial->stages[STAGE_TLS].reached = false; /* asked for, and done without */
}

static bool has_nul(struct str plain, void *context)
{
    (void)context;
    return str_find_byte(plain, '\0') < plain.len;
}

bool pg_connect(struct pg *pg, const struct opening *how, struct error *err)
{
    struct trial *trial = how->trial;
    const struct upstream *upstream = pg->upstream;
    struct dial_target target;
    /* libpq would send what stands before it. */
    if (upstream->password && secret_use(upstream->password, has_nul, NULL))
        return fail(err, ERR_AUTH_FAILED, "PostgreSQL takes no password with a NUL byte");
    trial_begin(trial, STAGE_RESOLVE);
    bool resolved =
        dial_resolve(upstream->url.host, upstream->url.port, upstream->egress, how, &target, err);
    trial_end(trial, STAGE_RESOLVE, resolved);
    if (!resolved)
        return false;
    struct progress progress = { .pg = pg, .how = how, .trial = trial };
    trial_begin(trial, STAGE_CONNECT);
    bool in = try_addresses(pg, &progress, &target, err);
    if (!in && err->code == ERR_TLS_UNTRUSTED)
        explain_tls(upstream, how, err);
    if (!in)
        listener_explain(upstream, how, err);
    trial_end(trial, stage_of[progress.phase], in);
    if (!in)
        return false;
    report_tls(pg, trial);
    PQsetErrorVerbosity(pg->link, PQERRORS_DEFAULT);
    if (!PQisnonblocking(pg->link) || !PQenterPipelineMode(pg->link))
        return pg_fail_lost(pg, err);
    return true;
}
