/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "connector/connector.h"

#include <stdio.h>
#include <string.h>

static const struct connector postgresql = { .name = "postgresql" };
static const struct connector redis = { .name = "redis" };

static const char *advice(const struct connector *connector, enum error_code code)
{
    struct error err = { .code = code };
    return connector_advice(connector, &err);
}

static void each_way_to_fail_a_test_has_advice(void **state)
{
    (void)state;
    static const enum error_code codes[] = {
        ERR_BAD_REQUEST,      ERR_OPTION_NOT_ALLOWED, ERR_INVALID_HOST,    ERR_EGRESS_DENIED,
        ERR_DNS_FAILED,       ERR_DNS_TIMEOUT,        ERR_REFUSED,         ERR_UNREACHABLE,
        ERR_CONNECT_TIMEOUT,  ERR_TLS_REQUIRED,       ERR_TLS_NOT_OFFERED, ERR_TLS_UNTRUSTED,
        ERR_TLS_WRONG_NAME,   ERR_TLS_EXPIRED,        ERR_TLS_FAILED,      ERR_AUTH_FAILED,
        ERR_DATABASE_MISSING, ERR_POOL_TIMEOUT,       ERR_CONNECTION_LOST, ERR_TOO_MANY_CONNECTIONS,
    };
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        const char *texts[] = { advice(&postgresql, codes[i]), advice(&redis, codes[i]) };
        for (size_t k = 0; k < ARRAY_LEN(texts); k++) {
            if (!texts[k])
                fail_msg("%s has none", error_code_row(codes[i])->name);
            assert_null(strchr(texts[k], '\n'));
            assert_true(strlen(texts[k]) < 200);
        }
    }
}

static void connectors_have_their_own_words(void **state)
{
    (void)state;
    assert_non_null(strstr(advice(&postgresql, ERR_TLS_REQUIRED), "?sslmode=require"));
    assert_non_null(strstr(advice(&redis, ERR_TLS_REQUIRED), "rediss://"));
    assert_non_null(strstr(advice(&postgresql, ERR_AUTH_FAILED), "pg_hba.conf"));
    assert_null(strstr(advice(&redis, ERR_AUTH_FAILED), "pg_hba.conf"));
    assert_non_null(strstr(advice(NULL, ERR_REFUSED), "port"));
}

/* The server's own code says more than ours, where both are known. */
static void servers_codes_have_their_own_advice(void **state)
{
    (void)state;
    static const struct {
        enum error_code code;
        const char *server_code, *says;
    } rows[] = {
        { ERR_AUTH_FAILED, "28000", "no line" },
        { ERR_AUTH_FAILED, "28P01", "user and password" },
        { ERR_AUTH_FAILED, "NOAUTH", "Give the password" },
        { ERR_AUTH_FAILED, "NOPERM", "ACL" },
        { ERR_AUTH_FAILED, "DENIED", "protected mode" },
        { ERR_SERVER_ERROR, "57P03", "starting up" },
        { ERR_SERVER_ERROR, "LOADING", "loading" },
        { ERR_SERVER_ERROR, "MISCONF", "disk" },
        { ERR_SERVER_ERROR, "OOM", "maxmemory" },
        { ERR_SERVER_ERROR, "READONLY", "replica" },
        { ERR_SERVER_ERROR, "MASTERDOWN", "master" },
        { ERR_SERVER_ERROR, "BUSY", "script" },
        { ERR_SERVER_ERROR, "42501", "Grant" },
        { ERR_SERVER_ERROR, "25006", "standby" },
        { ERR_SERVER_ERROR, "53100", "disk" },
        { ERR_SERVER_ERROR, "55P03", "lock" },
        { ERR_SERVER_ERROR, "57014", "cancelled" },
        { ERR_SERVER_ERROR, "42601", NULL },
        { ERR_REFUSED, "28000", "listen_addresses" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct error err = { .code = rows[i].code };
        (void)snprintf(err.server_code, sizeof(err.server_code), "%s", rows[i].server_code);
        const char *text = connector_advice(&postgresql, &err);
        if (!text != !rows[i].says || (text && !strstr(text, rows[i].says)))
            fail_msg("%s: %s", rows[i].server_code, text ? text : "nothing");
    }
}

static void nothing_sure_says_nothing(void **state)
{
    (void)state;
    assert_null(advice(&postgresql, ERR_INTERNAL));
    assert_null(advice(&redis, ERR_CANCELLED));
    assert_null(advice(NULL, ERR_TLS_REQUIRED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_way_to_fail_a_test_has_advice),
        cmocka_unit_test(connectors_have_their_own_words),
        cmocka_unit_test(servers_codes_have_their_own_advice),
        cmocka_unit_test(nothing_sure_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
