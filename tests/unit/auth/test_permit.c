/* SPDX-License-Identifier: Apache-2.0 */
/* The table of rights, cell by cell, and the two-project fixture: what is foreign does not exist. */
#include "store_fixture.h"

#include "auth/permit.h"
#include "base/time.h"
#include "store/users.h"

#define NOBODY 0 /* beside the roles: a user who is no member */
#define ROLES (ROLE_OWNER + 1)

static struct fixture f;
static struct auth *auth;
static struct id project, users[ROLES];
static struct id ids[ABOUT_EXECUTION + 1]; /* something of the project, for each kind */

/* --- fixture --- */

static bool add_rows(struct tx *tx, const void *context, struct error *err)
{
    (void)context;
    static const struct sql statements[] = {
        SQL("INSERT INTO project_connections (id, project_id, connection_type, name,"
            " connection_url, config, created_at, updated_at, url_redacted, host, port, tls_mode,"
            " secret_version) VALUES ($2, $1, 'redis', 'c', '', '{}', 1, 1, '', 'h', 1, '', 1)"),
        SQL("INSERT INTO workflows (project_id, id, name, version, created_at, updated_at)"
            " VALUES ($1, $2, 'w', 1, 1, 1)"),
        SQL("INSERT INTO workflow_executions (project_id, id, workflow_id, workflow_name,"
            " workflow_version, status, created_at) VALUES ($1, $2, 'w', 'w', 1, 'queued', 1)"),
    };
    for (int role = NOBODY; role < ROLES; role++) {
        char email[32];
        (void)snprintf(email, sizeof(email), "u%d@localhost", role);
        struct user_row user = {
            .id = users[role],
            .email = str_from(email),
            .name = STR("U"),
            .password_hash = STR("x"),
        };
        user.created_at = user.updated_at = instant_now();
        if (!user_insert(tx, &user, err))
            return false;
    }
    struct project_row row = { .id = project, .name = STR("P"), .data_key = STR("k") };
    row.created_at = row.updated_at = instant_now();
    if (!project_insert(tx, &row, users[ROLE_OWNER], err))
        return false;
    for (int role = ROLE_VIEWER; role < ROLE_OWNER; role++)
        if (!member_insert(tx, project, users[role], role, instant_now(), err))
            return false;
    for (size_t i = 0; i < ARRAY_LEN(statements); i++)
        if (!tx_run(tx, &statements[i], BINDS(bind_id(project), bind_id(ids[ABOUT_CONNECTION + i])),
                    NULL, err))
            return false;
    return true;
}

static int start(void **state)
{
    (void)state;
    fixture_open(&f);
    project = ids[ABOUT_PROJECT] = id_new();
    for (int about = ABOUT_CONNECTION; about <= ABOUT_EXECUTION; about++)
        ids[about] = id_new();
    for (int role = NOBODY; role < ROLES; role++)
        users[role] = id_new();
    MUST_WRITE(&f, add_rows, NULL);
    auth = auth_new(&(struct auth_config){ .store = f.store });
    return 0;
}

static int finish(void **state)
{
    (void)state;
    auth_free(auth);
    fixture_close(&f);
    return 0;
}

static struct caller caller_of(int role)
{
    return (struct caller){ .signed_in = true, .user_id = users[role] };
}

/* ERR_NONE when permitted; then project and role must be right. */
static enum error_code ask(const struct caller *caller, const struct permit_question *question)
{
    struct id found = ID_NONE;
    int role = 0;
    struct error err = { 0 };
    if (!permit(auth, caller, question, &found, &role, &err)) {
        assert_int_not_equal(err.code, ERR_NONE);
        assert_false(id_set(found));
        return err.code;
    }
    if (question->about != ABOUT_NOTHING) {
        assert_true(id_eq(found, project));
        assert_true(id_eq(caller->user_id, users[role]));
    }
    return ERR_NONE;
}

/* --- the table --- */

static const struct {
    enum procedure_right needs;
    enum error_code expected[ROLES]; /* for a stranger, viewer, editor, owner */
} cells[] = {
    { PROJECT_READ, { ERR_NOT_FOUND, ERR_NONE, ERR_NONE, ERR_NONE } },
    { PROJECT_WRITE, { ERR_NOT_FOUND, ERR_FORBIDDEN, ERR_NONE, ERR_NONE } },
    { PROJECT_OWN, { ERR_NOT_FOUND, ERR_FORBIDDEN, ERR_FORBIDDEN, ERR_NONE } },
};

static void every_role_has_its_rights(void **state)
{
    (void)state;
    for (int round = 0; round < 2; round++) /* the second time from memory */
        for (size_t i = 0; i < ARRAY_LEN(cells); i++)
            for (int role = NOBODY; role < ROLES; role++)
                for (int about = ABOUT_PROJECT; about <= ABOUT_EXECUTION; about++)
                    for (int mutation = 0; mutation < 2; mutation++) {
                        struct caller caller = caller_of(role);
                        struct permit_question question = { cells[i].needs,
                                                            (enum procedure_about)about, ids[about],
                                                            mutation };
                        if (ask(&caller, &question) != cells[i].expected[role])
                            fail_msg("right %d, role %d, about %d, round %d", (int)cells[i].needs,
                                     role, about, round);
                    }
}

static void who_is_not_signed_in_gets_nowhere(void **state)
{
    (void)state;
    struct caller nobody = { 0 };
    static const enum procedure_right rights[] = { SIGNED_IN, ADMIN, PROJECT_READ, PROJECT_WRITE,
                                                   PROJECT_OWN };
    for (size_t i = 0; i < ARRAY_LEN(rights); i++) {
        struct permit_question question = { rights[i], ABOUT_PROJECT, project, false };
        assert_int_equal(ask(&nobody, &question), ERR_UNAUTHORIZED);
    }
    struct permit_question anyone = { ANYONE, ABOUT_NOTHING, ID_NONE, true };
    assert_int_equal(ask(&nobody, &anyone), ERR_NONE);
}

static void a_read_only_token_reads(void **state)
{
    (void)state;
    struct caller caller = caller_of(ROLE_OWNER);
    caller.read_only = true;
    struct permit_question read = { PROJECT_OWN, ABOUT_PROJECT, project, false };
    struct permit_question write = { PROJECT_OWN, ABOUT_PROJECT, project, true };
    struct permit_question own = { SIGNED_IN, ABOUT_NOTHING, ID_NONE, true };
    assert_int_equal(ask(&caller, &read), ERR_NONE);
    assert_int_equal(ask(&caller, &write), ERR_FORBIDDEN);
    assert_int_equal(ask(&caller, &own), ERR_FORBIDDEN);
}

static void an_administrator_sees_only_their_own_projects(void **state)
{
    (void)state;
    struct caller admin = caller_of(NOBODY);
    struct permit_question server = { ADMIN, ABOUT_NOTHING, ID_NONE, true };
    struct permit_question read = { PROJECT_READ, ABOUT_PROJECT, project, false };
    assert_int_equal(ask(&admin, &server), ERR_FORBIDDEN);
    admin.admin = true;
    assert_int_equal(ask(&admin, &server), ERR_NONE);
    assert_int_equal(ask(&admin, &read), ERR_NOT_FOUND);
}

static void foreign_and_unknown_answer_alike(void **state)
{
    (void)state;
    for (int about = ABOUT_PROJECT; about <= ABOUT_EXECUTION; about++) {
        struct caller stranger = caller_of(NOBODY);
        struct permit_question foreign = { PROJECT_WRITE, (enum procedure_about)about, ids[about],
                                           true };
        struct permit_question unknown = foreign;
        unknown.id = id_new();
        struct id none;
        int role;
        struct error a = { 0 }, b = { 0 };
        assert_false(permit(auth, &stranger, &foreign, &none, &role, &a));
        assert_false(permit(auth, &stranger, &unknown, &none, &role, &b));
        assert_memory_equal(&a, &b, sizeof(a));
        /* An id of one kind is none of another. */
        struct caller owner = caller_of(ROLE_OWNER);
        foreign.id = ids[about == ABOUT_PROJECT ? ABOUT_WORKFLOW : ABOUT_PROJECT];
        assert_int_equal(ask(&owner, &foreign), ERR_NOT_FOUND);
    }
}

/* --- what is remembered --- */

static bool set_viewer(struct tx *tx, const void *context, struct error *err)
{
    (void)context;
    return member_set_role(tx, project, users[ROLE_EDITOR], ROLE_VIEWER, err);
}

static bool set_editor(struct tx *tx, const void *context, struct error *err)
{
    (void)context;
    return member_set_role(tx, project, users[ROLE_EDITOR], ROLE_EDITOR, err);
}

static bool remove_editor(struct tx *tx, const void *context, struct error *err)
{
    (void)context;
    return member_delete(tx, project, users[ROLE_EDITOR], err);
}

static bool add_editor(struct tx *tx, const void *context, struct error *err)
{
    (void)context;
    return member_insert(tx, project, users[ROLE_EDITOR], ROLE_EDITOR, instant_now(), err);
}

static void a_changed_role_counts_at_once(void **state)
{
    (void)state;
    struct caller editor = caller_of(ROLE_EDITOR);
    struct permit_question write = { PROJECT_WRITE, ABOUT_WORKFLOW, ids[ABOUT_WORKFLOW], true };
    assert_int_equal(ask(&editor, &write), ERR_NONE);
    MUST_WRITE(&f, set_viewer, NULL);
    assert_int_equal(ask(&editor, &write), ERR_FORBIDDEN);
    MUST_WRITE(&f, set_editor, NULL);
    assert_int_equal(ask(&editor, &write), ERR_NONE);
    MUST_WRITE(&f, remove_editor, NULL);
    assert_int_equal(ask(&editor, &write), ERR_NOT_FOUND);
    MUST_WRITE(&f, add_editor, NULL);
    assert_int_equal(ask(&editor, &write), ERR_NONE);
}

/* --- calls --- */

struct input {
    struct id connection_id, project_id;
};
static const struct field input_fields[] = {
    { FIELD("connectionId", input, connection_id, OPTIONAL, "") },
    { FIELD("projectId", input, project_id, OPTIONAL, "") },
    { 0 },
};
static const struct shape input_shape = SHAPE(NULL, input, input_fields);
static const struct procedure mutation = {
    .path = "x.y",
    .kind = MUTATION,
    .needs = PROJECT_WRITE,
    .about = ABOUT_CONNECTION,
    .input = &input_shape,
};

static enum error_code ask_call(struct caller caller, const struct input *input,
                                const struct http_request *request)
{
    struct call call = { .procedure = &mutation, .request = request, .caller = caller };
    struct error err = { 0 };
    if (!permit_call(auth, &call, input, &err))
        return err.code;
    assert_true(id_eq(call.project_id, project));
    assert_int_equal(call.role, ROLE_EDITOR);
    return ERR_NONE;
}

static void a_call_is_about_the_id_it_names_or_the_project(void **state)
{
    (void)state;
    struct http_request request = { .method = HTTP_POST };
    struct caller editor = caller_of(ROLE_EDITOR), nobody = { 0 };
    struct input by_id = { .connection_id = ids[ABOUT_CONNECTION] };
    struct input by_project = { .project_id = project };
    struct input both = { .connection_id = id_new(), .project_id = project };
    struct input neither = { .connection_id = ID_NONE };
    assert_int_equal(ask_call(editor, &by_id, &request), ERR_NONE);
    assert_int_equal(ask_call(editor, &by_project, &request), ERR_NONE);
    assert_int_equal(ask_call(editor, &both, &request), ERR_NOT_FOUND);
    assert_int_equal(ask_call(editor, &neither, &request), ERR_BAD_REQUEST);
    assert_int_equal(ask_call(nobody, &neither, &request), ERR_UNAUTHORIZED);
}

static void a_change_by_cookie_comes_from_our_page(void **state)
{
    (void)state;
    static const struct {
        bool secure;
        const char *header, *origin, *site;
        bool expected;
    } rows[] = {
        { false, "1", "http://127.0.0.1:8080", NULL, true },
        { false, "1", "http://127.0.0.1:8080", "same-origin", true },
        { false, "1", NULL, "same-origin", true },
        { true, "1", "https://127.0.0.1:8080", NULL, true },
        { false, NULL, "http://127.0.0.1:8080", "same-origin", false },
        { false, "0", "http://127.0.0.1:8080", "same-origin", false },
        { false, "1", NULL, NULL, false },
        { false, "1", "http://evil.example", NULL, false },
        { false, "1", "http://127.0.0.1:8081", NULL, false },
        { false, "1", "http://127.0.0.1:8080.evil.example", NULL, false },
        { false, "1", "https://127.0.0.1:8080", NULL, false },
        { true, "1", "http://127.0.0.1:8080", NULL, false },
        { false, "1", "null", NULL, false },
        { false, "1", "http://127.0.0.1:8080", "cross-site", false },
        { false, "1", NULL, "same-site", false },
        { false, "1", NULL, "none", false },
    };
    struct input input = { .project_id = project };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct http_header headers[] = {
            { STR("Host"), STR("127.0.0.1:8080") },
            { STR("X-Tieline"), str_from(rows[i].header) },
            { STR("Origin"), str_from(rows[i].origin) },
            { STR("Sec-Fetch-Site"), str_from(rows[i].site) },
        };
        struct http_request request = {
            .method = HTTP_POST,
            .secure = rows[i].secure,
            .headers = headers,
            .header_count = ARRAY_LEN(headers),
        };
        struct caller caller = caller_of(ROLE_EDITOR);
        caller.session_id = id_new();
        if (ask_call(caller, &input, &request) != (rows[i].expected ? ERR_NONE : ERR_FORBIDDEN))
            fail_msg("row %zu", i);
        caller.session_id = ID_NONE; /* by token it does not matter */
        assert_int_equal(ask_call(caller, &input, &request), ERR_NONE);
    }
}

static void the_operator_owns_every_project_and_is_nobody(void **state)
{
    (void)state;
    const struct caller host = { .signed_in = true, .admin = true, .is_operator = true };
    struct permit_question question = { PROJECT_OWN, ABOUT_PROJECT, ID_NONE, true };
    struct error err = { 0 };

    for (int round = 0; round < 2; round++) /* the second time from memory */
        for (int about = ABOUT_PROJECT; about <= ABOUT_EXECUTION; about++) {
            struct id found = ID_NONE;
            int role = 0;
            question.about = (enum procedure_about)about;
            question.id = ids[about];
            assert_true(permit(auth, &host, &question, &found, &role, &err));
            assert_true(id_eq(found, project));
            assert_int_equal(role, ROLE_OWNER);
            question.id = id_new();
            assert_int_equal(ask(&host, &question), ERR_NOT_FOUND);
        }
    question = (struct permit_question){ ADMIN, ABOUT_NOTHING, ID_NONE, true };
    assert_int_equal(ask(&host, &question), ERR_NONE);
    question.needs = SELF;
    assert_int_equal(ask(&host, &question), ERR_FORBIDDEN);
    struct caller person = caller_of(ROLE_VIEWER);
    assert_int_equal(ask(&person, &question), ERR_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_role_has_its_rights),
        cmocka_unit_test(the_operator_owns_every_project_and_is_nobody),
        cmocka_unit_test(who_is_not_signed_in_gets_nowhere),
        cmocka_unit_test(a_read_only_token_reads),
        cmocka_unit_test(an_administrator_sees_only_their_own_projects),
        cmocka_unit_test(foreign_and_unknown_answer_alike),
        cmocka_unit_test(a_changed_role_counts_at_once),
        cmocka_unit_test(a_call_is_about_the_id_it_names_or_the_project),
        cmocka_unit_test(a_change_by_cookie_comes_from_our_page),
    };
    return cmocka_run_group_tests(tests, start, finish);
}
