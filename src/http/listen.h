/* SPDX-License-Identifier: Apache-2.0 */
/* The listening socket. */
#ifndef HTTP_LISTEN_H
#define HTTP_LISTEN_H

#include "base/attr.h"
#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_listener {
    int socket;
    uint16_t port;    /* the real one */
    char host[64];    /* "127.0.0.1", "::1" */
    char address[80]; /* "127.0.0.1:8080", "[::1]:8080" */
};

/*
 * Binds and listens on "127.0.0.1:8080", "[::1]:8080", "localhost:8080"; port 0 = any free one.
 * Fails with BAD_REQUEST (not understood), CONFLICT (in use), UNAVAILABLE (the system refuses).
 */
MUST_USE bool http_listen(struct str listen, struct http_listener *out, struct error *err);

#endif
