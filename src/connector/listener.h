/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who listens on a port, when it is not who was expected: a wrong port is one of the commonest
 * mistakes, and what a client library says of it helps nobody.
 */
#ifndef CONNECTOR_LISTENER_H
#define CONNECTOR_LISTENER_H

#include "base/error.h"
#include "connector/connector.h"

/*
 * After a session could not be opened for a reason that may mean a stranger: dials again (judged
 * again), hears what the other side says by itself, then sends it a line with nothing secret in it.
 * Known strangers make *err a SERVER_PROTOCOL that names them; else it stays as it is.
 *   Blocks  1.5 s at most, and not beyond `how`.
 */
void listener_explain(const struct upstream *upstream, const struct opening *how,
                      struct error *err);

/* How much of the time to keep for that, while nothing has come from the other side. */
struct deadline listener_reserve(const struct opening *how);

#endif
