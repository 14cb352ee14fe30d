/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passwords of every byte: typed percent-encoded, sealed, opened from the row, and sent to a real
 * server that knows them. Roles and users are made here (PGADMINURL, REDISURL).
 */
#include "sealing_fixture.h"
#include "upstream.h"

#include "connector/postgresql.h"
#include "connector/redis.h"
#include "connector/sealed.h"

#include <hiredis/hiredis.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define USER "every_byte"

/* The URL of the environment's server for our user, every byte of the password percent-encoded. */
static struct str url_with(const char *variable, struct str password)
{
    const char *from = getenv(variable), *host = strchr(from, '@');
    char encoded[3 * 256 + 1] = "";
    for (size_t i = 0; i < password.len; i++)
        (void)snprintf(encoded + 3 * i, 4, "%%%02X", (unsigned char)password.ptr[i]);
    return arena_printf(f.arena, "%.*s" USER ":%s%s", (int)(strstr(from, "://") + 3 - from), from,
                        encoded, host);
}

/* From what is typed over a sealed row to a session. */
static struct conn *sign_in(const struct connector *connector, struct str url,
                            struct opened_upstream **out, struct error *err)
{
    AUTO(secret) secret = secret_new(url);
    struct connection_input input = { .connector = connector, .url = secret };
    AUTO(opened_upstream) typed = upstream_from_input(&input, NULL, f.key, f.egress, err);
    if (!typed)
        return NULL;
    struct connection_row row = { .id = id_new(), .project_id = f.project_id, .secret_version = 1 };
    connection_row_seal(typed, &input, f.key, f.arena, &row);
    *out = upstream_from_row(&row, f.key, f.egress, err);
    assert_non_null(*out);
    return connector->open(&(*out)->upstream, &(struct opening){ .by = deadline_in_ms(10000) },
                           err);
}

static void must_sign_in(const struct connector *connector, const char *variable,
                         struct str password, const char *which)
{
    struct error err = { 0 };
    struct opened_upstream *opened = NULL;
    struct conn *conn = sign_in(connector, url_with(variable, password), &opened, &err);
    if (!conn)
        fail_msg("%s: %s", which, err.message);
    connector->close(conn);
    opened_upstream_free(opened);
}

static void must_be_refused(const struct connector *connector, const char *variable,
                            struct str password, const char *message)
{
    struct error err = { 0 };
    struct opened_upstream *opened = NULL;
    assert_null(sign_in(connector, url_with(variable, password), &opened, &err));
    assert_int_equal(err.code, ERR_AUTH_FAILED);
    if (!strstr(err.message, message))
        fail_msg("%s", err.message);
    opened_upstream_free(opened);
}

/* --- PostgreSQL ------------------------------------------------------------------------------- */

static void run_sql(PGconn *admin, const char *sql)
{
    PGresult *result = PQexec(admin, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(admin));
    PQclear(result);
}

/* As a verifier: the server never sees the password itself, which need not be text. */
static void set_role_password(PGconn *admin, const char *password)
{
    char *verifier = PQencryptPasswordConn(admin, password, USER, "scram-sha-256");
    assert_non_null(verifier);
    run_sql(admin, arena_printf(f.arena, "ALTER ROLE " USER " PASSWORD '%s'", verifier).ptr);
    PQfreemem(verifier);
}

static void postgresql_takes_every_byte_but_nul(void **state)
{
    (void)state;
    char all[256], which[64];
    need_server("PGADMINURL");
    PGconn *admin = PQconnectdb(getenv("PGADMINURL"));
    assert_int_equal(PQstatus(admin), CONNECTION_OK);
    run_sql(admin, "SET client_min_messages = error");
    run_sql(admin, "DROP ROLE IF EXISTS " USER);
    run_sql(admin, "CREATE ROLE " USER " LOGIN");
    for (int byte = 1; byte < 256; byte++) {
        const char password[] = { 'a', (char)byte, 'z', '\0' };
        all[byte - 1] = (char)byte;
        (void)snprintf(which, sizeof(which), "byte %d", byte);
        set_role_password(admin, password);
        must_sign_in(&postgresql_connector, "PGURL", str_from(password), which);
    }
    all[255] = '\0';
    set_role_password(admin, all);
    must_sign_in(&postgresql_connector, "PGURL", str_from(all), "all bytes");
    must_be_refused(&postgresql_connector, "PGURL", str_slice(str_from(all), 1, 255),
                    "password authentication failed");
    /* The protocol ends a password there. */
    must_be_refused(&postgresql_connector, "PGURL", (struct str){ "a\0z", 3 },
                    "PostgreSQL takes no password with a NUL byte");
    run_sql(admin, "DROP ROLE " USER);
    PQfinish(admin);
}

/* --- Redis ------------------------------------------------------------------------------------ */

static void tell_redis(redisContext *admin, int count, const char **words, const size_t *lengths)
{
    redisReply *reply = redisCommandArgv(admin, count, words, lengths);
    assert_non_null(reply);
    if (reply->type == REDIS_REPLY_ERROR)
        fail_msg("%s: %s", words[0], reply->str);
    freeReplyObject(reply);
}

static redisContext *redis_admin(void)
{
    struct subject subject; /* for the parts of the URL */
    subject_init(&subject, &redis_connector, getenv("REDISURL"), NULL);
    const char *from = strchr(strstr(getenv("REDISURL"), "://") + 3, ':') + 1;
    size_t length = (size_t)(strchr(from, '@') - from);
    redisContext *admin = redisConnect("127.0.0.1", (int)subject.upstream.url.port);
    assert_true(admin && !admin->err);
    tell_redis(admin, 2, (const char *[]){ "AUTH", from }, (const size_t[]){ 4, length });
    subject_done(&subject);
    return admin;
}

static void set_user_password(redisContext *admin, struct str password)
{
    char rule[300] = ">";
    memcpy(rule + 1, password.ptr, password.len);
    const char *words[] = { "ACL", "SETUSER", USER, "reset", "on", "+@all", rule };
    const size_t lengths[] = { 3, 7, strlen(USER), 5, 2, 5, password.len + 1 };
    tell_redis(admin, 7, words, lengths);
}

static void redis_takes_every_byte(void **state)
{
    (void)state;
    char all[256], which[64];
    redisContext *admin = redis_admin();
    for (int byte = 0; byte < 256; byte++) {
        const char password[] = { 'a', (char)byte, 'z' };
        all[byte] = (char)byte;
        (void)snprintf(which, sizeof(which), "byte %d", byte);
        set_user_password(admin, (struct str){ password, 3 });
        must_sign_in(&redis_connector, "REDISURL", (struct str){ password, 3 }, which);
    }
    set_user_password(admin, (struct str){ all, 256 });
    must_sign_in(&redis_connector, "REDISURL", (struct str){ all, 256 }, "all bytes");
    must_be_refused(&redis_connector, "REDISURL", (struct str){ all, 255 }, "WRONGPASS");
    const char *words[] = { "ACL", "DELUSER", USER };
    tell_redis(admin, 3, words, (const size_t[]){ 3, 7, strlen(USER) });
    redisFree(admin);
}

int main(void)
{
    prepare_process("PGURL");
    prepare_process("REDISURL");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(postgresql_takes_every_byte_but_nul),
        cmocka_unit_test(redis_takes_every_byte),
    };
    return cmocka_run_group_tests(tests, sealing_start, sealing_finish);
}
