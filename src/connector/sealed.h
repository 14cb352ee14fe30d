/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what a person typed to a connection's row: parse, check, split off and seal the secrets, and
 * back from a row to an upstream. The one place that decides what is in clear beside a seal.
 */
#ifndef CONNECTOR_SEALED_H
#define CONNECTOR_SEALED_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"
#include "base/secret.h"
#include "connector/connector.h"
#include "store/connections.h"
#include "vault/keyring.h"

struct egress;

/* What a person typed; absent members mean "as before" when there is a row before. */
struct connection_input {
    const struct connector *connector;
    const struct secret *url; /* NULL: keep the row's */
    struct json_text config;  /* absent: keep the row's */
};

/*
 * An upstream with everything it needs, parsed and checked. `before` (NULL: none) is the row whose
 * secrets are kept where the input leaves them out. Changing `tls` without giving the URL is
 * BAD_REQUEST with reason SECRET_REQUIRED; malformed things name their field (connectionUrl,
 * config.pool.max …). Nothing is dialled.
 */
struct opened_upstream {
    struct upstream upstream;
    struct secret *url, *password, *client_key;
    struct arena *arena; /* of the parts, wiped */
};
MUST_USE struct opened_upstream *
upstream_from_input(const struct connection_input *input, const struct connection_row *before,
                    const struct project_key *key, const struct egress *egress, struct error *err);
/* CONNECTION_DELETED, CONNECTION_UNREADABLE. */
MUST_USE struct opened_upstream *upstream_from_row(const struct connection_row *row,
                                                   const struct project_key *key,
                                                   const struct egress *egress, struct error *err);
void opened_upstream_free(struct opened_upstream *opened);
AUTO_DEFINE(opened_upstream, opened_upstream_free)

/*
 * Fills the row's columns from an upstream made of input: redacted URL, config as given (client key
 * split off), host, port, tls_mode, seals under secret_version (set by the caller), texts in arena.
 */
void connection_row_seal(const struct opened_upstream *opened, const struct connection_input *input,
                         const struct project_key *key, struct arena *arena,
                         struct connection_row *row);

/*
 * A row whose seals an earlier build made (vault/seal.h) gets them as they are made today; texts in
 * the arena. A nearby host with caPem and no mode was `prefer` then, which looks at no certificate;
 * it becomes `verify-full`, as for new connections.
 *   Fails  CONNECTION_UNREADABLE; the row is as it was
 */
MUST_USE bool connection_row_reseal(const struct project_key *key, struct arena *arena,
                                    struct connection_row *row, struct error *err);

#endif
