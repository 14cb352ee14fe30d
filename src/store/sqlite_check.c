/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A look through the whole file for damage, table by table, so that no read holds the log for longer
 * than one table takes.
 */
#include "store/sqlite_internal.h"

#include <stdio.h>
#include <string.h>

static int stop_when_asked(void *context)
{
    return atomic_load((const atomic_bool *)context);
}

/* Runs quick_check on one table; the first thing found, or "ok", comes in `found`. */
static bool check_table(struct link *link, const char *table, char *found, size_t size,
                        struct error *err)
{
    sqlite3_stmt *statement = NULL;
    char *text = sqlite3_mprintf("PRAGMA quick_check(%Q)", table);
    int result = text ? sqlite3_prepare_v2(link->db, text, -1, &statement, NULL) : SQLITE_NOMEM;
    sqlite3_free(text);
    if (result == SQLITE_OK)
        result = sqlite3_step(statement);
    int code = result & 0xff;
    bool damaged = code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
    bool ok = code == SQLITE_ROW || damaged;
    if (ok)
        (void)snprintf(found, size, "%s",
                       damaged ? sqlite3_errmsg(link->db)
                               : (const char *)sqlite3_column_text(statement, 0));
    else
        (void)sqlite_fail(link, err, "check the store");
    (void)sqlite3_finalize(statement);
    return ok;
}

static bool list_tables(struct link *link, char names[][64], size_t max, size_t *count,
                        struct error *err)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(
        link->db, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rootpage", -1,
        &statement, NULL);
    *count = 0;
    while (result == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW && *count < max)
        (void)snprintf(names[(*count)++], sizeof(names[0]), "%s",
                       (const char *)sqlite3_column_text(statement, 0));
    bool ok = sqlite3_finalize(statement) == SQLITE_OK && result == SQLITE_OK;
    return ok || sqlite_fail(link, err, "list the tables");
}

bool sqlite_check(struct link *link, atomic_bool *stop, char *found, size_t size, struct error *err)
{
    char names[64][64];
    size_t count;
    sqlite3_progress_handler(link->db, 4000, stop_when_asked, stop);
    if (!list_tables(link, names, ARRAY_LEN(names), &count, err))
        return false;
    found[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        if (!check_table(link, names[i], found, size, err))
            return false;
        if (strcmp(found, "ok") != 0)
            return true;
    }
    found[0] = '\0';
    return true;
}
