/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line of advice for each failure that a connection can have. The first row that fits counts, so
 * rows for one connector stand before the row for all.
 */
#include "connector/connector.h"

#include <stddef.h>
#include <string.h>

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
      "Other steps hold all sessions: raise config.pool.max, or leave config.pool.acquireTimeoutMs "
      "out, so that steps wait until their turn comes." },
    { ERR_CONNECTION_LOST, NULL,
      "The server or something between ended the session. A retry policy on the node rides that "
      "out; "
      "lower config.pool.idleTimeoutMs if idle sessions are cut." },
    { ERR_DEADLINE_PASSED, NULL,
      "Raise the node's time-out or config.statementTimeoutMs, or make the statement faster." },
    { ERR_RESULT_TOO_LARGE, "postgresql", "Select fewer rows or columns, or raise maxRows." },
    { ERR_SERVER_PROTOCOL, "postgresql",
      "Check host and port: PostgreSQL listens on 5432 unless it was told otherwise." },
    { ERR_SERVER_PROTOCOL, "redis",
      "Check host and port: Redis listens on 6379 unless it was told otherwise." },
    { ERR_OUTCOME_UNKNOWN, NULL,
      "Look at the data before you run it again; mark the node as repeatable if running twice is "
      "harmless." },
};

/* Where the server's own code says more than ours: SQLSTATEs and error words have no names in common. */
static const struct {
    const char *server_code;
    const char *text;
} server_rows[] = {
    { "28000",
      "The server's pg_hba.conf has no line for this user, database and address: add one, or use "
      "another user or database. A role also needs the right to log in." },
    { "42501", "Grant the user what the statement needs, or use another user in the URL." },
    { "25006", "This server takes no writes now: it is a standby, or was told so. Connect to the "
               "primary; a retry policy rides a failover out." },
    { "53100", "The server's disk is full: make room there. A retry policy tries until there is." },
    { "55P03", "Somebody else holds a lock for long: see pg_locks there. A retry policy rides that "
               "out." },
    { "57014", "Somebody in the server cancelled the statement, or a time limit of its own did." },
    { "57P03", "The server is starting up or shutting down: try again in a moment. A retry policy "
               "rides that "
               "out." },
    { "NOAUTH", "Give the password: redis://:password@host, or redis://user:password@host." },
    { "NOPERM", "Grant the user this command and key in the server's ACL (ACL SETUSER)." },
    { "DENIED", "Redis runs in protected mode: set a password there (requirepass or an ACL), or "
                "bind it to an "
                "address." },
    { "LOADING",
      "The server is loading its data: try again in a moment. A retry policy rides that out." },
    { "MISCONF",
      "The server cannot save to its disk and takes no writes until it can: look at its log." },
    { "OOM", "The server's memory is full (maxmemory), and its policy gives nothing up: make room, "
             "or raise it." },
    { "READONLY",
      "This server is a replica: connect to its master. A retry policy rides a failover "
      "out." },
    { "MASTERDOWN",
      "This replica has lost its master, and answers nothing until it is back. A retry "
      "policy rides that out." },
    { "BUSY", "A script keeps the server busy: wait for its end, or end it (SCRIPT KILL). A retry "
              "policy rides that out." },
};

const char *connector_advice(const struct connector *connector, const struct error *err)
{
    struct str name = connector ? str_from(connector->name) : STR_NULL;
    bool servers = err->code == ERR_AUTH_FAILED || err->code == ERR_SERVER_ERROR;
    for (size_t i = 0; servers && i < ARRAY_LEN(server_rows); i++)
        if (strcmp(server_rows[i].server_code, err->server_code) == 0)
            return server_rows[i].text;
    for (size_t i = 0; i < ARRAY_LEN(advice_rows); i++) {
        const struct advice_row *row = &advice_rows[i];
        if (row->code != err->code)
            continue;
        if (!row->connector || str_eq(name, str_from(row->connector)))
            return row->text;
    }
    return NULL;
}
