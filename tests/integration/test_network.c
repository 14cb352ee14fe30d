/* SPDX-License-Identifier: Apache-2.0 */
/* Names and networks as they can be, and waits that end early. */
#include "network.h"
#include "upstream.h"

#include "base/thread.h"
#include "connector/interrupt.h"
#include "connector/pool.h"
#include "connector/postgresql.h"
#include "connector/redis.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- servers ---------------------------------------------------------------------------------- */

/* Listens on one port of two addresses: of the outside one it answers as Redis, of loopback it only
 * counts who comes, which must be nobody. */
struct servers {
    int outside, inside, port;
    atomic_uint served, trespassed;
    atomic_bool ending;
    pthread_t thread;
};

static int listen_at(const char *address, int *port)
{
    struct sockaddr_in at = network_place(address, *port);
    socklen_t length = sizeof(at);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (const struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(listener, 8), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &length), 0);
    *port = ntohs(at.sin_port);
    return listener;
}

static void answer_as_redis(int client)
{
    char bytes[256];
    while (recv(client, bytes, sizeof(bytes), 0) > 0)
        if (send(client, "+PONG\r\n", 7, MSG_NOSIGNAL) < 0)
            break;
    close(client);
}

static void *serve(void *context)
{
    struct servers *servers = context;
    struct pollfd fds[2] = { { servers->outside, POLLIN, 0 }, { servers->inside, POLLIN, 0 } };
    while (!atomic_load(&servers->ending)) {
        if (poll(fds, 2, 20) <= 0)
            continue;
        if (fds[1].revents) {
            atomic_fetch_add(&servers->trespassed, 1);
            close(accept(servers->inside, NULL, NULL));
        }
        if (fds[0].revents) {
            atomic_fetch_add(&servers->served, 1);
            answer_as_redis(accept(servers->outside, NULL, NULL));
        }
    }
    return NULL;
}

static void servers_open(struct servers *servers)
{
    memset(servers, 0, sizeof(*servers));
    servers->outside = listen_at(OUTSIDE, &servers->port);
    servers->inside = listen_at("127.0.0.1", &servers->port);
    servers->thread = thread_start("servers", serve, servers);
}

static void servers_close(struct servers *servers)
{
    atomic_store(&servers->ending, true);
    pthread_join(servers->thread, NULL);
    close(servers->outside);
    close(servers->inside);
}

/* --- tests ------------------------------------------------------------------------------------ */

static void judge_anew(struct subject *subject, enum egress_policy policy, const char *allow)
{
    struct error err = { 0 };
    egress_free(subject->egress);
    subject->egress = egress_new(policy, str_from(allow), &err);
    assert_non_null(subject->egress);
    subject->upstream.egress = subject->egress;
}

static struct conn *borrow_one(struct pool *pool, struct error *err)
{
    *err = (struct error){ 0 };
    struct pool_waiter waiter = { 0 };
    assert_true(pool_ask(pool, &waiter, DEADLINE_NEVER));
    struct conn *conn = pool_open(pool, deadline_in_ms(5000), NULL, err);
    if (!conn)
        pool_release_slot(pool);
    return conn;
}

static void a_name_is_judged_at_every_dial(void **state)
{
    static const struct {
        const char *host;
        bool open_too; /* denied by the policy "open" as well */
    } rows[] = {
        { "rebinds.test", false }, { "metadata.test", true },   { "mapped.test", false },
        { "loop6.test", false },   { "sixtofour.test", false }, { "nat64.test", true },
        { "both.test", false },    { "any.test", true },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (int policy = EGRESS_OPEN; policy <= EGRESS_STRICT; policy++) {
            if (policy == EGRESS_OPEN && !rows[i].open_too)
                continue;
            struct servers servers;
            struct subject subject;
            struct error err;
            char url[128];
            servers_open(&servers);
            (void)snprintf(url, sizeof(url), "redis://%s:%d", rows[i].host, servers.port);
            subject_init(&subject, &redis_connector, url, NULL);
            judge_anew(&subject, (enum egress_policy)policy, "");
            struct pool *pool = pool_new(&subject.upstream, NULL, NULL);
            network_turn(0);
            struct conn *conn = borrow_one(pool, &err);
            if (!conn)
                fail_msg("%s: %s", rows[i].host, err.message);
            conn->broken = true; /* so that the next one is dialled */
            pool_close(pool, conn);
            network_turn(1);
            unsigned asked = network_asked();
            conn = borrow_one(pool, &err);
            if (conn || err.code != ERR_EGRESS_DENIED)
                fail_msg("%s: %s", rows[i].host, conn ? "let in" : err.message);
            assert_true(network_asked() > asked);
            pool_unref(pool);
            servers_close(&servers);
            assert_int_equal(servers.served, 1);
            assert_int_equal(servers.trespassed, 0);
            subject_done(&subject);
        }
}

static void the_list_opens_a_range_at_a_port(void **state)
{
    (void)state;
    struct servers servers;
    struct error err;
    char url[128], allow[64];
    network_turn(1);
    servers_open(&servers);
    (void)snprintf(url, sizeof(url), "postgresql://u:p@rebinds.test:%d/d", servers.port);
    static const struct {
        const char *range;
        int port; /* 0: the right one */
        enum error_code code;
    } rows[] = {
        { "127.0.0.0/8", 0, ERR_CONNECTION_LOST },  { "127.0.0.0/8", 1, ERR_EGRESS_DENIED },
        { "127.0.0.1/32", 0, ERR_CONNECTION_LOST }, { "127.0.0.2/32", 0, ERR_EGRESS_DENIED },
        { "10.0.0.0/8", 0, ERR_EGRESS_DENIED },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct subject subject;
        subject_init(&subject, &postgresql_connector, url, NULL);
        (void)snprintf(allow, sizeof(allow), "%s:%d", rows[i].range,
                       rows[i].port ? rows[i].port : servers.port);
        judge_anew(&subject, EGRESS_STRICT, allow);
        struct conn *conn = postgresql_connector.open(
            &subject.upstream, &(struct opening){ .by = deadline_in_ms(5000) }, &err);
        assert_null(conn);
        if ((err.code == ERR_EGRESS_DENIED) != (rows[i].code == ERR_EGRESS_DENIED))
            fail_msg("%s: %s", allow, err.message);
        subject_done(&subject);
    }
    servers_close(&servers);
    assert_true(servers.trespassed > 0);
}

static void the_network_fails_in_words(void **state)
{
    static const struct {
        const char *host;
        enum error_code code;
        const char *message;
    } rows[] = {
        { "nowhere.test", ERR_DNS_FAILED, "\"nowhere.test\" could not be resolved: no such name" },
        { "empty.test", ERR_DNS_FAILED,
          "\"empty.test\" could not be resolved: the name has no address" },
        { "fails.test", ERR_DNS_FAILED,
          "\"fails.test\" could not be resolved: no name server answered" },
        { "192.0.2.1", ERR_UNREACHABLE, "etwork is unreachable" },
    };
    static const struct connector *const connectors[] = { &postgresql_connector, &redis_connector };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (size_t c = 0; c < ARRAY_LEN(connectors); c++) {
            char url[128];
            struct error err;
            (void)snprintf(url, sizeof(url), "%s://u:p@%s", connectors[c]->name, rows[i].host);
            refused(connectors[c], url, NULL, &err);
            if (err.code != rows[i].code || !strstr(err.message, rows[i].message))
                fail_msg("%s: %s: %s", url, error_code_row(err.code)->name, err.message);
            assert_non_null(connector_advice(connectors[c], &err));
        }
}

/* --- waits that end early --------------------------------------------------------------------- */

struct teller {
    struct interrupt stop;
    atomic_bool told;
    int64_t at_us;
};

static void *tell(void *context)
{
    struct teller *teller = context;
    (void)poll(NULL, 0, 300); /* until it waits for certain; any earlier is right too */
    teller->at_us = clock_us();
    atomic_store(&teller->told, true);
    interrupt_ring(teller->stop.bell);
    return NULL;
}

/* Fills the line of a listener that accepts nobody, so that whoever comes next is not answered. */
static int full_listener(int *port, int filling[8])
{
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = network_place("127.0.0.1", 0);
    socklen_t length = sizeof(at);
    assert_int_equal(bind(listener, (const struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(listener, 0), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &length), 0);
    *port = ntohs(at.sin_port);
    for (int i = 0; i < 8; i++) {
        filling[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(filling[i], (const struct sockaddr *)&at, sizeof(at));
    }
    return listener;
}

static void expect_stopped(const char *url, const char *config)
{
    bool redis = strncmp(url, "redis", 5) == 0;
    const struct connector *connector = redis ? &redis_connector : &postgresql_connector;
    struct subject subject;
    struct error err = { 0 };
    struct teller teller = { 0 };
    teller.stop = (struct interrupt){ interrupt_bell(), &teller.told };
    subject_init(&subject, connector, url, config);
    pthread_t thread = thread_start("teller", tell, &teller);
    struct conn *conn = connector->open(
        &subject.upstream, &(struct opening){ deadline_in_ms(20000), &teller.stop, NULL }, &err);
    int64_t late_us = clock_us();
    pthread_join(thread, NULL);
    close(teller.stop.bell);
    subject_done(&subject);
    assert_null(conn);
    if (err.code != ERR_CANCELLED)
        fail_msg("%s: %s: %s", url, error_code_row(err.code)->name, err.message);
    assert_true(late_us - teller.at_us < 2000000);
}

static void every_wait_on_the_way_can_be_ended(void **state)
{
    static const char patient[] = "{\"connectTimeoutMs\":20000}";
    char url[128];
    int port, filling[8], silent = 0;
    (void)state;
    expect_stopped("redis://silent.test", patient);
    expect_stopped("postgresql://u:p@silent.test", patient);
    int full = full_listener(&port, filling);
    (void)snprintf(url, sizeof(url), "redis://127.0.0.1:%d", port);
    expect_stopped(url, patient);
    (void)snprintf(url, sizeof(url), "postgresql://u:p@127.0.0.1:%d/d", port);
    expect_stopped(url, patient);
    for (int i = 0; i < 8; i++)
        close(filling[i]);
    close(full);
    /* Takes connections, and says nothing: TLS, signing in. */
    int quiet = listen_at("127.0.0.1", &silent);
    static const char *const forms[][2] = { { "redis://:p@", "" },
                                            { "rediss://:p@", "" },
                                            { "postgresql://u:p@", "/d" },
                                            { "postgresql://u:p@", "/d?sslmode=disable" } };
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        (void)snprintf(url, sizeof(url), "%s127.0.0.1:%d%s", forms[i][0], silent, forms[i][1]);
        expect_stopped(url, patient);
    }
    close(quiet);
}

static void silence_has_its_end(void **state)
{
    int port, filling[8];
    char url[128];
    struct error err;
    (void)state;
    refused(&redis_connector, "redis://silent.test", NULL, &err);
    assert_true(err.code == ERR_DNS_TIMEOUT || err.code == ERR_DNS_FAILED);
    int full = full_listener(&port, filling);
    for (int i = 0; i < 2; i++) {
        (void)snprintf(url, sizeof(url), "%s127.0.0.1:%d", i ? "postgresql://u:p@" : "redis://",
                       port);
        refused(i ? &postgresql_connector : &redis_connector, url, "{\"connectTimeoutMs\":300}",
                &err);
        assert_int_equal(err.code, ERR_CONNECT_TIMEOUT);
        assert_non_null(strstr(connector_advice(NULL, &err), "firewall"));
    }
    for (int i = 0; i < 8; i++)
        close(filling[i]);
    close(full);
}

int main(void)
{
    network_enter();
    (void)signal(SIGPIPE, SIG_IGN);
    secret_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_judged_at_every_dial),
        cmocka_unit_test(the_list_opens_a_range_at_a_port),
        cmocka_unit_test(the_network_fails_in_words),
        cmocka_unit_test(every_wait_on_the_way_can_be_ended),
        cmocka_unit_test(silence_has_its_end),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    network_leave();
    return failed;
}
