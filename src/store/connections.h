/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of project_connections. Names are unique among the connections of a project that are not
 * deleted. Deleting keeps the row, for history and references, and destroys what was sealed.
 */
#ifndef STORE_CONNECTIONS_H
#define STORE_CONNECTIONS_H

#include "store/store.h"

struct connection_row {
    struct id id, project_id;
    struct str connection_type; /* the connector's name */
    struct str name;
    struct str connection_url; /* sealed; only of connection_find() and connection_find_any() */
    struct str url_redacted;
    struct json_text config; /* as given, the client key replaced by {"set": true} */
    struct str host;
    int64_t port;
    struct str tls_mode;
    int64_t secret_version; /* rises when anything that the seals are bound to changes */
    struct str client_key;  /* sealed, or absent; of the same two functions */
    struct id created_by;
    struct instant created_at, updated_at, deleted_at;
};
extern const struct shape connection_shape; /* "Connection": output; connectionUrl is redacted */

/* ERR_CONFLICT, field "name", when the name is taken. */
MUST_USE bool connection_insert(struct tx *tx, const struct connection_row *row, struct error *err);
/*
 * Writes all that may change, if the row is still the one that was read: `was` is its updated_at
 * then, and row->updated_at must be later. Changed meanwhile: ERR_CONFLICT. Name taken: ERR_CONFLICT,
 * field "name". Deleted meanwhile: ERR_NOT_FOUND.
 */
MUST_USE bool connection_update(struct tx *tx, const struct connection_row *row, struct instant was,
                                struct error *err);
/* Frees the name and destroys the seals. ERR_NOT_FOUND when there is none (any more). */
MUST_USE bool connection_delete(struct tx *tx, struct id project_id, struct id id,
                                struct instant at, struct error *err);

/* Newest first, only what connection_shape shows; type absent: all. */
MUST_USE bool connection_list(struct tx *tx, struct id project_id, struct str type,
                              struct arena *arena, struct array *out, struct error *err);
/* Not the deleted ones. */
MUST_USE bool connection_find(struct tx *tx, struct id project_id, struct id id,
                              struct arena *arena, struct connection_row *out, bool *found,
                              struct error *err);
/* Also the deleted ones: look at deleted_at. */
MUST_USE bool connection_find_any(struct tx *tx, struct id project_id, struct id id,
                                  struct arena *arena, struct connection_row *out, bool *found,
                                  struct error *err);

/* --- sealing anew --- */

#define CONNECTION_RESEAL_MAX 256
/* Up to CONNECTION_RESEAL_MAX rows whose connection_url begins like that, behind `after` (or none) in
 * the order of ids. */
MUST_USE bool connection_sealed_like(struct tx *tx, struct id project_id, struct str beginning,
                                     struct id after, struct arena *arena, struct array *out,
                                     struct error *err);
/*
 * The row's seals, TLS mode and secret version, if it is still sealed as it was (`was`: its
 * connection_url then); nothing happens otherwise. What people see does not change, nor updated_at.
 */
MUST_USE bool connection_reseal(struct tx *tx, const struct connection_row *row, struct str was,
                                struct error *err);

/* --- who uses it --- */

struct connection_use_node {
    struct str id, name;
};
/* A workflow that is not deleted and whose latest version uses the connection. */
struct connection_use {
    struct id id;
    struct str name;
    bool active;
    struct array nodes; /* of struct connection_use_node */
};
extern const struct shape connection_use_shape; /* "ConnectionUse": output of connections.usage */

/* By name. */
MUST_USE bool connection_uses(struct tx *tx, struct id project_id, struct id id,
                              struct arena *arena, struct array *out, struct error *err);
/* Executions not yet ended whose workflow version uses it, also of deleted workflows. */
MUST_USE bool connection_open_executions(struct tx *tx, struct id project_id, struct id id,
                                         int64_t *out, struct error *err);

#endif
