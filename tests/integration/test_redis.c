/* SPDX-License-Identifier: Apache-2.0 */
/* The connector "redis" against a real server (REDISURL), and against some that are not. */
#include "proxy.h"
#include "upstream.h"

#include "base/thread.h"
#include "connector/redis.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define COMMAND(name, key) "\"command\":\"" name "\",\"key\":\"" key "\""
#define SET(key, value) COMMAND("SET", key) ",\"value\":" value
#define VALUE(value) "{\"value\":" value "}"

struct fixture {
    struct subject subject;
    struct conn *conn;
};

static int open_fixture(void **state)
{
    static struct fixture fixture;
    subject_init(&fixture.subject, &redis_connector, getenv("REDISURL"), NULL);
    fixture.conn = subject_session(&fixture.subject);
    *state = &fixture;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *fixture = *state;
    redis_connector.close(fixture->conn);
    subject_done(&fixture->subject);
    return 0;
}

static struct conn *conn_of(void **state)
{
    return ((struct fixture *)*state)->conn;
}

/* Runs a command of ours and of nobody else: only tests may. */
static void raw(const struct fixture *fixture, const char *command)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)fixture->subject.upstream.url.port),
        .sin_addr = { htonl(INADDR_LOOPBACK) },
    };
    char password[128], line[512], answer[512];
    const char *url = getenv("REDISURL"), *colon = strchr(strstr(url, "://") + 3, ':');
    (void)snprintf(password, sizeof(password), "%.*s", (int)(strchr(url, '@') - colon - 1),
                   colon + 1);
    int server = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(server, (const struct sockaddr *)&to, sizeof(to)), 0);
    int size = snprintf(line, sizeof(line), "AUTH %s\r\n%s\r\nQUIT\r\n", password, command);
    assert_int_equal(write(server, line, (size_t)size), size);
    while (read(server, answer, sizeof(answer)) > 0)
        continue;
    close(server);
}

static void knows_its_six_commands(void **state)
{
    struct conn *conn = conn_of(state);
    raw(*state, "DEL t:a");
    expect(conn, COMMAND("DEL", "t:a"), VALUE("0"));
    expect(conn, COMMAND("GET", "t:a"), VALUE("null"));
    expect(conn, COMMAND("EXISTS", "t:a"), VALUE("0"));
    expect(conn, SET("t:a", "\"x\""), VALUE("\"OK\""));
    expect(conn, COMMAND("GET", "t:a"), VALUE("\"x\""));
    expect(conn, COMMAND("EXISTS", "t:a"), VALUE("1"));
    expect(conn, COMMAND("DEL", "t:a"), VALUE("1"));
    expect(conn, COMMAND("INCR", "t:a"), VALUE("1"));
    expect(conn, COMMAND("DECR", "t:a"), VALUE("0"));
    expect(conn, COMMAND("DECR", "t:a"), VALUE("-1"));
    expect_error(conn, COMMAND("FLUSHALL", "t:a"), ERR_BAD_REQUEST, "");
}

static void stores_values_byte_for_byte(void **state)
{
    static const char *const table[][2] = {
        { "\"\"", "\"\"" },
        { "\"a\\r\\nDEL t:x\"", "\"a\\r\\nDEL t:x\"" },
        { "\"na\\u0000ïve\"", "\"na\\u0000ïve\"" },
        { "1.10", "\"1.10\"" },
        { "true", "\"true\"" },
        { "{\"a\":[1.10]}", "\"{\\\"a\\\":[1.10]}\"" },
        { "[]", "\"[]\"" },
    };
    struct conn *conn = conn_of(state);
    expect(conn, SET("t:x", "1"), VALUE("\"OK\""));
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        char config[256], output[256];
        (void)snprintf(config, sizeof(config), SET("t:v", "%s"), table[i][0]);
        (void)snprintf(output, sizeof(output), VALUE("%s"), table[i][1]);
        expect(conn, config, VALUE("\"OK\""));
        expect(conn, COMMAND("GET", "t:v"), output);
    }
    expect(conn, COMMAND("EXISTS", "t:x"), VALUE("1"));
    expect_error(conn, SET("t:v", "null"), ERR_INVALID_INPUT, "");
    expect_error(conn, COMMAND("SET", "t:v"), ERR_INVALID_INPUT, "");
    raw(*state, "SET t:v \"a\\xff\\x00\"");
    expect(conn, COMMAND("GET", "t:v"), VALUE("{\"base64\":\"Yf8A\"}"));
}

static void keeps_big_numbers_exact(void **state)
{
    struct conn *conn = conn_of(state);
    expect(conn, SET("t:n", "9007199254740991"), VALUE("\"OK\""));
    expect(conn, COMMAND("INCR", "t:n"), VALUE("9007199254740992"));
    expect(conn, COMMAND("INCR", "t:n"), VALUE("\"9007199254740993\""));
    expect(conn, SET("t:n", "-9223372036854775808"), VALUE("\"OK\""));
    expect_error(conn, COMMAND("DECR", "t:n"), ERR_SERVER_ERROR, "ERR");
    expect(conn, SET("t:n", "\"many\""), VALUE("\"OK\""));
    expect_error(conn, COMMAND("INCR", "t:n"), ERR_SERVER_ERROR, "ERR");
}

static void sets_on_conditions_and_for_a_time(void **state)
{
    struct conn *conn = conn_of(state);
    raw(*state, "DEL t:c");
    expect(conn, SET("t:c", "1") ",\"condition\":\"XX\"", VALUE("null"));
    expect(conn, SET("t:c", "1") ",\"condition\":\"NX\"", VALUE("\"OK\""));
    expect(conn, SET("t:c", "2") ",\"condition\":\"NX\"", VALUE("null"));
    expect(conn, COMMAND("GET", "t:c"), VALUE("\"1\""));
    expect(conn, SET("t:c", "3") ",\"condition\":\"XX\",\"expiry\":{\"milliseconds\":60000}",
           VALUE("\"OK\""));
    expect(conn, SET("t:c", "4") ",\"expiry\":{\"seconds\":60}", VALUE("\"OK\""));
    expect_error(conn, SET("t:c", "4") ",\"expiry\":{\"seconds\":60,\"milliseconds\":1}",
                 ERR_INVALID_INPUT, "");
    expect_error(conn, SET("t:c", "4") ",\"expiry\":{\"seconds\":0}", ERR_BAD_REQUEST, "");
    expect(conn, SET("t:c", "5") ",\"expiry\":{\"milliseconds\":1}", VALUE("\"OK\""));
    for (int64_t began = clock_us();; assert_true(clock_us() - began < 5000000)) {
        struct outcome outcome;
        borrow(conn, COMMAND("EXISTS", "t:c"), &outcome);
        bool gone = strcmp(buf_str(&outcome.output).ptr, VALUE("0")) == 0;
        outcome_done(&outcome);
        if (gone)
            break;
    }
}

static void takes_a_user_who_may_do_little(void **state)
{
    struct fixture *fixture = *state;
    struct subject subject;
    char url[256];
    raw(fixture, "ACL SETUSER little on >pass ~t:* +get");
    (void)snprintf(url, sizeof(url), "redis://little:pass@127.0.0.1:%lld",
                   (long long)fixture->subject.upstream.url.port);
    subject_init(&subject, &redis_connector, url, NULL);
    struct conn *conn = subject_session(&subject);
    assert_true(redis_connector.ping(conn, deadline_in_ms(5000)));
    expect(conn, COMMAND("GET", "t:none"), VALUE("null"));
    expect_error(conn, COMMAND("DEL", "t:none"), ERR_AUTH_FAILED, "NOPERM");
    expect_error(conn, COMMAND("GET", "other"), ERR_AUTH_FAILED, "NOPERM");
    redis_connector.close(conn);
    subject_done(&subject);
    raw(fixture, "ACL DELUSER little");
}

static void explains_a_wrong_type(void **state)
{
    struct outcome outcome;
    raw(*state, "DEL t:l");
    raw(*state, "LPUSH t:l 1");
    borrow(conn_of(state), COMMAND("GET", "t:l"), &outcome);
    assert_int_equal(outcome.err.code, ERR_SERVER_ERROR);
    assert_string_equal(outcome.err.server_code, "WRONGTYPE");
    assert_non_null(strstr(outcome.err.message, "holds a list"));
    assert_false(outcome.err.maybe_done);
    outcome_done(&outcome);
    expect(conn_of(state), COMMAND("DEL", "t:l"), VALUE("1"));
}

static void ends_when_cancelled(void **state)
{
    struct fixture *fixture = *state;
    struct conn *conn = subject_session(&fixture->subject);
    struct outcome outcome;
    atomic_bool cancelled = true;
    redis_connector.interrupt(conn);
    run_how(conn, COMMAND("INCR", "t:i"),
            (struct run_how){ .writes_allowed = true, .cancelled = &cancelled }, &outcome);
    assert_int_equal(outcome.result, STEP_FAILED);
    assert_int_equal(outcome.err.code, ERR_CANCELLED);
    outcome_done(&outcome);
    assert_false(redis_connector.reset(conn));
    redis_connector.close(conn);
}

static void knows_what_may_have_happened(void **state)
{
    struct subject subject;
    struct outcome outcome;
    (void)state;
    struct proxy *proxy = proxy_open(getenv("REDISURL"), (struct proxy_how){ 0 });
    subject_init(&subject, &redis_connector, proxy_url(proxy), NULL);
    struct conn *conn = subject_session(&subject);
    assert_true(redis_connector.ping(conn, deadline_in_ms(5000)));
    proxy_cut_after_next(proxy);
    run_how(conn, COMMAND("INCR", "t:m"), (struct run_how){ .writes_allowed = true }, &outcome);
    assert_int_equal(outcome.err.code, ERR_CONNECTION_LOST);
    assert_true(outcome.err.maybe_done);
    assert_true(conn->broken);
    outcome_done(&outcome);
    redis_connector.close(conn);
    proxy_close(proxy);
    subject_done(&subject);
}

static void says_why_it_could_not_sign_in(void **state)
{
    struct fixture *fixture = *state;
    struct error err;
    char url[256];
    long long port = fixture->subject.upstream.url.port;
    (void)snprintf(url, sizeof(url), "redis://default:s3cr%%20et@127.0.0.1:%lld", port);
    refused(&redis_connector, url, NULL, &err);
    assert_int_equal(err.code, ERR_AUTH_FAILED);
    assert_null(strstr(err.message, "s3cr"));
    (void)snprintf(url, sizeof(url), "redis://127.0.0.1:%lld", port);
    refused(&redis_connector, url, NULL, &err);
    assert_int_equal(err.code, ERR_AUTH_FAILED);
    assert_string_equal(err.server_code, "NOAUTH");
    (void)snprintf(url, sizeof(url), "%s/9999", getenv("REDISURL"));
    refused(&redis_connector, url, NULL, &err);
    assert_int_equal(err.code, ERR_DATABASE_MISSING);
    refused(&redis_connector, "redis://127.0.0.1:1", NULL, &err);
    assert_int_equal(err.code, ERR_REFUSED);
    (void)snprintf(url, sizeof(url), "rediss://default:x@127.0.0.1:%lld", port);
    refused(&redis_connector, url, NULL, &err);
    assert_int_equal(err.code, ERR_TLS_NOT_OFFERED);
}

static void judges_the_server_by_its_certificate(void **state)
{
    struct error err;
    char url[256], config[16384], pem[12288], *at = config;
    struct subject subject;
    struct trial trial = { 0 };
    (void)state;
    need_server("REDISTLSURL");
    need_server("TLSCA");
    refused(&redis_connector, getenv("REDISTLSURL"), NULL, &err);
    assert_int_equal(err.code, ERR_TLS_UNTRUSTED);
    (void)snprintf(url, sizeof(url), "redis%s", getenv("REDISTLSURL") + strlen("rediss"));
    refused(&redis_connector, url, NULL, &err);
    assert_int_equal(err.code, ERR_TLS_REQUIRED);

    FILE *file = fopen(getenv("TLSCA"), "r");
    assert_non_null(file);
    pem[fread(pem, 1, sizeof(pem) - 1, file)] = '\0';
    (void)fclose(file);
    at += snprintf(at, 64, "{\"tls\":{\"caPem\":\"");
    for (const char *c = pem; *c; c++) {
        if (*c == '\n')
            *at++ = '\\';
        *at++ = *c == '\n' ? 'n' : *c;
    }
    (void)snprintf(at, 8, "\"}}");
    subject_init(&subject, &redis_connector, getenv("REDISTLSURL"), config);
    struct conn *conn = redis_connector.open(
        &subject.upstream, &(struct opening){ deadline_in_ms(5000), NULL, &trial }, &err);
    if (!conn)
        fail_msg("%s", err.message);
    assert_int_equal(trial.tls, TLS_STATE_VERIFIED);
    assert_true(strncmp(trial.server_version, "Redis ", 6) == 0);
    expect(conn, SET("t:tls", "\"x\""), VALUE("\"OK\""));
    expect(conn, COMMAND("GET", "t:tls"), VALUE("\"x\""));
    redis_connector.close(conn);
    subject_done(&subject);
}

/* --- servers that are none -------------------------------------------------------------------- */

struct rogue {
    int listener;
    const char *answer;
    size_t repeat;
    struct subject subject;
};

/* Answers the first command in order, the second with something else, then says nothing more. */
static void *misbehave(void *context)
{
    struct rogue *rogue = context;
    char heard[512];
    int client = accept(rogue->listener, NULL, NULL);
    if (read(client, heard, sizeof(heard)) > 0 && write(client, "+PONG\r\n", 7) == 7 &&
        read(client, heard, sizeof(heard)) > 0)
        for (size_t i = 0; i < rogue->repeat; i++)
            if (send(client, rogue->answer, strlen(rogue->answer), MSG_NOSIGNAL) < 0)
                break;
    while (read(client, heard, sizeof(heard)) > 0)
        continue;
    close(client);
    return NULL;
}

static void survives_servers_that_lie(void **state)
{
    static const struct {
        const char *answer;
        size_t repeat;
        enum error_code code;
    } table[] = {
        { "$9223372036854775807\r\n", 1, ERR_DEADLINE_PASSED },
        { "$20000000\r\n0123456789abcdef", 1, ERR_DEADLINE_PASSED },
        { "*2147483647\r\n", 1, ERR_SERVER_PROTOCOL },
        { "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", 1, ERR_SERVER_PROTOCOL },
        { "%1\r\n", 1, ERR_SERVER_PROTOCOL },
        { "HTTP/1.1 400 Bad Request\r\n", 1, ERR_SERVER_PROTOCOL },
        { "", 1, ERR_DEADLINE_PASSED },
        { "+", 1, ERR_DEADLINE_PASSED },
        { "$99999999\r\n", 1, ERR_DEADLINE_PASSED },
        { "+0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 200000,
          ERR_RESULT_TOO_LARGE },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct rogue rogue = { .answer = table[i].answer, .repeat = table[i].repeat };
        struct sockaddr_in own = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
        socklen_t size = sizeof(own);
        char url[64];
        struct outcome outcome;
        rogue.listener = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(bind(rogue.listener, (const struct sockaddr *)&own, size), 0);
        assert_int_equal(listen(rogue.listener, 1), 0);
        assert_int_equal(getsockname(rogue.listener, (struct sockaddr *)&own, &size), 0);
        (void)snprintf(url, sizeof(url), "redis://127.0.0.1:%d", ntohs(own.sin_port));
        pthread_t thread = thread_start("rogue", misbehave, &rogue);
        subject_init(&rogue.subject, &redis_connector, url, NULL);
        struct conn *conn = subject_session(&rogue.subject);
        run_how(conn, COMMAND("GET", "k"),
                (struct run_how){ .ms = table[i].code == ERR_DEADLINE_PASSED ? 200 : 60000 },
                &outcome);
        if (outcome.err.code != table[i].code)
            fail_msg("%s: %s: %s", table[i].answer, error_code_row(outcome.err.code)->name,
                     outcome.err.message);
        assert_true(conn->broken);
        outcome_done(&outcome);
        redis_connector.close(conn);
        pthread_join(thread, NULL);
        close(rogue.listener);
        subject_done(&rogue.subject);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_its_six_commands),
        cmocka_unit_test(stores_values_byte_for_byte),
        cmocka_unit_test(keeps_big_numbers_exact),
        cmocka_unit_test(sets_on_conditions_and_for_a_time),
        cmocka_unit_test(takes_a_user_who_may_do_little),
        cmocka_unit_test(explains_a_wrong_type),
        cmocka_unit_test(ends_when_cancelled),
        cmocka_unit_test(knows_what_may_have_happened),
        cmocka_unit_test(says_why_it_could_not_sign_in),
        cmocka_unit_test(judges_the_server_by_its_certificate),
        cmocka_unit_test(survives_servers_that_lie),
    };
    prepare_process("REDISURL");
    return cmocka_run_group_tests(tests, open_fixture, close_fixture);
}
