/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the PostgreSQL driver share.
 *
 *   postgres.c            transactions, scopes, what becomes of a COMMIT whose answer is lost
 *   postgres_session.c    a session with the server: connecting, and its settings
 *   postgres_wire.c       commands on their way there, and results on their way back
 *   postgres_statement.c  statements, prepared once a session; values; rows
 *   postgres_error.c      what the server says of a failure, in our words
 *   postgres_roles.c      who may do what: roles, and what must be so before we serve
 *
 * Commands are queued and travel together with the first one whose result somebody waits for: what
 * begins a transaction and names its scope costs no round trip of its own.
 */
#ifndef STORE_POSTGRES_INTERNAL_H
#define STORE_POSTGRES_INTERNAL_H

#include "base/arena.h"
#include "base/time.h"
#include "store/driver.h"
#include "store/internal.h"

#include <libpq-fe.h>

/* Parameters of one statement: $1 … $32. */
#define PG_PARAMS_MAX 32
/* Commands on their way together. */
#define PG_QUEUE_MAX 128
/* Values on their way together: libpq would take any number, and keep them all in memory. */
#define PG_QUEUE_BYTES_MAX ((size_t)1 << 20)
/* The longest name that PostgreSQL keeps. */
#define PG_NAME_SIZE 64

/* What row security knows a transaction as. Plans depend on it: each has statements of its own. */
enum pg_role {
    PG_SELF,   /* who signed in: migrations, and statements that reach no table */
    PG_APP,    /* on behalf of a user */
    PG_ENGINE, /* the server itself */
};

struct pg_statement {
    const struct sql *sql; /* NULL: an empty place */
    enum pg_role role;
    unsigned number; /* names it in the session */
    bool prepared;   /* the server has it */
};

/* What to do with the result of a command. */
enum pg_awaited_kind {
    PG_PLAIN,
    PG_PREPARING,
    PG_TRANSACTION_ID, /* of the transaction that begins */
    PG_COMMITTING,
    PG_ROWS, /* is kept for whoever asked */
};

struct pg_awaited {
    enum pg_awaited_kind kind;
    const struct sql *preparing; /* what is being prepared, and for whom: places change meanwhile */
    enum pg_role role;
};

struct link {
    PGconn *session; /* NULL: lost, or not there yet */
    char *url;
    enum link_kind kind;
    char roles[3]
              [PG_NAME_SIZE]; /* of this installation, by enum pg_role; "none" is who signed in */
    struct pg_statement *statements;
    size_t statement_count, statement_size; /* a power of two */
    struct pg_awaited awaited[PG_QUEUE_MAX];
    unsigned awaited_count;
    size_t awaited_bytes;
    bool served; /* of LINK_SERVE: it had the store to itself before */
    bool
        unread; /* the end of the transaction before was sent, and its results were not looked at */

    /* Of the transaction under way: */
    bool in_transaction;
    bool fresh; /* nothing of it was answered yet: another session may take its place */
    enum tx_mode mode;
    struct scope begun_as, scope;
    bool scope_known; /* `scope` is the one in force */
    char transaction_id[24];
};

/* --- postgres_session.c --- */

/* Signs in anew; what was prepared is forgotten.  Blocks: 5 s for each host of the URL. */
MUST_USE bool postgres_connect(struct link *link, struct error *err);
/* Gives the session up. */
void postgres_disconnect(struct link *link);

/* --- postgres_wire.c: each blocks until the deadline; what is late or lost gives the session up --- */

MUST_USE bool postgres_expect(struct link *link, struct pg_awaited awaited, int sent,
                              struct error *err);
/* Sends what was queued and reads all results. *rows gets the last PG_ROWS, or NULL. */
MUST_USE bool postgres_round(struct link *link, PGresult **rows, struct error *err);
MUST_USE bool postgres_round_without_rows(struct link *link, struct error *err);
/* Sends what was queued; its results are read by the next round. */
void postgres_send_only(struct link *link);
/* Reads what postgres_send_only() left unread. */
MUST_USE bool postgres_catch_up(struct link *link, struct error *err);
/* Several statements in one text. */
MUST_USE bool postgres_script(struct link *link, const char *text, struct error *err);

/* --- postgres_statement.c --- */

/* Puts a statement behind what is queued, preparing it first if need be. */
MUST_USE bool postgres_queue(struct link *link, const struct sql *sql, enum pg_role role,
                             const struct bind *binds, enum pg_awaited_kind kind,
                             struct error *err);
/* The rows of a result, to their receiver. */
MUST_USE bool postgres_deliver(const PGresult *result, struct rows *rows, struct error *err);
/* The server has it. */
void postgres_note_prepared(struct link *link, const struct sql *sql, enum pg_role role);
void postgres_forget_statements(struct link *link);
/* A statement outside of any transaction, by who signed in. The caller clears *out. */
MUST_USE bool postgres_ask(struct link *link, const struct sql *sql, const struct bind *binds,
                           PGresult **out, struct error *err);

/* --- postgres_error.c --- */

bool postgres_fail(const PGresult *result, struct error *err);
/* The session is gone: gives it up. */
bool postgres_fail_lost(struct link *link, const char *why, struct error *err);
/* First line of what libpq says, without its "ERROR:". */
struct str postgres_words(const char *message);

/* --- postgres_roles.c --- */

/* Names the roles of the database that was reached. */
MUST_USE bool postgres_name_roles(struct link *link, struct str database, struct error *err);
/* The text of a migration, in which "{app}" and "{engine}" stand for the roles. */
MUST_USE const char *postgres_with_roles(const struct link *link, const char *text,
                                         struct arena *arena);
/* Makes the roles that are missing, and lets the owner take them on. */
MUST_USE bool postgres_make_roles(struct link *link, struct error *err);
MUST_USE bool postgres_judge(struct link *link, struct error *err);

#endif
