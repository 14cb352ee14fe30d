/* SPDX-License-Identifier: Apache-2.0 */
/* The data folder: store and key. */
#include "app/home.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "http/local.h"
#include "store/meta.h"
#include "store/store.h"
#include "vault/keyring.h"
#include "vault/token.h"

static bool read_sentinel(struct home *home, struct arena *arena, struct str *out,
                          struct error *err)
{
    AUTO(tx) tx = store_read(home->store, scope_system(), err);
    return tx && meta_get(tx, META_KEY_SENTINEL, arena, out, err);
}

struct sentinel_write {
    struct write write;
    struct str sentinel;
};

static bool write_sentinel(struct tx *tx, struct write *write, struct error *err)
{
    const struct sentinel_write *self = CONTAINER_OF(write, struct sentinel_write, write);
    return meta_set(tx, META_KEY_SENTINEL, self->sentinel, err);
}

/* The store knows which key it belongs to before anything is sealed under it. */
static bool match_key(struct home *home, struct arena *arena, struct error *err)
{
    struct str sentinel;

    if (!read_sentinel(home, arena, &sentinel, err))
        return false;
    home->keyring = keyring_open(home->key_file, !str_set(sentinel), &home->key_created, err);
    if (!home->keyring)
        return false;
    if (str_set(sentinel)) {
        if (keyring_check(home->keyring, sentinel, err))
            return true;
        error_prefix(err, "key file \"%s\": ", home->key_file);
        return false;
    }
    struct sentinel_write write = {
        .write = { .scope = scope_system(), .run = write_sentinel },
        .sentinel = keyring_sentinel(home->keyring, arena),
    };
    return store_write(home->store, &write.write, err);
}

static struct home *open_home(const struct store_options *at, bool serves, struct arena *arena,
                              struct error *err)
{
    AUTO(home) home = ARENA_NEW(arena, home);
    struct store_config config = { .url = at->store, .serves = serves };

    if (!file_make_folder(arena_c(arena, at->data), err))
        return NULL;
    if (!str_set(config.url))
        config.url = arena_printf(arena, "sqlite:" STR_FMT "/tieline.db", STR_ARG(at->data));
    home->key_file = str_set(at->key_file)
                         ? arena_c(arena, at->key_file)
                         : arena_printf(arena, STR_FMT "/master.key", STR_ARG(at->data)).ptr;
    home->store = store_open(&config, err);
    if (!home->store) {
        if (err->code == ERR_CONFLICT && !store_url_is_remote(config.url))
            err->hint = "one server or command at a time uses a data folder";
        return NULL;
    }
    if (!match_key(home, arena, err))
        return NULL;
    if (home->key_created)
        (void)fprintf(stderr,
                      "Made the key file %s. Keep a copy: without it no saved connection opens.\n",
                      home->key_file);
    return home_take(&home);
}

struct home *home_open(const struct store_options *at, struct arena *arena, struct error *err)
{
    return open_home(at, false, arena, err);
}

static bool somebody_listens(const char *socket)
{
    struct error ignored;
    int connected = local_connect(socket, &ignored);

    if (connected >= 0)
        (void)close(connected);
    return connected >= 0;
}

struct home *home_await(const struct store_options *at, struct arena *arena, struct error *err)
{
    const char *socket = arena_c(arena, home_socket(at, arena));
    struct deadline by = deadline_in_ms(HOME_WAIT_MS);

    for (;;) {
        struct home *home = open_home(at, true, arena, err);
        if (home || err->code != ERR_CONFLICT || deadline_passed(by) || somebody_listens(socket))
            return home;
        (void)nanosleep(&(struct timespec){ .tv_nsec = HOME_PAUSE_MS * 1000000L }, NULL);
    }
}

struct str home_socket(const struct store_options *at, struct arena *arena)
{
    if (!str_set(at->store))
        return arena_printf(arena, STR_FMT "/tieline.sock", STR_ARG(at->data));
    struct str digest = str_slice(digest_texts(&at->store, 1, arena), 0, 16);
    return arena_printf(arena, STR_FMT "/tieline-" STR_FMT ".sock", STR_ARG(at->data),
                        STR_ARG(digest));
}

void home_close(struct home *home)
{
    if (!home)
        return;
    keyring_free(home->keyring);
    store_close(home->store);
    home->keyring = NULL;
    home->store = NULL;
}
