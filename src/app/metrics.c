/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted where, in one text: families of samples, each with its help and type. */
#include "app/metrics.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "api/api.h"
#include "api/watch.h"
#include "auth/session.h"
#include "connector/manager.h"
#include "engine/engine.h"
#include "store/executions.h"
#include "store/store.h"

#define TEXT_MAX ((size_t)256 * 1024)

/* A family begins; its samples follow. */
static void family(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void single(struct buf *out, const char *name, const char *type, const char *help,
                   int64_t value)
{
    family(out, name, type, help);
    buf_printf(out, "%s %lld\n", name, (long long)value);
}

static void labelled(struct buf *out, const char *name, const char *label, const char *word,
                     int64_t value)
{
    buf_printf(out, "%s{%s=\"%s\"} %lld\n", name, label, word, (long long)value);
}

static void seconds(struct buf *out, const char *name, const char *type, const char *help,
                    int64_t us)
{
    family(out, name, type, help);
    buf_printf(out, "%s %lld.%06lld\n", name, (long long)(us / 1000000), (long long)(us % 1000000));
}

static void add_engine(struct buf *out, struct engine *engine)
{
    struct engine_stats stats;
    engine_stats(engine, &stats);

    family(out, "tieline_executions", "gauge",
           "Open executions that this process holds in memory, or lets rest until a retry, by "
           "status.");
    for (int i = EXECUTION_QUEUED; i < EXECUTION_SUCCEEDED; i++)
        labelled(out, "tieline_executions", "status", execution_status_names[i], stats.open[i]);
    single(out, "tieline_executions_started_total", "counter", "Executions accepted.",
           stats.started);
    family(out, "tieline_executions_ended_total", "counter",
           "Executions that came to their end here, by outcome.");
    for (int i = EXECUTION_SUCCEEDED; i <= EXECUTION_CANCELLED; i++)
        labelled(out, "tieline_executions_ended_total", "outcome", execution_status_names[i],
                 stats.outcomes[i]);
    family(out, "tieline_steps_ended_total", "counter", "Steps with an outcome, by outcome.");
    for (int i = STEP_SUCCEEDED; i <= STEP_CANCELLED; i++)
        labelled(out, "tieline_steps_ended_total", "outcome", step_status_names[i], stats.steps[i]);
    single(out, "tieline_step_retries_total", "counter",
           "Attempts that failed and are to be made again.", stats.retries);
    single(out, "tieline_results_fenced_total", "counter",
           "Results dropped because the lease was lost.", stats.fenced);
    single(out, "tieline_workers_busy", "gauge", "Worker threads that carry something out.",
           stats.running);
    single(out, "tieline_steps_waiting_for_session", "gauge",
           "Steps in line for a session of their connection.", stats.waiting_for_slot);
}

static void add_store(struct buf *out, struct store *store)
{
    struct store_stats stats;
    int64_t below = 0;
    store_stats(store, &stats);

    family(out, "tieline_store_commit_writes", "histogram", "Writes that share a commit.");
    for (size_t i = 0; i < STORE_GROUP_SIZES; i++) {
        below += stats.group_sizes[i];
        buf_printf(out, "tieline_store_commit_writes_bucket{le=\"%d\"} %lld\n", 1 << i,
                   (long long)below);
    }
    buf_printf(out,
               "tieline_store_commit_writes_bucket{le=\"+Inf\"} %lld\n"
               "tieline_store_commit_writes_sum %lld\ntieline_store_commit_writes_count %lld\n",
               (long long)stats.groups, (long long)stats.writes, (long long)stats.groups);
    seconds(out, "tieline_store_commit_seconds_total", "counter", "Time spent on commits.",
            stats.commit_us_total);
    single(out, "tieline_store_failed_writes_total", "counter", "Writes that were not committed.",
           stats.failed_writes);
    single(out, "tieline_store_wal_bytes", "gauge", "Size of the write-ahead log.",
           stats.wal_bytes);
    single(out, "tieline_store_wal_alarm", "gauge", "1 while the log is over 64 MiB.",
           stats.wal_alarm);
    family(out, "tieline_store_check", "gauge", "The look for damage after an unclean stop.");
    labelled(out, "tieline_store_check", "state", store_check_names[stats.check], 1);
}

static void add_pools(struct buf *out, struct manager *manager)
{
    struct manager_stats stats;
    manager_stats(manager, &stats);

    single(out, "tieline_pools", "gauge", "Connections in use by this process.", stats.pools);
    single(out, "tieline_pool_sessions_max", "gauge", "Sessions that they may have together.",
           stats.sum.max);
    family(out, "tieline_pool_sessions", "gauge", "Sessions of all connections, by state.");
    labelled(out, "tieline_pool_sessions", "state", "in_use", stats.sum.in_use);
    labelled(out, "tieline_pool_sessions", "state", "idle", stats.sum.idle);
    single(out, "tieline_pool_waiting", "gauge", "Who waits for a session.", stats.sum.waiting);
}

static void add_http(struct buf *out, const struct metrics *metrics)
{
    struct http_stats stats = { 0 };
    char code[12];

    if (metrics->http)
        http_server_stats(metrics->http, &stats);
    family(out, "tieline_http_requests_total", "counter", "Answered requests, by status.");
    for (int i = 0; i < HTTP_STATUS_MAX; i++) {
        (void)snprintf(code, sizeof(code), "%d", i);
        if (stats.answers[i] > 0)
            labelled(out, "tieline_http_requests_total", "code", code, stats.answers[i]);
    }
    single(out, "tieline_http_connections", "gauge", "Open connections of clients.",
           stats.connections);
    single(out, "tieline_event_streams", "gauge", "Open streams of executions.watch.",
           (int64_t)watches_count(metrics->services->watches));
}

struct figures {
    int64_t cpu_us, resident_bytes, virtual_bytes, open_fds, max_fds;
};

/* Pages of all, and of resident memory. */
static void look_at_memory(struct figures *out)
{
    long long all = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    int64_t page = sysconf(_SC_PAGESIZE);

    if (!file)
        return;
    if (fscanf(file, "%lld %lld", &all, &resident) == 2) {
        out->virtual_bytes = all * page;
        out->resident_bytes = resident * page;
    }
    (void)fclose(file);
}

static void look_at_files(struct figures *out)
{
    struct rlimit limit;
    DIR *folder = opendir("/proc/self/fd");

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        out->max_fds = limit.rlim_cur > INT64_MAX ? INT64_MAX : (int64_t)limit.rlim_cur;
    if (!folder)
        return;
    /* Its own descriptor, "." and ".." are no news. */
    out->open_fds = -3;
    while (readdir(folder)) /* NOLINT(concurrency-mt-unsafe): the folder is this thread's own */
        out->open_fds++;
    (void)closedir(folder);
}

static void look_at_time(struct figures *out)
{
    struct timespec used;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0)
        out->cpu_us = (int64_t)used.tv_sec * 1000000 + used.tv_nsec / 1000;
}

static void add_process(struct buf *out, struct instant started_at)
{
    struct figures now = { 0 };
    look_at_memory(&now);
    look_at_files(&now);
    look_at_time(&now);

    seconds(out, "process_cpu_seconds_total", "counter", "User and system time.", now.cpu_us);
    single(out, "process_resident_memory_bytes", "gauge", "Resident memory.", now.resident_bytes);
    single(out, "process_virtual_memory_bytes", "gauge", "Address space.", now.virtual_bytes);
    single(out, "process_open_fds", "gauge", "Open file descriptors.", now.open_fds);
    single(out, "process_max_fds", "gauge", "File descriptors that may be open.", now.max_fds);
    seconds(out, "process_start_time_seconds", "gauge", "When the server was started, since 1970.",
            started_at.us);
}

static void answer(struct exchange *exchange, const struct metrics *metrics)
{
    struct services *services = metrics->services;
    struct buf text;

    buf_init(&text, TEXT_MAX);
    family(&text, "tieline_build_info", "gauge", "The program; always 1.");
    labelled(&text, "tieline_build_info", "version", TIELINE_VERSION, 1);
    add_engine(&text, services->engine);
    add_store(&text, services->store);
    add_pools(&text, services->manager);
    add_http(&text, metrics);
    add_process(&text, services->started_at);
    struct http_response response = {
        .status = 200,
        .content_type = STR("text/plain; version=0.0.4; charset=utf-8"),
        .text = &text,
        .headers = { { STR("cache-control"), STR("no-store") },
                     { STR("x-content-type-options"), STR("nosniff") } },
    };
    exchange_answer(exchange, &response);
}

static void refuse(struct exchange *exchange, int status, const char *why)
{
    struct http_response response = {
        .status = status,
        .content_type = STR("text/plain; charset=utf-8"),
        .body = str_from(why),
        .headers = { { STR("cache-control"), STR("no-store") } },
    };
    if (status == 405)
        response.headers[1] = (struct http_header){ STR("allow"), STR("GET") };
    else if (status == 401)
        response.headers[1] = (struct http_header){ STR("www-authenticate"), STR("Bearer") };
    exchange_answer(exchange, &response);
}

void page_metrics_open(struct exchange *exchange, void *context)
{
    if (exchange_request(exchange)->method == HTTP_GET)
        answer(exchange, context);
    else
        refuse(exchange, 405, "only GET\n");
}

/* A request, to be judged where the store may be read. */
struct question {
    struct exchange *exchange;
    void *context;
};

static void judge_and_answer(void *argument)
{
    const struct question *question = argument;
    struct exchange *exchange = question->exchange;
    const struct metrics *metrics = question->context;
    struct caller caller = { 0 };
    struct error err = { 0 };

    bool known = auth_request(metrics->services->auth, exchange_request(exchange),
                              exchange_arena(exchange), &caller, &err);
    if (!known && err.code != ERR_UNAUTHORIZED)
        refuse(exchange, 503, "who asks cannot be found out just now\n");
    else if (!known || !caller.signed_in)
        refuse(exchange, 401, "metrics are for administrators: send an access token of one\n");
    else if (!caller.admin)
        refuse(exchange, 403, "metrics are for administrators\n");
    else
        page_metrics_open(exchange, question->context);
}

void page_metrics(struct exchange *exchange, void *context)
{
    const struct metrics *metrics = context;
    struct question *question = ARENA_NEW(exchange_arena(exchange), question);

    *question = (struct question){ exchange, context };
    api_dispatch(judge_and_answer, question, metrics->services);
}
