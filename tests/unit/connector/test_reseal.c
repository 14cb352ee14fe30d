/* SPDX-License-Identifier: Apache-2.0 */
/* An installation of an earlier build: its seals open, are bound to more from then on, and only once. */
#include "store_fixture.h"

#include "older_seals.h"

#include "connector/dial.h"
#include "connector/reseal.h"
#include "connector/sealed.h"
#include "store/connections.h"
#include "store/projects.h"
#include "store/users.h"
#include "vault/seal.h"

#include <fcntl.h>

struct installation {
    struct fixture store;
    char key_path[112];
    struct keyring *keyring;
    struct project_key *key;
    struct egress *egress;
    struct id project_id;
};

static struct id id_of(const char *text)
{
    struct id id;
    assert_true(id_parse(str_from(text), &id));
    return id;
}

static bool insert_rows(struct tx *tx, const void *context, struct error *err)
{
    const struct installation *i = context;
    struct instant at = { 1700000000000000 };
    struct user_row user = { .id = id_new(),
                             .email = STR("a@tieline.test"),
                             .name = STR("a"),
                             .password_hash = STR("x"),
                             .created_at = at,
                             .updated_at = at };
    struct project_row project = { .id = i->project_id,
                                   .name = STR("Old"),
                                   .data_key = STR(OLDER_PROJECT_KEY),
                                   .created_at = at,
                                   .updated_at = at };
    bool ok = user_insert(tx, &user, err) && project_insert(tx, &project, user.id, err);
    for (size_t n = 0; ok && n < ARRAY_LEN(older_rows); n++) {
        const struct older_row *row = &older_rows[n];
        struct connection_row made = {
            .id = id_of(row->id),
            .project_id = i->project_id,
            .connection_type = str_from(row->type),
            .name = str_from(row->name),
            .connection_url = str_from(row->url),
            .url_redacted = str_from(row->redacted),
            .config = { str_from(row->config) },
            .host = str_from(row->host),
            .port = row->port,
            .tls_mode = str_from(row->tls_mode),
            .secret_version = 1,
            .client_key = str_from(row->client_key),
            .created_at = at,
            .updated_at = at,
        };
        ok = connection_insert(tx, &made, err);
    }
    return ok;
}

static int set_up(void **state)
{
    static struct installation i;
    struct error err;
    bool created;
    memset(&i, 0, sizeof(i));
    fixture_open(&i.store);
    (void)snprintf(i.key_path, sizeof(i.key_path), "%s/master.key", i.store.folder);
    int file = open(i.key_path, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(file, OLDER_KEY_FILE, strlen(OLDER_KEY_FILE)), strlen(OLDER_KEY_FILE));
    close(file);
    i.keyring = keyring_open(i.key_path, false, &created, &err);
    assert_non_null(i.keyring);
    i.egress = egress_new(EGRESS_OPEN, STR(""), &err);
    i.project_id = id_of(OLDER_PROJECT);
    i.key = keyring_open_project_key(i.keyring, i.project_id, STR(OLDER_PROJECT_KEY), &err);
    assert_non_null(i.key);
    MUST_WRITE(&i.store, insert_rows, &i);
    *state = &i;
    return 0;
}

static int tear_down(void **state)
{
    struct installation *i = *state;
    project_key_free(i->key);
    keyring_free(i->keyring);
    egress_free(i->egress);
    fixture_close(&i->store);
    return 0;
}

static struct connection_row row_of(struct installation *i, size_t n)
{
    struct connection_row row;
    bool found;
    AUTO(tx) tx = store_read(i->store.store, scope_project(i->project_id), &i->store.err);
    MUST(&i->store, tx && connection_find(tx, i->project_id, id_of(older_rows[n].id),
                                          i->store.arena, &row, &found, &i->store.err));
    assert_true(found);
    return row;
}

static bool equals(struct str plain, void *context)
{
    return str_eq(plain, *(const struct str *)context);
}

static void seals_of_an_earlier_build_are_renewed_once(void **state)
{
    static const char *const passwords[] = { "fixture-one", "fixture-two", "fixture-three",
                                             "fixture-four" };
    static const char *const modes[] = { "prefer", "verify-full", "verify-full", "verify-full" };
    struct installation *i = *state;
    struct error err = { 0 };
    for (size_t n = 0; n < ARRAY_LEN(older_rows); n++) {
        struct connection_row row = row_of(i, n);
        assert_null(upstream_from_row(&row, i->key, i->egress, &err)); /* by nobody else */
    }
    assert_true(connections_reseal(i->store.store, i->keyring, &err));
    struct connection_row renewed[ARRAY_LEN(older_rows)];
    for (size_t n = 0; n < ARRAY_LEN(older_rows); n++) {
        struct connection_row row = renewed[n] = row_of(i, n);
        struct str password = str_from(passwords[n]);
        assert_false(str_starts(row.connection_url, SEAL_OLDER));
        assert_int_equal(row.secret_version, 2);
        assert_true(row.updated_at.us == 1700000000000000);
        assert_true(str_eq(row.tls_mode, str_from(modes[n])));
        AUTO(opened_upstream) opened = upstream_from_row(&row, i->key, i->egress, &err);
        if (!opened)
            fail_msg("%s: %s", older_rows[n].name, err.message);
        assert_true(secret_use(opened->upstream.password, equals, &password));
        assert_true((opened->upstream.client_key != NULL) == (older_rows[n].client_key != NULL));
        /* What the seal is bound to now: */
        row.config.text = STR("{}");
        if (n > 0)
            assert_null(upstream_from_row(&row, i->key, i->egress, &err));
    }
    assert_true(connections_reseal(i->store.store, i->keyring, &err));
    for (size_t n = 0; n < ARRAY_LEN(older_rows); n++)
        assert_true(str_eq(row_of(i, n).connection_url, renewed[n].connection_url));
}

static bool spoil(struct tx *tx, const void *context, struct error *err)
{
    static const struct sql sql = SQL("UPDATE project_connections SET host = $2 WHERE id = $1");
    (void)context;
    return tx_run(tx, &sql, BINDS(bind_id(id_of(older_rows[1].id)), bind_text(STR("evil.test"))),
                  NULL, err);
}

static void what_does_not_open_is_left_alone(void **state)
{
    struct installation *i = *state;
    struct error err = { 0 };
    MUST_WRITE(&i->store, spoil, NULL);
    log_set_level(LOG_LEVEL_ERROR);
    assert_true(connections_reseal(i->store.store, i->keyring, &err));
    struct connection_row row = row_of(i, 1);
    assert_true(str_eq(row.connection_url, str_from(older_rows[1].url)));
    assert_null(upstream_from_row(&row, i->key, i->egress, &err));
    assert_int_equal(err.code, ERR_CONNECTION_UNREADABLE);
    row = row_of(i, 2);
    assert_false(str_starts(row.connection_url, SEAL_OLDER));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(seals_of_an_earlier_build_are_renewed_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_does_not_open_is_left_alone, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
