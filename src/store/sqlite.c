/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SQLite driver: one link that writes and checkpoints, and any number that only read.
 *
 * The write link also holds the lock file beside the database, so that no second process opens it.
 * Only the write link ever checkpoints: SQLite up to 3.51.2 can lose committed data when a
 * checkpoint and a write meet on different connections. It must be closed last.
 *
 * The log (WAL) is carried over when it has grown by TIDY_PAGES, or while nobody waits; readers are
 * cut after READ_MAX_MS, so that none of them keeps it from being used from its start again.
 */
#include "store/sqlite_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/file.h"
#include "base/mem.h"
#include "store/migrate.h"

#define PAGE_BYTES 4096
#define FRAME_BYTES (PAGE_BYTES + 24)
#define TIDY_PAGES ((8 << 20) / FRAME_BYTES)    /* grown by 8 MiB */
#define INSIST_PAGES ((32 << 20) / FRAME_BYTES) /* over 32 MiB: wait for the readers */
#define READ_MAX_MS 250
#define READ_CHECK_STEPS 4000 /* of SQLite's machine, between two looks at the clock */

/* --- failures --- */

/* Also when there is no room for the log's index, which SQLite takes for a failing disk. */
static bool is_full(const struct link *link, int extended)
{
    return (extended & 0xff) == SQLITE_FULL ||
           (extended == SQLITE_IOERR_SHMSIZE && sqlite3_system_errno(link->db) == ENOSPC);
}

static void end_if_disk_failed(const struct link *link, const char *what)
{
    int extended = sqlite3_extended_errcode(link->db);
    int code = is_full(link, extended) ? SQLITE_FULL : extended & 0xff;
    if (code == SQLITE_NOMEM)
        crash_fatal("out of memory: SQLite could not %s", what);
    if (link->writer && link->serving &&
        (code == SQLITE_IOERR || code == SQLITE_CORRUPT || code == SQLITE_NOTADB))
        crash_fatal("the store's disk or file failed; could not %s: %s (%d)", what,
                    sqlite3_errmsg(link->db), extended);
}

bool sqlite_fail(struct link *link, struct error *err, const char *what)
{
    int extended = sqlite3_extended_errcode(link->db);
    int code = extended & 0xff;
    end_if_disk_failed(link, what);
    if (extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY)
        return fail(err, ERR_CONFLICT, "there is such a row already");
    if (is_full(link, extended))
        return fail(err, ERR_STORE_FULL, "the disk of the store is full");
    if (code == SQLITE_INTERRUPT)
        return fail(err, ERR_UNAVAILABLE, "reading the store took longer than %d ms", READ_MAX_MS);
    if (code == SQLITE_BUSY)
        return fail(err, ERR_UNAVAILABLE, "the store is busy");
    return fail(err, ERR_INTERNAL, "SQLite could not %s: %s", what, sqlite3_errmsg(link->db));
}

/* --- transactions --- */

static const struct sql begin_read = SQL("BEGIN");
static const struct sql begin_write = SQL("BEGIN IMMEDIATE");
static const struct sql commit_sql = SQL("COMMIT");
static const struct sql rollback_sql = SQL("ROLLBACK");
static const struct sql savepoint_sql = SQL("SAVEPOINT operation");
static const struct sql release_sql = SQL("RELEASE operation");
static const struct sql back_sql = SQL("ROLLBACK TO operation");
static const struct sql free_pages_sql = SQL("PRAGMA freelist_count");
static const struct sql all_pages_sql = SQL("PRAGMA page_count");
static const struct sql shrink_sql = SQL("PRAGMA incremental_vacuum(64)");

static bool run_plain(struct link *link, const struct sql *sql, struct error *err)
{
    return sqlite_run(link, sql, NO_BINDS, NULL, err);
}

struct count {
    struct rows rows;
    int64_t value;
};

static bool number_begin(struct rows *rows, const char *const *names, size_t count,
                         struct error *err)
{
    (void)rows, (void)names, (void)count, (void)err;
    return true;
}

static bool number_row(struct rows *rows, const struct cell *cells, struct error *err)
{
    (void)err;
    CONTAINER_OF(rows, struct count, rows)->value = cells[0].integer;
    return true;
}

static bool run_number(struct link *link, const struct sql *sql, int64_t *out, struct error *err)
{
    struct count number = { .rows = { .begin = number_begin, .row = number_row } };
    bool ok = sqlite_run(link, sql, NO_BINDS, &number.rows, err);
    *out = number.value;
    return ok;
}

static bool link_begin(struct link *link, enum tx_mode mode, const struct scope *scope,
                       struct error *err)
{
    (void)scope; /* this database has no row security; every statement names its project */
    if (mode == TX_READ)
        link->read_until_us = clock_us() + (int64_t)READ_MAX_MS * 1000;
    return run_plain(link, mode == TX_READ ? &begin_read : &begin_write, err);
}

static bool link_savepoint(struct link *link, struct error *err)
{
    return run_plain(link, &savepoint_sql, err);
}

static bool link_release(struct link *link, struct error *err)
{
    return run_plain(link, &release_sql, err);
}

static void link_rollback_to_savepoint(struct link *link)
{
    struct error err;
    if (!run_plain(link, &back_sql, &err) || !run_plain(link, &release_sql, &err))
        crash_fatal("could not undo one write of a group: %s", err.message);
}

static bool link_commit(struct link *link, struct error *err)
{
    return run_plain(link, &commit_sql, err);
}

static void link_rollback(struct link *link)
{
    struct error err;
    /* Some failures (a full disk) have rolled back already. */
    if (!sqlite3_get_autocommit(link->db) && !run_plain(link, &rollback_sql, &err))
        crash_fatal("could not roll back: %s", err.message);
}

static bool link_script(struct link *link, const char *text, struct error *err)
{
    while (*text) {
        sqlite3_stmt *statement = NULL;
        int result = sqlite3_prepare_v2(link->db, text, -1, &statement, &text);
        while (statement && (result = sqlite3_step(statement)) == SQLITE_ROW)
            continue;
        /* Says what the step said. NULL: nothing but blanks and comments. */
        if (sqlite3_finalize(statement) != SQLITE_OK || (!statement && result != SQLITE_OK))
            return sqlite_fail(link, err, "run a script");
        CRASH_POINT("store.statement");
    }
    return true;
}

/* --- the log --- */

static int note_log_size(void *context, sqlite3 *db, const char *name, int pages)
{
    (void)db;
    (void)name;
    struct link *link = context;
    link->wal_pages = pages;
    if (pages < link->tidied_pages)
        link->tidied_pages = 0; /* the log began from its start again */
    return SQLITE_OK;
}

static void link_tidy(struct link *link, bool idle)
{
    int64_t grown = link->wal_pages - link->tidied_pages;
    if (idle ? grown <= 0 : grown < TIDY_PAGES)
        return;
    bool insist = link->wal_pages > INSIST_PAGES;
    int result = sqlite3_wal_checkpoint_v2(
        link->db, NULL, insist ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    /* Busy: a reader needs some of it; a full disk: later. The data is safe in the log. */
    if (result != SQLITE_OK)
        end_if_disk_failed(link, "checkpoint");
    link->tidied_pages = link->wal_pages;
}

/* Free pages that are kept for new rows: a mebibyte, and a tenth of the file. */
#define KEEP_PAGES 256
#define KEEP_PART 10

static bool link_shrink(struct link *link, int64_t pages, bool *more, struct error *err)
{
    int64_t unused, all;
    if (!run_number(link, &free_pages_sql, &unused, err) ||
        !run_number(link, &all_pages_sql, &all, err))
        return false;
    *more = unused > KEEP_PAGES && unused > all / KEEP_PART;
    for (; *more && pages > 0; pages -= 64)
        if (!run_plain(link, &shrink_sql, err))
            return false;
    return true;
}

static bool link_size(struct link *link, int64_t *bytes, int64_t *free_bytes, struct error *err)
{
    int64_t unused, all;
    if (!run_number(link, &free_pages_sql, &unused, err) ||
        !run_number(link, &all_pages_sql, &all, err))
        return false;
    *bytes = all * PAGE_BYTES;
    *free_bytes = unused * PAGE_BYTES;
    return true;
}

/* Closing removes the log: one that holds something was left by a process that died. */
static bool log_was_left(const char *path)
{
    char name[4096];
    struct stat status;
    (void)snprintf(name, sizeof(name), "%s-wal", path);
    return stat(name, &status) == 0 && status.st_size > 0;
}

static bool link_was_unclean(const struct link *link)
{
    return link->unclean;
}

static int64_t link_wal_bytes(struct link *link)
{
    return link->wal_pages * FRAME_BYTES;
}

/* --- opening and closing --- */

static bool refuse_network_folder(const char *path, struct error *err)
{
    static const struct {
        unsigned long magic;
        const char *name;
    } networks[] = {
        { NFS_SUPER_MAGIC, "NFS" },   { SMB_SUPER_MAGIC, "SMB" },   { CIFS_SUPER_MAGIC, "CIFS" },
        { SMB2_SUPER_MAGIC, "SMB" },  { FUSE_SUPER_MAGIC, "FUSE" }, { V9FS_MAGIC, "9P" },
        { AFS_SUPER_MAGIC, "AFS" },   { AFS_FS_MAGIC, "AFS" },      { CODA_SUPER_MAGIC, "Coda" },
        { CEPH_SUPER_MAGIC, "Ceph" },
    };
    char folder[4096];
    (void)snprintf(folder, sizeof(folder), "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder ? 1 : 0] = '\0';
    struct statfs status;
    if (statfs(slash ? folder : ".", &status) != 0)
        return fail(err, ERR_NOT_FOUND, "there is no folder for the store \"%s\"", path);
    for (size_t i = 0; i < ARRAY_LEN(networks); i++)
        if ((unsigned long)status.f_type == networks[i].magic)
            return fail(
                err, ERR_BAD_REQUEST,
                "the store \"%s\" is on a %s file system, which does not keep the locks and "
                "syncs that SQLite needs",
                path, networks[i].name);
    return true;
}

static bool check_path(const char *path, struct error *err)
{
    if (path[0] == '\0' || path[0] == ':')
        return fail(err, ERR_BAD_REQUEST, "the store needs the path of a file, not \"%s\"", path);
    /* This build of SQLite would read options out of it. */
    if (strncmp(path, "file:", 5) == 0)
        return fail(err, ERR_BAD_REQUEST, "the path of the store must not begin with \"file:\"");
    if (strlen(path) > 4000)
        return fail(err, ERR_BAD_REQUEST, "the path of the store is too long");
    return refuse_network_folder(path, err);
}

static bool take_lock(struct link *link, const char *path, struct error *err)
{
    char name[4096];
    (void)snprintf(name, sizeof(name), "%s.lock", path);
    if (file_lock(name, &link->lock, err))
        return true;
    error_prefix(err, "the store \"%s\" is not free: ", path);
    return false;
}

/* SQLite would let the umask decide who may read it; -wal and -shm get the file's mode. */
static bool make_private_file(const char *path, struct error *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)0600);
    if (fd >= 0)
        return close(fd) == 0 || fail(err, ERR_INTERNAL, "could not make the store \"%s\"", path);
    if (errno == EEXIST)
        return true;
    return fail(err, errno == ENOSPC ? ERR_STORE_FULL : ERR_FORBIDDEN,
                "could not make the store \"%s\": error %d", path, errno);
}

static void configure_once(void)
{
    /* Neither fails but after SQLite was started, which nobody else does. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    (void)sqlite3_config(SQLITE_CONFIG_URI, 0);
}

static int stop_expired_read(void *context)
{
    const struct link *link = context;
    return clock_us() > link->read_until_us;
}

static bool set_up_reader(struct link *link, struct error *err)
{
    sqlite3_progress_handler(link->db, READ_CHECK_STEPS, stop_expired_read, link);
    link->read_until_us = INT64_MAX;
    return link_script(link, "PRAGMA wal_autocheckpoint = 0; PRAGMA mmap_size = 0;", err);
}

static bool is_wal(sqlite3 *db)
{
    sqlite3_stmt *statement = NULL;
    bool wal =
        sqlite3_prepare_v2(db, "PRAGMA journal_mode = WAL", -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW &&
        strcmp((const char *)sqlite3_column_text(statement, 0), "wal") == 0;
    (void)sqlite3_finalize(statement);
    return wal;
}

static bool set_up_writer(struct link *link, struct error *err)
{
    /* Before the first table, or never. */
    if (!link_script(link, "PRAGMA auto_vacuum = INCREMENTAL", err))
        return false;
    if (!is_wal(link->db))
        return sqlite_fail(link, err, "switch the file to WAL");
    /* Also switches automatic checkpoints off, which are a hook of the same kind. */
    (void)sqlite3_wal_hook(link->db, note_log_size, link);
    return link_script(link,
                       "PRAGMA synchronous = FULL; PRAGMA mmap_size = 0; PRAGMA temp_store = "
                       "MEMORY; PRAGMA cache_size = -4096; PRAGMA journal_size_limit = 16777216;"
                       "SELECT count(*) FROM sqlite_schema;",
                       err);
}

static bool set_up(struct link *link, struct error *err)
{
    (void)sqlite3_extended_result_codes(link->db, 1);
    (void)sqlite3_busy_timeout(link->db, READ_MAX_MS);
    (void)sqlite3_db_config(link->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(link->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    (void)sqlite3_db_config(link->db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
    (void)sqlite3_db_config(link->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    (void)sqlite3_db_config(link->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    (void)sqlite3_db_config(link->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    return link->writer ? set_up_writer(link, err) : set_up_reader(link, err);
}

static void link_close(struct link *link)
{
    if (!link)
        return;
    sqlite_statements_free(link);
    /* The last link to close carries the log over and removes it. */
    if (sqlite3_close(link->db) != SQLITE_OK)
        crash_fatal("the store was closed while a statement was in use");
    if (link->lock >= 0)
        file_unlock(link->lock);
    free(link);
}

static bool open_database(struct link *link, const char *path, struct error *err)
{
    int flags = (link->writer ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) |
                SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    int result = sqlite3_open_v2(path, &link->db, flags, NULL);
    if ((result & 0xff) == SQLITE_NOMEM)
        crash_fatal("out of memory: SQLite could not open the store");
    if (result != SQLITE_OK)
        return fail(err, ERR_INTERNAL, "could not open the store \"%s\": %s", path,
                    sqlite3_errmsg(link->db));
    if (!set_up(link, err)) {
        error_prefix(err, "could not open the store \"%s\": ", path);
        return false;
    }
    link->serving = true;
    return true;
}

static struct link *link_open(struct str url, enum link_kind kind, struct error *err)
{
    bool write_link = kind != LINK_READ;
    static pthread_once_t configured = PTHREAD_ONCE_INIT;
    (void)pthread_once(&configured, configure_once);
    char *path = xstrdup(str_slice(url, sizeof("sqlite:") - 1, url.len));
    struct link *link = NEW(link);
    link->writer = write_link;
    link->lock = -1;
    bool ok = check_path(path, err) &&
              (!write_link || (take_lock(link, path, err) && make_private_file(path, err)));
    link->unclean = ok && write_link && log_was_left(path);
    ok = ok && open_database(link, path, err);
    free(path);
    if (ok)
        return link;
    link_close(link);
    return NULL;
}

static const char *const schemes[] = { "sqlite:", NULL };

const struct store_driver sqlite_driver = {
    .name = "sqlite",
    .schemes = schemes,
    .remote = false,
    .migrations = sqlite_migrations,
    .open = link_open,
    .begin = link_begin,
    .run = sqlite_run,
    .script = link_script,
    .savepoint = link_savepoint,
    .release = link_release,
    .rollback_to_savepoint = link_rollback_to_savepoint,
    .commit = link_commit,
    .rollback = link_rollback,
    .close = link_close,
    .tidy = link_tidy,
    .wal_bytes = link_wal_bytes,
    .shrink = link_shrink,
    .size = link_size,
    .was_unclean = link_was_unclean,
    .check = sqlite_check,
};
