/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/arena.h"
#include "connector/settings.h"
#include "connector/url.h"
#include "schema/decode.h"

#define CERTIFICATE "-----BEGIN CERTIFICATE-----\\nAA==\\n-----END CERTIFICATE-----\\n"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct url upstream_url(const char *scheme, const char *host, const char *sslmode)
{
    struct url url = { .scheme = str_from(scheme), .host = str_from(host), .port = 1 };
    if (sslmode) {
        url.options[0].name = STR("sslmode");
        url.options[0].value = str_from(sslmode);
        url.option_count = 1;
    }
    return url;
}

static bool resolve(const char *config_json, const struct url *url, struct connection_settings *out,
                    struct error *err)
{
    struct connection_config config;
    if (!schema_decode_text(&connection_config_shape, str_from(config_json), arena, &config, err)) {
        error_in_field(err, "config");
        return false;
    }
    return settings_resolve(&config, url, out, err);
}

static void absent_members_take_their_defaults(void **state)
{
    (void)state;
    struct url url = upstream_url("postgresql", "db.example.com", NULL);
    struct connection_settings settings;
    struct error err;
    assert_true(settings_resolve(NULL, &url, &settings, &err));
    assert_int_equal(settings.pool_max, 5);
    assert_int_equal(settings.pool_min, 0);
    assert_int_equal(settings.acquire_timeout_ms, 0); /* as long as it takes */
    assert_int_equal(settings.idle_timeout_ms, 60000);
    assert_int_equal(settings.max_lifetime_ms, 1800000);
    assert_int_equal(settings.connect_timeout_ms, 5000);
    assert_int_equal(settings.statement_timeout_ms, 30000);
    assert_int_equal(settings.tls_mode, TLS_MODE_VERIFY_FULL);
    assert_false(str_set(settings.ca_pem));
}

static void given_members_count(void **state)
{
    (void)state;
    struct url url = upstream_url("postgresql", "db", NULL);
    struct connection_settings settings;
    struct error err;
    assert_true(
        resolve("{\"pool\":{\"max\":7,\"min\":7,\"acquireTimeoutMs\":1},"
                "\"statementTimeoutMs\":1234,\"tls\":{\"mode\":\"require\",\"caPem\":\"" CERTIFICATE
                "\",\"clientCertPem\":\"" CERTIFICATE "\",\"clientKeyPem\":{\"set\":true}}}",
                &url, &settings, &err));
    assert_int_equal(settings.pool_max, 7);
    assert_int_equal(settings.pool_min, 7);
    assert_int_equal(settings.acquire_timeout_ms, 1);
    assert_int_equal(settings.statement_timeout_ms, 1234);
    assert_int_equal(settings.tls_mode, TLS_MODE_REQUIRE);
    assert_true(str_starts(settings.ca_pem, STR("-----BEGIN")));
    assert_true(str_starts(settings.client_cert_pem, STR("-----BEGIN")));
}

static void mistakes_name_their_field(void **state)
{
    (void)state;
    static const struct {
        const char *config, *field;
    } rows[] = {
        { "{\"pool\":{\"max\":0}}", "config.pool.max" },
        { "{\"pool\":{\"max\":101}}", "config.pool.max" },
        { "{\"pool\":{\"min\":-1}}", "config.pool.min" },
        { "{\"pool\":{\"max\":2,\"min\":3}}", "config.pool.min" },
        { "{\"pool\":{\"min\":6}}", "config.pool.min" },
        { "{\"pool\":{\"most\":6}}", "config.pool.most" },
        { "{\"pool\":{\"idleTimeoutMs\":999}}", "config.pool.idleTimeoutMs" },
        { "{\"connectTimeoutMs\":60001}", "config.connectTimeoutMs" },
        { "{\"statementTimeoutMs\":0}", "config.statementTimeoutMs" },
        { "{\"tls\":{\"mode\":\"allow\"}}", "config.tls.mode" },
        { "{\"tls\":{\"caPem\":\"/etc/ssl/ca.pem\"}}", "config.tls.caPem" },
        { "{\"tls\":{\"clientCertPem\":\"" CERTIFICATE "\"}}", "config.tls.clientKeyPem" },
        { "{\"tls\":{\"clientKeyPem\":\"x\"}}", "config.tls.clientCertPem" },
    };
    struct url url = upstream_url("postgresql", "db", NULL);
    struct connection_settings settings;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct error err = { 0 };
        if (resolve(rows[i].config, &url, &settings, &err))
            fail_msg("%s passed", rows[i].config);
        assert_int_equal(err.code, ERR_BAD_REQUEST);
        assert_string_equal(err.field, rows[i].field);
        assert_true(str_starts(str_from(err.message), str_from(rows[i].field)));
    }
}

static void tls_mode_comes_from_url_then_config_then_host(void **state)
{
    (void)state;
    static const struct {
        const char *scheme, *host, *sslmode, *config;
        int mode; /* 0: a contradiction */
    } rows[] = {
        { "postgresql", "localhost", NULL, "", TLS_MODE_PREFER },
        { "postgres", "10.0.0.5", NULL, "", TLS_MODE_PREFER },
        { "postgresql", "db.internal", NULL, "", TLS_MODE_PREFER },
        { "postgresql", "db.example.com", NULL, "", TLS_MODE_VERIFY_FULL },
        { "postgresql", "db.example.com", NULL, "disable", TLS_MODE_DISABLE },
        { "postgresql", "localhost", NULL, "verify-ca", TLS_MODE_VERIFY_CA },
        { "postgresql", "localhost", "require", "", TLS_MODE_REQUIRE },
        { "postgresql", "db.example.com", "prefer", "", TLS_MODE_PREFER },
        { "postgresql", "localhost", "require", "require", TLS_MODE_REQUIRE },
        { "postgresql", "localhost", "require", "verify-full", 0 },
        { "redis", "db.example.com", NULL, "", TLS_MODE_DISABLE },
        { "redis", "localhost", NULL, "disable", TLS_MODE_DISABLE },
        { "redis", "localhost", NULL, "prefer", 0 },
        { "redis", "localhost", NULL, "verify-full", 0 },
        { "rediss", "localhost", NULL, "", TLS_MODE_VERIFY_FULL },
        { "rediss", "localhost", NULL, "require", TLS_MODE_REQUIRE },
        { "rediss", "localhost", NULL, "disable", 0 },
        { "rediss", "localhost", NULL, "prefer", 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct url url = upstream_url(rows[i].scheme, rows[i].host, rows[i].sslmode);
        struct tls_config tls = { 0 };
        for (int mode = TLS_MODE_DISABLE; tls_mode_names[mode]; mode++) {
            if (str_eq(str_from(rows[i].config), str_from(tls_mode_names[mode])))
                tls.mode = mode;
        }
        struct connection_config config = { .tls = &tls };
        struct connection_settings settings = { 0 };
        struct error err = { 0 };
        bool ok = settings_resolve(&config, &url, &settings, &err);
        if ((int)settings.tls_mode != rows[i].mode)
            fail_msg("row %zu: mode %d, not %d", i, settings.tls_mode, rows[i].mode);
        assert_int_equal(ok, rows[i].mode != 0);
        if (!ok)
            assert_string_equal(err.field, "config.tls.mode");
    }
}

/* An authority is there to be asked: a nearby host alone would not. */
static void an_authority_makes_the_default_strict(void **state)
{
    (void)state;
    static const char *const hosts[] = { "localhost", "127.0.0.1",   "10.0.0.1",
                                         "db",        "db.internal", "db.example.com" };
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
        struct url url = upstream_url("postgresql", hosts[i], NULL);
        struct tls_config tls = { .ca_pem = STR("-----BEGIN CERTIFICATE-----") };
        struct connection_config config = { .tls = &tls };
        struct connection_settings settings = { 0 };
        struct error err = { 0 };
        assert_true(settings_resolve(&config, &url, &settings, &err));
        assert_int_equal(settings.tls_mode, TLS_MODE_VERIFY_FULL);
        tls.mode = TLS_MODE_VERIFY_CA;
        assert_true(settings_resolve(&config, &url, &settings, &err));
        assert_int_equal(settings.tls_mode, TLS_MODE_VERIFY_CA);
    }
}

static void the_url_may_say_the_connect_timeout(void **state)
{
    (void)state;
    static const struct {
        const char *option, *config;
        int64_t ms; /* 0: refused */
    } rows[] = {
        { "10", "{}", 10000 },
        { "0", "{}", 5000 },
        { "0", "{\"connectTimeoutMs\":700}", 700 },
        { "10", "{\"connectTimeoutMs\":10000}", 10000 },
        { "10", "{\"connectTimeoutMs\":9999}", 0 },
        { "61", "{}", 60000 },
        { "9223372036854775807", "{}", 60000 },
        { "-1", "{}", 0 },
        { "1.5", "{}", 0 },
        { "", "{}", 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct url url = upstream_url("postgresql", "db", "prefer");
        url.options[0].name = STR("connect_timeout");
        url.options[0].value = str_from(rows[i].option);
        struct connection_settings settings = { 0 };
        struct error err = { 0 };
        bool ok = resolve(rows[i].config, &url, &settings, &err);
        if (ok != (rows[i].ms != 0) || settings.connect_timeout_ms != rows[i].ms)
            fail_msg("row %zu: %s", i, err.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(absent_members_take_their_defaults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(given_members_count, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mistakes_name_their_field, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tls_mode_comes_from_url_then_config_then_host, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_authority_makes_the_default_strict, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_url_may_say_the_connect_timeout, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
