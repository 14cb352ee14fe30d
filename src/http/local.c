/* SPDX-License-Identifier: Apache-2.0 */
/* Unix sockets: see local.h. */
#define _GNU_SOURCE /* SOCK_CLOEXEC, O_PATH, struct ucred */
#include "http/local.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 128

/* An address, and the folder that must stay open as long as it is used. */
struct place {
    struct sockaddr_un address;
    socklen_t size;
    int folder; /* or -1 */
};

static void place_close(const struct place *place)
{
    if (place->folder >= 0)
        (void)close(place->folder);
}

/*
 * A path that is too long for an address is reached through its open folder, which the kernel
 * shows under a short name.
 */
static bool place_open(const char *path, struct place *out)
{
    char folder[4096];
    const char *slash = strrchr(path, '/');
    size_t len = strlen(path);

    *out = (struct place){ .address.sun_family = AF_UNIX, .folder = -1 };
    out->size = sizeof(out->address);
    if (!slash) {
        if (len >= sizeof(out->address.sun_path))
            return errno = ENAMETOOLONG, false;
        memcpy(out->address.sun_path + 1, path, len);
        out->size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len);
        return true;
    }
    if (len < sizeof(out->address.sun_path)) {
        memcpy(out->address.sun_path, path, len);
        return true;
    }
    if ((size_t)(slash - path) >= sizeof(folder))
        return errno = ENAMETOOLONG, false;
    memcpy(folder, path, (size_t)(slash - path));
    folder[slash - path] = '\0';
    out->folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (out->folder < 0)
        return false;
    int written = snprintf(out->address.sun_path, sizeof(out->address.sun_path),
                           "/proc/self/fd/%d%s", out->folder, slash);
    if (written > 0 && (size_t)written < sizeof(out->address.sun_path))
        return true;
    place_close(out);
    return errno = ENAMETOOLONG, false;
}

static int new_socket(int flags)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
}

static bool fail_listen(const char *path, int number, struct error *err)
{
    char reason[128] = "";
    const char *text = strerror_r(number, reason, sizeof(reason));

    return fail(err, ERR_UNAVAILABLE, "cannot listen at \"%s\": %s", path, text);
}

/* True when nothing stands in the way any more. */
static bool make_way(const char *path, struct error *err)
{
    struct stat status;
    struct error found;

    if (lstat(path, &status) != 0)
        return true;
    if (!S_ISSOCK(status.st_mode))
        return fail(err, ERR_CONFLICT, "cannot listen at \"%s\": a file that is no socket is there",
                    path);
    int other = local_connect(path, &found);
    if (other >= 0)
        (void)close(other);
    if (other >= 0 || found.code != ERR_NOT_FOUND)
        return fail(err, ERR_CONFLICT, "cannot listen at \"%s\": another process does", path);
    (void)unlink(path);
    return true;
}

static bool bind_at(int made, const char *path, uint64_t *file)
{
    struct place place;
    struct stat status;

    if (!place_open(path, &place))
        return false;
    /* The mode of the socket becomes that of its file: at no time may others connect. */
    bool ok = fchmod(made, S_IRUSR | S_IWUSR) == 0 &&
              bind(made, (const struct sockaddr *)&place.address, place.size) == 0 &&
              lstat(path, &status) == 0 && listen(made, BACKLOG) == 0;
    int number = errno;
    place_close(&place);
    errno = number;
    if (ok)
        *file = status.st_ino;
    return ok;
}

bool local_listen(const char *path, int *socket, uint64_t *file, struct error *err)
{
    if (!make_way(path, err))
        return false;
    int made = new_socket(SOCK_NONBLOCK);
    if (made >= 0 && bind_at(made, path, file)) {
        *socket = made;
        return true;
    }
    int number = errno;
    if (made >= 0)
        (void)close(made);
    return fail_listen(path, number, err);
}

bool local_listen_unnamed(int *socket, char name[LOCAL_NAME_SIZE], struct error *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    socklen_t size = sizeof(address);
    int made = new_socket(SOCK_NONBLOCK);

    /* Bound to no name at all, the kernel picks one. */
    if (made >= 0 && bind(made, (const struct sockaddr *)&address, sizeof(sa_family_t)) == 0 &&
        listen(made, BACKLOG) == 0 && getsockname(made, (struct sockaddr *)&address, &size) == 0) {
        size_t len = size - offsetof(struct sockaddr_un, sun_path) - 1;
        (void)snprintf(name, LOCAL_NAME_SIZE, "%.*s", (int)len, address.sun_path + 1);
        *socket = made;
        return true;
    }
    int number = errno;
    if (made >= 0)
        (void)close(made);
    return fail_listen("a socket without a path", number, err);
}

void local_remove(const char *path, uint64_t file)
{
    struct stat status;

    if (lstat(path, &status) == 0 && S_ISSOCK(status.st_mode) && status.st_ino == file)
        (void)unlink(path);
}

static bool set_connect_timeout(int made)
{
    struct timeval timeout = { .tv_sec = LOCAL_CONNECT_S };
    return setsockopt(made, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) == 0;
}

int local_connect(const char *path, struct error *err)
{
    char reason[128] = "";
    struct place place;
    int made = new_socket(0);

    /* Who does not take connections any more lets others stand in line for ever. */
    if (made >= 0 && set_connect_timeout(made) && place_open(path, &place)) {
        bool ok = connect(made, (const struct sockaddr *)&place.address, place.size) == 0;
        int number = errno;
        place_close(&place);
        if (ok)
            return made;
        errno = number;
    }
    bool nobody = errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR;
    const char *text = strerror_r(errno, reason, sizeof(reason));
    (void)fail(err, nobody ? ERR_NOT_FOUND : ERR_UNAVAILABLE, "could not connect to \"%s\": %s",
               path, text);
    if (made >= 0)
        (void)close(made);
    return -1;
}

bool local_peer_is_ours(int socket)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);

    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return false;
    return peer.uid == 0 || peer.uid == geteuid();
}
