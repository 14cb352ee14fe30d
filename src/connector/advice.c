/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line of advice for each failure that a connection can have. The first row that fits counts, so
 * rows for one connector stand before the row for all.
 */
#include "connector/connector.h"

#include <stddef.h>

struct advice_row {
    enum error_code code;
    const char *connector; /* NULL: any */
    const char *text;
};

static const struct advice_row advice_rows[] = {
    /* The URL */
    { ERR_BAD_REQUEST, "postgresql",
      "Check the URL: postgresql://user:password@host:port/database, with reserved characters in "
      "user "
      "and password percent-encoded." },
    { ERR_BAD_REQUEST, "redis",
      "Check the URL: redis://user:password@host:port, or rediss:// for TLS, with reserved "
      "characters "
      "in user and password percent-encoded." },
    { ERR_OPTION_NOT_ALLOWED, NULL, "Remove this option from the URL." },
    { ERR_INVALID_HOST, NULL, "Give one host name or address, without a path." },
    { ERR_SECRET_REQUIRED, NULL,
      "Enter the connection URL again: its password is bound to where it was meant for." },
    { ERR_CONNECTION_DELETED, NULL, "Choose another connection for this node." },
    { ERR_CONNECTION_UNREADABLE, NULL, "Enter the connection URL again." },

    /* The network */
    { ERR_EGRESS_DENIED, NULL, "An administrator can allow it." },
    { ERR_DNS_FAILED, NULL,
      "Check the host name. It must be known where the worker runs, not only on your computer." },
    { ERR_DNS_TIMEOUT, NULL, "Check the name servers of the machine that the worker runs on." },
    { ERR_REFUSED, "postgresql",
      "Is the server running, and is the port right? PostgreSQL must also listen on this address "
      "(listen_addresses)." },
    { ERR_REFUSED, "redis",
      "Is the server running, and is the port right? Redis must also listen on this address "
      "(bind)." },
    { ERR_REFUSED, NULL, "Is the server running, and is the port right?" },
    { ERR_UNREACHABLE, NULL,
      "Check that the machine the worker runs on has a way into the server's network." },
    { ERR_CONNECT_TIMEOUT, NULL,
      "A firewall may drop the packets: allow connections from where the worker runs." },

    /* TLS */
    { ERR_TLS_REQUIRED, "postgresql",
      "The server takes encrypted connections only: add ?sslmode=require, or better "
      "?sslmode=verify-full, to the URL." },
    { ERR_TLS_REQUIRED, "redis",
      "The server takes encrypted connections only: begin the URL with rediss://." },
    { ERR_TLS_NOT_OFFERED, "postgresql",
      "Turn TLS on at the server (ssl = on), or, within a network you trust, add ?sslmode=disable "
      "to "
      "the URL." },
    { ERR_TLS_NOT_OFFERED, "redis",
      "Use the server's TLS port, or, within a network you trust, begin the URL with redis://." },
    { ERR_TLS_UNTRUSTED, NULL,
      "Put the certificate of the authority that signed the server's into config.tls.caPem." },
    { ERR_TLS_WRONG_NAME, NULL,
      "Use a host name that the server's certificate is made out to, or set config.tls.mode to "
      "verify-ca." },
    { ERR_TLS_EXPIRED, NULL,
      "Renew the server's certificate, and check the clocks of both machines." },
    { ERR_TLS_FAILED, "redis",
      "Is this the server's TLS port? A port without TLS needs a URL that begins with redis://." },
    { ERR_TLS_FAILED, NULL,
      "The server must offer TLS 1.2 or later, and accept the client certificate "
      "if it asks for one." },

    /* Signing in */
    { ERR_AUTH_FAILED, "postgresql",
      "Check user and password, and that pg_hba.conf lets this user in from where the worker "
      "runs." },
    { ERR_AUTH_FAILED, "redis",
      "Check user and password. A password without a user is written redis://:password@host." },
    { ERR_AUTH_FAILED, NULL, "Check user and password." },
    { ERR_DATABASE_MISSING, "redis", "Check the database number at the end of the URL." },
    { ERR_DATABASE_MISSING, NULL, "Check the database name at the end of the URL." },
    { ERR_TOO_MANY_CONNECTIONS, NULL,
      "Lower config.pool.max, close sessions of other programs, or raise the server's limit. A "
      "retry "
      "policy rides out short peaks." },

    /* Using it */
    { ERR_POOL_TIMEOUT, NULL,
      "Other steps hold all sessions: raise config.pool.max or config.pool.acquireTimeoutMs, or "
      "give "
      "the node a retry policy." },
    { ERR_CONNECTION_LOST, NULL,
      "The server or something between ended the session. A retry policy on the node rides that "
      "out; "
      "lower config.pool.idleTimeoutMs if idle sessions are cut." },
    { ERR_DEADLINE_PASSED, NULL,
      "Raise the node's time-out or config.statementTimeoutMs, or make the statement faster." },
    { ERR_RESULT_TOO_LARGE, "postgresql", "Select fewer rows or columns, or raise maxRows." },
    { ERR_SERVER_PROTOCOL, "postgresql", "Does a PostgreSQL server listen on this port?" },
    { ERR_SERVER_PROTOCOL, "redis",
      "Does a Redis server listen on this port, and does it expect TLS (rediss://)?" },
    { ERR_OUTCOME_UNKNOWN, NULL,
      "Look at the data before you run it again; mark the node as repeatable if running twice is "
      "harmless." },
};

const char *connector_advice(const struct connector *connector, const struct error *err)
{
    struct str name = connector ? str_from(connector->name) : STR_NULL;
    for (size_t i = 0; i < ARRAY_LEN(advice_rows); i++) {
        const struct advice_row *row = &advice_rows[i];
        if (row->code != err->code)
            continue;
        if (!row->connector || str_eq(name, str_from(row->connector)))
            return row->text;
    }
    return NULL;
}
