/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a database must be able to do to be the store. Only what really differs is here; groups,
 * scopes, shapes and statements are above.
 *
 * A link is one session with the database, used by one thread at a time.
 */
#ifndef STORE_DRIVER_H
#define STORE_DRIVER_H

#include "base/attr.h"
#include "base/error.h"
#include "schema/row.h"
#include "store/store.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum tx_mode {
    TX_READ,
    TX_WRITE,
};

/* Receives rows. `names` is told once, before the first row. NULL functions: rows are not wanted. */
struct rows {
    bool (*begin)(struct rows *rows, const char *const *names, size_t count, struct error *err);
    bool (*row)(struct rows *rows, const struct cell *cells, struct error *err);
    int64_t changes; /* rows changed, set by the driver */
};

struct link;

enum link_kind {
    LINK_READ,
    LINK_WRITE, /* the one of this process that writes; SQLite's also checkpoints */
    LINK_SERVE, /* the same, of a process that carries executions out: one at a time */
    LINK_OWNER, /* only applies migrations */
};

struct migration;

struct store_driver {
    const char *name;           /* "sqlite", "postgresql" */
    const char *const *schemes; /* with their ":"; NULL ends */
    bool remote;                /* reads cross a network, and whoever serves is not its owner */
    const struct migration *migrations;
    struct link *(*open)(struct str url, enum link_kind kind, struct error *err);
    /* What must be so before a process serves on it, on the write link. NULL: nothing. */
    bool (*judge)(struct link *link, struct error *err);
    bool (*begin)(struct link *link, enum tx_mode mode, const struct scope *scope,
                  struct error *err);
    /* rows may be NULL when none are wanted */
    bool (*run)(struct link *link, const struct sql *sql, const struct bind *binds,
                struct rows *rows, struct error *err);
    /* Runs it before the next savepoint is released, or the commit; which fails when it does. NULL: run()
     * costs no more. */
    bool (*later)(struct link *link, const struct sql *sql, const struct bind *binds,
                  struct error *err);
    /* From here on the transaction sees what another scope may see. NULL: it makes no difference. */
    bool (*scope)(struct link *link, const struct scope *scope, struct error *err);
    /* Several statements in one text, for migrations; not cached. */
    bool (*script)(struct link *link, const char *text, struct error *err);
    bool (*savepoint)(struct link *link, struct error *err);
    bool (*release)(struct link *link, struct error *err);
    void (*rollback_to_savepoint)(struct link *link);
    /* Failing for lack of space is ERR_STORE_FULL; an I/O error ends the process (crash_fatal).
     * err->maybe_done: nobody can say whether it was committed. */
    bool (*commit)(struct link *link, struct error *err);
    void (*rollback)(struct link *link);
    void (*close)(struct link *link);
    /* Bytes of the database, and those of them that are kept for new rows. In a transaction. */
    bool (*size)(struct link *link, int64_t *bytes, int64_t *free_bytes, struct error *err);
    /* What follows is NULL where the database sees to it by itself.
     *
     * Between transactions of the write link: carries the log over into the database file, if it is
     * time or, when `idle`, if there is anything. */
    void (*tidy)(struct link *link, bool idle);
    int64_t (*wal_bytes)(struct link *link);
    /* Gives up to `pages` free pages back to the file system, if more are free than are worth keeping
     * for new rows. In a transaction. *more: there are more. */
    bool (*shrink)(struct link *link, int64_t pages, bool *more, struct error *err);
    /* Of the write link: whoever had the store open before did not close it. */
    bool (*was_unclean)(const struct link *link);
    /*
     * Looks through everything for damage, on a reading link of its own, until *stop. What was found
     * comes as a line of text, empty for nothing. False: it could not be looked at, or *stop.
     */
    bool (*check)(struct link *link, atomic_bool *stop, char *found, size_t size,
                  struct error *err);
};

extern const struct store_driver sqlite_driver, postgres_driver;

#endif
