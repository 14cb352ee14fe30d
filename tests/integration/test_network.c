/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names and networks as they can be: the system's own resolver asks a name server of the test's,
 * which may change its mind, and the network is one that nobody else has. For that the program moves
 * into a network and a file system view of its own first; where it may not, it fails.
 */
#define _GNU_SOURCE /* unshare */
#include "upstream.h"

#include "base/thread.h"
#include "connector/interrupt.h"
#include "connector/pool.h"
#include "connector/postgresql.h"
#include "connector/redis.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define OUTSIDE "11.0.0.1" /* what the policies take for an address of the wide world; ours here */

/* --- a network of our own --------------------------------------------------------------------- */

static void must(bool ok, const char *what)
{
    if (!ok) {
        perror(what);
        exit(1);
    }
}

static void write_text(const char *path, const char *text)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    must(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text), path);
    close(file);
}

/* The file `over` reads like this from here on, for this program only. */
static void cover(const char *over, const char *text)
{
    char path[] = "/tmp/tieline-test-network-XXXXXX";
    int file = mkstemp(path);
    must(file >= 0, "mkstemp");
    close(file);
    write_text(path, text);
    must(chmod(path, 0644) == 0 && mount(path, over, NULL, MS_BIND, NULL) == 0, over);
    must(unlink(path) == 0, path);
}

static void set_address(const char *interface, const char *text)
{
    struct ifreq request = { 0 };
    struct sockaddr_in address = { .sin_family = AF_INET };
    int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    (void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
    must(inet_pton(AF_INET, text, &address.sin_addr) == 1, text);
    memcpy(&request.ifr_addr, &address, sizeof(address));
    must(ioctl(any, SIOCSIFADDR, &request) == 0, interface);
    request.ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING;
    must(ioctl(any, SIOCSIFFLAGS, &request) == 0, interface);
    close(any);
}

static void move_into_own_network(void)
{
    char map[64];
    uid_t user = geteuid();
    gid_t group = getegid();
    must(unshare((user ? CLONE_NEWUSER : 0) | CLONE_NEWNS | CLONE_NEWNET) == 0, "unshare");
    if (user) {
        (void)snprintf(map, sizeof(map), "0 %u 1", user);
        write_text("/proc/self/uid_map", map);
        write_text("/proc/self/setgroups", "deny");
        (void)snprintf(map, sizeof(map), "0 %u 1", group);
        write_text("/proc/self/gid_map", map);
    }
    must(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "mount");
    cover("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n");
    cover("/etc/nsswitch.conf", "hosts: dns\n");
    set_address("lo", "127.0.0.1");
    set_address("lo:1", OUTSIDE);
}

/* --- a name server ---------------------------------------------------------------------------- */

#define QUERY_MAX 512
#define TYPE_A 1
#define TYPE_AAAA 28

static struct {
    int socket;
    atomic_uint asked; /* for addresses of the fourth version */
    atomic_uint turn;  /* which of an entry's answers is due */
    atomic_bool ending;
    pthread_t thread;
} names;

/* An answer is addresses with blanks between, "" for none, "!" for no such name, "?" for failure,
 * "-" for silence. The last one stays. */
static const struct name {
    const char *name;
    const char *answers[2];
} name_table[] = {
    { "stays.test", { OUTSIDE, OUTSIDE } },
    { "rebinds.test", { OUTSIDE, "127.0.0.1" } },
    { "metadata.test", { OUTSIDE, "169.254.169.254" } },
    { "mapped.test", { OUTSIDE, "::ffff:127.0.0.1" } },
    { "loop6.test", { OUTSIDE, "::1" } },
    { "sixtofour.test", { OUTSIDE, "2002:7f00:1::" } },
    { "nat64.test", { OUTSIDE, "64:ff9b::a9fe:a9fe" } },
    { "both.test", { OUTSIDE, OUTSIDE " 127.0.0.1" } },
    { "any.test", { OUTSIDE, "0.0.0.0" } },
    { "empty.test", { "", "" } },
    { "fails.test", { "?", "?" } },
    { "silent.test", { "-", "-" } },
};

static const struct name *find_name(const uint8_t *query, size_t size, char text[256])
{
    size_t at = 12, used = 0;
    while (at < size && query[at] && used + query[at] + 2 < 256) {
        memcpy(text + used, query + at + 1, query[at]);
        used += query[at];
        text[used++] = '.';
        at += (size_t)query[at] + 1;
    }
    text[used ? used - 1 : 0] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(name_table); i++)
        if (strcmp(name_table[i].name, text) == 0)
            return &name_table[i];
    return NULL;
}

static size_t add_record(uint8_t *reply, size_t at, int type, const char *address)
{
    uint8_t bytes[16];
    int family = strchr(address, ':') ? AF_INET6 : AF_INET;
    if ((family == AF_INET6) != (type == TYPE_AAAA) || inet_pton(family, address, bytes) != 1)
        return 0;
    size_t length = family == AF_INET6 ? 16 : 4;
    const uint8_t head[] = { 0xc0, 12, 0, (uint8_t)type, 0, 1, 0, 0, 0, 0, 0, (uint8_t)length };
    memcpy(reply + at, head, sizeof(head));
    memcpy(reply + at + sizeof(head), bytes, length);
    return sizeof(head) + length;
}

/* The size of the reply, which stands where the query stood; 0 for silence. */
static size_t answer_query(uint8_t query[QUERY_MAX], size_t size)
{
    char text[256];
    size_t end = 12;
    while (end < size && query[end])
        end += (size_t)query[end] + 1;
    end += 5;
    if (end > size)
        return 0;
    int type = query[end - 3];
    const struct name *name = find_name(query, size, text);
    unsigned turn = atomic_load(&names.turn);
    const char *answer = name ? name->answers[turn > 0] : "!";
    if (type == TYPE_A)
        atomic_fetch_add(&names.asked, 1);
    if (strcmp(answer, "-") == 0)
        return 0;
    query[2] = 0x85; /* an answer, with authority */
    query[3] = strcmp(answer, "!") == 0 ? 3 : strcmp(answer, "?") == 0 ? 2 : 0;
    memset(query + 6, 0, 6);
    char list[128];
    (void)snprintf(list, sizeof(list), "%s", answer);
    for (char *rest = list, *one; (one = strtok_r(rest, " ", &rest));) {
        size_t added = add_record(query, end, type, one);
        query[7] = (uint8_t)(query[7] + (added > 0));
        end += added;
    }
    return end;
}

static void *serve_names(void *context)
{
    uint8_t query[QUERY_MAX];
    struct sockaddr_in from;
    while (!atomic_load(&names.ending)) {
        socklen_t length = sizeof(from);
        ssize_t size = recvfrom(names.socket, query, 256, 0, (struct sockaddr *)&from, &length);
        size_t reply = size > 17 ? answer_query(query, (size_t)size) : 0;
        if (reply > 0)
            (void)sendto(names.socket, query, reply, 0, (const struct sockaddr *)&from, length);
    }
    return context;
}

static struct sockaddr_in place(const char *address, int port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    assert_int_equal(inet_pton(AF_INET, address, &at.sin_addr), 1);
    return at;
}

static void start_names(void)
{
    struct sockaddr_in at = place("127.0.0.1", 53);
    names.socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    must(bind(names.socket, (const struct sockaddr *)&at, sizeof(at)) == 0, "bind");
    names.thread = thread_start("names", serve_names, NULL);
}

static void stop_names(void)
{
    struct sockaddr_in at = place("127.0.0.1", 53);
    atomic_store(&names.ending, true);
    (void)sendto(names.socket, "", 0, 0, (const struct sockaddr *)&at, sizeof(at));
    pthread_join(names.thread, NULL);
    close(names.socket);
}

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
    struct sockaddr_in at = place(address, *port);
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
            atomic_store(&names.turn, 0);
            struct conn *conn = borrow_one(pool, &err);
            if (!conn)
                fail_msg("%s: %s", rows[i].host, err.message);
            conn->broken = true; /* so that the next one is dialled */
            pool_close(pool, conn);
            atomic_store(&names.turn, 1);
            unsigned asked = atomic_load(&names.asked);
            conn = borrow_one(pool, &err);
            if (conn || err.code != ERR_EGRESS_DENIED)
                fail_msg("%s: %s", rows[i].host, conn ? "let in" : err.message);
            assert_true(atomic_load(&names.asked) > asked);
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
    atomic_store(&names.turn, 1);
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
    struct sockaddr_in at = place("127.0.0.1", 0);
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
    move_into_own_network();
    (void)signal(SIGPIPE, SIG_IGN);
    secret_init();
    start_names();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_judged_at_every_dial),
        cmocka_unit_test(the_list_opens_a_range_at_a_port),
        cmocka_unit_test(the_network_fails_in_words),
        cmocka_unit_test(every_wait_on_the_way_can_be_ended),
        cmocka_unit_test(silence_has_its_end),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    stop_names();
    return failed;
}
