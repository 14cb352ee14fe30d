/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS over a socket of ours, for connectors whose library has none. The one place that includes
 * OpenSSL.
 *
 * The name goes to the server (SNI) and is checked against its certificate by the mode: verify-full
 * checks chain and name, verify-ca the chain, require and prefer nothing.
 */
#ifndef CONNECTOR_TLS_H
#define CONNECTOR_TLS_H

#include "base/attr.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/time.h"
#include "connector/settings.h"

#include <stdbool.h>
#include <stddef.h>

struct tls;

/*
 * Shakes hands over a connected, non-blocking socket, which stays the caller's.
 *   Fails   TLS_NOT_OFFERED, TLS_UNTRUSTED, TLS_WRONG_NAME, TLS_EXPIRED, TLS_FAILED,
 *           CONNECT_TIMEOUT, CONNECTION_LOST
 *   Blocks  until `by`.
 */
MUST_USE struct tls *tls_open(int socket, struct str host,
                              const struct connection_settings *settings,
                              const struct secret *client_key, struct deadline by,
                              struct error *err);
void tls_close(struct tls *tls);

/* What recv() and send() would do: bytes moved, 0 for the end, -1 with errno EAGAIN or another.
 * *events gets what to poll for when it is EAGAIN. */
long tls_read(struct tls *tls, void *out, size_t size, short *events);
long tls_write(struct tls *tls, const void *bytes, size_t size, short *events);

#endif
