/* SPDX-License-Identifier: Apache-2.0 */
/* The connector "redis": sessions over a socket of our own, and the operation "redis-command". */
#ifndef CONNECTOR_REDIS_H
#define CONNECTOR_REDIS_H

#include "connector/connector.h"

extern const struct connector redis_connector;

#endif
