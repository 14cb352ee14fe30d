/* SPDX-License-Identifier: Apache-2.0 */
/* Who is at the other end: the socket's address, or what trusted proxies say.  Threads: any. */
#ifndef HTTP_PEER_H
#define HTTP_PEER_H

#include "base/attr.h"
#include "base/error.h"
#include "base/str.h"
#include "http/server.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#define HTTP_PEER_SIZE 46

/* Address ranges whose forwarded headers count. */
struct http_proxies;

/* cidrs: "10.0.0.0/8", "::1"; NULL ends, NULL for none. Fails with BAD_REQUEST naming the range. */
MUST_USE struct http_proxies *http_proxies_new(const char *const *cidrs, struct error *err);
void http_proxies_free(struct http_proxies *proxies);

/* Text of a socket's address; IPv4 in IPv6 clothes counts as IPv4, a Unix socket is "local". */
void http_peer_format(const struct sockaddr *address, char text[HTTP_PEER_SIZE]);
/*
 * Fills request->peer and ->secure from the socket's address and the request's headers: the last
 * address of X-Forwarded-For that is no trusted proxy's, and X-Forwarded-Proto.
 */
void http_peer_find(const struct http_proxies *proxies, struct str socket_peer,
                    struct http_request *request, struct arena *arena);

#endif
