/* SPDX-License-Identifier: Apache-2.0 */
/* The sample API: see sample.h. */
#include "sample.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/crash.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/thread.h"
#include "rpc/trpc.h"

struct job {
    struct list_node node;
    struct call *call; /* to end, or NULL */
    bool held;         /* until sample_release() */
    void (*work)(void *argument);
    void *argument;
};

struct sample {
    struct http_server *server;
    struct rpc *rpc;
    struct http_route routes[3];
    struct str hosts[2];

    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct list jobs;
    struct list subscribers;
    bool released, ending, busy;
    pthread_t worker;
};

/* note.* : a note has a text and a number */

struct note_in {
    struct id id;
    int64_t number;
};
static const struct field note_in_fields[] = {
    { FIELD("id", note_in, id, OPTIONAL, "Which note.") },
    { FIELD("number", note_in, number, REQUIRED, "A number."), .min = 0, .max = 1000 },
    { 0 },
};
static const struct shape note_in_shape = SHAPE(NULL, note_in, note_in_fields);

struct note {
    int64_t number;
    struct str text;
};
static const struct field note_fields[] = {
    { FIELD("number", note, number, REQUIRED, "Its number.") },
    { FIELD("text", note, text, REQUIRED, "Its text.") },
    { 0 },
};
static const struct shape note_shape = SHAPE("Note", note, note_fields);

struct notes {
    struct array notes;
};
static const struct field notes_fields[] = {
    { FIELD_LIST("notes", notes, notes, REQUIRED, &note_shape, "Newest first.") },
    { 0 },
};
static const struct shape notes_shape = SHAPE(NULL, notes, notes_fields);

static enum answer note_get(struct call *call, const void *input, void *output, struct error *err)
{
    const struct note_in *in = input;
    struct note *out = output;

    if (in->number == 404) {
        (void)fail(err, ERR_NOT_FOUND, "Note not found");
        return FAILED;
    }
    *out = (struct note){ in->number, STR("a \"note\"\n") };
    if (in->number == SAMPLE_LONG_NOTE) {
        char *text = arena_alloc(call->arena, SAMPLE_LONG_BYTES);
        memset(text, 'x', SAMPLE_LONG_BYTES);
        out->text = (struct str){ text, SAMPLE_LONG_BYTES };
    }
    return DONE;
}

static enum answer note_list(struct call *call, const void *input, void *output, struct error *err)
{
    struct notes *out = output;
    struct note *notes = ARENA_ARRAY(call->arena, note, 10);

    (void)input;
    (void)err;
    for (int i = 0; i < 10; i++)
        notes[i] = (struct note){ i, STR("postgresql://app:••••@db.internal:5432/orders") };
    out->notes = (struct array){ notes, 10 };
    return DONE;
}

/* pages.next : says where it goes on */

struct page_in {
    struct str cursor;
};
static const struct field page_in_fields[] = {
    { FIELD("cursor", page_in, cursor, OPTIONAL, "Where the page before ended.") },
    { 0 },
};
static const struct shape page_in_shape = SHAPE(NULL, page_in, page_in_fields);

static enum answer page_next(struct call *call, const void *input, void *output, struct error *err)
{
    const struct page_in *in = input;
    struct note *out = output;

    (void)call;
    (void)err;
    *out = (struct note){ 1, str_set(in->cursor) ? in->cursor : STR("first") };
    return DONE;
}

static void push(struct sample *sample, struct job wanted)
{
    struct job *job = NEW(job);

    *job = wanted;
    pthread_mutex_lock(&sample->lock);
    list_push(&sample->jobs, &job->node);
    pthread_cond_signal(&sample->changed);
    pthread_mutex_unlock(&sample->lock);
}

/* Ends a call on the worker's thread. */
static void hand_over(struct call *call, bool held)
{
    push(call->services, (struct job){ .call = call, .held = held });
}

static void dispatch(void (*run)(void *argument), void *argument, void *services)
{
    struct sample *sample = services;

    push(sample, (struct job){ .work = run, .argument = argument, .held = sample->busy });
}

static enum answer note_add(struct call *call, const void *input, void *output, struct error *err)
{
    const struct note_in *in = input;

    (void)err;
    *(struct note *)output = (struct note){ in->number, STR("added") };
    call_set_cookie(call, STR("seen=1; Path=/"));
    hand_over(call, false);
    return PENDING;
}

static enum answer note_drop(struct call *call, const void *input, void *output, struct error *err)
{
    (void)call;
    (void)input;
    (void)output;
    (void)err;
    return DONE;
}

static enum answer hold_wait(struct call *call, const void *input, void *output, struct error *err)
{
    (void)input;
    (void)output;
    (void)err;
    hand_over(call, true);
    return PENDING;
}

/* fail.* */

static enum answer fail_inside(struct call *call, const void *input, void *output,
                               struct error *err)
{
    (void)call;
    (void)input;
    (void)output;
    (void)fail(err, ERR_INTERNAL, "row 17 of the secret table is broken");
    return FAILED;
}

static enum answer fail_full(struct call *call, const void *input, void *output, struct error *err)
{
    (void)input;
    (void)output;
    call_error_data(call, "workflows", STR("[\"nightly\"]"));
    (void)fail(err, ERR_STORE_FULL, "the disk is full");
    return FAILED;
}

static enum answer fail_host(struct call *call, const void *input, void *output, struct error *err)
{
    (void)call;
    (void)input;
    (void)output;
    (void)fail_field(err, ERR_INVALID_HOST, "connectionUrl", "no such host");
    return FAILED;
}

/* note.onAdd: counts up from the last id seen, to the number given; then stays open if it is 0 */

struct subscriber {
    struct list_node node;
    struct call *call;
};

static void unsubscribe(struct call *call)
{
    struct sample *sample = call->services;
    struct subscriber *subscriber = call->subscription;

    pthread_mutex_lock(&sample->lock);
    list_remove(&subscriber->node);
    free(subscriber);
    pthread_cond_broadcast(&sample->changed);
    pthread_mutex_unlock(&sample->lock);
}

static enum answer note_on_add(struct call *call, const void *input, void *output,
                               struct error *err)
{
    struct sample *sample = call->services;
    const struct note_in *in = input;
    struct subscriber *subscriber = NEW(subscriber);
    int64_t number = 0;
    char id[24];

    (void)output;
    (void)err;
    subscriber->call = call;
    call->subscription = subscriber;
    (void)str_to_int64(call_last_event_id(call), &number);
    call_subscribe(call, unsubscribe);
    pthread_mutex_lock(&sample->lock);
    list_push(&sample->subscribers, &subscriber->node);
    pthread_cond_broadcast(&sample->changed);
    while (number < in->number) {
        struct note note = { ++number, STR("event") };
        int len = snprintf(id, sizeof(id), "%d", (int)number);
        call_event(call, (struct str){ id, (size_t)len }, &note);
    }
    if (in->number == 5)
        call_event(call, STR_NULL, &(struct note){ 0, STR("untracked") });
    if (in->number > 0)
        call_end(call, NULL);
    pthread_mutex_unlock(&sample->lock);
    return PENDING;
}

static const struct procedure note_procedures[] = {
    { .path = "notes.get",
      .kind = QUERY,
      .needs = SIGNED_IN,
      .doc = "One note.",
      .input = &note_in_shape,
      .output = &note_shape,
      .run = note_get },
    { .path = "notes.list",
      .kind = QUERY,
      .needs = ANYONE,
      .doc = "All notes.",
      .output = &notes_shape,
      .run = note_list },
    { .path = "notes.add",
      .kind = MUTATION,
      .needs = SIGNED_IN,
      .doc = "Adds a note, elsewhere.",
      .input = &note_in_shape,
      .output = &note_shape,
      .carries_secrets = true,
      .sets_cookie = true,
      .run = note_add },
    { .path = "notes.drop",
      .kind = MUTATION,
      .needs = ANYONE,
      .doc = "Drops all.",
      .run = note_drop },
    { .path = "notes.onAdd",
      .kind = SUBSCRIPTION,
      .needs = SIGNED_IN,
      .doc = "Notes as they come.",
      .input = &note_in_shape,
      .output = &note_shape,
      .tracked = true,
      .run = note_on_add },
    { 0 },
};

static const struct procedure other_procedures[] = {
    { .path = "hold.wait",
      .kind = QUERY,
      .needs = ANYONE,
      .doc = "Ends when let.",
      .run = hold_wait },
    { .path = "pages.next",
      .kind = QUERY,
      .needs = ANYONE,
      .doc = "A page.",
      .input = &page_in_shape,
      .output = &note_shape,
      .run = page_next },
    { .path = "fail.inside", .kind = QUERY, .needs = ANYONE, .doc = "Breaks.", .run = fail_inside },
    { .path = "fail.full", .kind = QUERY, .needs = ANYONE, .doc = "No room.", .run = fail_full },
    { .path = "fail.host", .kind = QUERY, .needs = ANYONE, .doc = "No host.", .run = fail_host },
    { 0 },
};

static const struct procedure *const tables[] = { note_procedures, other_procedures, NULL };

void sample_typescript(struct buf *out)
{
    rpc_typescript(tables, out);
}

static bool authenticate(const struct http_request *request, struct arena *arena,
                         struct caller *out, void *services, struct error *err)
{
    struct str header = http_header_find(request, STR("authorization"));

    (void)services;
    if (!str_set(header))
        header = rpc_connection_param(request, arena, STR("token"));
    if (!str_set(header))
        return true;
    if (!str_ends(header, STR("good")))
        return fail(err, ERR_UNAUTHORIZED, "unknown token");
    out->signed_in = true;
    return true;
}

static bool permit(struct call *call, const void *input, struct error *err)
{
    const struct note_in *in = input;

    if (call->procedure->input == &note_in_shape && in->number == 403)
        return fail(err, ERR_FORBIDDEN, "not yours");
    return true;
}

static struct job *next_job(struct sample *sample)
{
    LIST_EACH(&sample->jobs, job, node, job)
    if (!job->held || sample->released) {
        list_remove(&job->node);
        return job;
    }
    return NULL;
}

static void *work(void *context)
{
    struct sample *sample = context;

    pthread_mutex_lock(&sample->lock);
    for (;;) {
        struct job *job = next_job(sample);
        if (job) {
            pthread_mutex_unlock(&sample->lock);
            if (job->work)
                job->work(job->argument);
            else
                call_finish(job->call, NULL);
            free(job);
            pthread_mutex_lock(&sample->lock);
        } else if (sample->ending) {
            break;
        } else {
            (void)cond_wait_until(&sample->changed, &sample->lock, DEADLINE_NEVER);
        }
    }
    pthread_mutex_unlock(&sample->lock);
    return NULL;
}

static void handle_health(struct exchange *exchange, void *context)
{
    (void)context;
    exchange_answer(exchange, &(struct http_response){ .status = 200,
                                                       .content_type = STR("text/plain"),
                                                       .body = STR("ok\n") });
}

struct sample *sample_start(const struct sample_options *options)
{
    struct sample *sample = NEW(sample);
    struct rpc_hooks hooks = { authenticate, permit, options->dispatch ? dispatch : NULL, sample };
    struct error err = { 0 };

    secret_init();
    sample->busy = options->busy;
    pthread_mutex_init(&sample->lock, NULL);
    cond_init(&sample->changed);
    list_init(&sample->jobs);
    list_init(&sample->subscribers);
    sample->rpc = rpc_new(tables, &hooks);
    sample->routes[0] = (struct http_route){
        .path = STR("/trpc/"), .subtree = true, .handle = rpc_handle, .context = sample->rpc
    };
    sample->routes[1] =
        (struct http_route){ .path = STR("/healthz"), .any_host = true, .handle = handle_health };
    sample->hosts[0] = STR("tieline.example");
    struct http_config config = {
        .listen = str_set(options->listen) ? options->listen : STR("127.0.0.1:0"),
        .hosts = sample->hosts,
        .body_max = options->body_max ? options->body_max : 65536,
        .connections_max = 1000,
        .connections_per_address_max = 1000,
        .header_timeout_ms = options->header_timeout_ms ? options->header_timeout_ms : 60000,
        .request_timeout_ms = options->request_timeout_ms ? options->request_timeout_ms : 60000,
        .routes = sample->routes,
        .overdue = &rpc_overdue,
    };
    sample->server = http_server_open(&config, &err);
    if (!sample->server)
        crash_fatal("sample: %s", err.message);
    sample->worker = thread_start("sample", work, sample);
    return sample;
}

struct str sample_address(const struct sample *sample)
{
    return http_server_address(sample->server);
}

void sample_release(struct sample *sample)
{
    pthread_mutex_lock(&sample->lock);
    sample->released = true;
    pthread_cond_broadcast(&sample->changed);
    pthread_mutex_unlock(&sample->lock);
}

int sample_held(struct sample *sample)
{
    int count = 0;

    pthread_mutex_lock(&sample->lock);
    LIST_EACH(&sample->jobs, job, node, job)
    count += job->held;
    pthread_mutex_unlock(&sample->lock);
    return count;
}

int sample_subscribers(struct sample *sample)
{
    int count = 0;

    pthread_mutex_lock(&sample->lock);
    LIST_EACH(&sample->subscribers, subscriber, node, subscriber)
    count++;
    pthread_mutex_unlock(&sample->lock);
    return count;
}

void sample_stop(struct sample *sample, int64_t wait_ms)
{
    http_server_close(sample->server, deadline_in_ms(wait_ms));
    pthread_mutex_lock(&sample->lock);
    sample->released = sample->ending = true;
    pthread_cond_broadcast(&sample->changed);
    pthread_mutex_unlock(&sample->lock);
    (void)pthread_join(sample->worker, NULL);
    rpc_free(sample->rpc);
    pthread_mutex_destroy(&sample->lock);
    pthread_cond_destroy(&sample->changed);
    free(sample);
}
