/* SPDX-License-Identifier: Apache-2.0 */
/* Whole small files, folders and locks. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/id.h"

static enum error_code code_of(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        return ERR_NOT_FOUND;
    case EEXIST:
        return ERR_CONFLICT;
    case EACCES:
    case EPERM:
    case EROFS:
        return ERR_FORBIDDEN;
    case ENOSPC:
    case EDQUOT:
        return ERR_STORE_FULL;
    default:
        return ERR_INTERNAL;
    }
}

/* Says what could not be done, with the system's reason for `number`. */
static bool fail_system(struct error *err, int number, const char *what, const char *path)
{
    char reason[128] = "";
    if (strerror_r(number, reason, sizeof(reason)) != 0)
        (void)snprintf(reason, sizeof(reason), "error %d", number);
    return fail(err, code_of(number), "could not %s \"%s\": %s", what, path, reason);
}

/* Reads until the end or until `size` bytes are there; -1 with errno on failure. */
static ssize_t read_all(int fd, char *out, size_t size)
{
    size_t got = 0;
    while (got < size) {
        ssize_t more = read(fd, out + got, size - got);
        if (more < 0 && errno == EINTR)
            continue;
        if (more < 0)
            return -1;
        if (more == 0)
            break;
        got += (size_t)more;
    }
    return (ssize_t)got;
}

static bool write_all(int fd, struct str content)
{
    while (content.len > 0) {
        ssize_t written = write(fd, content.ptr, content.len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        content = str_slice(content, (size_t)written, content.len);
    }
    return true;
}

bool file_read_open(int fd, const char *path, size_t max, struct arena *arena, struct str *out,
                    struct error *err)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return fail_system(err, errno, "read", path);
    /* Pipes and the kernel's own files tell no size: then the cap is the room. */
    size_t room = max;
    if (S_ISREG(status.st_mode) && status.st_size > 0 && (uintmax_t)status.st_size < max)
        room = (size_t)status.st_size;
    char *text = arena_alloc(arena, room + 1);
    ssize_t got = read_all(fd, text, room + 1);
    if (got < 0)
        return fail_system(err, errno, "read", path);
    if ((size_t)got > max)
        return fail(err, ERR_PAYLOAD_TOO_LARGE, "could not read \"%s\": longer than %zu bytes",
                    path, max);
    if ((size_t)got > room)
        return fail(err, ERR_CONFLICT, "could not read \"%s\": it grew meanwhile", path);
    text[got] = '\0';
    *out = (struct str){ text, (size_t)got };
    return true;
}

bool file_read(const char *path, size_t max, struct arena *arena, struct str *out,
               struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail_system(err, errno, "read", path);
    bool ok = file_read_open(fd, path, max, arena, out, err);
    (void)close(fd);
    return ok;
}

/* A new name lasts only when its folder is synced too. */
static bool sync_folder_of(const char *path)
{
    char folder[4096] = ".";
    const char *slash = strrchr(path, '/');
    if (slash) {
        size_t length = slash == path ? 1 : (size_t)(slash - path);
        if (length >= sizeof(folder)) {
            errno = ENAMETOOLONG;
            return false;
        }
        memcpy(folder, path, length);
        folder[length] = '\0';
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool ok = fsync(fd) == 0;
    int number = errno;
    (void)close(fd);
    errno = number;
    return ok;
}

static bool fill_new(int fd, mode_t mode, struct str content)
{
    /* fchmod(), because the umask may have taken bits away. */
    bool ok = fchmod(fd, mode) == 0 && write_all(fd, content) && fsync(fd) == 0;
    int number = errno;
    if (close(fd) != 0 && ok)
        return false;
    errno = number;
    return ok;
}

bool file_create(const char *path, mode_t mode, struct str content, struct error *err)
{
    /* Under another name first: whoever finds the file finds all of it, even after a crash. */
    char made[4096], text[ID_TEXT_SIZE];
    struct str id = id_format(id_new(), text);
    int length = snprintf(made, sizeof(made), "%s." STR_FMT ".new", path, STR_ARG(id));
    if (length < 0 || (size_t)length >= sizeof(made))
        return fail_system(err, ENAMETOOLONG, "create", path);

    int fd = open(made, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, (mode_t)0600);
    if (fd < 0)
        return fail_system(err, errno, "create", path);
    /* link() never replaces, which rename() would. */
    bool ok = fill_new(fd, mode, content) && link(made, path) == 0;
    int number = errno;
    (void)unlink(made);
    if (!ok)
        return fail_system(err, number, "create", path);
    if (!sync_folder_of(path))
        return fail_system(err, errno, "sync the folder of", path);
    return true;
}

bool file_exists(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0;
}

bool file_make_folder(const char *path, struct error *err)
{
    if (mkdir(path, 0700) == 0)
        return true;
    int number = errno;
    struct stat status;
    if (number == EEXIST && stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return true;
    return fail_system(err, number, "make the folder", path);
}

static bool fail_held(struct error *err, int fd, const char *path)
{
    /* The holder may not have come round to writing its number yet. */
    char holder[16] = "";
    ssize_t got = read_all(fd, holder, sizeof(holder) - 1);
    struct str text = str_trim((struct str){ holder, got > 0 ? (size_t)got : 0 });
    int64_t process;
    if (str_to_int64(text, &process))
        return fail(err, ERR_CONFLICT, "\"%s\" is in use by process %lld", path,
                    (long long)process);
    return fail(err, ERR_CONFLICT, "\"%s\" is in use by another process", path);
}

/* True when the lock is ours and the file says so. */
static bool lock_open(int fd, const char *path, struct error *err)
{
    /* flock(), because a POSIX lock is lost when anyone here closes any descriptor of the file. */
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            return fail_held(err, fd, path);
        return fail_system(err, errno, "lock", path);
    }
    char text[16];
    int length = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || !write_all(fd, (struct str){ text, (size_t)length }))
        return fail_system(err, errno, "write", path);
    return true;
}

bool file_lock(const char *path, int *out, struct error *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, (mode_t)0600);
    if (fd < 0)
        return fail_system(err, errno, "lock", path);
    if (!lock_open(fd, path, err)) {
        (void)close(fd);
        return false;
    }
    *out = fd;
    return true;
}

void file_unlock(int lock)
{
    /* The file stays: removing it would let two processes lock two files of one name. */
    (void)close(lock);
}
