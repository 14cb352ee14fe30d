/* SPDX-License-Identifier: Apache-2.0 */
/* TLS against servers of our own making: right, foreign, expired, called something else, silent. */
#include "unit.h"

#include "base/secret.h"
#include "base/thread.h"
#include "connector/tls.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOUR 3600L

struct server {
    int socket;
    X509 *certificate;
    EVP_PKEY *key;
    const char *says; /* instead of TLS */
};

static X509 *make_certificate(EVP_PKEY *key, const char *name, long from, long until)
{
    X509 *made = X509_new();
    X509V3_CTX context;
    X509_set_version(made, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
    X509_gmtime_adj(X509_getm_notBefore(made), from);
    X509_gmtime_adj(X509_getm_notAfter(made), until);
    X509_set_pubkey(made, key);
    X509_NAME *subject = X509_get_subject_name(made);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)"x", -1, -1, 0);
    X509_set_issuer_name(made, subject);
    X509V3_set_ctx(&context, made, made, NULL, NULL, 0);
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, &context, NID_subject_alt_name, name);
    assert_non_null(names);
    X509_add_ext(made, names, -1);
    X509_EXTENSION_free(names);
    assert_true(X509_sign(made, key, EVP_sha256()) > 0);
    return made;
}

static struct str pem_of(struct arena *arena, X509 *certificate)
{
    BIO *text = BIO_new(BIO_s_mem());
    char *bytes;
    PEM_write_bio_X509(text, certificate);
    long size = BIO_get_mem_data(text, &bytes);
    struct str pem = arena_str(arena, (struct str){ bytes, (size_t)size });
    BIO_free(text);
    return pem;
}

/* Shakes hands, sends back what it hears, says goodbye. */
static void *serve(void *context)
{
    struct server *server = context;
    char bytes[64];
    if (server->says) {
        (void)!write(server->socket, server->says, strlen(server->says));
        while (read(server->socket, bytes, sizeof(bytes)) > 0)
            continue;
        return NULL;
    }
    SSL_CTX *settings = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(settings, server->certificate);
    SSL_CTX_use_PrivateKey(settings, server->key);
    SSL *ssl = SSL_new(settings);
    SSL_set_fd(ssl, server->socket);
    if (SSL_accept(ssl) == 1) {
        int count = SSL_read(ssl, bytes, sizeof(bytes));
        if (count > 0)
            (void)SSL_write(ssl, bytes, count);
        (void)SSL_shutdown(ssl);
    }
    SSL_free(ssl);
    SSL_CTX_free(settings);
    return NULL;
}

struct attempt {
    const char *host, *names;
    enum tls_mode mode;
    long from, until;
    bool trusted;
    const char *says;
};

/* What is read back over the wire after "hello" was sent. */
static bool echoes(struct tls *tls)
{
    char back[16];
    size_t sent = 0, heard = 0;
    if (tls_write(tls, "hello", 5, &sent) != TLS_IO_DONE || sent != 5)
        return false;
    enum tls_io io;
    do
        io = tls_read(tls, back, sizeof(back), &heard);
    while (io == TLS_IO_WANTS_READ);
    return io == TLS_IO_DONE && heard == 5 && memcmp(back, "hello", 5) == 0;
}

/* ERR_NONE when it worked. */
static enum error_code try_tls(struct attempt attempt, bool *verified)
{
    AUTO(arena) arena = arena_new();
    int ends[2];
    struct error err = { 0 };
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    struct server server = { .socket = ends[1], .key = EVP_EC_gen("P-256"), .says = attempt.says };
    server.certificate = make_certificate(server.key, attempt.names, attempt.from,
                                          attempt.until ? attempt.until : attempt.from + HOUR);
    pthread_t thread = thread_start("server", serve, &server);
    struct upstream upstream = { .url = { .host = str_from(attempt.host) },
                                 .settings = { .tls_mode = attempt.mode } };
    if (attempt.trusted)
        upstream.settings.ca_pem = pem_of(arena, server.certificate);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    struct tls *tls =
        tls_open(ends[0], &upstream,
                 &(struct opening){ .by = deadline_in_ms(attempt.says ? 200 : 10000) }, &err);
    *verified = tls && tls_verified(tls);
    if (tls)
        assert_true(echoes(tls));
    tls_close(tls);
    close(ends[0]);
    pthread_join(thread, NULL);
    close(ends[1]);
    X509_free(server.certificate);
    EVP_PKEY_free(server.key);
    return err.code;
}

static void judges_certificates(void **state)
{
    static const struct {
        struct attempt attempt;
        enum error_code code;
        bool verified;
    } table[] = {
        { { "db.example", "DNS:db.example", TLS_MODE_VERIFY_FULL, -HOUR, HOUR, true, NULL },
          ERR_NONE,
          true },
        { { "db.in.example", "DNS:*.in.example", TLS_MODE_VERIFY_FULL, -HOUR, HOUR, true, NULL },
          ERR_NONE,
          true },
        { { "127.0.0.1", "IP:127.0.0.1", TLS_MODE_VERIFY_FULL, -HOUR, HOUR, true, NULL },
          ERR_NONE,
          true },
        { { "::1", "IP:::1", TLS_MODE_VERIFY_FULL, -HOUR, HOUR, true, NULL }, ERR_NONE, true },
        { { "db.example", "DNS:other.example", TLS_MODE_VERIFY_FULL, -HOUR, HOUR, true, NULL },
          ERR_TLS_WRONG_NAME,
          false },
        { { "127.0.0.1", "DNS:127.0.0.1", TLS_MODE_VERIFY_FULL, -HOUR, HOUR, true, NULL },
          ERR_TLS_WRONG_NAME,
          false },
        { { "db.example", "DNS:other.example", TLS_MODE_VERIFY_CA, -HOUR, HOUR, true, NULL },
          ERR_NONE,
          true },
        { { "db.example", "DNS:db.example", TLS_MODE_VERIFY_FULL, -HOUR, HOUR, false, NULL },
          ERR_TLS_UNTRUSTED,
          false },
        { { "db.example", "DNS:db.example", TLS_MODE_VERIFY_FULL, -2 * HOUR, -HOUR, true, NULL },
          ERR_TLS_EXPIRED,
          false },
        { { "db.example", "DNS:db.example", TLS_MODE_VERIFY_CA, HOUR, 2 * HOUR, true, NULL },
          ERR_TLS_EXPIRED,
          false },
        { { "db.example", "DNS:other.example", TLS_MODE_REQUIRE, -HOUR, HOUR, false, NULL },
          ERR_NONE,
          false },
        { { "db.example", "DNS:other.example", TLS_MODE_REQUIRE, -2 * HOUR, -HOUR, true, NULL },
          ERR_TLS_EXPIRED,
          false },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        bool verified;
        enum error_code code = try_tls(table[i].attempt, &verified);
        if (code != table[i].code || verified != table[i].verified)
            fail_msg("row %zu: %s, %s", i, error_code_row(code)->name,
                     verified ? "verified" : "not verified");
    }
}

static void knows_who_speaks_no_tls(void **state)
{
    struct attempt attempt = { "h",  "DNS:h", TLS_MODE_VERIFY_FULL,      -HOUR,
                               HOUR, true,    "-ERR unknown command\r\n" };
    bool verified;
    (void)state;
    assert_int_equal(try_tls(attempt, &verified), ERR_TLS_NOT_OFFERED);
    attempt.says = "";
    assert_int_equal(try_tls(attempt, &verified), ERR_DEADLINE_PASSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_certificates),
        cmocka_unit_test(knows_who_speaks_no_tls),
    };
    (void)signal(SIGPIPE, SIG_IGN);
    secret_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
