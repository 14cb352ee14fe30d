/* SPDX-License-Identifier: Apache-2.0 */
/* Start and stop order. */
#include "app/server.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/api.h"
#include "api/blocking.h"
#include "api/test_gate.h"
#include "api/watch.h"
#include "app/metrics.h"
#include "app/pages.h"
#include "auth/session.h"
#include "base/log.h"
#include "base/mem.h"
#include "connector/dial.h"
#include "connector/interrupt.h"
#include "connector/manager.h"
#include "connector/reseal.h"
#include "engine/engine.h"
#include "engine/events.h"
#include "http/server.h"
#include "rpc/trpc.h"
#include "store/history.h"
#include "store/store.h"

#define WORKERS_DEFAULT 32
#define BODY_MAX ((size_t)4 << 20)
/* The longest wait that a caller may ask for is 60 s, in workflows.execute. */
#define REQUEST_TIMEOUT_MS 75000
#define STOP_GRACE_MS 5000
#define PROXIES_MAX 16
#define CONNECTIONS_MAX 4096
#define CALLING_THREADS 16
#define HISTORY_EVERY_MS 60000

static const char *const egress_names[] = { NULL, "open", "strict", NULL };

static const struct field option_fields[] = {
    STORE_OPTION_FIELDS(server_options),
    { FIELD("listen", server_options, listen, OPTIONAL, "Address to listen on."),
      .title = "HOST:PORT", .fallback = "127.0.0.1:8080" },
    { FIELD("publicUrl", server_options, public_url, OPTIONAL,
            "Where people reach this server, when that is another address."),
      .title = "URL" },
    { FIELD("trustedProxy", server_options, trusted_proxy, OPTIONAL,
            "Proxies whose forwarded headers count."),
      .title = "CIDR,…" },
    { FIELD_ENUM("egress", server_options, egress, OPTIONAL, egress_names,
                 "Where connections may lead: open (all but metadata and link-local addresses), or "
                 "strict (public addresses only)."),
      .title = "open|strict", .fallback = "open" },
    { FIELD("egressAllow", server_options, egress_allow, OPTIONAL,
            "Addresses that are allowed beside."),
      .title = "CIDR:PORT,…" },
    { FIELD("metricsListen", server_options, metrics_listen, OPTIONAL,
            "Address that serves /metrics to whoever reaches it, without login."),
      .title = "HOST:PORT" },
    { FIELD("workers", server_options, workers, OPTIONAL, "Steps carried out at the same time."),
      .min = 1, .max = 256, .fallback = "32" },
    { FIELD("keepExecutionsDays", server_options, keep_executions_days, OPTIONAL,
            "Remove ended executions that are older; absent: whatever their age, they stay."),
      .title = "DAYS", .min = 1, .max = 36500 },
    { FIELD("keepExecutions", server_options, keep_executions, OPTIONAL,
            "Keep the newest so many executions of each workflow; absent: all."),
      .title = "N", .min = 1, .max = 1000000000 },
    { 0 },
};
const struct shape server_options_shape = SHAPE(NULL, server_options, option_fields);

struct server {
    struct services services;
    atomic_bool is_closing;
    struct interrupt closing;
    struct egress *egress;
    struct events *events;
    struct rpc *rpc;
    struct http_server *http, *local;
    struct str hosts[2];
    const char *proxies[PROXIES_MAX + 1];
    struct history *history;
    struct http_route routes[5];
    struct http_server *metrics_http;
    struct metrics metrics;
    struct http_route metrics_routes[3];
};

/* "https://tieline.example/" → the origin, and its host with port for the Host check. */
static bool read_public_url(struct server *server, struct str url, struct arena *arena,
                            struct str *origin, struct error *err)
{
    if (!str_set(url))
        return true;
    if (str_ends(url, STR("/")))
        url.len--;
    size_t scheme = str_find(url, STR("://"));
    struct str host = str_slice(url, scheme + 3, url.len);
    struct str name = str_slice(url, 0, scheme);
    bool known = str_eq(name, STR("http")) || str_eq(name, STR("https"));
    if (!known || host.len == 0 || str_find_byte(host, '/') < host.len ||
        str_find_byte(host, '@') < host.len)
        return fail(err, ERR_BAD_REQUEST,
                    "--public-url must be like https://tieline.example, not \"" STR_FMT "\"",
                    STR_ARG(str_cut(url, 100)));
    server->hosts[0] = arena_str(arena, host);
    *origin = arena_str(arena, url);
    return true;
}

static bool read_proxies(struct server *server, struct str list, struct arena *arena,
                         struct error *err)
{
    struct str part;

    for (size_t i = 0; str_split(&list, ',', &part); i++) {
        if (i == PROXIES_MAX)
            return fail(err, ERR_BAD_REQUEST, "--trusted-proxy takes at most %d entries",
                        PROXIES_MAX);
        server->proxies[i] = arena_c(arena, str_trim(part));
    }
    return true;
}

/* What answers that only touch the store need. */
static void open_rows(struct server *server, struct home *home, struct str origin)
{
    struct services *services = &server->services;

    services->store = home->store;
    services->keyring = home->keyring;
    services->started_at = instant_now();
    if (store_is_remote(home->store))
        services->calling = blocking_open("calling", CALLING_THREADS, 0);
    services->auth = auth_new(&(struct auth_config){ home->store, origin });
    services->signing = blocking_open("signing", 2, 64);
}

static struct server *server_new(void)
{
    struct server *server = NEW(server);

    server->closing = (struct interrupt){ interrupt_bell(), &server->is_closing };
    server->services.closing = &server->closing;
    return server;
}

/* What connections and executions need. */
static bool open_services(struct server *server, const struct server_options *options,
                          struct home *home, struct error *err)
{
    struct services *services = &server->services;

    server->egress =
        egress_new(options->egress == 2 ? EGRESS_STRICT : EGRESS_OPEN, options->egress_allow, err);
    if (!server->egress)
        return false;
    services->egress = server->egress;
    if (!connections_reseal(home->store, home->keyring, err))
        return false;
    services->manager = manager_new(&(struct manager_config){
        .store = home->store, .keyring = home->keyring, .egress = server->egress });
    server->events = events_new();
    services->engine =
        engine_open(&(struct engine_config){ .store = home->store,
                                             .manager = services->manager,
                                             .events = server->events,
                                             .workers = (unsigned)options->workers.value },
                    err);
    if (!services->engine)
        return false;
    services->testing = blocking_open("testing", 4, 64);
    services->counting = blocking_open("counting", 2, 64);
    services->reading = blocking_open("reading", 1, 0);
    services->test_gate = test_gate_new();
    services->watches = watches_open(services->store, services->engine, server->events);
    return true;
}

static void open_rpc(struct server *server)
{
    struct rpc_hooks hooks = api_hooks(&server->services);

    server->rpc = rpc_new(api_tables, &hooks);
    server->routes[0] = (struct http_route){ STR("/trpc/"), true, false, rpc_handle, server->rpc };
    server->routes[1] =
        (struct http_route){ STR("/healthz"), false, true, page_health, server->services.store };
    server->metrics.services = &server->services;
    server->routes[2] =
        (struct http_route){ STR("/metrics"), false, false, page_metrics, &server->metrics };
    server->routes[3] = (struct http_route){ STR("/"), true, false, page_other, NULL };
}

static bool open_http(struct server *server, const struct server_options *options,
                      struct error *err)
{
    open_rpc(server);
    struct http_config config = {
        .listen = options->listen,
        .hosts = server->hosts,
        .trusted_proxies = server->proxies,
        .body_max = BODY_MAX,
        .connections_max = CONNECTIONS_MAX,
        .connections_per_address_max = 1024,
        .header_timeout_ms = 10000,
        .request_timeout_ms = REQUEST_TIMEOUT_MS,
        .routes = server->routes,
        .overdue = &rpc_overdue,
    };
    server->http = http_server_open(&config, err);
    if (!server->http)
        return false;
    server->services.listen = http_server_address(server->http);
    server->metrics.http = server->http;
    return true;
}

/* Figures for whoever reaches that address: asked for by the operator, or not there. */
static bool open_metrics(struct server *server, struct str listen, struct error *err)
{
    if (!str_set(listen))
        return true;
    server->metrics_routes[0] =
        (struct http_route){ STR("/metrics"), false, true, page_metrics_open, &server->metrics };
    server->metrics_routes[1] =
        (struct http_route){ STR("/healthz"), false, true, page_health, server->services.store };
    struct http_config config = {
        .listen = listen,
        .body_max = 1024,
        .connections_max = 64,
        .connections_per_address_max = 16,
        .header_timeout_ms = 10000,
        .request_timeout_ms = 10000,
        .routes = server->metrics_routes,
    };
    server->metrics_http = http_server_open(&config, err);
    if (!server->metrics_http) {
        error_prefix(err, "--metrics-listen: ");
        return false;
    }
    log_info("metrics are served", LOG_STR("address", http_server_address(server->metrics_http)));
    return true;
}

/* The way in for commands; an empty path: for those of this process. */
static bool open_local(struct server *server, struct str path, struct error *err)
{
    struct http_config config = {
        .local = path,
        .body_max = BODY_MAX,
        .connections_max = 64,
        .header_timeout_ms = 10000,
        .request_timeout_ms = REQUEST_TIMEOUT_MS,
        .routes = server->routes,
        .overdue = &rpc_overdue,
    };
    server->local = http_server_open(&config, err);
    return server->local != NULL;
}

struct server *server_open(const struct server_options *options, struct home *home,
                           struct arena *arena, struct error *err)
{
    AUTO(server) server = server_new();
    struct str origin = STR_NULL;

    if (!read_public_url(server, options->public_url, arena, &origin, err) ||
        !read_proxies(server, options->trusted_proxy, arena, err))
        return NULL;
    open_rows(server, home, origin);
    if (!open_services(server, options, home, err) || !open_http(server, options, err) ||
        !open_metrics(server, options->metrics_listen, err) ||
        !open_local(server, home_socket(&options->at, arena), err))
        return NULL;
    server->history = history_open(&(struct history_config){
        .store = home->store,
        .keep_days = options->keep_executions_days.value,
        .keep = options->keep_executions.value,
        .every_ms = HISTORY_EVERY_MS,
    });
    return server_take(&server);
}

struct server *server_open_private(struct home *home, struct error *err)
{
    AUTO(server) server = server_new();

    open_rows(server, home, STR_NULL);
    server->services.engine = engine_open(&(struct engine_config){ .store = home->store }, err);
    if (!server->services.engine)
        return NULL;
    open_rpc(server);
    if (!open_local(server, STR(""), err))
        return NULL;
    return server_take(&server);
}

struct str server_local_address(const struct server *server)
{
    return http_server_address(server->local);
}

struct str server_address(const struct server *server)
{
    return http_server_address(server->http);
}

struct auth *server_auth(const struct server *server)
{
    return server->services.auth;
}

/*
 * The engine ends what runs before HTTP closes, so that whoever waits for an execution is told; the
 * threads that block end behind HTTP, when no call can hand them work any more. Both may ask the
 * engine until then.
 */
void server_close(struct server *server)
{
    if (!server)
        return;
    struct services *services = &server->services;
    struct deadline by = deadline_in_ms(STOP_GRACE_MS);

    history_close(server->history);
    if (server->http)
        http_server_quiesce(server->http);
    if (server->local)
        http_server_quiesce(server->local);
    if (server->metrics_http)
        http_server_quiesce(server->metrics_http);
    atomic_store(&server->is_closing, true);
    interrupt_ring(server->closing.bell);
    engine_close(services->engine, by);
    by = deadline_in_ms(STOP_GRACE_MS);
    http_server_close(server->http, by);
    http_server_close(server->local, by);
    http_server_close(server->metrics_http, by);
    blocking_close(services->calling);
    blocking_close(services->signing);
    blocking_close(services->testing);
    blocking_close(services->counting);
    blocking_close(services->reading);
    watches_close(services->watches);
    rpc_free(server->rpc);
    test_gate_free(services->test_gate);
    engine_free(services->engine);
    events_free(server->events);
    if (services->manager)
        manager_free(services->manager);
    egress_free(server->egress);
    auth_free(services->auth);
    if (server->closing.bell >= 0)
        (void)close(server->closing.bell);
    free(server);
}
