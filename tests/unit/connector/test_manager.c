/* SPDX-License-Identifier: Apache-2.0 */
/* One pool for each connection in use: shared, found again, retired by a change, nobody else's. */
#include "store_fixture.h"

#include "connector/dial.h"
#include "connector/manager.h"
#include "connector/redis.h"
#include "connector/sealed.h"
#include "store/connections.h"
#include "store/projects.h"
#include "store/users.h"
#include "vault/keyring.h"

static struct {
    struct fixture store;
    char key_path[112];
    struct keyring *keyring;
    struct egress *egress;
    struct manager *manager;
    struct id user_id, project_id, other_project_id;
    struct connection_row row;
} f;

static bool insert_owner(struct tx *tx, const void *context, struct error *err)
{
    (void)context;
    struct user_row user = {
        .id = f.user_id,
        .email = STR("a@tieline.test"),
        .name = STR("a"),
        .password_hash = STR("x"),
        .created_at = instant_now(),
        .updated_at = instant_now(),
    };
    return user_insert(tx, &user, err);
}

static bool insert_project(struct tx *tx, const void *context, struct error *err)
{
    const struct id *id = context;
    struct project_row project = {
        .id = *id,
        .name = STR("P"),
        .data_key = keyring_new_project_key(f.keyring, *id, f.store.arena),
        .created_at = instant_now(),
        .updated_at = instant_now(),
    };
    return project_insert(tx, &project, f.user_id, err);
}

static bool insert_connection(struct tx *tx, const void *context, struct error *err)
{
    return connection_insert(tx, context, err);
}

static bool delete_connection(struct tx *tx, const void *context, struct error *err)
{
    const struct connection_row *row = context;
    return connection_delete(tx, row->project_id, row->id, instant_now(), err);
}

static bool spoil_connection(struct tx *tx, const void *context, struct error *err)
{
    static const struct sql sql = SQL("UPDATE project_connections SET host = $2 WHERE id = $1");
    const struct connection_row *row = context;
    return tx_run(tx, &sql, BINDS(bind_id(row->id), bind_text(STR("evil.test"))), NULL, err);
}

static struct connection_row save(const char *name, const char *url)
{
    struct error err = { 0 };
    struct str wrapped;
    AUTO(tx) tx = store_read(f.store.store, scope_project(f.project_id), &err);
    assert_true(project_find_key(tx, f.project_id, f.store.arena, &wrapped, &err));
    tx_end(tx_take(&tx));
    AUTO(project_key) key = keyring_open_project_key(f.keyring, f.project_id, wrapped, &err);
    AUTO(secret) secret = secret_new(str_from(url));
    struct connection_input input = { .connector = &redis_connector, .url = secret };
    AUTO(opened_upstream) opened = upstream_from_input(&input, NULL, key, f.egress, &err);
    assert_non_null(opened);
    struct connection_row row = {
        .id = id_new(),
        .project_id = f.project_id,
        .name = str_from(name),
        .secret_version = 1,
        .created_by = f.user_id,
        .created_at = instant_now(),
        .updated_at = instant_now(),
    };
    connection_row_seal(opened, &input, key, f.store.arena, &row);
    MUST_WRITE(&f.store, insert_connection, &row);
    return row;
}

static int set_up(void **state)
{
    (void)state;
    struct error err;
    bool created;
    memset(&f, 0, sizeof(f));
    fixture_open(&f.store);
    (void)snprintf(f.key_path, sizeof(f.key_path), "%s/master.key", f.store.folder);
    f.keyring = keyring_open(f.key_path, true, &created, &err);
    f.egress = egress_new(EGRESS_OPEN, STR(""), &err);
    f.user_id = id_new();
    f.project_id = id_new();
    f.other_project_id = id_new();
    MUST_WRITE(&f.store, insert_owner, NULL);
    MUST_WRITE(&f.store, insert_project, &f.project_id);
    MUST_WRITE(&f.store, insert_project, &f.other_project_id);
    f.row = save("cache", "redis://:hush@127.0.0.1:1");
    f.manager = manager_new(&(struct manager_config){
        .store = f.store.store, .keyring = f.keyring, .egress = f.egress });
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    manager_free(f.manager);
    keyring_free(f.keyring);
    egress_free(f.egress);
    fixture_close(&f.store);
    manager_free(NULL);
    return 0;
}

static struct pool *pool_of(struct id project_id, struct id connection_id)
{
    struct error err = { 0 };
    struct pool *pool = manager_pool(f.manager, project_id, connection_id, &err);
    if (!pool)
        fail_msg("%s", err.message);
    return pool;
}

static enum error_code refusal(struct id project_id, struct id connection_id)
{
    struct error err = { 0 };
    AUTO(pool) pool = manager_pool(f.manager, project_id, connection_id, &err);
    assert_null(pool);
    return err.code;
}

static void a_connection_has_one_pool(void **state)
{
    (void)state;
    AUTO(pool) one = pool_of(f.project_id, f.row.id);
    AUTO(pool) again = pool_of(f.project_id, f.row.id);
    assert_ptr_equal(one, again);
    struct connection_row second = save("second", "redis://:hush@127.0.0.1:2");
    AUTO(pool) other = pool_of(f.project_id, second.id);
    assert_ptr_not_equal(one, other);
    struct manager_stats stats;
    manager_stats(f.manager, &stats);
    assert_int_equal(stats.pools, 2);
    assert_false(deadline_passed(manager_tick(f.manager)));
}

static void a_changed_connection_gets_another_pool(void **state)
{
    (void)state;
    struct error err = { 0 };
    struct pool_waiter waiter = { 0 };
    AUTO(pool) before = pool_of(f.project_id, f.row.id);
    assert_true(pool_ask(before, &waiter, DEADLINE_NEVER));
    manager_forget(f.manager, f.row.id);
    AUTO(pool) after = pool_of(f.project_id, f.row.id);
    assert_ptr_not_equal(before, after);
    assert_null(pool_open(before, deadline_in_ms(1000), NULL, &err)); /* retired */
    assert_int_equal(err.code, ERR_UNAVAILABLE);
    pool_release_slot(before);
    manager_forget(f.manager, id_new()); /* one that nobody used */
    AUTO(pool) still = pool_of(f.project_id, f.row.id);
    assert_ptr_equal(after, still);
}

static void a_pool_is_its_projects_own(void **state)
{
    (void)state;
    assert_int_equal(refusal(f.other_project_id, f.row.id), ERR_CONNECTION_DELETED);
    AUTO(pool) own = pool_of(f.project_id, f.row.id); /* now it is in memory */
    assert_int_equal(refusal(f.other_project_id, f.row.id), ERR_CONNECTION_DELETED);
    assert_int_equal(refusal(f.project_id, id_new()), ERR_CONNECTION_DELETED);
}

static void a_deleted_or_touched_connection_has_none(void **state)
{
    (void)state;
    struct connection_row touched = save("touched", "redis://:hush@127.0.0.1:3");
    MUST_WRITE(&f.store, spoil_connection, &touched);
    assert_int_equal(refusal(f.project_id, touched.id), ERR_CONNECTION_UNREADABLE);
    MUST_WRITE(&f.store, delete_connection, &f.row);
    assert_int_equal(refusal(f.project_id, f.row.id), ERR_CONNECTION_DELETED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_connection_has_one_pool, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_changed_connection_gets_another_pool, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_pool_is_its_projects_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_deleted_or_touched_connection_has_none, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
