/* SPDX-License-Identifier: Apache-2.0 */
/* The connector "postgresql": sessions over libpq, and the operation "postgresql-query". */
#ifndef CONNECTOR_POSTGRESQL_H
#define CONNECTOR_POSTGRESQL_H

#include "connector/connector.h"

extern const struct connector postgresql_connector;

/* "Do you speak TLS?" in its protocol (SSLRequest): a server says "S" or "N" to it, and nobody else. */
extern const char postgresql_ssl_request[8];

#endif
