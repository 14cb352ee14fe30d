/* SPDX-License-Identifier: Apache-2.0 */
/* tokens.*: access for programs, on behalf of the caller. */
#include "api/internal.h"

#include "store/tokens.h"
#include "vault/token.h"

struct token_list_output {
    struct array tokens;
};
static const struct field list_fields[] = {
    { FIELD_LIST("tokens", token_list_output, tokens, REQUIRED, &token_shape, "Newest first.") },
    { 0 },
};
static const struct shape list_shape = SHAPE(NULL, token_list_output, list_fields);

struct token_create_input {
    struct str name;
    int access;
    struct instant expires_at;
};
static const struct field create_fields[] = {
    { FIELD("name", token_create_input, name, REQUIRED, "What it is for."), .min = 1, .max = 100 },
    { FIELD_ENUM("access", token_create_input, access, OPTIONAL, token_access_names,
                 "read: queries only."),
      .fallback = "write" },
    { FIELD("expiresAt", token_create_input, expires_at, OPTIONAL,
            "When it ends by itself; absent: never.") },
    { 0 },
};
static const struct shape create_shape = SHAPE(NULL, token_create_input, create_fields);

struct token_create_output {
    struct token_row *token;
    struct str secret;
};
static const struct field created_fields[] = {
    { FIELD_SHAPE("token", token_create_output, token, REQUIRED, &token_shape, "The new token.") },
    { FIELD("secret", token_create_output, secret, REQUIRED,
            "What programs send. It is shown this once.") },
    { 0 },
};
static const struct shape created_shape = SHAPE(NULL, token_create_output, created_fields);

struct token_revoke_input {
    struct id token_id;
};
static const struct field revoke_fields[] = {
    { FIELD("tokenId", token_revoke_input, token_id, REQUIRED, "Id of the token.") },
    { 0 },
};
static const struct shape revoke_shape = SHAPE(NULL, token_revoke_input, revoke_fields);

static enum answer tokens_list(struct call *call, const void *input, void *output,
                               struct error *err)
{
    struct token_list_output *out = output;
    (void)input;

    AUTO(tx) tx = store_read(services_of(call)->store, scope_user(call->caller.user_id), err);
    if (!tx || !token_list(tx, call->caller.user_id, call->arena, &out->tokens, err))
        return FAILED;
    return DONE;
}

static bool insert_token(struct tx *tx, struct call *call, void *context, struct error *err)
{
    const struct token_row *row = context;
    return token_insert(tx, row, err) && api_audit(tx, call, row->id, err);
}

static enum answer tokens_create(struct call *call, const void *input, void *output,
                                 struct error *err)
{
    static const struct api_write how = { insert_token, NULL };
    const struct token_create_input *in = input;
    struct token_create_output *out = output;
    struct instant now = instant_now();
    struct new_token token;

    if (instant_set(in->expires_at) && in->expires_at.us <= now.us) {
        (void)fail_field(err, ERR_BAD_REQUEST, "expiresAt", "must be in the future");
        return FAILED;
    }
    token_make(call->arena, &token);
    out->secret = token.text;
    out->token = ARENA_NEW(call->arena, token_row);
    *out->token = (struct token_row){
        .id = id_new(),
        .user_id = call->caller.user_id,
        .name = in->name,
        .prefix = token.prefix,
        .token_hash = token.hash,
        .access = in->access ? in->access : TOKEN_WRITE,
        .created_at = now,
        .expires_at = in->expires_at,
    };
    return api_write(call, scope_user(call->caller.user_id), &how, out->token);
}

static bool revoke_token(struct tx *tx, struct call *call, void *context, struct error *err)
{
    const struct id *id = context;
    return token_delete(tx, call->caller.user_id, *id, err) && api_audit(tx, call, *id, err);
}

static enum answer tokens_revoke(struct call *call, const void *input, void *output,
                                 struct error *err)
{
    static const struct api_write how = { revoke_token, NULL };
    const struct token_revoke_input *in = input;
    (void)err;

    ((struct success *)output)->success = true;
    struct id *id = arena_copy(call->arena, &in->token_id, sizeof(in->token_id));
    return api_write(call, scope_user(call->caller.user_id), &how, id);
}

const struct procedure token_procedures[] = {
    { .path = "tokens.list",
      .kind = QUERY,
      .needs = SELF,
      .doc = "The caller's tokens.",
      .output = &list_shape,
      .run = tokens_list },
    { .path = "tokens.create",
      .kind = MUTATION,
      .needs = SELF,
      .doc = "Makes a token that acts for the caller.",
      .input = &create_shape,
      .output = &created_shape,
      .carries_secrets = true,
      .run = tokens_create },
    { .path = "tokens.revoke",
      .kind = MUTATION,
      .needs = SELF,
      .doc = "Ends a token of the caller.",
      .input = &revoke_shape,
      .output = &success_shape,
      .run = tokens_revoke },
    { 0 },
};
