/* SPDX-License-Identifier: Apache-2.0 */
/* The shape of a connection's config, its defaults, and what URL and config say about TLS together. */
#include "connector/settings.h"

#include "connector/host.h"
#include "connector/url.h"

#include <assert.h>

#define DEFAULT_POOL_MAX 5
#define DEFAULT_IDLE_TIMEOUT_MS 60000
#define DEFAULT_MAX_LIFETIME_MS (30 * 60 * 1000)
#define DEFAULT_CONNECT_TIMEOUT_MS 5000
#define CONNECT_TIMEOUT_MAX_MS 60000
#define DEFAULT_STATEMENT_TIMEOUT_MS 30000

const char *const tls_mode_names[] = { NULL,        "disable",     "prefer", "require",
                                       "verify-ca", "verify-full", NULL };

static const struct field pool_config_fields[] = {
    { FIELD("max", pool_config, max, OPTIONAL, "Most sessions open at once."), .min = 1, .max = 100,
      .fallback = "5" },
    { FIELD("min", pool_config, min, OPTIONAL, "Idle sessions that are kept, however long idle."),
      .min = 0, .max = 100, .fallback = "0" },
    { FIELD("acquireTimeoutMs", pool_config, acquire_timeout_ms, OPTIONAL,
            "How long a step waits for a session before it fails with POOL_TIMEOUT. Absent: as "
            "long as "
            "it takes."),
      .min = 1, .max = 600000, .look = LOOK_DURATION_MS },
    { FIELD("idleTimeoutMs", pool_config, idle_timeout_ms, OPTIONAL,
            "A session that lay idle for this long is closed."),
      .min = 1000, .max = 86400000, .look = LOOK_DURATION_MS, .fallback = "60000" },
    { FIELD("maxLifetimeMs", pool_config, max_lifetime_ms, OPTIONAL,
            "A session this old is replaced, give or take a tenth."),
      .min = 1000, .max = 86400000, .look = LOOK_DURATION_MS, .fallback = "1800000" },
    { 0 },
};
static const struct shape pool_config_shape =
    SHAPE("ConnectionPoolConfig", pool_config, pool_config_fields);

static const struct field tls_config_fields[] = {
    { FIELD_ENUM("mode", tls_config, mode, OPTIONAL, tls_mode_names,
                 "Whether to encrypt, and how to check whom one talks to.") },
    { FIELD("caPem", tls_config, ca_pem, OPTIONAL,
            "Certificates of the authorities to trust, instead of the system's."),
      .min = 1, .max = PEM_MAX, .look = LOOK_MULTILINE },
    { FIELD("clientCertPem", tls_config, client_cert_pem, OPTIONAL,
            "Certificate to show to the server, with its chain."),
      .min = 1, .max = PEM_MAX, .look = LOOK_MULTILINE },
    { FIELD("clientKeyPem", tls_config, client_key_pem, OPTIONAL,
            "Key of the client certificate. Read back as {\"set\": true}, which also means: keep "
            "it."),
      .look = LOOK_MULTILINE },
    { 0 },
};
static const struct shape tls_config_shape =
    SHAPE("ConnectionTlsConfig", tls_config, tls_config_fields);

static const struct field connection_config_fields[] = {
    { FIELD_SHAPE("pool", connection_config, pool, OPTIONAL, &pool_config_shape,
                  "How many sessions, and how long they live.") },
    { FIELD("connectTimeoutMs", connection_config, connect_timeout_ms, OPTIONAL,
            "How long opening a session may take, sign-in included."),
      .min = 100, .max = CONNECT_TIMEOUT_MAX_MS, .look = LOOK_DURATION_MS, .fallback = "5000" },
    { FIELD("statementTimeoutMs", connection_config, statement_timeout_ms, OPTIONAL,
            "How long one statement or command may run, unless its node says otherwise."),
      .min = 1, .max = 86400000, .look = LOOK_DURATION_MS, .fallback = "30000" },
    { FIELD_SHAPE("tls", connection_config, tls, OPTIONAL, &tls_config_shape,
                  "Encryption, where the URL does not say it.") },
    { 0 },
};
const struct shape connection_config_shape =
    SHAPE("ConnectionConfig", connection_config, connection_config_fields);

static int64_t either(const struct opt_int *given, int64_t fallback)
{
    return given && given->set ? given->value : fallback;
}

static bool resolve_pool(const struct pool_config *pool, struct connection_settings *out,
                         struct error *err)
{
    static const struct pool_config nothing;
    if (!pool)
        pool = &nothing;
    out->pool_max = either(&pool->max, DEFAULT_POOL_MAX);
    out->pool_min = either(&pool->min, 0);
    out->acquire_timeout_ms = either(&pool->acquire_timeout_ms, 0);
    out->idle_timeout_ms = either(&pool->idle_timeout_ms, DEFAULT_IDLE_TIMEOUT_MS);
    out->max_lifetime_ms = either(&pool->max_lifetime_ms, DEFAULT_MAX_LIFETIME_MS);
    if (out->pool_min > out->pool_max)
        return fail_field(err, ERR_BAD_REQUEST, "config.pool.min",
                          "must not be more than config.pool.max (%lld)", (long long)out->pool_max);
    return true;
}

static enum tls_mode mode_named(struct str word)
{
    for (int mode = TLS_MODE_DISABLE; mode <= TLS_MODE_VERIFY_FULL; mode++) {
        if (str_eq(word, str_from(tls_mode_names[mode])))
            return (enum tls_mode)mode;
    }
    return TLS_MODE_NONE;
}

static bool fail_contradiction(const char *config_says, const char *url_says, struct error *err)
{
    return fail_field(err, ERR_BAD_REQUEST, "config.tls.mode",
                      "is \"%s\", but the URL says \"%s\"; let only one of them say it",
                      config_says, url_says);
}

/*
 * Redis' schemes say whether there is TLS, not how strictly it checks: a mode that encrypts refines
 * rediss. A sslmode says all of it.
 */
static bool resolve_mode(const struct tls_config *tls, const struct url *url, enum tls_mode *out,
                         struct error *err)
{
    enum tls_mode config = (enum tls_mode)tls->mode;
    const char *config_says = tls_mode_names[config];
    struct str sslmode = url_option_find(url, STR("sslmode"));
    if (str_eq(url->scheme, STR("redis"))) {
        if (config > TLS_MODE_DISABLE)
            return fail_contradiction(config_says, "redis://", err);
        *out = TLS_MODE_DISABLE;
    } else if (str_eq(url->scheme, STR("rediss"))) {
        if (config == TLS_MODE_DISABLE || config == TLS_MODE_PREFER)
            return fail_contradiction(config_says, "rediss://", err);
        *out = config ? config : TLS_MODE_VERIFY_FULL;
    } else if (str_set(sslmode)) {
        enum tls_mode mode = mode_named(sslmode);
        if (!mode)
            return fail_field(err, ERR_BAD_REQUEST, "connectionUrl",
                              "the option \"sslmode\" has a value that is not allowed");
        if (config && config != mode)
            return fail_contradiction(config_says, tls_mode_names[mode], err);
        *out = mode;
    } else if (config) {
        *out = config;
    } else {
        /* Who gives an authority wants it asked, wherever the host is. */
        bool near = host_is_near(url->host) && !str_set(tls->ca_pem);
        *out = near ? TLS_MODE_PREFER : TLS_MODE_VERIFY_FULL;
    }
    return true;
}

static bool check_pem(struct str pem, const char *field, struct error *err)
{
    if (str_set(pem) && str_find(pem, STR("-----BEGIN CERTIFICATE-----")) == pem.len)
        return fail_field(err, ERR_BAD_REQUEST, field,
                          "has no line \"-----BEGIN CERTIFICATE-----\"");
    return true;
}

static bool resolve_tls(const struct tls_config *tls, const struct url *url,
                        struct connection_settings *out, struct error *err)
{
    static const struct tls_config nothing;
    if (!tls)
        tls = &nothing;
    assert(tls->mode >= TLS_MODE_NONE && tls->mode <= TLS_MODE_VERIFY_FULL);
    if (!check_pem(tls->ca_pem, "config.tls.caPem", err) ||
        !check_pem(tls->client_cert_pem, "config.tls.clientCertPem", err))
        return false;
    bool certificate = str_set(tls->client_cert_pem), key = str_set(tls->client_key_pem.text);
    if (certificate != key)
        return fail_field(err, ERR_BAD_REQUEST,
                          key ? "config.tls.clientCertPem" : "config.tls.clientKeyPem",
                          "is missing: a certificate and its key go together");
    out->ca_pem = tls->ca_pem;
    out->client_cert_pem = tls->client_cert_pem;
    return resolve_mode(tls, url, &out->tls_mode, err);
}

/* PostgreSQL's `connect_timeout` counts in seconds, and 0 says nothing. */
static bool resolve_connect_timeout(const struct opt_int *config_ms, const struct url *url,
                                    int64_t *out, struct error *err)
{
    int64_t url_s = 0;
    struct str option = url_option_find(url, STR("connect_timeout"));
    if (str_set(option) && (!str_to_int64(option, &url_s) || url_s < 0))
        return fail_field(err, ERR_BAD_REQUEST, "connectionUrl",
                          "the option \"connect_timeout\" must be a number of seconds");
    if (url_s == 0) {
        *out = either(config_ms, DEFAULT_CONNECT_TIMEOUT_MS);
        return true;
    }
    if (config_ms->set && (config_ms->value % 1000 != 0 || config_ms->value / 1000 != url_s))
        return fail_field(err, ERR_BAD_REQUEST, "config.connectTimeoutMs",
                          "differs from the URL's connect_timeout; let only one of them say it");
    *out = url_s > CONNECT_TIMEOUT_MAX_MS / 1000 ? CONNECT_TIMEOUT_MAX_MS : url_s * 1000;
    return true;
}

bool settings_resolve(const struct connection_config *config, const struct url *url,
                      struct connection_settings *out, struct error *err)
{
    static const struct connection_config nothing;
    if (!config)
        config = &nothing;
    struct connection_settings settings = {
        .statement_timeout_ms = either(&config->statement_timeout_ms, DEFAULT_STATEMENT_TIMEOUT_MS),
    };
    if (!resolve_pool(config->pool, &settings, err) ||
        !resolve_connect_timeout(&config->connect_timeout_ms, url, &settings.connect_timeout_ms,
                                 err) ||
        !resolve_tls(config->tls, url, &settings, err))
        return false;
    *out = settings;
    return true;
}
