/* SPDX-License-Identifier: Apache-2.0 */
/* Who calls: what counts as a token, and when it stops counting. */
#include "store_fixture.h"

#include "auth/session.h"
#include "store/sessions.h"
#include "store/tokens.h"
#include "vault/token.h"

static struct fixture f;
static struct auth *auth;
static struct id user_id;

/* --- fixture --- */

static int start(void **state)
{
    (void)state;
    fixture_open(&f);
    user_id = fixture_user(&f, "ada@example.org").id;
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

static bool add_token(struct tx *tx, const void *context, struct error *err)
{
    return token_insert(tx, context, err);
}

static bool revoke_token(struct tx *tx, const void *context, struct error *err)
{
    return token_delete(tx, user_id, ((const struct token_row *)context)->id, err);
}

static bool add_session(struct tx *tx, const void *context, struct error *err)
{
    return session_insert(tx, context, err);
}

static bool end_session(struct tx *tx, const void *context, struct error *err)
{
    return session_delete(tx, ((const struct session_row *)context)->id, err);
}

static struct token_row make_token(int access, int64_t lives_us, struct new_token *token)
{
    token_make(f.arena, token);
    struct token_row row = {
        .id = id_new(),
        .user_id = user_id,
        .name = STR("ci"),
        .prefix = token->prefix,
        .token_hash = token->hash,
        .access = access,
        .created_at = instant_now(),
    };
    if (lives_us != 0)
        row.expires_at.us = instant_now().us + lives_us;
    MUST_WRITE(&f, add_token, &row);
    return row;
}

static struct session_row make_session(int64_t lives_us, struct new_token *token)
{
    token_make(f.arena, token);
    struct session_row row = {
        .id = id_new(),
        .user_id = user_id,
        .token_hash = token->hash,
        .created_at = instant_now(),
        .expires_at = { instant_now().us + lives_us },
    };
    MUST_WRITE(&f, add_session, &row);
    return row;
}

/* A request with one header. */
static bool request_with(const char *name, struct str value, struct caller *out)
{
    struct http_header headers[] = { { str_from(name), value } };
    struct http_request request = { .headers = headers, .header_count = 1 };
    return auth_request(auth, &request, f.arena, out, &f.err);
}

static struct str bearer(struct str token)
{
    return arena_printf(f.arena, "Bearer " STR_FMT, STR_ARG(token));
}

static struct str cookie(struct str token)
{
    return arena_printf(f.arena, "a=b; tieline_session=" STR_FMT, STR_ARG(token));
}

/* --- tests --- */

static void nothing_is_nobody(void **state)
{
    (void)state;
    struct caller caller = { .signed_in = true };
    assert_true(request_with("Accept", STR("*/*"), &caller));
    assert_false(caller.signed_in);
}

static void a_token_stands_for_its_user(void **state)
{
    (void)state;
    struct new_token token;
    struct token_row row = make_token(TOKEN_READ, 0, &token);
    for (int i = 0; i < 2; i++) { /* the second time from memory */
        struct caller caller;
        MUST(&f, request_with("Authorization", bearer(token.text), &caller));
        assert_true(caller.signed_in && caller.admin && caller.read_only);
        assert_true(id_eq(caller.user_id, user_id));
        assert_true(id_eq(caller.token_id, row.id));
        assert_false(id_set(caller.session_id));
    }
    make_token(TOKEN_WRITE, 60000000, &token);
    struct caller caller;
    MUST(&f, auth_token(auth, token.text, f.arena, &caller, &f.err));
    assert_false(caller.read_only);
}

static void a_token_that_does_not_count_is_refused(void **state)
{
    (void)state;
    struct new_token token, expired, unknown, session;
    make_token(TOKEN_WRITE, 0, &token);
    make_token(TOKEN_WRITE, -1, &expired);
    make_session(60000000, &session);
    token_make(f.arena, &unknown);
    struct caller caller;
    MUST(&f, request_with("Cookie", cookie(session.text), &caller)); /* remembered */
    /* The right prefix with another's secret. */
    struct str mixed = arena_printf(f.arena, STR_FMT STR_FMT, STR_ARG(token.prefix),
                                    STR_ARG(str_slice(unknown.text, 11, 55)));
    const struct str values[] = {
        bearer(expired.text), bearer(unknown.text),
        bearer(session.text), bearer(mixed),
        bearer(STR("")),      bearer(token.hash),
        STR("Bearer"),        STR("Basic YWRhOnNlY3JldA=="),
        token.text,           STR(""),
    };
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        caller = (struct caller){ 0 };
        if (request_with("Authorization", values[i], &caller) || caller.signed_in)
            fail_msg("value %zu was taken", i);
        assert_int_equal(f.err.code, ERR_UNAUTHORIZED);
    }
}

static void a_revoked_token_is_refused_at_once(void **state)
{
    (void)state;
    struct new_token token;
    struct token_row row = make_token(TOKEN_WRITE, 0, &token);
    struct caller caller;
    MUST(&f, auth_token(auth, token.text, f.arena, &caller, &f.err));
    MUST_WRITE(&f, revoke_token, &row);
    assert_false(auth_token(auth, token.text, f.arena, &caller, &f.err));
    assert_int_equal(f.err.code, ERR_UNAUTHORIZED);
}

static void a_remembered_token_expires(void **state)
{
    (void)state;
    struct new_token token;
    struct token_row row = make_token(TOKEN_WRITE, 100000, &token);
    struct caller caller;
    MUST(&f, auth_token(auth, token.text, f.arena, &caller, &f.err));
    while (instant_now().us < row.expires_at.us)
        ;
    assert_false(auth_token(auth, token.text, f.arena, &caller, &f.err));
}

static void the_last_use_is_written_down_once_a_minute(void **state)
{
    (void)state;
    struct new_token token, other;
    struct token_row row = make_token(TOKEN_WRITE, 0, &token);
    struct token_row other_row = make_token(TOKEN_WRITE, 0, &other);
    struct store_stats before, after;
    store_stats(f.store, &before);
    struct caller caller;
    for (int i = 0; i < 50; i++)
        MUST(&f, auth_token(auth, token.text, f.arena, &caller, &f.err));
    /* Comes behind the note of the use, and makes us forget what we remembered. */
    MUST_WRITE(&f, revoke_token, &other_row);
    for (int i = 0; i < 50; i++)
        MUST(&f, auth_token(auth, token.text, f.arena, &caller, &f.err));
    MUST_WRITE(&f, add_token, &other_row);
    store_stats(f.store, &after);
    assert_int_equal(after.writes - before.writes, 3);

    AUTO(tx) tx = store_read(f.store, scope_system(), &f.err);
    struct array rows;
    MUST(&f, token_find_by_prefix(tx, row.prefix, f.arena, &rows, &f.err));
    assert_int_equal(rows.count, 1);
    assert_true(instant_set(((const struct token_row *)rows.items)->last_used_at));
}

static void a_session_counts_as_a_cookie_until_it_ends(void **state)
{
    (void)state;
    struct new_token token, expired;
    struct session_row row = make_session(60000000, &token);
    make_session(-1, &expired);
    for (int i = 0; i < 2; i++) {
        struct caller caller;
        MUST(&f, request_with("Cookie", cookie(token.text), &caller));
        assert_true(caller.signed_in && caller.admin);
        assert_true(id_eq(caller.session_id, row.id));
    }
    struct caller caller;
    MUST(&f, request_with("Cookie", cookie(expired.text), &caller));
    assert_false(caller.signed_in);
    MUST_WRITE(&f, end_session, &row);
    MUST(&f, request_with("Cookie", cookie(token.text), &caller));
    assert_false(caller.signed_in);
    MUST(&f, request_with("Cookie", STR("tieline_session=nonsense"), &caller));
    assert_false(caller.signed_in);
}

static void an_access_token_is_no_cookie(void **state)
{
    (void)state;
    struct new_token token;
    make_token(TOKEN_WRITE, 0, &token);
    struct caller caller;
    MUST(&f, auth_token(auth, token.text, f.arena, &caller, &f.err));
    MUST(&f, request_with("Cookie", cookie(token.text), &caller));
    assert_false(caller.signed_in);
}

static void event_streams_may_bring_their_token_in_the_query(void **state)
{
    (void)state;
    struct new_token token;
    make_token(TOKEN_WRITE, 0, &token);
    struct http_header headers[] = { { STR("Accept"), STR("text/event-stream") } };
    struct http_request request = {
        .method = HTTP_GET,
        .query = arena_printf(
            f.arena, "input=%%7B%%7D&connectionParams=%%7B%%22token%%22%%3A%%22" STR_FMT "%%22%%7D",
            STR_ARG(token.text)),
        .headers = headers,
        .header_count = 1,
    };
    struct caller caller;
    MUST(&f, auth_request(auth, &request, f.arena, &caller, &f.err));
    assert_true(caller.signed_in);
    headers[0].value = STR("application/json");
    MUST(&f, auth_request(auth, &request, f.arena, &caller, &f.err));
    assert_false(caller.signed_in);
}

static void the_cookie_is_strict_over_tls(void **state)
{
    (void)state;
    struct http_request request = { .secure = false };
    struct str plain = auth_cookie(f.arena, &request, STR("x"));
    assert_true(str_eq(plain, STR("tieline_session=x; Path=/; HttpOnly; SameSite=Lax;"
                                  " Max-Age=1209600")));
    request.secure = true;
    struct str secure = auth_cookie(f.arena, &request, STR_NULL);
    assert_true(str_eq(secure, STR("__Host-tieline_session=; Path=/; HttpOnly; SameSite=Lax;"
                                   " Max-Age=0; Secure")));
    /* Over TLS a plain cookie, which a neighbour could have set, does not count. */
    struct new_token token;
    make_session(60000000, &token);
    struct http_header headers[] = { { STR("Cookie"), cookie(token.text) } };
    request.headers = headers;
    request.header_count = 1;
    struct caller caller;
    MUST(&f, auth_request(auth, &request, f.arena, &caller, &f.err));
    assert_false(caller.signed_in);
}

static void the_unix_socket_is_the_operators(void **state)
{
    (void)state;
    struct new_token token;
    struct http_header headers[2] = { { STR("tieline-user"), STR("ADA@example.org") } };
    struct http_request request = { .headers = headers, .header_count = 1 };
    struct caller caller;

    /* From elsewhere the header says nothing. */
    MUST(&f, auth_request(auth, &request, f.arena, &caller, &f.err));
    assert_false(caller.signed_in);
    request.local = true;
    MUST(&f, auth_request(auth, &request, f.arena, &caller, &f.err));
    assert_true(caller.signed_in && caller.admin && !caller.is_operator);
    assert_true(id_eq(caller.user_id, user_id));
    headers[0].value = STR("nobody@example.org");
    assert_false(auth_request(auth, &request, f.arena, &caller, &f.err));
    assert_int_equal(f.err.code, ERR_NOT_FOUND);
    /* A token counts for nothing there. */
    (void)make_token(TOKEN_READ, 0, &token);
    headers[0] =
        (struct http_header){ STR("authorization"),
                              arena_printf(f.arena, "Bearer " STR_FMT, STR_ARG(token.text)) };
    MUST(&f, auth_request(auth, &request, f.arena, &caller, &f.err));
    assert_true(caller.signed_in && caller.is_operator && !caller.read_only);
    assert_false(id_set(caller.user_id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_nobody),
        cmocka_unit_test(the_unix_socket_is_the_operators),
        cmocka_unit_test(a_token_stands_for_its_user),
        cmocka_unit_test(a_token_that_does_not_count_is_refused),
        cmocka_unit_test(a_revoked_token_is_refused_at_once),
        cmocka_unit_test(a_remembered_token_expires),
        cmocka_unit_test(the_last_use_is_written_down_once_a_minute),
        cmocka_unit_test(a_session_counts_as_a_cookie_until_it_ends),
        cmocka_unit_test(an_access_token_is_no_cookie),
        cmocka_unit_test(event_streams_may_bring_their_token_in_the_query),
        cmocka_unit_test(the_cookie_is_strict_over_tls),
    };
    return cmocka_run_group_tests(tests, start, finish);
}
