/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every command needs that touches rows: the data folder, the store, and the master key that
 * belongs to it. One process at a time has them open.
 */
#ifndef APP_HOME_H
#define APP_HOME_H

#include "app/config.h"
#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"

#include <stdbool.h>

struct store;
struct keyring;

/* How long to wait for a store that is in use, and how often to look. */
#define HOME_WAIT_MS 10000
#define HOME_PAUSE_MS 20

struct home {
    struct store *store;
    struct keyring *keyring;
    const char *key_file;
    bool key_created;
};

/*
 * Opens the store, making folder, store and key file where there are none. A key is made only for a
 * store that never had one, and standard error says so.
 *   Fails  CONFLICT while another process has it open (named by its process id) · any failure of the
 *          key file · a key that is not the store's, naming both
 */
MUST_USE struct home *home_open(const struct store_options *at, struct arena *arena,
                                struct error *err);
/*
 * The same for a server: waits, up to 10 s, for a command or an ending server to give the store free;
 * not for a server that answers at its socket.  Blocks.
 */
MUST_USE struct home *home_await(const struct store_options *at, struct arena *arena,
                                 struct error *err);
/*
 * Where the server of this data folder listens for commands. Another store has another socket, so
 * that no command reaches a server that serves something else.
 */
MUST_USE struct str home_socket(const struct store_options *at, struct arena *arena);
/* NULL is fine. */
void home_close(struct home *home);
AUTO_DEFINE(home, home_close)

#endif
