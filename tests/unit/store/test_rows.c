/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of people and projects: what is unique, what goes with what, what voids a right. */
#include "store_fixture.h"

#include "schema/encode.h"
#include "store/audit.h"
#include "store/meta.h"
#include "store/projects.h"
#include "store/sessions.h"
#include "store/tokens.h"
#include "store/users.h"

static const struct instant then = { 1700000000000000 };

static int open_store(void **state)
{
    static struct fixture f;
    fixture_open(&f);
    *state = &f;
    return 0;
}

static int close_store(void **state)
{
    fixture_close(*state);
    return 0;
}

/* --- users --- */

static void an_address_belongs_to_one_user_whatever_its_case(void **state)
{
    struct fixture *f = *state;
    struct user_row user = fixture_user(f, "Ada@Example.org");
    struct user_row twin = user;
    twin.id = id_new();
    twin.email = STR("ADA@example.ORG");
    assert_false(fixture_write(f, fixture_insert_user, &twin));
    assert_int_equal(f->err.code, ERR_CONFLICT);
    assert_string_equal(f->err.field, "email");

    AUTO(tx) tx = store_read(f->store, scope_system(), &f->err);
    struct user_row found;
    bool is_there;
    MUST(f, user_find_by_email(tx, STR("ada@example.org"), f->arena, &found, &is_there, &f->err));
    assert_true(is_there);
    assert_true(id_eq(found.id, user.id));
    assert_true(str_eq(found.email, user.email));
    assert_int_equal(found.created_at.us, user.created_at.us);
    MUST(f, user_find(tx, id_new(), f->arena, &found, &is_there, &f->err));
    assert_false(is_there);
    struct str json = schema_encode_text(&user_shape, &found, f->arena);
    assert_int_equal(str_find(json, STR("hash")), json.len);
}

static bool update_user(struct tx *tx, const void *context, struct error *err)
{
    return user_update(tx, context, err);
}

static void an_administrator_is_left(void **state)
{
    struct fixture *f = *state;
    struct user_row first = fixture_user(f, "first@example.org");
    struct user_row second = fixture_user(f, "deputy@example.org");
    uint64_t before = store_rights_generation(f->store);

    first.disabled_at = then;
    MUST_WRITE(f, update_user, &first);
    assert_true(store_rights_generation(f->store) > before);
    second.admin = false;
    assert_false(fixture_write(f, update_user, &second));
    assert_int_equal(f->err.code, ERR_CONFLICT);
    second.admin = true;
    second.disabled_at = then;
    assert_false(fixture_write(f, update_user, &second));
    assert_int_equal(f->err.code, ERR_CONFLICT);
    first.disabled_at = INSTANT_NONE;
    MUST_WRITE(f, update_user, &first);
    MUST_WRITE(f, update_user, &second);

    AUTO(tx) tx = store_read(f->store, scope_system(), &f->err);
    struct array rows;
    MUST(f, user_list(tx, STR_NULL, f->arena, &rows, &f->err));
    assert_int_equal(rows.count, 2);
    MUST(f, user_list(tx, STR("Deputy@example.org"), f->arena, &rows, &f->err));
    assert_int_equal(rows.count, 1);
    assert_int_equal(((struct user_row *)rows.items)->disabled_at.us, then.us);
    second.id = id_new();
    assert_false(fixture_write(f, update_user, &second));
    assert_int_equal(f->err.code, ERR_NOT_FOUND);
}

/* --- sessions --- */

static bool add_session(struct tx *tx, const void *context, struct error *err)
{
    return session_insert(tx, context, err);
}

static bool change_password(struct tx *tx, const void *context, struct error *err)
{
    const struct session_row *keep = context;
    return user_set_password(tx, keep->user_id, STR("new"), then, keep->id, err);
}

static bool end_session(struct tx *tx, const void *context, struct error *err)
{
    return session_delete(tx, ((const struct session_row *)context)->id, err);
}

static struct session_row new_session(struct fixture *f, struct id user_id, const char *hash,
                                      int64_t lives_us)
{
    struct session_row session = {
        .id = id_new(),
        .user_id = user_id,
        .token_hash = str_from(hash),
        .created_at = instant_now(),
        .expires_at = { instant_now().us + lives_us },
    };
    MUST_WRITE(f, add_session, &session);
    return session;
}

static bool has_session(struct fixture *f, const char *hash)
{
    AUTO(tx) tx = store_read(f->store, scope_system(), &f->err);
    struct session_row row;
    bool found = false;
    MUST(f, tx && session_find(tx, str_from(hash), f->arena, &row, &found, &f->err));
    return found;
}

static void a_new_password_ends_the_other_sessions(void **state)
{
    struct fixture *f = *state;
    struct user_row user = fixture_user(f, "sessions@example.org");
    struct session_row kept = new_session(f, user.id, "kept", 60000000);
    (void)new_session(f, user.id, "other", 60000000);
    uint64_t generation = store_rights_generation(f->store);
    MUST_WRITE(f, change_password, &kept);
    assert_true(store_rights_generation(f->store) > generation);
    assert_true(has_session(f, "kept"));
    assert_false(has_session(f, "other"));
    MUST_WRITE(f, end_session, &kept);
    assert_false(has_session(f, "kept"));
}

static void expired_sessions_go_with_the_next_sign_in(void **state)
{
    struct fixture *f = *state;
    struct user_row user = fixture_user(f, "expired@example.org");
    (void)new_session(f, user.id, "expired", -1);
    assert_true(has_session(f, "expired"));
    uint64_t generation = store_rights_generation(f->store);
    (void)new_session(f, user.id, "fresh", 60000000);
    assert_false(has_session(f, "expired"));
    assert_int_equal(store_rights_generation(f->store), generation);
}

/* --- tokens --- */

static bool add_token(struct tx *tx, const void *context, struct error *err)
{
    return token_insert(tx, context, err);
}

static bool use_token(struct tx *tx, const void *context, struct error *err)
{
    return token_set_used(tx, ((const struct token_row *)context)->id, then, err);
}

static bool revoke_token(struct tx *tx, const void *context, struct error *err)
{
    const struct token_row *token = context;
    return token_delete(tx, token->user_id, token->id, err);
}

static void a_token_is_found_used_and_revoked(void **state)
{
    struct fixture *f = *state;
    struct user_row user = fixture_user(f, "tokens@example.org");
    struct token_row token = {
        .id = id_new(),
        .user_id = user.id,
        .name = STR("ci"),
        .prefix = STR("tl_0a0b0c0d"),
        .token_hash = STR("hash of it"),
        .access = TOKEN_READ,
        .created_at = then,
    };
    MUST_WRITE(f, add_token, &token);
    uint64_t generation = store_rights_generation(f->store);
    MUST_WRITE(f, use_token, &token);
    assert_int_equal(store_rights_generation(f->store), generation);

    AUTO(tx) tx = store_read(f->store, scope_system(), &f->err);
    struct array rows;
    MUST(f, token_find_by_prefix(tx, token.prefix, f->arena, &rows, &f->err));
    assert_int_equal(rows.count, 1);
    const struct token_row *found = rows.items;
    assert_int_equal(found->access, TOKEN_READ);
    assert_int_equal(found->last_used_at.us, then.us);
    assert_false(instant_set(found->expires_at));
    assert_true(str_eq(found->token_hash, token.token_hash));
    MUST(f, token_list(tx, user.id, f->arena, &rows, &f->err));
    assert_int_equal(rows.count, 1);
    tx_end(tx_take(&tx));

    struct token_row foreign = token;
    foreign.user_id = id_new();
    assert_false(fixture_write(f, revoke_token, &foreign));
    assert_int_equal(f->err.code, ERR_NOT_FOUND);
    MUST_WRITE(f, revoke_token, &token);
    assert_true(store_rights_generation(f->store) > generation);
}

/* --- projects --- */

struct membership {
    struct id project_id, user_id;
    int role;
};

static bool add_member(struct tx *tx, const void *context, struct error *err)
{
    const struct membership *m = context;
    return member_insert(tx, m->project_id, m->user_id, m->role, then, err);
}

static bool set_role(struct tx *tx, const void *context, struct error *err)
{
    const struct membership *m = context;
    return member_set_role(tx, m->project_id, m->user_id, m->role, err);
}

static bool remove_member(struct tx *tx, const void *context, struct error *err)
{
    const struct membership *m = context;
    return member_delete(tx, m->project_id, m->user_id, err);
}

static bool remove_project(struct tx *tx, const void *context, struct error *err)
{
    return project_delete(tx, ((const struct membership *)context)->project_id, err);
}

static void a_project_keeps_an_owner(void **state)
{
    struct fixture *f = *state;
    struct membership owner = { ID_NONE, fixture_user(f, "owner@example.org").id, ROLE_OWNER };
    owner.project_id = fixture_project(f, owner.user_id);
    struct membership second = { owner.project_id, fixture_user(f, "second@example.org").id,
                                 ROLE_VIEWER };
    MUST_WRITE(f, add_member, &second);
    assert_false(fixture_write(f, add_member, &second));
    assert_int_equal(f->err.code, ERR_CONFLICT);
    assert_false(fixture_write(f, remove_member, &owner));
    assert_int_equal(f->err.code, ERR_CONFLICT);
    struct membership lower = owner;
    lower.role = ROLE_EDITOR;
    assert_false(fixture_write(f, set_role, &lower));
    assert_int_equal(f->err.code, ERR_CONFLICT);

    second.role = ROLE_OWNER;
    uint64_t generation = store_rights_generation(f->store);
    MUST_WRITE(f, set_role, &second);
    MUST_WRITE(f, remove_member, &owner);
    assert_true(store_rights_generation(f->store) >= generation + 2);
    assert_false(fixture_write(f, remove_member, &owner));
    assert_int_equal(f->err.code, ERR_NOT_FOUND);

    AUTO(tx) tx = store_read(f->store, scope_system(), &f->err);
    struct project_row project;
    MUST(f, project_find(tx, owner.project_id, second.user_id, f->arena, &project, &f->err));
    assert_int_equal(project.role, ROLE_OWNER);
    assert_false(project_find(tx, owner.project_id, owner.user_id, f->arena, &project, &f->err));
    assert_int_equal(f->err.code, ERR_NOT_FOUND);
    struct str key;
    MUST(f, project_find_key(tx, owner.project_id, f->arena, &key, &f->err));
    assert_true(str_eq(key, STR("wrapped")));
}

static void members_stand_owners_first(void **state)
{
    struct fixture *f = *state;
    struct membership owner = { ID_NONE, fixture_user(f, "zoe@example.org").id, ROLE_OWNER };
    owner.project_id = fixture_project(f, owner.user_id);
    struct membership viewer = { owner.project_id, fixture_user(f, "amy@example.org").id,
                                 ROLE_VIEWER };
    MUST_WRITE(f, add_member, &viewer);
    AUTO(tx) tx = store_read(f->store, scope_system(), &f->err);
    struct array rows;
    MUST(f, member_list(tx, owner.project_id, f->arena, &rows, &f->err));
    assert_int_equal(rows.count, 2);
    const struct member_row *members = rows.items;
    assert_true(id_eq(members[0].user_id, owner.user_id));
    assert_int_equal(members[1].role, ROLE_VIEWER);
    assert_true(str_eq(members[1].email, STR("amy@example.org")));
}

static void a_deleted_project_is_gone_for_its_members(void **state)
{
    struct fixture *f = *state;
    struct membership owner = { ID_NONE, fixture_user(f, "gone@example.org").id, ROLE_OWNER };
    owner.project_id = fixture_project(f, owner.user_id);
    MUST_WRITE(f, remove_project, &owner);
    assert_false(fixture_write(f, remove_project, &owner));
    assert_int_equal(f->err.code, ERR_NOT_FOUND);
    AUTO(tx) tx = store_read(f->store, scope_system(), &f->err);
    struct array rows;
    MUST(f, project_list(tx, owner.user_id, instant_now(), f->arena, &rows, &f->err));
    assert_int_equal(rows.count, 0);
    assert_non_null(rows.items);
}

/* --- audit, meta --- */

static bool add_audit(struct tx *tx, const void *context, struct error *err)
{
    return audit_insert(tx, context, err);
}

static void the_audit_log_is_kept_newest_first(void **state)
{
    struct fixture *f = *state;
    struct audit_row first = { .project_id = id_new(), .action = STR("projects.create") };
    struct audit_row second = { .project_id = first.project_id, .action = STR("projects.update") };
    struct audit_row server = { .action = STR("server.start") };
    MUST_WRITE(f, add_audit, &first);
    MUST_WRITE(f, add_audit, &second);
    MUST_WRITE(f, add_audit, &server);
    AUTO(tx) tx = store_read(f->store, scope_system(), &f->err);
    struct array rows;
    MUST(f, audit_list(tx, first.project_id, 10, f->arena, &rows, &f->err));
    assert_int_equal(rows.count, 2);
    const struct audit_row *row = rows.items;
    assert_true(str_eq(row[0].action, second.action));
    assert_true(id_set(row[0].id) && instant_set(row[0].created_at));
    MUST(f, audit_list(tx, ID_NONE, 10, f->arena, &rows, &f->err));
    assert_int_equal(rows.count, 1);
}

static bool set_meta(struct tx *tx, const void *context, struct error *err)
{
    return meta_set(tx, META_KEY_SENTINEL, str_from(context), err);
}

static bool delete_meta(struct tx *tx, const void *context, struct error *err)
{
    (void)context;
    bool deleted = false;
    return meta_delete(tx, META_KEY_SENTINEL, &deleted, err) &&
           (deleted || fail(err, ERR_NOT_FOUND, "nothing there"));
}

static void meta_is_set_replaced_and_deleted(void **state)
{
    struct fixture *f = *state;
    MUST_WRITE(f, set_meta, "one");
    MUST_WRITE(f, set_meta, "two");
    struct tx *tx = store_read(f->store, scope_system(), &f->err);
    struct str value;
    MUST(f, meta_get(tx, META_KEY_SENTINEL, f->arena, &value, &f->err));
    assert_true(str_eq(value, STR("two")));
    tx_end(tx);
    MUST_WRITE(f, delete_meta, NULL);
    assert_false(fixture_write(f, delete_meta, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_administrator_is_left),
        cmocka_unit_test(an_address_belongs_to_one_user_whatever_its_case),
        cmocka_unit_test(a_new_password_ends_the_other_sessions),
        cmocka_unit_test(expired_sessions_go_with_the_next_sign_in),
        cmocka_unit_test(a_token_is_found_used_and_revoked),
        cmocka_unit_test(a_project_keeps_an_owner),
        cmocka_unit_test(members_stand_owners_first),
        cmocka_unit_test(a_deleted_project_is_gone_for_its_members),
        cmocka_unit_test(the_audit_log_is_kept_newest_first),
        cmocka_unit_test(meta_is_set_replaced_and_deleted),
    };
    return cmocka_run_group_tests(tests, open_store, close_store);
}
