/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server: everything that is made at start, in order, and closed in reverse.
 *
 *     store, key → auth → egress → manager → engine → blocking threads → rpc → http
 */
#ifndef APP_SERVER_H
#define APP_SERVER_H

#include "app/home.h"
#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"

struct server_options {
    struct store_options at;
    struct str listen, public_url, trusted_proxy, egress_allow, metrics_listen;
    int egress;
    struct opt_int workers, keep_executions_days, keep_executions;
};
extern const struct shape server_options_shape;

struct server;

/* The home stays the caller's, who closes it behind the server. Texts live in the arena. */
MUST_USE struct server *server_open(const struct server_options *options, struct home *home,
                                    struct arena *arena, struct error *err);
/*
 * A server for the time of one command: it answers on a Unix socket without a path, and carries
 * nothing out. For procedures that only touch the store.
 */
MUST_USE struct server *server_open_private(struct home *home, struct error *err);
/* What http/local.h connects to for that. */
struct str server_local_address(const struct server *server);
/* "127.0.0.1:8080", with the real port. */
struct str server_address(const struct server *server);
struct auth *server_auth(const struct server *server);
/* Takes no more requests, lets what runs end for a few seconds, closes. NULL is fine. */
void server_close(struct server *server);
AUTO_DEFINE(server, server_close)

#endif
