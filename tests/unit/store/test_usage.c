/* SPDX-License-Identifier: Apache-2.0 */
/* Connections, workflows, and who uses what: the rows that the delete guard stands on. */
#include "store_fixture.h"

#include <sched.h>

#include "base/file.h"
#include "schema/encode.h"
#include "store/connections.h"
#include "store/workflows.h"

static const struct instant then = { 1700000000000000 };

static struct id user_id;

/* --- fixture: a user, and projects of theirs --- */

static struct id new_project(struct fixture *f)
{
    return fixture_project(f, user_id);
}

static int open_store(void **state)
{
    static struct fixture f;
    fixture_open(&f);
    user_id = fixture_user(&f, "ada@example.org").id;
    *state = &f;
    return 0;
}

static int close_store(void **state)
{
    fixture_close(*state);
    return 0;
}

/* --- connections --- */

static bool add_connection(struct tx *tx, const void *context, struct error *err)
{
    return connection_insert(tx, context, err);
}

static bool update_connection(struct tx *tx, const void *context, struct error *err)
{
    const struct connection_row *row = context;
    return connection_update(tx, row, then, err);
}

static bool delete_connection(struct tx *tx, const void *context, struct error *err)
{
    const struct connection_row *row = context;
    return connection_delete(tx, row->project_id, row->id, (struct instant){ then.us + 5 }, err);
}

static struct connection_row sample_connection(struct id project_id, const char *name)
{
    return (struct connection_row){
        .id = id_new(),
        .project_id = project_id,
        .connection_type = STR("postgresql"),
        .name = str_from(name),
        .connection_url = STR("tl1.sealed"),
        .url_redacted = STR("postgresql://app:••••@db/orders"),
        .config = { STR("{\"pool\":{\"max\":3}}") },
        .host = STR("db"),
        .port = 5432,
        .tls_mode = STR("prefer"),
        .secret_version = 1,
        .client_key = STR("tl1.key"),
        .created_by = user_id,
        .created_at = then,
        .updated_at = then,
    };
}

static struct connection_row new_connection(struct fixture *f, struct id project_id,
                                            const char *name)
{
    struct connection_row row = sample_connection(project_id, name);
    MUST_WRITE(f, add_connection, &row);
    return row;
}

static bool find_any(struct fixture *f, const struct connection_row *row,
                     struct connection_row *out)
{
    AUTO(tx) tx = store_read(f->store, scope_system(), &f->err);
    bool found = false;
    MUST(f,
         tx && connection_find_any(tx, row->project_id, row->id, f->arena, out, &found, &f->err));
    return found;
}

static void a_connection_comes_back_as_it_was_stored(void **state)
{
    struct fixture *f = *state;
    struct connection_row row = new_connection(f, new_project(f), "Production"), found;
    assert_true(find_any(f, &row, &found));
    assert_true(str_eq(found.connection_url, row.connection_url));
    assert_true(str_eq(found.client_key, row.client_key));
    assert_true(str_eq(found.config.text, row.config.text));
    assert_int_equal(found.port, 5432);
    assert_true(id_eq(found.created_by, user_id));
    assert_false(instant_set(found.deleted_at));

    struct str json = schema_encode_text(&connection_shape, &found, f->arena);
    assert_int_equal(str_find(json, STR("tl1.")), json.len);
    assert_true(str_find(json, STR("\"connectionUrl\":\"postgresql://app:••••@db/orders\"")) <
                json.len);
    assert_true(str_find(json, STR("\"config\":{\"pool\":{\"max\":3}}")) < json.len);
}

static void lists_hold_nothing_sealed_and_begin_with_the_newest(void **state)
{
    struct fixture *f = *state;
    struct id project = new_project(f);
    (void)new_connection(f, project, "old");
    struct connection_row row = new_connection(f, project, "new");
    (void)new_connection(f, new_project(f), "foreign");
    AUTO(tx) tx = store_read(f->store, scope_system(), &f->err);
    struct array rows;
    MUST(f, connection_list(tx, project, STR_NULL, f->arena, &rows, &f->err));
    assert_int_equal(rows.count, 2);
    const struct connection_row *first = rows.items;
    assert_true(id_eq(first->id, row.id));
    assert_false(str_set(first->connection_url));
    assert_false(str_set(first->client_key));
    MUST(f, connection_list(tx, project, STR("redis"), f->arena, &rows, &f->err));
    assert_int_equal(rows.count, 0);
}

static void names_are_unique_in_a_project_until_deleted(void **state)
{
    struct fixture *f = *state;
    struct id project = new_project(f);
    struct connection_row row = new_connection(f, project, "Cache");
    struct connection_row twin = sample_connection(project, "Cache");
    assert_false(fixture_write(f, add_connection, &twin));
    assert_int_equal(f->err.code, ERR_CONFLICT);
    assert_string_equal(f->err.field, "name");
    (void)new_connection(f, new_project(f), "Cache");

    MUST_WRITE(f, delete_connection, &row);
    MUST_WRITE(f, add_connection, &twin);
    struct connection_row found;
    assert_true(find_any(f, &row, &found));
    assert_true(instant_set(found.deleted_at));
    assert_int_equal(found.connection_url.len, 0);
    assert_false(str_set(found.client_key));
    assert_false(fixture_write(f, delete_connection, &row));
    assert_int_equal(f->err.code, ERR_NOT_FOUND);

    AUTO(tx) tx = store_read(f->store, scope_system(), &f->err);
    bool is_there = true;
    MUST(f, connection_find(tx, project, row.id, f->arena, &found, &is_there, &f->err));
    assert_false(is_there);
}

static void an_update_meets_the_row_that_was_read(void **state)
{
    struct fixture *f = *state;
    struct id project = new_project(f);
    struct connection_row row = new_connection(f, project, "First");
    (void)new_connection(f, project, "Second");
    row.name = STR("Second");
    row.updated_at = (struct instant){ then.us + 1 };
    assert_false(fixture_write(f, update_connection, &row));
    assert_string_equal(f->err.field, "name");
    row.name = STR("Renamed");
    MUST_WRITE(f, update_connection, &row);
    /* Its updated_at is another one now. */
    assert_false(fixture_write(f, update_connection, &row));
    assert_int_equal(f->err.code, ERR_CONFLICT);
    MUST_WRITE(f, delete_connection, &row);
    assert_false(fixture_write(f, update_connection, &row));
    assert_int_equal(f->err.code, ERR_NOT_FOUND);
}

/* --- workflows --- */

struct sample_workflow {
    struct workflow_row row;
    struct workflow_use uses[2];
    size_t use_count;
};

static bool add_workflow(struct tx *tx, const void *context, struct error *err)
{
    const struct sample_workflow *w = context;
    return workflow_insert(tx, &w->row, w->uses, w->use_count, err);
}

/* As the version behind row.version. */
static bool save_version(struct tx *tx, const void *context, struct error *err)
{
    const struct sample_workflow *w = context;
    const struct workflow_version version = {
        .project_id = w->row.project_id,
        .workflow_id = w->row.id,
        .version = w->row.version + 1,
        .definition = { STR("{\"nodes\":[],\"edges\":[]}") },
        .uses = w->uses,
        .use_count = w->use_count,
        .created_by = user_id,
        .created_at = then,
    };
    return workflow_save_version(tx, &version, err);
}

static bool remove_workflow(struct tx *tx, const void *context, struct error *err)
{
    const struct sample_workflow *w = context;
    return workflow_delete(tx, w->row.project_id, w->row.id, then, err);
}

static struct sample_workflow sample_workflow(struct id project_id, struct id connection_id)
{
    return (struct sample_workflow){
        .row = {
            .id = id_new(),
            .project_id = project_id,
            .name = STR("Nightly"),
            .version = 1,
            .definition = { STR("{\"nodes\":[{\"id\":\"load\"}],\"edges\":[]}") },
            .created_by = user_id,
            .created_at = then,
            .updated_at = then,
        },
        .uses = {
            { STR("load"), STR("Load orders"), connection_id },
            { STR("save"), STR("Save them"), connection_id },
        },
        .use_count = 2,
    };
}

static void a_new_version_follows_the_latest(void **state)
{
    struct fixture *f = *state;
    struct id project = new_project(f);
    struct sample_workflow w = sample_workflow(project, new_connection(f, project, "db").id);
    MUST_WRITE(f, add_workflow, &w);
    MUST_WRITE(f, save_version, &w);
    assert_false(fixture_write(f, save_version, &w));
    assert_int_equal(f->err.code, ERR_CONFLICT);
    assert_non_null(strstr(f->err.message, "is 2, not 1"));

    AUTO(tx) tx = store_read(f->store, scope_system(), &f->err);
    struct workflow_row found;
    bool is_there;
    MUST(f, workflow_find(tx, project, w.row.id, f->arena, &found, &is_there, &f->err));
    assert_true(is_there);
    assert_int_equal(found.version, 2);
    assert_true(str_eq(found.definition.text, STR("{\"nodes\":[],\"edges\":[]}")));
    struct json_text first;
    MUST(f, workflow_find_version(tx, project, w.row.id, 1, f->arena, &first, &f->err));
    assert_true(str_eq(first.text, w.row.definition.text));
    assert_false(workflow_find_version(tx, project, w.row.id, 3, f->arena, &first, &f->err));
    assert_int_equal(f->err.code, ERR_NOT_FOUND);
}

static void connections_of_other_projects_are_refused(void **state)
{
    struct fixture *f = *state;
    struct id project = new_project(f);
    struct connection_row foreign = new_connection(f, new_project(f), "foreign");
    struct sample_workflow w = sample_workflow(project, foreign.id);
    assert_false(fixture_write(f, add_workflow, &w));
    assert_int_equal(f->err.code, ERR_BAD_REQUEST);
    assert_non_null(strstr(f->err.message, "\"load\""));
    AUTO(tx) tx = store_read(f->store, scope_system(), &f->err);
    struct array rows;
    MUST(f, workflow_list(tx, project, f->arena, &rows, &f->err));
    assert_int_equal(rows.count, 0);
}

static void deleted_connections_of_the_project_are_taken(void **state)
{
    struct fixture *f = *state;
    struct id project = new_project(f);
    struct connection_row row = new_connection(f, project, "db");
    MUST_WRITE(f, delete_connection, &row);
    struct sample_workflow w = sample_workflow(project, row.id);
    MUST_WRITE(f, add_workflow, &w);
}

/* --- usage --- */

static size_t count_uses(struct fixture *f, struct id project, struct id connection,
                         struct array *out)
{
    AUTO(tx) tx = store_read(f->store, scope_system(), &f->err);
    MUST(f, tx && connection_uses(tx, project, connection, f->arena, out, &f->err));
    return out->count;
}

static void usage_is_of_the_latest_version_of_what_is_there(void **state)
{
    struct fixture *f = *state;
    struct id project = new_project(f);
    struct connection_row db = new_connection(f, project, "db");
    struct sample_workflow one = sample_workflow(project, db.id);
    struct sample_workflow two = sample_workflow(project, db.id);
    two.use_count = 1;
    MUST_WRITE(f, add_workflow, &one);
    MUST_WRITE(f, add_workflow, &two);

    struct array uses;
    assert_int_equal(count_uses(f, project, db.id, &uses), 2);
    const struct connection_use *use = uses.items;
    assert_int_equal(use[0].nodes.count, 2);
    assert_int_equal(use[1].nodes.count, 1);
    const struct connection_use_node *nodes = use[0].nodes.items;
    assert_true(str_eq(nodes[1].name, STR("Save them")));

    one.use_count = 0;
    MUST_WRITE(f, save_version, &one);
    assert_int_equal(count_uses(f, project, db.id, &uses), 1);
    MUST_WRITE(f, remove_workflow, &two);
    assert_int_equal(count_uses(f, project, db.id, &uses), 0);
}

static bool add_execution(struct tx *tx, const void *context, struct error *err)
{
    static const struct sql sql =
        SQL("INSERT INTO workflow_executions (project_id, id, workflow_id, workflow_name,"
            " workflow_version, status, created_at, lease_owner)"
            " VALUES ($1, $2, $3, 'x', $4, 'queued', $5, 'a process')");
    const struct sample_workflow *w = context;
    return tx_run(tx, &sql,
                  BINDS(bind_id(w->row.project_id), bind_id(w->row.id), bind_id(w->row.id),
                        bind_int(w->row.version), bind_instant(instant_now())),
                  NULL, err);
}

static bool end_execution(struct tx *tx, const void *context, struct error *err)
{
    static const struct sql sql = SQL("UPDATE workflow_executions SET status = 'failed'"
                                      " WHERE project_id = $1 AND id = $2");
    const struct sample_workflow *w = context;
    return tx_run(tx, &sql, BINDS(bind_id(w->row.project_id), bind_id(w->row.id)), NULL, err);
}

static bool hold_execution(struct tx *tx, const void *context, struct error *err)
{
    static const struct sql sql = SQL("UPDATE workflow_executions SET lease_owner = 'x'"
                                      " WHERE project_id = $1 AND id = $2");
    const struct sample_workflow *w = context;
    return tx_run(tx, &sql, BINDS(bind_id(w->row.project_id), bind_id(w->row.id)), NULL, err);
}

static int64_t count_open(struct fixture *f, const struct connection_row *connection)
{
    AUTO(tx) tx = store_read(f->store, scope_system(), &f->err);
    int64_t count = -1;
    MUST(f, tx && connection_open_executions(tx, connection->project_id, connection->id, &count,
                                             &f->err));
    return count;
}

static void open_executions_hold_their_connections(void **state)
{
    struct fixture *f = *state;
    struct id project = new_project(f);
    struct connection_row db = new_connection(f, project, "db");
    struct sample_workflow w = sample_workflow(project, db.id);
    MUST_WRITE(f, add_workflow, &w);
    assert_int_equal(count_open(f, &db), 0);
    MUST_WRITE(f, add_execution, &w);
    assert_int_equal(count_open(f, &db), 1);
    MUST_WRITE(f, remove_workflow, &w);
    assert_int_equal(count_open(f, &db), 1);
    MUST_WRITE(f, end_execution, &w);
    assert_int_equal(count_open(f, &db), 0);
}

/* --- the whole project --- */

static bool delete_project(struct tx *tx, const void *context, struct error *err)
{
    return project_delete(tx, *(const struct id *)context, err);
}

/* But for what nobody holds, which goes behind it: test_history.c. */
static void a_project_goes_with_everything_in_it(void **state)
{
    struct fixture *f = *state;
    static const struct sql left =
        SQL("SELECT (SELECT count(*) FROM project_connections WHERE project_id = p.id)"
            " + (SELECT count(*) FROM workflows WHERE project_id = p.id)"
            " + (SELECT count(*) FROM workflow_versions WHERE project_id = p.id)"
            " + (SELECT count(*) FROM workflow_connections WHERE project_id = p.id)"
            " + (SELECT count(*) FROM workflow_executions WHERE project_id = p.id)"
            " FROM (SELECT $1 AS id) p");
    struct id project = new_project(f);
    struct sample_workflow w = sample_workflow(project, new_connection(f, project, "db").id);
    MUST_WRITE(f, add_workflow, &w);
    MUST_WRITE(f, add_execution, &w);
    MUST_WRITE(f, hold_execution, &w);
    MUST_WRITE(f, delete_project, &project);
    AUTO(tx) tx = store_read(f->store, scope_system(), &f->err);
    int64_t rows = -1;
    MUST(f, tx && tx_int(tx, &left, BINDS(bind_id(project)), &rows, &f->err));
    assert_int_equal(rows, 0);
}

/* SQLite's own check has had its opinions about the order of columns. */
static void what_it_holds_is_not_taken_for_damage(void **state)
{
    if (fixture_on_postgresql())
        return; /* no file of ours */
    struct fixture *f = *state;
    struct id project = new_project(f);
    struct sample_workflow w = sample_workflow(project, new_connection(f, project, "db").id);
    MUST_WRITE(f, add_workflow, &w);
    store_close(f->store);
    char log[sizeof(f->path) + 8];
    (void)snprintf(log, sizeof(log), "%s-wal", f->path);
    MUST(f, file_create(log, 0600, STR("x"), &f->err)); /* as if the process had died */
    MUST(f, fixture_try_open(f));
    struct store_stats stats;
    while (store_stats(f->store, &stats), stats.check == STORE_CHECK_RUNNING)
        (void)sched_yield();
    assert_int_equal(stats.check, STORE_CHECK_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_comes_back_as_it_was_stored),
        cmocka_unit_test(lists_hold_nothing_sealed_and_begin_with_the_newest),
        cmocka_unit_test(names_are_unique_in_a_project_until_deleted),
        cmocka_unit_test(an_update_meets_the_row_that_was_read),
        cmocka_unit_test(a_new_version_follows_the_latest),
        cmocka_unit_test(connections_of_other_projects_are_refused),
        cmocka_unit_test(deleted_connections_of_the_project_are_taken),
        cmocka_unit_test(usage_is_of_the_latest_version_of_what_is_there),
        cmocka_unit_test(open_executions_hold_their_connections),
        cmocka_unit_test(what_it_holds_is_not_taken_for_damage),
        cmocka_unit_test(a_project_goes_with_everything_in_it),
    };
    return cmocka_run_group_tests(tests, open_store, close_store);
}
