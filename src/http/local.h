/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unix sockets: how commands on the same machine reach a server. The file of a socket has mode 0600
 * from its first moment on, and its folder may lie deeper than a socket's address can say. A name
 * without a slash is none of the file system: the kernel keeps it as long as the socket is open.
 */
#ifndef HTTP_LOCAL_H
#define HTTP_LOCAL_H

#include "base/attr.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

#define LOCAL_NAME_SIZE 16

/*
 * Listens at `path`; what a process that was killed has left there is removed first.
 *   Returns  *socket, and in *file what tells its file from others for local_remove()
 *   Fails    ERR_CONFLICT (somebody listens there, or it is no socket), ERR_UNAVAILABLE (the system
 *            refuses, with its reason)
 */
MUST_USE bool local_listen(const char *path, int *socket, uint64_t *file, struct error *err);
/* Listens under a name that the kernel picks and that goes with the socket. */
MUST_USE bool local_listen_unnamed(int *socket, char name[LOCAL_NAME_SIZE], struct error *err);
/* Removes the file, unless it is another one by now. */
void local_remove(const char *path, uint64_t file);

#define LOCAL_CONNECT_S 5 /* how long connecting waits for one who does not take connections */
/*
 * Connects to a path or a name from local_listen_unnamed().
 *   Returns  the socket (it blocks; sending for so long at a time), or -1 with ERR_NOT_FOUND (nobody
 *            listens there) or ERR_UNAVAILABLE.
 *   Blocks   for LOCAL_CONNECT_S at most.
 */
MUST_USE int local_connect(const char *path, struct error *err);
/* True when the process at the other end runs as our own user, or as root. */
bool local_peer_is_ours(int socket);

#endif
