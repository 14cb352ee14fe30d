/* SPDX-License-Identifier: Apache-2.0 */
/* Whole small files, folders and locks.  Blocks on the disk.  Threads: any. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The whole file, NUL behind it; fails when it is longer than `max`. */
MUST_USE bool file_read(const char *path, size_t max, struct arena *arena, struct str *out,
                        struct error *err);
/* The rest of an open file, as above; `name` is for messages. */
MUST_USE bool file_read_open(int fd, const char *name, size_t max, struct arena *arena,
                             struct str *out, struct error *err);
/* Makes a new file with this mode and syncs it and its folder; an existing file is an error. */
MUST_USE bool file_create(const char *path, mode_t mode, struct str content, struct error *err);
bool file_exists(const char *path);
/* Makes a folder (mode 0700) unless it is there; its parent must exist. */
MUST_USE bool file_make_folder(const char *path, struct error *err);
/*
 * Takes the exclusive lock on `path`, making the file if need be, and keeps it until the process
 * ends or file_unlock(). A lock held elsewhere is ERR_CONFLICT, and the message names the holder's
 * process id, which the file holds.
 */
MUST_USE bool file_lock(const char *path, int *out, struct error *err);
void file_unlock(int lock);

#endif
