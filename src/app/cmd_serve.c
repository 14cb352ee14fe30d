/* SPDX-License-Identifier: Apache-2.0 */
/* tieline serve */
#include "app/commands.h"

#include <stdio.h>

#include "app/process.h"
#include "app/server.h"
#include "auth/session.h"
#include "base/log.h"
#include "vault/keyring.h"

/* Printed where the server was started, never served: whoever holds it becomes the first user. */
static bool print_setup_token(const struct server *server, struct str public_url,
                              struct arena *arena, struct error *err)
{
    struct str token;
    bool needed;

    if (!auth_setup_required(server_auth(server), &needed, err))
        return false;
    if (!needed)
        return true;
    if (!auth_setup_token(server_auth(server), arena, &token, err))
        return false;
    if (!str_set(public_url))
        public_url = arena_printf(arena, "http://" STR_FMT, STR_ARG(server_address(server)));
    else if (str_ends(public_url, STR("/")))
        public_url.len--;
    (void)printf("Set-up token: " STR_FMT "\n"
                 "  Nobody can sign in yet. Make the first account in a browser, at\n"
                 "  " STR_FMT "/setup#token=" STR_FMT "\n"
                 "  or by \"tieline user add EMAIL --name NAME --admin\" on this machine.\n",
                 STR_ARG(token), STR_ARG(public_url), STR_ARG(token));
    return true;
}

static bool greet(const struct server *server, struct str public_url, struct arena *arena,
                  struct error *err)
{
    if (!print_setup_token(server, public_url, arena, err))
        return false;
    (void)printf("Listening on http://" STR_FMT "\n", STR_ARG(server_address(server)));
    (void)fflush(stdout);
    return true;
}

static enum exit_code serve(const void *options, struct arena *arena)
{
    const struct server_options *given = options;
    struct error err = { 0 };

    process_prepare_memory();
    process_prepare_signals();
    AUTO(home) home = home_await(&given->at, arena, &err);
    if (!home)
        return command_failed(&err);
    AUTO(server) server = server_open(given, home, arena, &err);
    if (!server || !greet(server, given->public_url, arena, &err))
        return command_failed(&err);
    log_info("server ready", LOG_STR("address", server_address(server)),
             LOG_STR("key", keyring_key_id(home->keyring)));
    process_notify("READY=1");
    process_wait_for_stop();
    process_notify("STOPPING=1");
    log_info("server stops");
    return EXIT_DONE;
}

const struct command command_serve = {
    .words = "serve",
    .doc = "Serves the API and carries out workflows, until Ctrl-C or SIGTERM.",
    .more = "Commands on this machine reach it through tieline.sock in the data folder, which only "
            "its\n"
            "own user and root may use.",
    .examples = "  tieline serve\n"
                "  tieline serve --data /var/lib/tieline --listen 127.0.0.1:9000",
    .options = &server_options_shape,
    .run = serve,
};
