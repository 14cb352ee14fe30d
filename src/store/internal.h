/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share: what a transaction is. */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include "store/driver.h"
#include "store/store.h"

struct tx {
    const struct store_driver *driver;
    struct link *link;
    struct reader *reader; /* NULL on the write link */
    bool rights_changed;
};

/* An execution that has not ended; as the index of those says it, or SQLite would not use that. */
#define SQL_EXECUTION_OPEN "(status = 'queued' OR status = 'running' OR status = 'waiting')"

/*
 * Renames the conflict of a unique key to what it means: "there is a connection named "x" already".
 * Always false.
 */
bool fail_taken(struct error *err, const char *field, const char *what, struct str name);
/* ERR_NOT_FOUND for changes == 0. */
MUST_USE bool changed_one(int64_t changes, const char *what, struct error *err);

#endif
