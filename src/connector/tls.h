/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS over a socket that is connected already: handshake with the checks that the connection's
 * settings ask for, then bytes. For protocols whose client library brings no TLS of its own.
 */
#ifndef CONNECTOR_TLS_H
#define CONNECTOR_TLS_H

#include "base/attr.h"
#include "base/error.h"
#include "base/time.h"
#include "connector/connector.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* What counts where a connection names no authorities of its own: Debian's bundle. */
#define TLS_SYSTEM_CA "/etc/ssl/certs/ca-certificates.crt"

struct tls;

/*
 * Shakes hands over a non-blocking socket, TLS 1.2 at least; the name is the URL's host. The modes
 * verify-ca and verify-full check the certificate, and so does require where an authority is given.
 *
 *   Fails   TLS_NOT_OFFERED (it does not speak TLS at all), TLS_UNTRUSTED, TLS_WRONG_NAME,
 *           TLS_EXPIRED, TLS_FAILED, DEADLINE_PASSED, CANCELLED
 *   Owns    the caller keeps the socket, and closes it after tls_close().
 */
MUST_USE struct tls *tls_open(int socket, const struct upstream *upstream,
                              const struct opening *how, struct error *err);
/*
 * Are the certificates and the key of these settings what they should be, and does the key belong to
 * the certificate?
 *   Fails  BAD_REQUEST, naming the field
 */
MUST_USE bool tls_check_pem(const struct upstream *upstream, struct error *err);
/* Frees; says goodbye to the peer without waiting for it. NULL is fine. */
void tls_close(struct tls *tls);
bool tls_verified(const struct tls *tls);
/* What the peer said when it ended TLS in the middle (it wants a client certificate, …), or NULL. */
const char *tls_complaint(const struct tls *tls);

enum tls_io {
    TLS_IO_DONE,
    TLS_IO_WANTS_READ,  /* again when the socket is readable */
    TLS_IO_WANTS_WRITE, /* … or writable */
    TLS_IO_END,         /* closed in order */
    TLS_IO_FAILED,
};
enum tls_io tls_read(struct tls *tls, void *to, size_t size, size_t *done);
enum tls_io tls_write(struct tls *tls, const void *from, size_t size, size_t *done);
/*
 * For a client library that does its own TLS by OpenSSL, and whose socket we watch: does `ssl`, its
 * SSL *, hold decrypted bytes that were not read yet? NULL holds none.
 */
bool tls_holds_bytes(const void *ssl);

#endif
