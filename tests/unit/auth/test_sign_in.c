/* SPDX-License-Identifier: Apache-2.0 */
/* Set-up, login, change of password. */
#include "store_fixture.h"

#include <pthread.h>

#include "auth/session.h"
#include "base/thread.h"

static struct fixture f;
static struct auth *auth;

static int start(void **state)
{
    (void)state;
    fixture_open(&f);
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

static bool set_up(struct str token, const char *email, struct sign_in *out)
{
    AUTO(secret) password = secret_new(STR("a long password"));
    const struct new_user user = {
        .name = STR("Ada"),
        .email = str_from(email),
        .password = password,
    };
    return auth_setup(auth, token, &user, f.arena, out, &f.err);
}

static bool log_in(const char *email, const char *password, struct sign_in *out)
{
    AUTO(secret) secret = secret_new(str_from(password));
    return auth_login(auth, str_from(email), secret, STR("10.0.0.1"), f.arena, out, &f.err);
}

static bool cookie_counts(struct str token)
{
    struct str cookie = arena_printf(f.arena, "tieline_session=" STR_FMT, STR_ARG(token));
    struct http_header headers[] = { { STR("Cookie"), cookie } };
    struct http_request request = { .headers = headers, .header_count = 1 };
    struct caller caller;
    MUST(&f, auth_request(auth, &request, f.arena, &caller, &f.err));
    assert_int_equal(caller.signed_in, id_set(caller.session_id));
    return caller.signed_in;
}

static void set_up_admits_one_with_the_token(void **state)
{
    (void)state;
    bool required;
    MUST(&f, auth_setup_required(auth, &required, &f.err));
    assert_true(required);
    struct sign_in made;
    assert_false(set_up(STR("tl_00000000_nothing"), "ada@example.org", &made));
    assert_int_equal(f.err.code, ERR_FORBIDDEN);

    struct str first, second;
    MUST(&f, auth_setup_token(auth, f.arena, &first, &f.err));
    MUST(&f, auth_setup_token(auth, f.arena, &second, &f.err));
    assert_false(set_up(first, "ada@example.org", &made)); /* replaced by the second */
    assert_string_equal(f.err.field, "token");
    MUST(&f, set_up(second, "ada@example.org", &made));
    assert_true(made.user.admin);
    assert_true(cookie_counts(made.token));

    assert_false(set_up(second, "eve@example.org", &made));
    assert_int_equal(f.err.code, ERR_FORBIDDEN);
    MUST(&f, auth_setup_required(auth, &required, &f.err));
    assert_false(required);
}

static void a_new_set_up_token_does_not_open_it_again(void **state)
{
    (void)state;
    struct str token;
    struct sign_in made;
    MUST(&f, auth_setup_token(auth, f.arena, &token, &f.err));
    assert_false(set_up(token, "eve@example.org", &made));
    assert_int_equal(f.err.code, ERR_FORBIDDEN);
}

static void login_makes_a_new_session_each_time(void **state)
{
    (void)state;
    struct sign_in one, two;
    MUST(&f, log_in("ada@example.org", "a long password", &one));
    MUST(&f, log_in("ADA@example.org", "a long password", &two));
    assert_false(str_eq(one.token, two.token));
    assert_true(cookie_counts(one.token));
    assert_true(cookie_counts(two.token));
}

static void unknown_users_and_wrong_passwords_answer_alike(void **state)
{
    (void)state;
    struct sign_in none;
    assert_false(log_in("ada@example.org", "wrong", &none));
    struct error wrong = f.err;
    assert_false(log_in("nobody@example.org", "wrong", &none));
    assert_int_equal(wrong.code, ERR_UNAUTHORIZED);
    assert_int_equal(f.err.code, wrong.code);
    assert_string_equal(f.err.message, wrong.message);
    assert_string_equal(f.err.field, wrong.field);
}

static void a_new_password_ends_other_sessions_and_the_old_password(void **state)
{
    (void)state;
    struct sign_in mine, other, none;
    MUST(&f, log_in("ada@example.org", "a long password", &mine));
    MUST(&f, log_in("ada@example.org", "a long password", &other));
    assert_true(cookie_counts(other.token)); /* remembered now */
    struct str cookie = arena_printf(f.arena, "tieline_session=" STR_FMT, STR_ARG(mine.token));
    struct http_header headers[] = { { STR("Cookie"), cookie } };
    struct http_request request = { .headers = headers, .header_count = 1 };
    struct caller caller;
    MUST(&f, auth_request(auth, &request, f.arena, &caller, &f.err));

    AUTO(secret) wrong = secret_new(STR("wrong"));
    AUTO(secret) current = secret_new(STR("a long password"));
    AUTO(secret) next = secret_new(STR("an even longer password"));
    assert_false(auth_change_password(auth, &caller, wrong, next, &f.err));
    assert_int_equal(f.err.code, ERR_FORBIDDEN);
    assert_string_equal(f.err.field, "current");
    MUST(&f, auth_change_password(auth, &caller, current, next, &f.err));
    assert_true(cookie_counts(mine.token));
    assert_false(cookie_counts(other.token));
    assert_false(log_in("ada@example.org", "a long password", &none));
    MUST(&f, log_in("ada@example.org", "an even longer password", &none));
}

static void many_failures_slow_one_address_from_one_peer(void **state)
{
    (void)state;
    AUTO(secret) wrong = secret_new(STR("wrong"));
    struct sign_in none;
    for (int i = 0; i < 20; i++) {
        assert_false(auth_login(auth, STR("bob@example.org"), wrong, STR("10.0.0.9"), f.arena,
                                &none, &f.err));
        assert_int_equal(f.err.code, ERR_UNAUTHORIZED);
    }
    assert_false(
        auth_login(auth, STR("BOB@example.org"), wrong, STR("10.0.0.9"), f.arena, &none, &f.err));
    assert_int_equal(f.err.code, ERR_TOO_MANY_REQUESTS);
    assert_false(
        auth_login(auth, STR("bob@example.org"), wrong, STR("10.0.0.8"), f.arena, &none, &f.err));
    assert_int_equal(f.err.code, ERR_UNAUTHORIZED);
    assert_false(
        auth_login(auth, STR("amy@example.org"), wrong, STR("10.0.0.9"), f.arena, &none, &f.err));
    assert_int_equal(f.err.code, ERR_UNAUTHORIZED);
}

static void users_are_added_once(void **state)
{
    (void)state;
    AUTO(secret) password = secret_new(STR("a long password"));
    struct new_user made = {
        .name = STR("Bob"),
        .email = STR("bob@example.org"),
        .password = password,
    };
    struct user_row user;
    MUST(&f, auth_add_user(auth, &made, f.arena, &user, &f.err));
    assert_false(user.admin);
    made.email = STR("Bob@example.org");
    assert_false(auth_add_user(auth, &made, f.arena, &user, &f.err));
    assert_int_equal(f.err.code, ERR_CONFLICT);
    assert_string_equal(f.err.field, "email");
}

/* --- a race for the set-up --- */

struct racer {
    struct str token;
    char email[32];
    bool won;
};

static void *race(void *context)
{
    struct racer *racer = context;
    AUTO(arena) arena = arena_new();
    AUTO(secret) password = secret_new(STR("a long password"));
    struct sign_in made;
    struct error err;
    const struct new_user user = {
        .name = STR("R"),
        .email = str_from(racer->email),
        .password = password,
    };
    racer->won = auth_setup(auth, racer->token, &user, arena, &made, &err);
    if (!racer->won)
        assert_int_equal(err.code, ERR_FORBIDDEN);
    return NULL;
}

static void one_of_two_set_ups_wins(void **state)
{
    assert_int_equal(finish(state), 0);
    assert_int_equal(start(state), 0);
    struct str token;
    MUST(&f, auth_setup_token(auth, f.arena, &token, &f.err));
    struct racer racers[4];
    pthread_t threads[ARRAY_LEN(racers)];
    for (size_t i = 0; i < ARRAY_LEN(racers); i++) {
        racers[i] = (struct racer){ .token = token };
        (void)snprintf(racers[i].email, sizeof(racers[i].email), "r%zu@example.org", i);
        threads[i] = thread_start("race", race, &racers[i]);
    }
    int won = 0;
    for (size_t i = 0; i < ARRAY_LEN(racers); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        won += racers[i].won;
    }
    assert_int_equal(won, 1);
}

static bool disable(struct tx *tx, const void *context, struct error *err)
{
    struct user_row user = *(const struct user_row *)context;
    user.disabled_at = instant_now();
    user.admin = false;
    return user_update(tx, &user, err);
}

static void a_disabled_user_gets_in_no_more(void **state)
{
    (void)state;
    struct sign_in made;
    struct user_row user;
    AUTO(secret) password = secret_new(STR("a long password"));
    const struct new_user bob = {
        .name = STR("Bob"),
        .email = STR("late@example.org"),
        .password = password,
    };
    MUST(&f, auth_add_user(auth, &bob, f.arena, &user, &f.err));
    MUST(&f, log_in("late@example.org", "a long password", &made));
    assert_true(cookie_counts(made.token));
    MUST_WRITE(&f, disable, &user);
    assert_false(cookie_counts(made.token));
    assert_false(log_in("late@example.org", "a wrong password", &made));
    /* Who does not know the password learns nothing. */
    assert_int_equal(f.err.code, ERR_UNAUTHORIZED);
    assert_false(log_in("late@example.org", "a long password", &made));
    assert_int_equal(f.err.code, ERR_FORBIDDEN);
    MUST(&f, auth_reset_password(auth, ID_NONE, user.id, password, &f.err));
}

static void wrong_passwords_of_a_change_are_counted(void **state)
{
    (void)state;
    AUTO(secret) right = secret_new(STR("a long password"));
    AUTO(secret) wrong = secret_new(STR("a wrong password"));
    struct user_row user;
    const struct new_user bob = {
        .name = STR("Bob"),
        .email = STR("guess@example.org"),
        .password = right,
    };
    MUST(&f, auth_add_user(auth, &bob, f.arena, &user, &f.err));
    struct caller caller = { .signed_in = true, .user_id = user.id };
    for (int i = 0; i < 20; i++) {
        MUST(&f, auth_change_password(auth, &caller, right, right, &f.err)); /* costs no try */
        assert_false(auth_change_password(auth, &caller, wrong, right, &f.err));
        assert_int_equal(f.err.code, ERR_FORBIDDEN);
    }
    assert_false(auth_change_password(auth, &caller, right, right, &f.err));
    assert_int_equal(f.err.code, ERR_TOO_MANY_REQUESTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_up_admits_one_with_the_token),
        cmocka_unit_test(a_new_set_up_token_does_not_open_it_again),
        cmocka_unit_test(login_makes_a_new_session_each_time),
        cmocka_unit_test(unknown_users_and_wrong_passwords_answer_alike),
        cmocka_unit_test(a_new_password_ends_other_sessions_and_the_old_password),
        cmocka_unit_test(many_failures_slow_one_address_from_one_peer),
        cmocka_unit_test(users_are_added_once),
        cmocka_unit_test(wrong_passwords_of_a_change_are_counted),
        cmocka_unit_test(a_disabled_user_gets_in_no_more),
        cmocka_unit_test(one_of_two_set_ups_wins),
    };
    return cmocka_run_group_tests(tests, start, finish);
}
