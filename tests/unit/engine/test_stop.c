/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps by an executor of the test's own, which is where one thread's cancel meets another's sending:
 * those that may not be repeated, under way when the engine is closed; what templates see.
 */
#include "bed.h"

#include <poll.h>

#include "connector/dial.h"
#include "connector/redis.h"
#include "connector/sealed.h"
#include "engine/executor.h"
#include "store/connections.h"
#include "vault/keyring.h"

static atomic_int entered;
static atomic_bool waits; /* to be cancelled; else it does its work */

static void interrupt_nothing(struct conn *conn)
{
    (void)conn;
}

enum step_result executor_run(const struct executor_request *request, struct arena *arena,
                              struct buf *output, struct error *err)
{
    static const struct connector connector = { .interrupt = interrupt_nothing };
    struct conn conn = { .connector = &connector };
    struct pollfd bell = { .fd = request->bell, .events = POLLIN };
    bool sends = !waits;

    (void)arena;
    (void)atomic_fetch_add(&entered, 1);
    while (!sends && !atomic_load(request->cancelled))
        (void)poll(&bell, 1, 1000);
    /* The session is there only now; the cancel is seen before anything is sent. */
    request->using(&conn, request->context);
    request->using(NULL, request->context);
    pool_release_slot(request->pool);
    if (!sends) {
        (void)fail(err, ERR_CANCELLED, "cancelled before it was sent");
        return STEP_FAILED;
    }
    buf_add(output, STR("{\"value\":1}"));
    return STEP_DONE;
}

struct place {
    struct bed bed;
    char key_path[112];
    struct keyring *keyring;
    struct egress *egress;
    struct str data_key;
    struct connection_row connection;
};

static bool insert_connection(struct tx *tx, const void *context, struct error *err)
{
    static const struct sql sql = SQL("UPDATE projects SET data_key = $2 WHERE id = $1");
    const struct place *p = context;
    return tx_run(tx, &sql, BINDS(bind_id(p->bed.project.id), bind_text(p->data_key)), NULL, err) &&
           connection_insert(tx, &p->connection, err);
}

static void make_connection(struct place *p)
{
    struct bed *bed = &p->bed;
    struct instant now = instant_now();
    AUTO(project_key)
    key = keyring_open_project_key(p->keyring, bed->project.id, p->data_key, &bed->f.err);
    AUTO(secret) secret = secret_new(STR("redis://127.0.0.1:1"));
    struct connection_input input = { .connector = &redis_connector, .url = secret };
    AUTO(opened_upstream)
    opened = upstream_from_input(&input, NULL, key, p->egress, &bed->f.err);
    MUST(&bed->f, opened);
    p->connection = (struct connection_row){ .project_id = bed->project.id,
                                             .name = STR("c"),
                                             .secret_version = 1,
                                             .created_by = bed->user.id,
                                             .created_at = now,
                                             .updated_at = now };
    assert_true(id_parse(STR("01890000-0000-7000-8000-000000000001"), &p->connection.id));
    connection_row_seal(opened, &input, key, bed->f.arena, &p->connection);
    MUST_WRITE(&bed->f, insert_connection, p);
}

static void place_open(struct place *p)
{
    struct bed *bed = &p->bed;
    bool created;

    *p = (struct place){ 0 };
    bed_open(bed);
    (void)snprintf(p->key_path, sizeof(p->key_path), "%s/master.key", bed->f.folder);
    p->keyring = keyring_open(p->key_path, true, &created, &bed->f.err);
    p->egress = egress_new(EGRESS_OPEN, STR(""), &bed->f.err);
    p->data_key = keyring_new_project_key(p->keyring, bed->project.id, bed->f.arena);
    make_connection(p);
    manager_free(bed->manager);
    bed->manager = manager_new(&(struct manager_config){
        .store = bed->f.store, .keyring = p->keyring, .egress = p->egress });
}

static void place_close(struct place *p)
{
    bed_close(&p->bed);
    keyring_free(p->keyring);
    egress_free(p->egress);
}

/* What was cancelled by the stop before anything was sent is carried out by who comes next. */
static void test_nothing_sent_is_no_unknown_outcome(void **state)
{
    static const struct sql done = SQL("SELECT count(*) FROM component_executions WHERE "
                                       "status = 'succeeded'");
    struct place p;
    struct bed *bed = &p.bed;

    (void)state;
    place_open(&p);
    atomic_store(&waits, true);
    open_engine(bed);
    begin(bed);
    while (atomic_load(&entered) < 2)
        (void)poll(NULL, 0, 1);
    engine_close(bed->engine, deadline_in_ms(LONG_MS));
    await_flag(bed, &bed->waited);
    /* It is there still, and nothing happens to it here any more: the store has to be told. */
    assert_false(engine_cancel(bed->engine, bed->waiter.execution_id));
    engine_free(bed->engine);

    atomic_store(&waits, false);
    bed->waited = false;
    open_engine(bed);
    engine_wait(bed->engine, &bed->waiter, deadline_in_ms(LONG_MS));
    await_flag(bed, &bed->waited);
    assert_int_equal(bed->status, EXECUTION_SUCCEEDED);
    assert_int_equal(fixture_int(&bed->f, &done), 2);
    place_close(&p);
}

#define NODE_OF(id, key)                                                                           \
    "{\"id\":\"" id "\",\"type\":\"redis-command\",\"name\":\"n\",\"config\":{"                    \
    "\"connectionId\":\"01890000-0000-7000-8000-000000000001\","                                   \
    "\"command\":\"INCR\",\"key\":\"" key "\"}}"
#define EDGE_OF(from, to) "{\"source\":\"" from "\",\"target\":\"" to "\"}"

/* However early the other one is through. */
static void test_templates_see_only_what_comes_before(void **state)
{
    static const struct sql refused = SQL("SELECT count(*) FROM component_executions WHERE "
                                          "node_id = 'b' AND error LIKE '%TEMPLATE_PATH%'");
    struct place p;
    struct bed *bed = &p.bed;

    (void)state;
    place_open(&p);
    graph_unref(bed->graph);
    bed->graph = graph_compile(
        STR("{\"nodes\":[" NODE_OF("a", "k") "," NODE_OF("c", "k") "," NODE_OF("d", "k") "," NODE_OF(
            "b", "{{ nodes.a.value }}") "],\"edges\":[" EDGE_OF("c", "d") "," EDGE_OF("d",
                                                                                      "b") "]}"),
        &bed->f.err);
    MUST(&bed->f, bed->graph);
    open_engine(bed);
    begin(bed);
    await_flag(bed, &bed->waited);
    assert_int_equal(bed->status, EXECUTION_FAILED);
    assert_int_equal(fixture_int(&bed->f, &refused), 1);
    place_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_sent_is_no_unknown_outcome),
        cmocka_unit_test(test_templates_see_only_what_comes_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
