/* SPDX-License-Identifier: Apache-2.0 */
/* TLS by OpenSSL: contexts from PEM texts, the handshake, and its failures in words. */
#include "connector/tls.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/arena.h"
#include "base/mem.h"

#define CA_BUNDLE "/etc/ssl/certs/ca-certificates.crt"

struct tls {
    SSL_CTX *context;
    SSL *ssl;
};

static bool is_address(const char *host)
{
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(host);
    bool is = address != NULL;
    ASN1_OCTET_STRING_free(address);
    return is;
}

static bool add_authorities(SSL_CTX *context, struct str pem, struct error *err)
{
    if (pem.len == 0) {
        if (SSL_CTX_load_verify_locations(context, CA_BUNDLE, NULL) == 1)
            return true;
        return fail(err, ERR_TLS_FAILED, "the list of authorities " CA_BUNDLE " cannot be read");
    }
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    X509_STORE *store = SSL_CTX_get_cert_store(context);
    unsigned count = 0;
    for (X509 *one; (one = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL; count++) {
        (void)X509_STORE_add_cert(store, one);
        X509_free(one);
    }
    BIO_free(bio);
    ERR_clear_error();
    return count > 0 || fail_field(err, ERR_TLS_FAILED, "config.tls.caPem",
                                   "holds no certificate in PEM form");
}

static bool use_key(struct str plain, void *context)
{
    BIO *bio = BIO_new_mem_buf(plain.ptr, (int)plain.len);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    bool ok = key && SSL_CTX_use_PrivateKey(context, key) == 1;
    EVP_PKEY_free(key);
    BIO_free(bio);
    return ok;
}

static bool add_client_certificate(SSL_CTX *context, struct str pem, const struct secret *key,
                                   struct error *err)
{
    if (pem.len == 0)
        return true;
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    X509 *own = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    bool ok = own && SSL_CTX_use_certificate(context, own) == 1;
    X509_free(own);
    for (X509 *next; ok && (next = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL;)
        ok = SSL_CTX_add_extra_chain_cert(context, next) == 1;
    BIO_free(bio);
    ERR_clear_error();
    if (!ok)
        return fail_field(err, ERR_TLS_FAILED, "config.tls.clientCertPem",
                          "holds no certificate in PEM form");
    if (!key || !secret_use(key, use_key, context))
        return fail_field(err, ERR_TLS_FAILED, "config.tls.clientKeyPem",
                          "holds no key in PEM form that fits the certificate");
    return true;
}

static bool prepare(struct tls *tls, const char *host, const struct connection_settings *settings,
                    const struct secret *client_key, struct error *err)
{
    tls->context = SSL_CTX_new(TLS_client_method());
    if (!tls->context)
        return fail(err, ERR_TLS_FAILED, "TLS could not be set up");
    SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION);
    bool verify = settings->tls_mode == TLS_MODE_VERIFY_CA ||
                  settings->tls_mode == TLS_MODE_VERIFY_FULL;
    SSL_CTX_set_verify(tls->context, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
    if ((verify && !add_authorities(tls->context, settings->ca_pem, err)) ||
        !add_client_certificate(tls->context, settings->client_cert_pem, client_key, err))
        return false;
    tls->ssl = SSL_new(tls->context);
    if (!tls->ssl)
        return fail(err, ERR_TLS_FAILED, "TLS could not be set up");
    bool address = is_address(host);
    if (!address)
        SSL_set_tlsext_host_name(tls->ssl, host);
    if (settings->tls_mode == TLS_MODE_VERIFY_FULL) {
        X509_VERIFY_PARAM *param = SSL_get0_param(tls->ssl);
        int ok = address ? X509_VERIFY_PARAM_set1_ip_asc(param, host)
                         : X509_VERIFY_PARAM_set1_host(param, host, 0);
        if (ok != 1)
            return fail(err, ERR_TLS_FAILED, "the host name cannot be checked");
    }
    return true;
}

/* Why a handshake failed, in the words of the four classic failures. */
static bool tell(struct tls *tls, struct error *err)
{
    long verdict = SSL_get_verify_result(tls->ssl);
    unsigned long code = ERR_peek_error();
    switch (verdict) {
    case X509_V_OK:
        break;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return fail(err, ERR_TLS_WRONG_NAME, "the certificate is for another name");
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return fail(err, ERR_TLS_EXPIRED, "the certificate has expired or is not valid yet");
    default:
        return fail(err, ERR_TLS_UNTRUSTED, "the certificate is not trusted: %s",
                    X509_verify_cert_error_string(verdict));
    }
    if (ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_WRONG_VERSION_NUMBER)
        return fail(err, ERR_TLS_NOT_OFFERED, "the server does not offer TLS");
    const char *reason = ERR_reason_error_string(code);
    return fail(err, ERR_TLS_FAILED, "the TLS handshake failed: %s",
                reason ? reason : "the server closed the connection");
}

static bool shake_hands(struct tls *tls, int socket, struct deadline by, struct error *err)
{
    for (;;) {
        ERR_clear_error();
        int result = SSL_connect(tls->ssl);
        if (result == 1)
            return true;
        int want = SSL_get_error(tls->ssl, result);
        if (want != SSL_ERROR_WANT_READ && want != SSL_ERROR_WANT_WRITE)
            return tell(tls, err);
        struct pollfd wait = { socket, want == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, 0 };
        if (poll(&wait, 1, deadline_left_ms(by)) == 0 && deadline_passed(by))
            return fail(err, ERR_CONNECT_TIMEOUT, "no answer to the TLS handshake in time");
    }
}

struct tls *tls_open(int socket, struct str host, const struct connection_settings *settings,
                     const struct secret *client_key, struct deadline by, struct error *err)
{
    struct tls *tls = NEW(tls);
    char *name = xstrdup(host);
    bool ok = prepare(tls, name, settings, client_key, err);
    if (ok && SSL_set_fd(tls->ssl, socket) != 1)
        ok = fail(err, ERR_TLS_FAILED, "TLS could not be set up");
    ok = ok && shake_hands(tls, socket, by, err);
    free(name);
    if (ok)
        return tls;
    tls_close(tls);
    return NULL;
}

void tls_close(struct tls *tls)
{
    if (!tls)
        return;
    SSL_free(tls->ssl);
    SSL_CTX_free(tls->context);
    free(tls);
}

static long result_of(struct tls *tls, int result, short *events)
{
    if (result > 0)
        return result;
    switch (SSL_get_error(tls->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        *events = POLLIN;
        errno = EAGAIN;
        return -1;
    case SSL_ERROR_WANT_WRITE:
        *events = POLLOUT;
        errno = EAGAIN;
        return -1;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    default:
        errno = ECONNRESET;
        return -1;
    }
}

long tls_read(struct tls *tls, void *out, size_t size, short *events)
{
    ERR_clear_error();
    return result_of(tls, SSL_read(tls->ssl, out, size > INT32_MAX ? INT32_MAX : (int)size),
                     events);
}

long tls_write(struct tls *tls, const void *bytes, size_t size, short *events)
{
    ERR_clear_error();
    return result_of(tls, SSL_write(tls->ssl, bytes, size > INT32_MAX ? INT32_MAX : (int)size),
                     events);
}
