/* SPDX-License-Identifier: Apache-2.0 */
/* TLS by OpenSSL 3, one context a session: settings differ, and sessions are opened seldom. */
#include "connector/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <poll.h>
#include <string.h>

#include "base/mem.h"
#include "connector/interrupt.h"

struct tls {
    SSL_CTX *context;
    SSL *ssl;
    bool verifies;
    const char *complaint;
};

static const char *openssl_reason(void)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    return reason ? reason : "no reason given";
}

static struct str ca_of(const struct upstream *upstream)
{
    return upstream->settings.ca_pem;
}

/* Are there certificates, and can each be read? Behind the last one OpenSSL finds no further line. */
static bool check_certificates(struct str pem, const char *field, struct error *err)
{
    BIO *text = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    size_t count = 0;
    ERR_clear_error();
    for (X509 *one; text && (one = PEM_read_bio_X509(text, NULL, NULL, NULL)); count++)
        X509_free(one);
    BIO_free(text);
    bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    bool ok = count > 0 && ended;
    if (!ok && ended)
        (void)fail_field(err, ERR_BAD_REQUEST, field, "holds no certificate in PEM form");
    else if (!ok)
        (void)fail_field(err, ERR_BAD_REQUEST, field, "certificate %zu in it cannot be read: %s",
                         count + 1, openssl_reason());
    ERR_clear_error();
    return ok;
}

static void add_authorities(SSL_CTX *context, struct str pem)
{
    BIO *text = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    X509_STORE *store = SSL_CTX_get_cert_store(context);
    for (X509 *one; text && (one = PEM_read_bio_X509(text, NULL, NULL, NULL));) {
        X509_STORE_add_cert(store, one);
        X509_free(one);
    }
    BIO_free(text);
}

static bool use_chain(SSL_CTX *context, struct str pem)
{
    BIO *text = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    X509 *own = text ? PEM_read_bio_X509(text, NULL, NULL, NULL) : NULL;
    bool ok = own && SSL_CTX_use_certificate(context, own) == 1;
    X509_free(own);
    /* The context owns what stands behind the first. */
    for (X509 *next; ok && (next = PEM_read_bio_X509(text, NULL, NULL, NULL));)
        ok = SSL_CTX_add_extra_chain_cert(context, next) == 1;
    BIO_free(text);
    return ok;
}

struct own_key {
    SSL_CTX *context;
    const char *wrong; /* in words, or NULL */
};

/* OpenSSL would ask the terminal. The signature is its. NOLINTNEXTLINE(readability-non-const-parameter) */
static int no_pass_phrase(char *room, int size, int writing, void *asked)
{
    (void)room;
    (void)size;
    (void)writing;
    *(bool *)asked = true;
    return -1;
}

static bool use_key(struct str pem, void *context)
{
    struct own_key *own = context;
    bool asked = false;
    BIO *text = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    EVP_PKEY *key = text ? PEM_read_bio_PrivateKey(text, NULL, no_pass_phrase, &asked) : NULL;
    if (asked)
        own->wrong = "is locked by a pass phrase: give the key without one";
    else if (!key)
        own->wrong = "holds no private key in PEM form";
    else if (SSL_CTX_use_PrivateKey(own->context, key) != 1 ||
             SSL_CTX_check_private_key(own->context) != 1)
        own->wrong = "is not the key of the certificate in clientCertPem";
    EVP_PKEY_free(key);
    BIO_free(text);
    return !own->wrong;
}

static bool set_identity(SSL_CTX *context, const struct upstream *upstream, enum error_code code,
                         struct error *err)
{
    struct str certificate = upstream->settings.client_cert_pem;
    struct own_key key = { context, NULL };
    if (str_set(certificate) && !use_chain(context, certificate))
        return fail_field(err, code, "config.tls.clientCertPem", "cannot be used: %s",
                          openssl_reason());
    if (upstream->client_key && !secret_use(upstream->client_key, use_key, &key))
        return fail_field(err, code, "config.tls.clientKeyPem", "%s", key.wrong);
    return true;
}

bool tls_check_pem(const struct upstream *upstream, struct error *err)
{
    struct str ca = ca_of(upstream), certificate = upstream->settings.client_cert_pem;
    if (str_set(ca) && !check_certificates(ca, "config.tls.caPem", err))
        return false;
    if (!str_set(certificate))
        return true;
    if (!check_certificates(certificate, "config.tls.clientCertPem", err))
        return false;
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    bool ok = context ? set_identity(context, upstream, ERR_BAD_REQUEST, err)
                      : fail(err, ERR_UNAVAILABLE, "could not set TLS up: %s", openssl_reason());
    SSL_CTX_free(context);
    ERR_clear_error();
    return ok;
}

static bool set_trust(struct tls *tls, const struct upstream *upstream, struct error *err)
{
    struct str ca = ca_of(upstream);
    enum tls_mode mode = upstream->settings.tls_mode;
    tls->verifies = mode >= TLS_MODE_VERIFY_CA || (mode == TLS_MODE_REQUIRE && str_set(ca));
    if (!tls->verifies)
        return true;
    SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, NULL);
    if (str_set(ca)) {
        add_authorities(tls->context, ca);
        return true;
    }
    return SSL_CTX_load_verify_file(tls->context, TLS_SYSTEM_CA) == 1 ||
           fail(err, ERR_TLS_FAILED, "could not read the system's authorities: %s", TLS_SYSTEM_CA);
}

static bool is_address(const char *host)
{
    unsigned char room[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, room) == 1 || inet_pton(AF_INET6, host, room) == 1;
}

/* Which name to ask for, and whether the certificate must be made out to it. */
static bool set_name(struct tls *tls, const struct upstream *upstream)
{
    AUTO(arena) arena = arena_new();
    const char *host = arena_c(arena, upstream->url.host);
    bool address = is_address(host);
    if (!address && SSL_set_tlsext_host_name(tls->ssl, host) != 1)
        return false;
    if (upstream->settings.tls_mode != TLS_MODE_VERIFY_FULL)
        return true;
    X509_VERIFY_PARAM *checks = SSL_get0_param(tls->ssl);
    X509_VERIFY_PARAM_set_hostflags(checks, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return address ? X509_VERIFY_PARAM_set1_ip_asc(checks, host) == 1
                   : X509_VERIFY_PARAM_set1_host(checks, host, 0) == 1;
}

static bool prepare(struct tls *tls, int socket, const struct upstream *upstream, struct error *err)
{
    tls->context = SSL_CTX_new(TLS_client_method());
    if (!tls->context || SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION) != 1)
        return fail(err, ERR_TLS_FAILED, "could not set TLS up: %s", openssl_reason());
    if (!set_trust(tls, upstream, err) ||
        !set_identity(tls->context, upstream, ERR_TLS_FAILED, err))
        return false;
    tls->ssl = SSL_new(tls->context);
    if (!tls->ssl || SSL_set_fd(tls->ssl, socket) != 1 || !set_name(tls, upstream))
        return fail(err, ERR_TLS_FAILED, "could not set TLS up: %s", openssl_reason());
    SSL_set_mode(tls->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return true;
}

static bool fail_verify(long verdict, const struct upstream *upstream, struct error *err)
{
    const char *words = X509_verify_cert_error_string(verdict);
    if (verdict == X509_V_ERR_CERT_HAS_EXPIRED || verdict == X509_V_ERR_CERT_NOT_YET_VALID)
        return fail(err, ERR_TLS_EXPIRED, "the server's certificate is out of date: %s", words);
    if (verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH)
        return fail(err, ERR_TLS_WRONG_NAME,
                    "the server's certificate is not made out to \"" STR_FMT "\"",
                    STR_ARG(upstream->url.host));
    return fail(err, ERR_TLS_UNTRUSTED, "the server's certificate is not trusted: %s", words);
}

static bool fail_handshake(struct tls *tls, const struct upstream *upstream, int outcome,
                           struct error *err)
{
    long verdict = SSL_get_verify_result(tls->ssl);
    unsigned long code = ERR_peek_last_error();
    if (tls->verifies && verdict != X509_V_OK)
        return fail_verify(verdict, upstream, err);
    if (ERR_GET_REASON(code) == SSL_R_WRONG_VERSION_NUMBER ||
        ERR_GET_REASON(code) == SSL_R_PACKET_LENGTH_TOO_LONG)
        return fail(err, ERR_TLS_NOT_OFFERED, "the server does not speak TLS on this port");
    if (outcome == SSL_ERROR_SYSCALL || outcome == SSL_ERROR_ZERO_RETURN ||
        ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
        /* A server that goes down does that; one that minds something of TLS says so. */
        return fail(err, ERR_CONNECTION_LOST,
                    "the server ended the connection during the TLS handshake");
    return fail(err, ERR_TLS_FAILED, "the TLS handshake failed: %s", openssl_reason());
}

static bool shake_hands(struct tls *tls, int socket, const struct upstream *upstream,
                        const struct opening *how, struct error *err)
{
    for (;;) {
        ERR_clear_error();
        int result = SSL_connect(tls->ssl);
        if (result == 1)
            return true;
        int outcome = SSL_get_error(tls->ssl, result);
        if (outcome != SSL_ERROR_WANT_READ && outcome != SSL_ERROR_WANT_WRITE)
            return fail_handshake(tls, upstream, outcome, err);
        short events = outcome == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
        enum waited waited = wait_ready(socket, events, how->by, how->stop);
        if (waited == WAITED_STOPPED)
            return fail_stopped(err);
        if (waited == WAITED_LATE)
            return fail(err, ERR_DEADLINE_PASSED, "the server did not agree on TLS in time");
    }
}

struct tls *tls_open(int socket, const struct upstream *upstream, const struct opening *how,
                     struct error *err)
{
    struct tls *tls = NEW(tls);
    if (prepare(tls, socket, upstream, err) && shake_hands(tls, socket, upstream, how, err))
        return tls;
    ERR_clear_error();
    SSL_free(tls->ssl);
    tls->ssl = NULL;
    tls_close(tls);
    return NULL;
}

void tls_close(struct tls *tls)
{
    if (!tls)
        return;
    if (tls->ssl)
        (void)SSL_shutdown(tls->ssl);
    ERR_clear_error();
    SSL_free(tls->ssl);
    SSL_CTX_free(tls->context);
    free(tls);
}

bool tls_verified(const struct tls *tls)
{
    return tls->verifies;
}

const char *tls_complaint(const struct tls *tls)
{
    return tls->complaint;
}

static enum tls_io outcome_of(struct tls *tls, int result)
{
    int outcome = SSL_get_error(tls->ssl, result);
    unsigned long code = ERR_peek_last_error();
    /* A mere end of the connection is none: a server that goes down leaves it at that. */
    if (outcome == SSL_ERROR_SSL && ERR_GET_REASON(code) != SSL_R_UNEXPECTED_EOF_WHILE_READING)
        tls->complaint = ERR_reason_error_string(code);
    if (outcome == SSL_ERROR_WANT_READ)
        return TLS_IO_WANTS_READ;
    if (outcome == SSL_ERROR_WANT_WRITE)
        return TLS_IO_WANTS_WRITE;
    return outcome == SSL_ERROR_ZERO_RETURN ? TLS_IO_END : TLS_IO_FAILED;
}

enum tls_io tls_read(struct tls *tls, void *to, size_t size, size_t *done)
{
    ERR_clear_error();
    int result = SSL_read_ex(tls->ssl, to, size, done);
    return result == 1 ? TLS_IO_DONE : outcome_of(tls, result);
}

enum tls_io tls_write(struct tls *tls, const void *from, size_t size, size_t *done)
{
    ERR_clear_error();
    int result = SSL_write_ex(tls->ssl, from, size, done);
    return result == 1 ? TLS_IO_DONE : outcome_of(tls, result);
}

bool tls_holds_bytes(const void *ssl)
{
    return ssl && SSL_pending(ssl) > 0;
}
