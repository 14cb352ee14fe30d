/* SPDX-License-Identifier: Apache-2.0 */
/* The list of all connectors: a new kind of upstream is a line here. */
#include "connector/connector.h"
#include "connector/postgresql.h"
#include "connector/redis.h"

const struct connector *const connector_registry[] = {
    &postgresql_connector,
    &redis_connector,
    NULL,
};

const struct connector *connector_find(struct str name)
{
    for (size_t i = 0; connector_registry[i]; i++)
        if (str_eq(str_from(connector_registry[i]->name), name))
            return connector_registry[i];
    return NULL;
}
