/* SPDX-License-Identifier: Apache-2.0 */
/* From what was typed to a row and back: what is kept, what must be typed again, what is refused. */
#include "sealing_fixture.h"

#include "pem.h"

#include "connector/postgresql.h"
#include "connector/redis.h"
#include "connector/sealed.h"
#include "json/read.h"

#include <stdio.h>
#include <string.h>

#define CERTIFICATE PEM_ONE
#define KEY_TYPED "\"" PEM_ONE_KEY "\""
#define NO_CERTIFICATE "-----BEGIN CERTIFICATE-----\\nAA==\\n-----END CERTIFICATE-----\\n"
#define KEY_KEPT "{\"set\":true}"
#define TLS(mode, key)                                                                             \
    "{\"tls\":{\"mode\":\"" mode "\",\"clientCertPem\":\"" CERTIFICATE "\",\"clientKeyPem\":" key  \
    "}}"
#define URL_TYPED "postgresql://app:hush@db.example.com/orders"

/* NULL texts are left out of the input. */
static struct opened_upstream *from_input(const char *url, const char *config,
                                          const struct connection_row *before, struct error *err)
{
    AUTO(secret) secret = url ? secret_new(str_from(url)) : NULL;
    bool redis = url && strncmp(url, "redis", 5) == 0;
    struct connection_input input = {
        .connector = redis ? &redis_connector : &postgresql_connector,
        .url = secret,
        .config = { str_from(config) },
    };
    *err = (struct error){ 0 };
    return upstream_from_input(&input, before, f.key, f.egress, err);
}

static struct connection_row save(const char *url, const char *config)
{
    struct error err;
    AUTO(opened_upstream) opened = from_input(url, config, NULL, &err);
    if (!opened)
        fail_msg("%s", err.message);
    struct connection_input input = {
        .connector = opened->upstream.connector,
        .url = opened->url,
        .config = { str_from(config) },
    };
    struct connection_row row = { .id = id_new(), .project_id = f.project_id, .secret_version = 1 };
    connection_row_seal(opened, &input, f.key, f.arena, &row);
    return row;
}

static bool equals(struct str plain, void *context)
{
    return str_eq(plain, *(const struct str *)context);
}

static void a_row_opens_to_what_was_typed(void **state)
{
    (void)state;
    struct connection_row row =
        save(URL_TYPED "?sslmode=verify-ca",
             "{\"pool\":{\"max\":2},\"tls\":{\"clientCertPem\":\"" CERTIFICATE
             "\",\"clientKeyPem\":" KEY_TYPED "}}");
    assert_true(str_eq(row.url_redacted, STR("postgresql://app:" URL_MASK
                                             "@db.example.com/orders?sslmode=verify-ca")));
    assert_true(str_eq(row.host, STR("db.example.com")));
    assert_int_equal(row.port, 5432);
    assert_true(str_eq(row.tls_mode, STR("verify-ca")));
    struct str clear[] = { row.connection_url, row.client_key, row.config.text, row.url_redacted };
    for (size_t i = 0; i < ARRAY_LEN(clear); i++)
        assert_int_equal(str_find(clear[i], STR("hush")), clear[i].len);
    assert_true(str_find(row.config.text, STR("\"clientKeyPem\":{\"set\":true}")) <
                row.config.text.len);

    struct error err = { 0 };
    AUTO(opened_upstream) opened = upstream_from_row(&row, f.key, f.egress, &err);
    if (!opened)
        fail_msg("%s", err.message);
    const struct upstream *upstream = &opened->upstream;
    struct str password = STR("hush"), quoted = STR(KEY_TYPED);
    struct json *key = json_read(f.arena, quoted, JSON_DUPLICATES_REFUSED, &err);
    assert_true(secret_use(upstream->password, equals, &password));
    assert_true(secret_use(upstream->client_key, equals, &key->text));
    assert_true(str_eq(upstream->url.user, STR("app")));
    assert_int_equal(upstream->settings.pool_max, 2);
    assert_int_equal(upstream->settings.tls_mode, TLS_MODE_VERIFY_CA);
}

static void a_row_that_was_touched_does_not_open(void **state)
{
    (void)state;
    struct connection_row row = save(URL_TYPED, "{\"tls\":{\"caPem\":\"" PEM_ONE "\"}}");
    struct connection_row other = save(URL_TYPED, "{}");
    struct connection_row touched[8];
    for (size_t i = 0; i < ARRAY_LEN(touched); i++)
        touched[i] = row;
    touched[0].host = STR("evil.example.com");
    touched[1].port = 1;
    touched[2].tls_mode = STR("disable");
    touched[3].connection_url = other.connection_url;
    touched[4].secret_version++;
    touched[5].config.text = STR("{\"tls\":{\"mode\":\"disable\"}}");
    touched[6].config.text = STR("{\"tls\":{\"caPem\":\"" PEM_TWO "\"}}");
    touched[7].config.text = STR("{}");
    struct error err;
    AUTO(opened_upstream) untouched = upstream_from_row(&row, f.key, f.egress, &err);
    assert_non_null(untouched);
    for (size_t i = 0; i < ARRAY_LEN(touched); i++) {
        err = (struct error){ 0 };
        AUTO(opened_upstream) opened = upstream_from_row(&touched[i], f.key, f.egress, &err);
        if (opened || err.code != ERR_CONNECTION_UNREADABLE)
            fail_msg("touched[%zu] gave %s", i, error_code_row(err.code)->name);
    }
    row.deleted_at = instant_now();
    assert_null(upstream_from_row(&row, f.key, f.egress, &err));
    assert_int_equal(err.code, ERR_CONNECTION_DELETED);
}

/* What an update of a connection with a certificate may leave out; field NULL: accepted. */
static void secrets_are_bound_to_their_destination(void **state)
{
    (void)state;
    struct connection_row row = save(URL_TYPED, TLS("verify-full", KEY_TYPED));
    static const struct {
        const char *url, *config, *field;
    } rows[] = {
        { NULL, NULL, NULL },
        { NULL, TLS("verify-full", KEY_KEPT), NULL },
        { NULL, TLS("require", KEY_KEPT), "connectionUrl" },
        { NULL, TLS("verify-full", KEY_TYPED), "connectionUrl" },
        { NULL, "{}", "connectionUrl" },
        { NULL, "{\"tls\":{\"caPem\":\"" PEM_ONE "\"}}", "connectionUrl" },
        { NULL, "{\"tls\":{\"clientCertPem\":\"" PEM_TWO "\",\"clientKeyPem\":{\"set\":true}}}",
          "connectionUrl" },
        { URL_TYPED, TLS("verify-full", KEY_KEPT), NULL },
        { "postgresql://other:new@db.example.com/else", TLS("verify-full", KEY_KEPT), NULL },
        { "postgresql://app:hush@evil.example.com/orders", TLS("verify-full", KEY_KEPT),
          "config.tls.clientKeyPem" },
        { "postgresql://app:hush@evil.example.com/orders", NULL, "config.tls.clientKeyPem" },
        { "postgresql://app:hush@db.example.com:1/orders", NULL, "config.tls.clientKeyPem" },
        { URL_TYPED, TLS("require", KEY_KEPT), "config.tls.clientKeyPem" },
        { URL_TYPED, TLS("require", KEY_TYPED), NULL },
        { "postgresql://app:hush@evil.example.com/orders", TLS("verify-full", KEY_TYPED), NULL },
        { URL_TYPED, "{}", NULL },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct error err;
        AUTO(opened_upstream) opened = from_input(rows[i].url, rows[i].config, &row, &err);
        if ((opened == NULL) != (rows[i].field != NULL))
            fail_msg("row %zu: %s", i, opened ? "accepted" : err.message);
        if (opened)
            continue;
        assert_int_equal(err.code, ERR_SECRET_REQUIRED);
        assert_string_equal(err.field, rows[i].field);
    }
}

static void wrong_input_names_its_field(void **state)
{
    (void)state;
    static const struct {
        const char *url, *config, *field;
        enum error_code code;
    } rows[] = {
        { NULL, "{}", "connectionUrl", ERR_BAD_REQUEST },
        { "postgresql://app:hush@", NULL, "connectionUrl", ERR_INVALID_HOST },
        { "postgresql://app@h?passfile=hush", NULL, "connectionUrl", ERR_OPTION_NOT_ALLOWED },
        { "redis://hush@h", NULL, "connectionUrl", ERR_BAD_REQUEST },
        { "redis://:hush@h/x", NULL, "connectionUrl", ERR_BAD_REQUEST },
        { URL_TYPED, "{\"pool\":{\"max\":0}}", "config.pool.max", ERR_BAD_REQUEST },
        { URL_TYPED,
          "{\"tls\":{\"clientKeyPem\":" KEY_KEPT ",\"clientCertPem\":\"" CERTIFICATE "\"}}",
          "config.tls.clientKeyPem", ERR_BAD_REQUEST },
        { URL_TYPED, TLS("verify-full", "\"" PEM_TWO_KEY "\""), "config.tls.clientKeyPem",
          ERR_BAD_REQUEST },
        { URL_TYPED, TLS("verify-full", "\"" PEM_ONE_LOCKED_KEY "\""), "config.tls.clientKeyPem",
          ERR_BAD_REQUEST },
        { URL_TYPED, TLS("verify-full", "\"hush\""), "config.tls.clientKeyPem", ERR_BAD_REQUEST },
        { URL_TYPED, "{\"tls\":{\"caPem\":\"hush\"}}", "config.tls.caPem", ERR_BAD_REQUEST },
        { URL_TYPED, "{\"tls\":{\"caPem\":\"" NO_CERTIFICATE "\"}}", "config.tls.caPem",
          ERR_BAD_REQUEST },
        { URL_TYPED, "{\"tls\":{\"caPem\":\"" PEM_ONE NO_CERTIFICATE "\"}}", "config.tls.caPem",
          ERR_BAD_REQUEST },
        { URL_TYPED,
          "{\"tls\":{\"clientCertPem\":\"" NO_CERTIFICATE "\",\"clientKeyPem\":" KEY_TYPED "}}",
          "config.tls.clientCertPem", ERR_BAD_REQUEST },
        { URL_TYPED "?sslmode=prefer", "{\"tls\":{\"caPem\":\"" PEM_ONE "\"}}", "config.tls.caPem",
          ERR_BAD_REQUEST },
        { "redis://:hush@h", "{\"tls\":{\"caPem\":\"" PEM_ONE "\"}}", "config.tls.caPem",
          ERR_BAD_REQUEST },
        { URL_TYPED, TLS("disable", KEY_TYPED), "config.tls.clientCertPem", ERR_BAD_REQUEST },
        { URL_TYPED, "{\"tls\":{\"clientKeyPem\":7,\"clientCertPem\":\"" CERTIFICATE "\"}}",
          "config.tls.clientKeyPem", ERR_BAD_REQUEST },
        { URL_TYPED "?sslmode=require", "{\"tls\":{\"mode\":\"verify-full\"}}", "config.tls.mode",
          ERR_BAD_REQUEST },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct error err;
        AUTO(opened_upstream) opened = from_input(rows[i].url, rows[i].config, NULL, &err);
        if (opened)
            fail_msg("row %zu was accepted", i);
        if (err.code != rows[i].code || strcmp(err.field, rows[i].field) != 0)
            fail_msg("row %zu: %s, %s", i, error_code_row(err.code)->name, err.message);
        assert_null(strstr(err.message, "hush"));
    }
}

static void a_key_has_a_longest_length(void **state)
{
    (void)state;
    char *long_key = arena_alloc(f.arena, PEM_MAX + 2);
    memset(long_key, 'x', PEM_MAX + 1);
    long_key[PEM_MAX + 1] = 0;
    struct str config = arena_printf(
        f.arena, "{\"tls\":{\"clientCertPem\":\"" CERTIFICATE "\",\"clientKeyPem\":\"%s\"}}",
        long_key);
    struct error err;
    assert_null(from_input(URL_TYPED, config.ptr, NULL, &err));
    assert_string_equal(err.message, "config.tls.clientKeyPem: is longer than 65536 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_opens_to_what_was_typed),
        cmocka_unit_test(a_row_that_was_touched_does_not_open),
        cmocka_unit_test(secrets_are_bound_to_their_destination),
        cmocka_unit_test(wrong_input_names_its_field),
        cmocka_unit_test(a_key_has_a_longest_length),
    };
    return cmocka_run_group_tests(tests, sealing_start, sealing_finish);
}
