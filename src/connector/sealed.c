/* SPDX-License-Identifier: Apache-2.0 */
/* Between what a person typed, a connection's row, and an upstream to dial. */
#include "connector/sealed.h"

#include <stdlib.h>

#include "base/mem.h"
#include "connector/dial.h"
#include "connector/tls.h"
#include "json/read.h"
#include "schema/decode.h"
#include "schema/encode.h"
#include "vault/seal.h"
#include "vault/token.h"

#define KEEP_KEY STR("{\"set\":true}")

/* --- seals --- */

/* Everything in clear that decides where a secret goes, and who gets to see it. */
static struct seal_bond bond_of(const struct connection_row *row,
                                const struct connection_config *config, struct str field,
                                struct arena *arena)
{
    static const struct tls_config none = { 0 };
    const struct tls_config *tls = config->tls ? config->tls : &none;
    const struct str trust[] = { tls->ca_pem, tls->client_cert_pem };
    return (struct seal_bond){
        .purpose = STR("connection"),
        .project_id = row->project_id,
        .connection_id = row->id,
        .field = field,
        .secret_version = row->secret_version,
        .kind = row->connection_type,
        .host = row->host,
        .port = row->port,
        .tls_mode = row->tls_mode,
        .trust = digest_texts(trust, ARRAY_LEN(trust), arena),
    };
}

static bool open_url(const struct connection_row *row, const struct connection_config *config,
                     const struct project_key *key, struct opened_upstream *opened,
                     struct error *err)
{
    struct seal_bond bond = bond_of(row, config, STR("connectionUrl"), opened->arena);
    return seal_open(key, &bond, row->connection_url, &opened->url, err);
}

static bool open_client_key(const struct connection_row *row,
                            const struct connection_config *config, const struct project_key *key,
                            struct opened_upstream *opened, struct error *err)
{
    struct seal_bond bond = bond_of(row, config, STR("clientKeyPem"), opened->arena);
    return seal_open(key, &bond, row->client_key, &opened->client_key, err);
}

/* --- parsing --- */

static bool copy_secret(struct str plain, void *context)
{
    *(struct secret **)context = secret_new(plain);
    return true;
}

struct parse {
    struct opened_upstream *opened;
    struct error *err;
};

static bool parse_url(struct str plain, void *context)
{
    struct parse *parse = context;
    struct upstream *upstream = &parse->opened->upstream;
    return url_parse(plain, &upstream->connector->rules, parse->opened->arena, &upstream->url,
                     &parse->opened->password, parse->err);
}

static bool decode_config(struct json_text text, struct arena *arena, struct connection_config *out,
                          struct error *err)
{
    struct str own = str_set(text.text) ? arena_str(arena, text.text) : STR("{}");
    if (schema_decode_text(&connection_config_shape, own, arena, out, err))
        return true;
    error_in_field(err, "config");
    return false;
}

/* Fills in everything but the URL's secret, which is in opened->url already. */
static bool complete(struct opened_upstream *opened, const struct connector *connector,
                     const struct connection_config *config, const struct egress *egress,
                     struct error *err)
{
    struct upstream *upstream = &opened->upstream;
    upstream->connector = connector;
    upstream->egress = egress;
    upstream->application_name = STR("tieline");
    struct parse parse = { opened, err };
    if (!secret_use(opened->url, parse_url, &parse) ||
        !settings_resolve(config, &upstream->url, &upstream->settings, err))
        return false;
    upstream->password = opened->password;
    upstream->client_key = opened->client_key;
    if (upstream->settings.client_cert_pem.len > 0 && !opened->client_key)
        return fail_field(err, ERR_BAD_REQUEST, "config.tls.clientKeyPem",
                          "required together with clientCertPem");
    return !connector->check || connector->check(&upstream->url, &upstream->settings, err);
}

static struct opened_upstream *opened_new(void)
{
    struct opened_upstream *opened = NEW(opened_upstream);
    opened->arena = arena_new();
    arena_wipe_on_reset(opened->arena);
    return opened;
}

void opened_upstream_free(struct opened_upstream *opened)
{
    if (!opened)
        return;
    secret_free(opened->url);
    secret_free(opened->password);
    secret_free(opened->client_key);
    arena_free(opened->arena);
    free(opened);
}

/* --- from input --- */

static bool keeps_key(const struct tls_config *tls)
{
    return tls && str_eq(tls->client_key_pem.text, KEEP_KEY);
}

/* Is any part of `tls` other than before? A secret is bound to where and how it is sent. */
static bool tls_changed(const struct tls_config *a, const struct tls_config *b)
{
    static const struct tls_config none = { 0 };
    a = a ? a : &none;
    b = b ? b : &none;
    bool key_changed = !keeps_key(b) && (str_set(b->client_key_pem.text) || keeps_key(a));
    return a->mode != b->mode || !str_eq(a->ca_pem, b->ca_pem) ||
           !str_eq(a->client_cert_pem, b->client_cert_pem) || key_changed;
}

/* The client key: typed anew, kept, or none. */
static bool take_client_key(struct opened_upstream *opened, const struct tls_config *tls,
                            const struct connection_row *before,
                            const struct connection_config *was, const struct project_key *key,
                            struct error *err)
{
    if (!tls || !str_set(tls->client_key_pem.text))
        return true;
    if (keeps_key(tls)) {
        if (!before || !str_set(before->client_key))
            return fail_field(err, ERR_BAD_REQUEST, "config.tls.clientKeyPem",
                              "there is no key to keep");
        return open_client_key(before, was, key, opened, err);
    }
    struct json *value =
        json_read(opened->arena, tls->client_key_pem.text, JSON_DUPLICATES_REFUSED, err);
    if (!value)
        return false;
    if (value->kind != JSON_STRING || value->text.len == 0)
        return fail_field(err, ERR_BAD_REQUEST, "config.tls.clientKeyPem",
                          "must be a PEM text, or {\"set\": true} to keep the present one");
    if (value->text.len > PEM_MAX)
        return fail_field(err, ERR_BAD_REQUEST, "config.tls.clientKeyPem",
                          "is longer than %zu bytes", PEM_MAX);
    opened->client_key = secret_new(value->text);
    return true;
}

/* A kept key goes where it went before, or it is typed again, like a password. */
static bool check_kept_key(const struct opened_upstream *opened,
                           const struct connection_row *before, bool tls_is_other,
                           struct error *err)
{
    const struct upstream *upstream = &opened->upstream;
    if (!tls_is_other && str_eq(upstream->url.host, before->host) &&
        upstream->url.port == before->port &&
        str_eq(str_from(tls_mode_names[upstream->settings.tls_mode]), before->tls_mode))
        return true;
    return fail_field(err, ERR_SECRET_REQUIRED, "config.tls.clientKeyPem",
                      "must be given again when host, port or tls change: a secret is bound to "
                      "where and how it is used");
}

/* What would fail at each dial, or be looked at by nobody, is told to the one who types it. */
static bool check_certificates(const struct upstream *upstream, struct error *err)
{
    enum tls_mode mode = upstream->settings.tls_mode;
    bool encrypts = mode != TLS_MODE_DISABLE;
    if (str_set(upstream->settings.ca_pem) && mode <= TLS_MODE_PREFER)
        return fail_field(err, ERR_BAD_REQUEST, "config.tls.caPem",
                          "is not looked at when TLS is \"%s\": choose verify-full or verify-ca%s",
                          tls_mode_names[mode], encrypts ? "" : ", or leave it out");
    if (str_set(upstream->settings.client_cert_pem) && !encrypts)
        return fail_field(err, ERR_BAD_REQUEST, "config.tls.clientCertPem",
                          "is shown to nobody when TLS is \"disable\"");
    return tls_check_pem(upstream, err);
}

static bool fill_from_input(struct opened_upstream *opened, const struct connection_input *input,
                            const struct connection_row *before, const struct project_key *key,
                            const struct egress *egress, struct error *err)
{
    struct connection_config config, was = { 0 };
    struct json_text text = input->config;
    if (before && !decode_config(before->config, opened->arena, &was, err))
        return false;
    if (!str_set(text.text) && before)
        text = before->config;
    if (!decode_config(text, opened->arena, &config, err))
        return false;
    if (input->url) {
        (void)secret_use(input->url, copy_secret, &opened->url);
    } else {
        if (!before)
            return fail_field(err, ERR_BAD_REQUEST, "connectionUrl", "required");
        if (tls_changed(was.tls, config.tls))
            return fail_field(err, ERR_SECRET_REQUIRED, "connectionUrl",
                              "must be given again when tls changes: a secret is bound to where "
                              "and how it is sent");
        if (!open_url(before, &was, key, opened, err))
            return false;
    }
    return take_client_key(opened, config.tls, before, &was, key, err) &&
           complete(opened, input->connector, &config, egress, err) &&
           check_certificates(&opened->upstream, err) &&
           (!keeps_key(config.tls) ||
            check_kept_key(opened, before, tls_changed(was.tls, config.tls), err));
}

struct opened_upstream *upstream_from_input(const struct connection_input *input,
                                            const struct connection_row *before,
                                            const struct project_key *key,
                                            const struct egress *egress, struct error *err)
{
    AUTO(opened_upstream) opened = opened_new();
    if (!fill_from_input(opened, input, before, key, egress, err))
        return NULL;
    return opened_upstream_take(&opened);
}

/* --- from a row --- */

static struct opened_upstream *unreadable(struct error *err)
{
    return fail_null(err, ERR_CONNECTION_UNREADABLE,
                     "the connection's secret cannot be read: enter its URL again");
}

struct opened_upstream *upstream_from_row(const struct connection_row *row,
                                          const struct project_key *key,
                                          const struct egress *egress, struct error *err)
{
    if (instant_set(row->deleted_at))
        return fail_null(err, ERR_CONNECTION_DELETED, "This connection was deleted");
    const struct connector *connector = connector_find(row->connection_type);
    AUTO(opened_upstream) opened = opened_new();
    struct connection_config config;
    struct error why;
    if (!connector || !decode_config(row->config, opened->arena, &config, &why) ||
        !open_url(row, &config, key, opened, &why) ||
        (str_set(row->client_key) && !open_client_key(row, &config, key, opened, &why)) ||
        !complete(opened, connector, &config, egress, &why))
        return unreadable(err);
    /* What stands beside the seal in clear must be what is inside. */
    const struct upstream *upstream = &opened->upstream;
    if (!str_eq(upstream->url.host, row->host) || upstream->url.port != row->port ||
        !str_eq(str_from(tls_mode_names[upstream->settings.tls_mode]), row->tls_mode))
        return unreadable(err);
    return opened_upstream_take(&opened);
}

/* --- to a row --- */

/* Seals what is open, under the row's columns as they now are. */
static void close_seals(const struct opened_upstream *opened,
                        const struct connection_config *config, const struct project_key *key,
                        struct arena *arena, struct connection_row *row)
{
    struct seal_bond bond = bond_of(row, config, STR("connectionUrl"), arena);
    row->connection_url = seal_close(key, &bond, opened->url, arena);
    row->client_key = STR_NULL;
    if (opened->client_key) {
        bond = bond_of(row, config, STR("clientKeyPem"), arena);
        row->client_key = seal_close(key, &bond, opened->client_key, arena);
    }
}

void connection_row_seal(const struct opened_upstream *opened, const struct connection_input *input,
                         const struct project_key *key, struct arena *arena,
                         struct connection_row *row)
{
    const struct upstream *upstream = &opened->upstream;
    struct connection_config config = { 0 };
    struct error err;
    row->connection_type = str_from(upstream->connector->name);
    row->url_redacted = arena_str(arena, upstream->url.redacted);
    row->host = arena_str(arena, upstream->url.host);
    row->port = upstream->url.port;
    row->tls_mode = str_from(tls_mode_names[upstream->settings.tls_mode]);
    struct json_text given = str_set(input->config.text) ? input->config : row->config;
    bool ok = decode_config(given, opened->arena, &config, &err);
    if (ok && str_set(input->config.text)) {
        if (config.tls && str_set(config.tls->client_key_pem.text))
            config.tls->client_key_pem.text = KEEP_KEY;
        row->config.text = schema_encode_text(&connection_config_shape, &config, arena);
    }
    if (!str_set(row->config.text))
        row->config.text = STR("{}");
    close_seals(opened, &config, key, arena, row);
}

static bool open_older(struct opened_upstream *opened, const struct connection_config *config,
                       const struct connection_row *row, const struct project_key *key,
                       struct error *err)
{
    struct seal_bond bond = bond_of(row, config, STR("connectionUrl"), opened->arena);
    if (!seal_open_older(key, &bond, row->connection_url, &opened->url, err))
        return false;
    bond.field = STR("clientKeyPem");
    return !str_set(row->client_key) ||
           seal_open_older(key, &bond, row->client_key, &opened->client_key, err);
}

bool connection_row_reseal(const struct project_key *key, struct arena *arena,
                           struct connection_row *row, struct error *err)
{
    const struct connector *connector = connector_find(row->connection_type);
    AUTO(opened_upstream) opened = opened_new();
    const struct upstream *upstream = &opened->upstream;
    struct connection_config config;
    struct error why;
    if (!connector || !decode_config(row->config, opened->arena, &config, &why) ||
        !open_older(opened, &config, row, key, &why) ||
        !complete(opened, connector, &config, NULL, &why) ||
        !str_eq(upstream->url.host, row->host) || upstream->url.port != row->port) {
        (void)unreadable(err);
        return false;
    }
    struct str mode = str_from(tls_mode_names[upstream->settings.tls_mode]);
    bool verifies_now = str_eq(row->tls_mode, STR("prefer")) && str_set(upstream->settings.ca_pem);
    if (!str_eq(mode, row->tls_mode) && !verifies_now) {
        (void)unreadable(err);
        return false;
    }
    row->tls_mode = mode;
    row->secret_version++;
    close_seals(opened, &config, key, arena, row);
    return true;
}
