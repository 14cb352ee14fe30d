/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `config` of a connection: pool, time-outs, TLS. Stored as it was given; defaults are filled
 * in only for use.
 */
#ifndef CONNECTOR_SETTINGS_H
#define CONNECTOR_SETTINGS_H

#include "base/attr.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/str.h"
#include "schema/field.h"

#include <stdbool.h>
#include <stdint.h>

struct url;

#define PEM_MAX ((size_t)64 * 1024) /* bytes of each of the texts in `tls` */

/* As it comes in: every member may be absent. */
struct pool_config {
    struct opt_int max, min, acquire_timeout_ms, idle_timeout_ms, max_lifetime_ms;
};

enum tls_mode {
    TLS_MODE_NONE, /* not said */
    TLS_MODE_DISABLE,
    TLS_MODE_PREFER,
    TLS_MODE_REQUIRE,
    TLS_MODE_VERIFY_CA,
    TLS_MODE_VERIFY_FULL,
};
extern const char *const tls_mode_names[]; /* libpq's words */

struct tls_config {
    int mode; /* enum tls_mode */
    struct str ca_pem, client_cert_pem;
    struct json_text
        client_key_pem; /* a PEM string, or {"set": true} = keep; split off before storing */
};

struct connection_config {
    struct pool_config *pool;
    struct opt_int connect_timeout_ms, statement_timeout_ms;
    struct tls_config *tls;
};

extern const struct shape connection_config_shape; /* "ConnectionConfig", input and output alike */

/* With defaults: 5 sessions, none kept at least, 60 s idle, 30 min of life; 5 s to connect, 30 s a
 * statement. An acquire_timeout_ms of 0 is none. */
struct connection_settings {
    int64_t pool_max, pool_min, acquire_timeout_ms, idle_timeout_ms, max_lifetime_ms;
    int64_t connect_timeout_ms, statement_timeout_ms;
    enum tls_mode tls_mode; /* never TLS_MODE_NONE */
    struct str ca_pem, client_cert_pem;
};

/*
 * Settings for use; `config` NULL counts as an empty one. Texts point into the config.
 *
 * The TLS mode is the URL's (`sslmode`, `redis`, `rediss`), else the config's, else by the host's
 * text: prefer for loopback and private address literals, localhost, single-label names, *.local
 * and *.internal, unless there is a caPem; verify-full for everything else. With rediss the config may choose among the modes
 * that always encrypt. Any other two that differ are BAD_REQUEST naming config.tls.mode. A URL's
 * `connect_timeout` (seconds) stands for connectTimeoutMs in the same way.
 */
MUST_USE bool settings_resolve(const struct connection_config *config, const struct url *url,
                               struct connection_settings *out, struct error *err);

#endif
