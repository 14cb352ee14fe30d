/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the SQLite driver share: the link, its statements, its errors. */
#ifndef STORE_SQLITE_INTERNAL_H
#define STORE_SQLITE_INTERNAL_H

#include <sqlite3.h>
#include <stdatomic.h>

#include "store/driver.h"

/* Parameters of one statement: $1 … $32. */
#define SQLITE_PARAMS_MAX 32

struct sqlite_statement {
    const struct sql *sql; /* names it; NULL: an empty place */
    sqlite3_stmt *handle;
    bool writes;
    unsigned params; /* the highest $n */
    unsigned char
        indexes[SQLITE_PARAMS_MAX]; /* SQLite's index of $n at n - 1; 0: not in the text */
};

struct link {
    sqlite3 *db;
    bool writer;
    bool serving;           /* opened: from now on a failing disk ends the process */
    bool unclean;           /* of the writer: a log was left by who had it open before */
    int lock;               /* of the writer: the lock file */
    int64_t read_until_us;  /* of a reader: when a read is cut */
    int64_t wal_pages;      /* of the writer: in the log after the last commit */
    int64_t tidied_pages;   /* of the writer: in the log when it was last carried over */
    size_t statement_count; /* in use */
    size_t statement_size;  /* places, a power of two */
    struct sqlite_statement *statements;
};

/*
 * Fills *err from the link's last failure. On the write link a failing disk or a broken file ends
 * the process: nothing more may be acknowledged.
 */
bool sqlite_fail(struct link *link, struct error *err, const char *what);

bool sqlite_run(struct link *link, const struct sql *sql, const struct bind *binds,
                struct rows *rows, struct error *err);
void sqlite_statements_free(struct link *link);
bool sqlite_check(struct link *link, atomic_bool *stop, char *found, size_t size,
                  struct error *err);

#endif
