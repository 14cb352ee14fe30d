/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk that remembers: everything that SQLite writes to a database and its log, and when it asked
 * for it to be on the disk. From that, the files can be made as a loss of power would have left them
 * at any moment: what was synced is there, of the rest anything may be.
 */
#ifndef TESTS_DISK_LOG_H
#define TESTS_DISK_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From now on, until disk_log_stop(), every database is opened on such a disk. */
void disk_log_start(void);
void disk_log_stop(void);
void disk_log_free(void);

/* Writes "acknowledged up to `number`" between the others. */
void disk_log_note(int64_t number);
size_t disk_log_count(void);
/* Syncs of the database file so far: one for each time that the log was carried over. */
size_t disk_log_database_syncs(void);

/* Which part of what was not synced gets through. */
enum disk_luck {
    DISK_NOTHING,
    DISK_EVERYTHING,
    DISK_ANYTHING /* each write whole, torn or not at all, by `random` */
};

/*
 * Makes the files `path` and `path`-wal as they would be after `count` entries. Gives the number last
 * noted.
 */
int64_t disk_log_replay(size_t count, enum disk_luck luck, uint64_t random, const char *path);

#endif
