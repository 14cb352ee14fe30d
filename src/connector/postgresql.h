/* SPDX-License-Identifier: Apache-2.0 */
/* The connector "postgresql": sessions over libpq, and the operation "postgresql-query". */
#ifndef CONNECTOR_POSTGRESQL_H
#define CONNECTOR_POSTGRESQL_H

#include "connector/connector.h"

extern const struct connector postgresql_connector;

#endif
