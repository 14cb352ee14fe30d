/* SPDX-License-Identifier: Apache-2.0 */
/* A virtual file system of SQLite's that hands everything on to the real one, and writes it down. */
#include "disk_log.h"

#include <assert.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind {
    WRITTEN,
    TRUNCATED,
    SYNCED,
    NOTED
};
enum which {
    DATABASE,
    WAL,
    FILES
};

struct entry {
    enum kind kind;
    enum which file;
    int64_t at; /* offset, size or number */
    size_t size;
    unsigned char *bytes;
};

struct logged_file {
    sqlite3_file base;
    enum which which;
    sqlite3_file *real;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct entry *entries;
static size_t count, room, database_syncs;
static sqlite3_vfs *real_vfs;
static sqlite3_vfs vfs;

static void add(struct entry entry, const void *bytes)
{
    (void)pthread_mutex_lock(&lock);
    if (count == room) {
        room = room ? room * 2 : 1024;
        entries = realloc(entries, room * sizeof(*entries));
        assert(entries);
    }
    if (entry.size > 0) {
        entry.bytes = malloc(entry.size);
        assert(entry.bytes);
        memcpy(entry.bytes, bytes, entry.size);
    }
    database_syncs += entry.kind == SYNCED && entry.file == DATABASE;
    entries[count++] = entry;
    (void)pthread_mutex_unlock(&lock);
}

/* --- files: handed on, and written down once they have succeeded --- */

#define FILE_OF(base) ((struct logged_file *)(base))
#define REAL(base) (FILE_OF(base)->real)

static int file_close(sqlite3_file *base)
{
    return REAL(base)->pMethods ? REAL(base)->pMethods->xClose(REAL(base)) : SQLITE_OK;
}

static int file_read(sqlite3_file *base, void *out, int size, sqlite3_int64 at)
{
    return REAL(base)->pMethods->xRead(REAL(base), out, size, at);
}

static int file_write(sqlite3_file *base, const void *bytes, int size, sqlite3_int64 at)
{
    int result = REAL(base)->pMethods->xWrite(REAL(base), bytes, size, at);
    if (result == SQLITE_OK)
        add((struct entry){ WRITTEN, FILE_OF(base)->which, at, (size_t)size, NULL }, bytes);
    return result;
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    int result = REAL(base)->pMethods->xTruncate(REAL(base), size);
    if (result == SQLITE_OK)
        add((struct entry){ TRUNCATED, FILE_OF(base)->which, size, 0, NULL }, NULL);
    return result;
}

static int file_sync(sqlite3_file *base, int flags)
{
    int result = REAL(base)->pMethods->xSync(REAL(base), flags);
    if (result == SQLITE_OK)
        add((struct entry){ SYNCED, FILE_OF(base)->which, 0, 0, NULL }, NULL);
    return result;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *out)
{
    return REAL(base)->pMethods->xFileSize(REAL(base), out);
}

static int file_lock(sqlite3_file *base, int level)
{
    return REAL(base)->pMethods->xLock(REAL(base), level);
}

static int file_unlock(sqlite3_file *base, int level)
{
    return REAL(base)->pMethods->xUnlock(REAL(base), level);
}

static int file_is_reserved(sqlite3_file *base, int *out)
{
    return REAL(base)->pMethods->xCheckReservedLock(REAL(base), out);
}

static int file_control(sqlite3_file *base, int operation, void *argument)
{
    return REAL(base)->pMethods->xFileControl(REAL(base), operation, argument);
}

static int file_sector_size(sqlite3_file *base)
{
    return REAL(base)->pMethods->xSectorSize(REAL(base));
}

static int file_traits(sqlite3_file *base)
{
    return REAL(base)->pMethods->xDeviceCharacteristics(REAL(base));
}

static int shm_map(sqlite3_file *base, int page, int size, int extend, void volatile **out)
{
    return REAL(base)->pMethods->xShmMap(REAL(base), page, size, extend, out);
}

static int shm_lock(sqlite3_file *base, int offset, int n, int flags)
{
    return REAL(base)->pMethods->xShmLock(REAL(base), offset, n, flags);
}

static void shm_barrier(sqlite3_file *base)
{
    REAL(base)->pMethods->xShmBarrier(REAL(base));
}

static int shm_unmap(sqlite3_file *base, int delete_too)
{
    return REAL(base)->pMethods->xShmUnmap(REAL(base), delete_too);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_is_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_traits,
    .xShmMap = shm_map,
    .xShmLock = shm_lock,
    .xShmBarrier = shm_barrier,
    .xShmUnmap = shm_unmap,
};

static int vfs_open(sqlite3_vfs *self, const char *name, sqlite3_file *base, int flags, int *out)
{
    (void)self;
    struct logged_file *file = FILE_OF(base);
    bool logged = flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL);
    if (!logged)
        return real_vfs->xOpen(real_vfs, name, base, flags, out);
    file->which = flags & SQLITE_OPEN_WAL ? WAL : DATABASE;
    file->real = (sqlite3_file *)(file + 1);
    int result = real_vfs->xOpen(real_vfs, name, file->real, flags, out);
    base->pMethods = result == SQLITE_OK ? &methods : NULL;
    return result;
}

void disk_log_start(void)
{
    real_vfs = sqlite3_vfs_find(NULL);
    vfs = *real_vfs;
    vfs.zName = "disk_log";
    vfs.szOsFile = (int)sizeof(struct logged_file) + real_vfs->szOsFile;
    vfs.xOpen = vfs_open;
    int result = sqlite3_vfs_register(&vfs, 1);
    assert(result == SQLITE_OK);
    (void)result;
}

void disk_log_stop(void)
{
    (void)sqlite3_vfs_unregister(&vfs);
    (void)sqlite3_vfs_register(real_vfs, 1);
}

void disk_log_free(void)
{
    for (size_t i = 0; i < count; i++)
        free(entries[i].bytes);
    free(entries);
    entries = NULL;
    count = room = database_syncs = 0;
}

void disk_log_note(int64_t number)
{
    add((struct entry){ NOTED, FILES, number, 0, NULL }, NULL);
}

size_t disk_log_count(void)
{
    (void)pthread_mutex_lock(&lock);
    size_t now = count;
    (void)pthread_mutex_unlock(&lock);
    return now;
}

size_t disk_log_database_syncs(void)
{
    (void)pthread_mutex_lock(&lock);
    size_t now = database_syncs;
    (void)pthread_mutex_unlock(&lock);
    return now;
}

/* --- replaying --- */

struct image {
    unsigned char *bytes;
    size_t size, room;
};

static void resize(struct image *image, size_t size)
{
    if (size > image->room) {
        size_t wanted = size * 2;
        image->bytes = realloc(image->bytes, wanted);
        assert(image->bytes);
        memset(image->bytes + image->room, 0, wanted - image->room);
        image->room = wanted;
    }
    if (size < image->size)
        memset(image->bytes + size, 0, image->size - size);
    image->size = size;
}

static void apply(struct image *image, const struct entry *entry, size_t from, size_t size)
{
    size_t at = (size_t)entry->at;
    if (entry->kind == TRUNCATED) {
        if (at < image->size)
            resize(image, at);
        return;
    }
    if (at + from + size > image->size)
        resize(image, at + from + size);
    memcpy(image->bytes + at + from, entry->bytes + from, size);
}

static uint64_t roll(uint64_t *random, uint64_t limit)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return (*random >> 33) % limit;
}

/* Each sector of a torn write gets through or not. */
#define SECTOR 512

static void apply_by_luck(struct image *image, const struct entry *entry, enum disk_luck luck,
                          uint64_t *random)
{
    uint64_t fate = luck == DISK_ANYTHING ? roll(random, 3) : luck == DISK_EVERYTHING ? 2 : 0;
    if (fate == 2)
        apply(image, entry, 0, entry->size);
    for (size_t at = 0; fate == 1 && at < entry->size; at += SECTOR)
        if (roll(random, 2))
            apply(image, entry, at, entry->size - at < SECTOR ? entry->size - at : SECTOR);
}

static void save(const struct image *image, const char *path, const char *end)
{
    char name[256];
    (void)snprintf(name, sizeof(name), "%s%s", path, end);
    (void)remove(name);
    if (image->size == 0)
        return;
    FILE *file = fopen(name, "w");
    assert(file);
    size_t written = fwrite(image->bytes, 1, image->size, file);
    assert(written == image->size);
    (void)written;
    (void)fclose(file);
}

int64_t disk_log_replay(size_t until, enum disk_luck luck, uint64_t random, const char *path)
{
    static const char *const ends[FILES] = { "", "-wal" };
    struct image images[FILES] = { 0 };
    size_t synced[FILES] = { 0 };
    int64_t number = 0;
    for (size_t i = 0; i < until; i++)
        if (entries[i].kind == SYNCED)
            synced[entries[i].file] = i;
    for (size_t i = 0; i < until; i++) {
        const struct entry *entry = &entries[i];
        if (entry->kind == NOTED)
            number = entry->at;
        if (entry->kind != WRITTEN && entry->kind != TRUNCATED)
            continue;
        if (i < synced[entry->file])
            apply(&images[entry->file], entry, 0, entry->size);
        else
            apply_by_luck(&images[entry->file], entry, luck, &random);
    }
    for (int file = 0; file < FILES; file++) {
        save(&images[file], path, ends[file]);
        free(images[file].bytes);
    }
    return number;
}
