/* SPDX-License-Identifier: Apache-2.0 */
/* What several procedures need of saved connections. */
#include "api/internal.h"

#include "connector/connector.h"
#include "store/connections.h"
#include "store/projects.h"
#include "vault/keyring.h"

bool api_find_connection(struct call *call, struct id id, struct connection_row *out,
                         struct error *err)
{
    bool found;

    AUTO(tx) tx = store_read(services_of(call)->store, api_scope(call), err);
    if (!tx || !connection_find(tx, call->project_id, id, call->arena, out, &found, err))
        return false;
    return found || fail(err, ERR_NOT_FOUND, "no such connection");
}

bool api_unknown_connector(struct str type, struct error *err)
{
    struct buf known;

    buf_init(&known, 1024);
    for (size_t i = 0; connector_registry[i]; i++)
        buf_printf(&known, "%s%s", i > 0 ? ", " : "", connector_registry[i]->name);
    (void)fail_field(err, ERR_BAD_REQUEST, "connectionType",
                     "must be one of " STR_FMT ", not \"" STR_FMT "\"", STR_ARG(buf_str(&known)),
                     STR_ARG(str_cut(type, 40)));
    buf_done(&known);
    return false;
}

struct project_key *api_project_key(struct call *call, struct error *err)
{
    struct services *services = services_of(call);
    struct str wrapped;

    AUTO(tx) tx = store_read(services->store, api_scope(call), err);
    if (!tx || !project_find_key(tx, call->project_id, call->arena, &wrapped, err))
        return NULL;
    return keyring_open_project_key(services->keyring, call->project_id, wrapped, err);
}
