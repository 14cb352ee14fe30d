/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The front door to rows. Rows are reached only through a transaction (tx), and a transaction only
 * through a scope: forgetting whose rows they are does not compile.
 *
 * Reads run at once, on the calling thread, on a read-only link of its own.
 * Writes are handed over (store_submit) and gathered: one group, one commit, one sync for all that
 * were waiting. Each operation of a group succeeds or fails alone; its `done` is called after the
 * commit, never before. With SQLite one thread carries out all writes.
 *
 * SQL is constant text with $1 $2 …, written once for both databases; SQL2 where they must differ.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"
#include "base/id.h"
#include "base/list.h"
#include "base/str.h"
#include "base/time.h"
#include "schema/field.h"

#include <stdbool.h>
#include <stdint.h>

struct store;
struct tx;

/* Whose rows a transaction may see. PostgreSQL enforces it; SQL names the project as well. */
struct scope {
    enum {
        SCOPE_SYSTEM,
        SCOPE_USER,
        SCOPE_PROJECT,
        SCOPE_OWNER, /* of the schema: migrations only */
    } kind;
    struct id id;
};
/* The server itself: sign-in, recovery, claiming. Does not see what is in connections and workflows. */
struct scope scope_system(void);
struct scope scope_user(struct id user_id);       /* what their projects hold */
struct scope scope_project(struct id project_id); /* for the engine, and for the operator */

/* A statement. Define one `static const struct sql` for each: its address names it in caches. */
struct sql {
    const char *sqlite, *postgres;
};
#define SQL(text)                                                                                  \
    {                                                                                              \
        text, text                                                                                 \
    }
#define SQL2(sqlite_text, postgres_text)                                                           \
    {                                                                                              \
        sqlite_text, postgres_text                                                                 \
    }

enum bind_kind {
    BIND_END,
    BIND_INT,
    BIND_BOOL,
    BIND_TEXT,    /* absent str = NULL */
    BIND_ID,      /* none = NULL */
    BIND_INSTANT, /* absent = NULL; microseconds in SQLite, timestamptz in PostgreSQL */
};

struct bind {
    enum bind_kind kind;
    int64_t integer;
    struct str text;
    struct id id;
};

struct bind bind_int(int64_t value);
struct bind bind_bool(bool value);
struct bind bind_text(struct str text);
struct bind bind_json(struct json_text json);
struct bind bind_id(struct id id);
struct bind bind_instant(struct instant at);
#define BINDS(...) ((const struct bind[]){ __VA_ARGS__, { .kind = BIND_END } })
#define NO_BINDS ((const struct bind[]){ { .kind = BIND_END } })

struct store_config {
    /* "sqlite:/path/to/tieline.db", or a PostgreSQL connection URI as libpq takes it, several hosts and
     * files of certificates included: it is the operator's. Holds a password, so it is never logged. */
    struct str url;
    bool serves; /* carries executions out: one process at a time does */
};

/*
 * Opens and starts the writer. A file is migrated (store/migrate.h); a PostgreSQL database must have
 * been, by store_migrate(), and whoever signs in must be one that its row security binds.
 *   Fails  CONFLICT when another process has it open, INTERNAL for a schema newer than ours or a
 *          file that is no database, UNAVAILABLE for a server that cannot be reached, BAD_REQUEST for a
 *          database or a role that is not fit for it; nothing was changed then.
 */
MUST_USE struct store *store_open(const struct store_config *config, struct error *err);
/* Carries out what was submitted, then closes. NULL is fine. */
void store_close(struct store *store);
/* Which database it is: "sqlite". */
struct str store_kind(const struct store *store);
/* True when reads cross a network: then they must not run on the HTTP thread. */
bool store_is_remote(const struct store *store);
bool store_url_is_remote(struct str url);
/* Makes the schema, or brings it up to date, as its owner, while nobody or somebody serves on it.
 *   Blocks. */
MUST_USE bool store_migrate(struct str url, struct error *err);

/* A consistent view for reading; AUTO(tx) ends it. Keep it short. */
MUST_USE struct tx *store_read(struct store *store, struct scope scope, struct error *err);
/* Ends a read; NULL is fine. */
void tx_end(struct tx *tx);
AUTO_DEFINE(tx, tx_end)

/* One operation to be written. Embed it in a struct of your own. */
struct write {
    struct list_node node; /* the store's own */
    struct scope scope;
    /*
     * Runs in a transaction, on the thread that carries out its group, perhaps more than once (the
     * transaction may be tried again): it must not do anything but SQL and filling its own struct. False undoes what it
     * did and is told to `done`.
     */
    bool (*run)(struct tx *tx, struct write *write, struct error *err);
    /* Committed (err NULL), or not. On the same thread: must not block. The write is its owner's
     * again. */
    void (*done)(struct write *write, const struct error *err);
    void *waiter; /* the store's own: who is in store_write() */
};

/* Hands a write over.  Blocks: no.  Threads: any. */
void store_submit(struct store *store, struct write *write);
/*
 * The same for who has a thread that can carry writes out itself, which saves waking the writer's:
 * store_put() wakes nobody, and is true when nobody is at it. Then store_carry_out() is called by
 * somebody soon, or store_wake(). What is put while a group is under way is seen to behind it.
 */
bool store_put(struct store *store, struct write *write);
/* Carries out one group, unless there is none, or another thread is at it.  Blocks. */
void store_carry_out(struct store *store);
/* Leaves it to the writer's thread. */
void store_wake(struct store *store);
/* Submits and waits, for commands and start-up: `write->done` is not used. Not in a callback. */
MUST_USE bool store_write(struct store *store, struct write *write, struct error *err);

/* Runs a statement that gives no rows; *changes (or NULL) gets the number of rows changed. A
 * violated unique key is ERR_CONFLICT. */
MUST_USE bool tx_run(struct tx *tx, const struct sql *sql, const struct bind *binds,
                     int64_t *changes, struct error *err);
/*
 * The same by the end of the transaction: where it costs a round trip to know how it went, a later call
 * of this write fails, or the commit. For statements whose failure has one meaning.
 */
MUST_USE bool tx_later(struct tx *tx, const struct sql *sql, const struct bind *binds,
                       struct error *err);
/* At most one row, into a struct of the shape; *found (or NULL: a missing row is ERR_NOT_FOUND). */
MUST_USE bool tx_one(struct tx *tx, const struct sql *sql, const struct bind *binds,
                     const struct shape *shape, struct arena *arena, void *out, bool *found,
                     struct error *err);
/* All rows, side by side in the arena; `items` is never NULL on success. */
MUST_USE bool tx_all(struct tx *tx, const struct sql *sql, const struct bind *binds,
                     const struct shape *shape, struct arena *arena, struct array *out,
                     struct error *err);
/*
 * This transaction takes rights away (ends a session, revokes a token, changes a member, …): what
 * auth remembers is void once it is committed, before any `done` is called. Table files call it.
 */
void tx_rights_changed(struct tx *tx);

/* One integer of one row; a missing row or NULL gives 0. */
MUST_USE bool tx_int(struct tx *tx, const struct sql *sql, const struct bind *binds, int64_t *out,
                     struct error *err);

/*
 * Rises with every commit that took rights away. Who remembers a right keeps the number from before
 * it was read, and asks again when the number is another.
 */
uint64_t store_rights_generation(const struct store *store);
/*
 * Calls changed(context) after each such commit, before any `done`, on the writer's thread and under
 * the store's lock: it must neither block nor call the store. NULL: nobody, once this has returned.
 */
void store_on_rights_changed(struct store *store, void (*changed)(void *context), void *context);

/* Above this size of its log the store says so, in the record of events and here. */
#define STORE_WAL_ALARM_BYTES (INT64_C(64) << 20)

/* After a process that died the whole store is looked through, beside other work. */
enum store_check {
    STORE_CHECK_NONE, /* it was closed as it should be */
    STORE_CHECK_RUNNING,
    STORE_CHECK_OK,
    STORE_CHECK_DAMAGED,
    STORE_CHECK_FAILED, /* it could not be looked at */
};
extern const char *const store_check_names[];

#define STORE_GROUP_SIZES 9 /* up to 1, 2, 4, … 256 writes */
struct store_stats {
    int64_t groups, writes, failed_writes; /* since the start */
    int64_t group_sizes[STORE_GROUP_SIZES];
    int64_t commit_us_total, wal_bytes;
    bool wal_alarm; /* the log is larger than it should ever be */
    enum store_check check;
};
void store_stats(struct store *store, struct store_stats *out);

#endif
