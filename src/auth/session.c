/* SPDX-License-Identifier: Apache-2.0 */
/* Who calls: bearer tokens, session cookies, and tokens of event streams. */
#include "auth/session.h"

#include <stdlib.h>
#include <string.h>

#include "auth/internal.h"
#include "base/mem.h"
#include "rpc/trpc.h"
#include "store/sessions.h"
#include "store/tokens.h"
#include "store/users.h"
#include "vault/token.h"

#define COOKIE STR("tieline_session")
#define COOKIE_TLS STR("__Host-tieline_session")
#define COOKIE_SECONDS (14 * 24 * 60 * 60)

struct auth *auth_new(const struct auth_config *config)
{
    struct auth *auth = NEW(auth);
    (void)pthread_mutex_init(&auth->lock, NULL);
    auth->store = config->store;
    auth->public_origin = xstrdup(config->public_origin);
    return auth;
}

void auth_free(struct auth *auth)
{
    if (!auth)
        return;
    (void)pthread_mutex_destroy(&auth->lock);
    free(auth->public_origin);
    free(auth);
}

/* --- last uses --- */

struct use_write {
    struct write write;
    struct id user_id, token_id; /* token none: a session */
    struct instant at;
};

static bool use_run(struct tx *tx, struct write *write, struct error *err)
{
    const struct use_write *use = CONTAINER_OF(write, struct use_write, write);
    return (!id_set(use->token_id) || token_set_used(tx, use->token_id, use->at, err)) &&
           user_set_seen(tx, use->user_id, use->at, err);
}

static void use_done(struct write *write, const struct error *err)
{
    (void)err; /* a nicety: the next use tries again */
    free(CONTAINER_OF(write, struct use_write, write));
}

static void note_use(struct auth *auth, const struct caller *caller)
{
    struct use_write *use = NEW(use_write);
    use->write = (struct write){ .scope = scope_system(), .run = use_run, .done = use_done };
    use->user_id = caller->user_id;
    use->token_id = caller->token_id;
    use->at = instant_now();
    store_submit(auth->store, &use->write);
}

/* --- tokens --- */

static bool refuse(struct error *err)
{
    return fail(err, ERR_UNAUTHORIZED, "the access token is unknown, revoked or expired");
}

/* The row whose token this is, or NULL. */
static const struct token_row *match(const struct array *rows, struct str token)
{
    const struct token_row *row = rows->items, *matching = NULL;
    for (size_t i = 0; i < rows->count; i++)
        if (token_matches(token, row[i].token_hash))
            matching = &row[i];
    return matching;
}

static bool load_token(struct auth *auth, struct str token, struct str prefix, struct str hash,
                       struct arena *arena, struct caller *out, bool *use, struct error *err)
{
    struct known_caller known = { .generation = store_rights_generation(auth->store) };
    AUTO(tx) tx = store_read(auth->store, scope_system(), err);
    struct array rows;
    if (!tx || !token_find_by_prefix(tx, prefix, arena, &rows, err))
        return false;
    const struct token_row *row = match(&rows, token);
    if (!row || (instant_set(row->expires_at) && instant_now().us >= row->expires_at.us))
        return refuse(err);
    memcpy(known.hash, hash.ptr, HASH_LEN);
    known.caller = (struct caller){
        .signed_in = true,
        .user_id = row->user_id,
        .admin = row->admin,
        .read_only = row->access == TOKEN_READ,
        .token_id = row->id,
    };
    known.expires_at = row->expires_at;
    known.used_at = row->last_used_at;
    memory_keep_caller(auth, &known, use);
    *out = known.caller;
    return true;
}

bool auth_token(struct auth *auth, struct str token, struct arena *arena, struct caller *out,
                struct error *err)
{
    struct str prefix;
    if (!token_prefix(token, &prefix))
        return refuse(err);
    struct str hash = token_hash(token, arena);
    bool use;
    struct caller caller;
    if (!memory_find_caller(auth, hash, &caller, &use) &&
        !load_token(auth, token, prefix, hash, arena, &caller, &use, err))
        return false;
    if (!id_set(caller.token_id))
        return refuse(err); /* a session's, which only counts as a cookie */
    if (use)
        note_use(auth, &caller);
    *out = caller;
    return true;
}

/* --- sessions --- */

static struct str cookie_name(const struct http_request *request)
{
    return request->secure ? COOKIE_TLS : COOKIE;
}

static bool load_session(struct auth *auth, struct str hash, struct arena *arena,
                         struct caller *out, bool *use, struct error *err)
{
    struct known_caller known = { .generation = store_rights_generation(auth->store) };
    AUTO(tx) tx = store_read(auth->store, scope_system(), err);
    struct session_row row;
    bool found;
    if (!tx || !session_find(tx, hash, arena, &row, &found, err))
        return false;
    if (!found || instant_now().us >= row.expires_at.us)
        return true;
    memcpy(known.hash, hash.ptr, HASH_LEN);
    known.caller = (struct caller){
        .signed_in = true,
        .user_id = row.user_id,
        .admin = row.admin,
        .session_id = row.id,
    };
    known.expires_at = row.expires_at;
    known.used_at = row.last_seen_at;
    memory_keep_caller(auth, &known, use);
    *out = known.caller;
    return true;
}

static bool auth_session(struct auth *auth, struct str token, struct arena *arena,
                         struct caller *out, struct error *err)
{
    struct str prefix;
    if (!token_prefix(token, &prefix))
        return true;
    struct str hash = token_hash(token, arena);
    struct caller caller = { 0 };
    bool use;
    if (!memory_find_caller(auth, hash, &caller, &use) &&
        !load_session(auth, hash, arena, &caller, &use, err))
        return false;
    if (!id_set(caller.session_id))
        return true;
    if (use)
        note_use(auth, &caller);
    *out = caller;
    return true;
}

/* --- requests --- */

static bool auth_header(struct auth *auth, struct str value, struct arena *arena,
                        struct caller *out, struct error *err)
{
    struct str rest = str_trim(value), scheme;
    if (!str_split(&rest, ' ', &scheme) || !str_eq_nocase(scheme, STR("Bearer")) || !str_set(rest))
        return fail(err, ERR_UNAUTHORIZED, "the Authorization header must be \"Bearer <token>\"");
    return auth_token(auth, str_trim(rest), arena, out, err);
}

/* The token of an event stream, whose client can set no header; or absent. */
static struct str stream_token(const struct http_request *request, struct arena *arena)
{
    struct str accept = http_header_find(request, STR("accept"));
    if (request->method != HTTP_GET || str_find(accept, STR("text/event-stream")) == accept.len)
        return STR_NULL;
    return rpc_connection_param(request, arena, STR("token"));
}

static bool auth_local(struct auth *auth, const struct http_request *request, struct arena *arena,
                       struct caller *out, struct error *err)
{
    struct str email = http_header_find(request, STR(AUTH_ACT_AS));
    if (!str_set(email)) {
        *out = (struct caller){ .signed_in = true, .admin = true, .is_operator = true };
        return true;
    }
    AUTO(tx) tx = store_read(auth->store, scope_system(), err);
    struct user_row user;
    bool found;
    if (!tx || !user_find_by_email(tx, email, arena, &user, &found, err))
        return false;
    if (!found)
        return fail(err, ERR_NOT_FOUND, "no user has the address \"" STR_FMT "\"",
                    STR_ARG(str_cut(email, 100)));
    *out = (struct caller){ .signed_in = true, .user_id = user.id, .admin = user.admin };
    return true;
}

bool auth_request(struct auth *auth, const struct http_request *request, struct arena *arena,
                  struct caller *out, struct error *err)
{
    if (request->local)
        return auth_local(auth, request, arena, out, err);
    struct caller caller = { 0 };
    struct str header = http_header_find(request, STR("authorization"));
    struct str cookie = http_cookie(request, cookie_name(request));
    if (str_set(header)) {
        if (!auth_header(auth, header, arena, &caller, err))
            return false;
    } else if (str_set(cookie) && !auth_session(auth, cookie, arena, &caller, err)) {
        return false;
    }
    struct str token = caller.signed_in ? STR_NULL : stream_token(request, arena);
    if (str_set(token) && !auth_token(auth, token, arena, &caller, err))
        return false;
    *out = caller;
    return true;
}

struct str auth_cookie(struct arena *arena, const struct http_request *request, struct str token)
{
    return arena_printf(arena, STR_FMT "=" STR_FMT "; Path=/; HttpOnly; SameSite=Lax; Max-Age=%d%s",
                        STR_ARG(cookie_name(request)), STR_ARG(str_set(token) ? token : STR("")),
                        str_set(token) ? COOKIE_SECONDS : 0, request->secure ? "; Secure" : "");
}
