/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the connector "postgresql" share. From the bottom up:
 *
 *     words        what a statement is, by its text alone
 *     errors       from SQLSTATE and libpq's texts to our codes
 *     bounds       on what libpq reads, waits and computes within one call
 *     wire         flights: what is sent up to a Sync, and waiting for the answers; cancelling
 *     types, array, cell   names of types; values as JSON
 *     statement    prepared statements of a session, by their text
 *     session      its limits, its reset
 *     connect      from addresses to a signed-in session
 *     params       JSON parameters by the types the server asks for
 *     query        the operation "postgresql-query"
 *
 * A session stays in libpq's pipeline mode. A *flight* is what is sent up to a Sync: a transaction
 * of its own, of which nothing counts before its Sync was answered.
 */
#ifndef CONNECTOR_POSTGRESQL_INTERNAL_H
#define CONNECTOR_POSTGRESQL_INTERNAL_H

#include <libpq-fe.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/list.h"
#include "connector/connector.h"
#include "json/value.h"
#include "json/write.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

AUTO_DEFINE(pg_result, PQclear)

struct pg_cancel;

#define PG_STATEMENTS_MAX 64

struct pg {
    struct conn conn;
    PGconn *link;
    const struct upstream *upstream; /* outlives the session */
    struct pg_cancel *cancel;        /* shared with the threads that carry a cancel request out */
    int wake;                        /* eventfd: interrupt() */
    atomic_bool interrupted;         /* a cancel request may be on its way: never lend it again */
    bool unsent;                     /* libpq still holds bytes to send */

    bool pooled;     /* a pooler stands between: a session's state is not ours to change */
    bool prepared;   /* our own statements: see postgresql_session.c */
    bool used;       /* something ran that was not reset yet */
    bool wrote;      /* and it could write */
    bool prepares;   /* and it may have prepared a statement by name */
    bool left_over;  /* the last reset found more than it undoes */
    bool reset_sent; /* its answer was not read yet */
    bool bloated;    /* libpq's buffers have grown; they never shrink */

    struct list statements; /* of struct pg_statement, most recently used first */
    unsigned statement_count;
    int64_t statement_number;
    struct list types; /* of struct pg_known_type: those looked up */
};

/* A wait: until when, and who may end it. */
struct pg_wait {
    struct deadline by;
    const atomic_bool *cancelled; /* or NULL */
    const struct interrupt *stop; /* while the session is being opened; or NULL */
    /* The wait's own: */
    bool stopping; /* cancelled: the server has until `by` to say so itself */
    unsigned wakes, nothings;
    size_t received_max; /* 0 = no limit */
    uint64_t received_before;
};

/* --- words ------------------------------------------------------------------------------------ */

/* READS for a statement that a read-only transaction keeps from changing anything, else ONCE. */
enum effect pg_effect_of(struct str sql);
/* True when there is no word in it, only blanks, comments and semicolons. */
bool pg_is_empty(struct str sql);
/* True when the word PREPARE is in it. */
bool pg_prepares(struct str sql);

/* --- errors ----------------------------------------------------------------------------------- */

enum pg_phase {
    PG_PHASE_CONNECT,
    PG_PHASE_TLS,
    PG_PHASE_SIGN_IN,
};

/* What an attempt to sign in failed of, by libpq's text; *sqlstate is filled when it has one. */
enum error_code pg_connect_code(enum pg_phase phase, struct str message, bool tls,
                                char sqlstate[static 6]);
/* The line that says it: the server's words without "connection to server at …". */
struct str pg_connect_text(struct arena *arena, struct str message);
/* Fills *err from a failed result. Never maybe_done, but for SQLSTATEs that say so. Returns false. */
bool pg_fail_result(const struct pg *pg, const PGresult *result, struct error *err);
/* CONNECTION_LOST, with libpq's words as detail; marks the session broken. Returns false. */
bool pg_fail_lost(struct pg *pg, struct error *err);
/* True when the server's error carries that SQLSTATE. */
bool pg_has_state(const struct error *err, const char *sqlstate);

/* --- bounds ----------------------------------------------------------------------------------- */

/*
 * What libpq may still read on this thread before it gives control back. SIZE_MAX: no limit, which is
 * how it is at first, and has to be again behind the call.
 */
void pg_receive_at_most(size_t bytes);
/*
 * Until when libpq may compute on this thread, and with `reads` also wait for what it reads.
 * DEADLINE_NEVER is how it is at first, and has to be again behind the call.
 */
void pg_patience(struct deadline by, bool reads);
/* Ends the program if libpq would not keep to these bounds in it. Before the first link is opened. */
void pg_bounds_check(void);

/* --- wire ------------------------------------------------------------------------------------- */

MUST_USE struct pg_cancel *pg_cancel_new(PGconn *link, const struct egress *egress);
void pg_cancel_unref(struct pg_cancel *cancel);
/* Asks the server to cancel what runs, from a thread of its own. */
void pg_cancel_aside(struct pg_cancel *cancel);

/* What a server may say while nothing large was asked of it: signing in, beginning, a ping. */
#define PG_CHATTER_MAX ((size_t)1 << 20)

/* From here on `max` bytes may come in during this wait. */
void pg_limit_received(const struct pg *pg, struct pg_wait *wait, size_t max);
/* Bytes that came in since the link was opened. */
uint64_t pg_received(const struct pg *pg);
bool pg_fail_chatter(struct error *err);
/*
 * True when far more came in than the result explains: libpq keeps settings and grown buffers for as
 * long as the link lives.
 */
bool pg_is_bloated(const struct pg *pg, const struct pg_wait *wait, size_t written);
/* Ends a flight: a Sync, and on its way. */
MUST_USE bool pg_send_sync(struct pg *pg, struct error *err);
/*
 * The next result of the flight, NULL between two statements; never one of a COPY. On false the
 * session is broken.
 */
MUST_USE bool pg_next(struct pg *pg, struct pg_wait *wait, PGresult **out, struct error *err);
/*
 * Reads a flight to its end; the last result of that kind, if there is one, is *last then. False on
 * the first error; the session is usable then unless it is marked broken.
 */
MUST_USE bool pg_read_flight(struct pg *pg, struct pg_wait *wait, ExecStatusType kind,
                             PGresult **last, struct error *err);
/* The same where no result is wanted. */
MUST_USE bool pg_finish_flight(struct pg *pg, struct pg_wait *wait, struct error *err);
/* A statement that is not kept, as part of a flight. */
MUST_USE bool pg_send(struct pg *pg, const char *sql, struct error *err);

/* --- types ------------------------------------------------------------------------------------ */

/* How a value of a type is written as JSON. */
enum pg_form {
    PG_FORM_TEXT,
    PG_FORM_BOOL,
    PG_FORM_NUMBER, /* always exact in a double, or a float's shortest digits */
    PG_FORM_INT8,   /* a number up to 2^53 */
    PG_FORM_JSON,
    PG_FORM_BYTES,
    PG_FORM_TIME, /* with a date or a zone: ISO 8601 writes it differently */
    PG_FORM_ARRAY,
};

struct pg_type {
    Oid oid;
    enum pg_form form;
    char delimiter;   /* between elements of an array of this */
    Oid element;      /* of an array */
    const char *name; /* an array's is its element's with "[]" */
};

/* Types that are the same in every server. NULL when it is not one of them. */
const struct pg_type *pg_builtin_type(Oid oid);
/* A type that is builtin or was looked up; text without a name when neither. */
const struct pg_type *pg_type_of(const struct pg *pg, Oid oid);
/* Asks the server for those of `oids` that are not known yet; a round trip, or none. */
MUST_USE bool pg_learn_types(struct pg *pg, struct pg_wait *wait, const Oid *oids, size_t count,
                             bool *asked, struct error *err);
/* Keeps what the answer to such a question says, which may be anything; how many they are. */
MUST_USE bool pg_take_types(struct pg *pg, const PGresult *rows, int *learned, struct error *err);
void pg_forget_types(struct pg *pg);

/* Writes a value, given in the server's text form, as JSON. */
void pg_write_value(struct json_writer *w, const struct pg *pg, const struct pg_type *type,
                    struct str text);
/* An array literal as JSON arrays. False when it is not one (nothing is written then). */
bool pg_write_array(struct json_writer *w, const struct pg *pg, const struct pg_type *type,
                    struct str text);

/* --- statement -------------------------------------------------------------------------------- */

struct pg_column {
    struct str name; /* unique within the result */
    const struct pg_type *type;
};

struct pg_statement {
    struct list_node node;
    char *sql;
    size_t sql_len;
    uint64_t hash;
    char name[32];       /* "" = the unnamed one */
    bool fresh;          /* prepared by this very run */
    bool prepared_again; /* the unnamed one, in the flight that is not sent yet */
    size_t param_count, column_count;
    Oid *params;
    struct pg_column *columns; /* names follow in the same allocation */
};

/* The statement if it is prepared already; it is the most recently used one then. */
struct pg_statement *pg_statement_find(struct pg *pg, struct str sql);
/*
 * Prepares a text and learns its types: a round trip, two when a type is new to the session.
 * `before`: statements, NULL at the end, that go first in the same flight; may be NULL.
 */
MUST_USE struct pg_statement *pg_statement_prepare(struct pg *pg, struct pg_wait *wait,
                                                   struct str sql, const char *const *before,
                                                   struct error *err);
/* No longer to be used under its name. NULL: all of them. */
void pg_statement_forget(struct pg *pg, struct pg_statement *statement);
/* Fills names[i] for given[i]: a repeated one gets the next free suffix _2, _3 … */
void pg_unique_names(struct arena *arena, const struct str *given, size_t count, struct str *names);

/* --- session ---------------------------------------------------------------------------------- */

/* Sets the session up, and finds out whether it is one's own. */
MUST_USE bool pg_session_begin(struct pg *pg, struct pg_wait *wait, struct error *err);
/* Reads the answer of a reset that was sent, sends one where it is still due: clean then. */
MUST_USE bool pg_session_ready(struct pg *pg, struct pg_wait *wait, struct error *err);
/* Sends the reset if one is due, as connector.h says. */
MUST_USE bool pg_session_reset(struct pg *pg);
/* Prepared statements are gone from the server. */
void pg_session_forget(struct pg *pg);

/* What a statement runs under. */
struct pg_limits {
    bool writes;
    bool prepares; /* it may PREPARE by name */
    int64_t timeout_ms;
};
/* How long the server lets a statement run, when `left_ms` are left of the run. */
int64_t pg_session_timeout_ms(const struct pg *pg, int64_t left_ms);
/* For pooled sessions: the statements that begin a transaction under them, NULL at the end. */
const char *const *pg_session_transaction(struct arena *arena, const struct pg *pg,
                                          const struct pg_limits *limits);

/* What was sent before a statement. */
struct pg_before {
    bool flight;         /* a flight of its own */
    unsigned statements; /* in the same flight */
};
MUST_USE bool pg_session_before(struct pg *pg, const struct pg_limits *limits,
                                struct pg_before *sent, struct error *err);
/* Sends what goes behind it, up to the Sync. */
MUST_USE bool pg_session_behind(struct pg *pg, const struct pg_limits *limits, struct error *err);
/* The flight ended well; `rows`: the last that came behind the statement's own, or NULL. */
void pg_session_done(struct pg *pg, const struct pg_limits *limits, const PGresult *rows);

/* --- connect ---------------------------------------------------------------------------------- */

/* Fills pg->link with a signed-in link in pipeline mode. */
MUST_USE bool pg_connect(struct pg *pg, const struct opening *how, struct error *err);

/* --- params ----------------------------------------------------------------------------------- */

struct pg_binds {
    int count;
    const char **values;
    int *lengths;
    int *formats;
};

/*
 * Parameters as the server wants them; nothing is sent.
 *   Fails  PARAM_COUNT, PARAM_NOT_EXACT (a value that the type cannot hold as it is)
 */
MUST_USE bool pg_bind(const struct pg *pg, const struct pg_statement *statement,
                      const struct json *parameters, struct arena *arena, struct pg_binds *out,
                      struct error *err);
/* An array literal from a JSON array, for an array type. `place` names it in errors. */
MUST_USE bool pg_array_literal(const struct pg *pg, const struct pg_type *type,
                               const struct json *array, const char *place, struct buf *out,
                               struct error *err);

/* --- query ------------------------------------------------------------------------------------ */

extern const struct operation pg_operations[];

#endif
