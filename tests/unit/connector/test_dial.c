/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dials loopback only. getaddrinfo() is ours here, so that names answer what a test says, or hang; and
 * poll(), so that an answer can come when a wait for it is just over.
 */
#define _GNU_SOURCE /* ppoll */
#include "unit.h"

#include "base/mem.h"
#include "base/thread.h"
#include "connector/address.h"
#include "connector/connector.h"
#include "connector/dial.h"

#include <dirent.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool hang;        /* names that begin with "hang" do not answer */
    unsigned hanging; /* look-ups in that state */
    unsigned asked;
} names = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static struct addrinfo *answer_with(const char *text, struct addrinfo *next)
{
    struct {
        struct addrinfo info;
        struct sockaddr_storage address;
    } *made = xcalloc(1, sizeof(*made));
    struct address address;
    assert_true(address_parse(str_from(text), &address));
    made->address = address_with_port(&address, 1);
    made->info.ai_family = made->address.ss_family;
    made->info.ai_addr = (struct sockaddr *)&made->address;
    made->info.ai_next = next;
    return &made->info;
}

void freeaddrinfo(struct addrinfo *info)
{
    while (info) {
        struct addrinfo *next = info->ai_next;
        free(info);
        info = next;
    }
}

static void hang_while_told(void)
{
    (void)pthread_mutex_lock(&names.lock);
    names.hanging++;
    (void)pthread_cond_broadcast(&names.changed);
    while (names.hang)
        (void)pthread_cond_wait(&names.changed, &names.lock);
    names.hanging--;
    (void)pthread_cond_broadcast(&names.changed);
    (void)pthread_mutex_unlock(&names.lock);
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
    assert_null(service);
    assert_int_equal(hints->ai_flags, 0);
    assert_int_equal(hints->ai_family, AF_UNSPEC);
    (void)pthread_mutex_lock(&names.lock);
    names.asked++;
    (void)pthread_mutex_unlock(&names.lock);
    if (strncmp(name, "hang", 4) == 0)
        hang_while_told();
    if (strcmp(name, "none") == 0)
        return EAI_NONAME;
    if (strcmp(name, "again") == 0)
        return EAI_AGAIN;
    if (strcmp(name, "mixed") == 0)
        *out = answer_with("127.0.0.1", answer_with("169.254.169.254", NULL));
    else if (strcmp(name, "many") == 0)
        for (int i = 0; i < 40; i++)
            *out = answer_with("127.0.0.1", i == 0 ? NULL : *out);
    else if (strcmp(name, "late") == 0) {
        *out = answer_with("169.254.169.254", NULL);
        for (int i = 0; i < 20; i++)
            *out = answer_with("127.0.0.1", *out);
    } else if (strcmp(name, "second") == 0)
        *out = answer_with("127.0.0.2", answer_with("127.0.0.1", NULL));
    else
        *out = answer_with("127.0.0.1", NULL);
    return 0;
}

/* The wait ends late; before the one who waited can say so, what hangs is let go and answers. */
static atomic_bool answers_after_the_wait;

int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    struct timespec timeout = { timeout_ms / 1000, timeout_ms % 1000 * 1000000L };
    int ready = ppoll(fds, count, timeout_ms < 0 ? NULL : &timeout, NULL);
    if (ready != 0 || !atomic_exchange(&answers_after_the_wait, false))
        return ready;
    (void)pthread_mutex_lock(&names.lock);
    names.hang = false;
    (void)pthread_cond_broadcast(&names.changed);
    (void)pthread_mutex_unlock(&names.lock);
    assert_int_equal(ppoll(fds, 1, &(struct timespec){ .tv_sec = 10 }, NULL), 1);
    fds[0].revents = 0;
    return 0;
}

static struct egress *egress;

static int make_egress(void **state)
{
    (void)state;
    struct error err;
    egress = egress_new(EGRESS_OPEN, STR(""), &err);
    return egress ? 0 : -1;
}

static int free_egress(void **state)
{
    (void)state;
    egress_free(egress);
    return 0;
}

/* A listener on 127.0.0.1; its port. */
static int64_t listen_here(int *out)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    struct address loopback;
    assert_true(address_parse(STR("127.0.0.1"), &loopback));
    struct sockaddr_storage storage = address_with_port(&loopback, 1);
    struct sockaddr_in address;
    memcpy(&address, &storage, sizeof(address));
    address.sin_port = 0;
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 16), 0);
    socklen_t size = sizeof(address);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *out = fd;
    return ntohs(address.sin_port);
}

static void connects_and_reports_stages(void **state)
{
    (void)state;
    static const char *const hosts[] = { "127.0.0.1", "::ffff:127.0.0.1", "db", "many", "second" };
    int listener;
    int64_t port = listen_here(&listener);
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
        struct trial trial = { 0 };
        struct error err = { 0 };
        int fd = dial(str_from(hosts[i]), port, egress,
                      &(struct opening){ deadline_in_ms(5000), NULL, &trial }, &err);
        if (fd < 0)
            fail_msg("%s: %s", hosts[i], err.message);
        assert_true(trial.stages[STAGE_RESOLVE].reached && trial.stages[STAGE_RESOLVE].ok);
        assert_true(trial.stages[STAGE_CONNECT].reached && trial.stages[STAGE_CONNECT].ok);
        assert_true(trial.stages[STAGE_CONNECT].us >= 0 &&
                    trial.stages[STAGE_CONNECT].us < 5000000);
        assert_false(trial.stages[STAGE_TLS].reached);
        int type = 0;
        socklen_t size = sizeof(type);
        assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &type, &size), 0);
        assert_int_equal(type, 1);
        (void)close(fd);
    }
    (void)close(listener);
}

static void expect_failure(const char *host, int64_t port, enum error_code code,
                           const char *message, enum stage stage)
{
    struct trial trial = { 0 };
    struct error err = { 0 };
    assert_int_equal(dial(str_from(host), port, egress,
                          &(struct opening){ deadline_in_ms(2000), NULL, &trial }, &err),
                     -1);
    if (err.code != code || strcmp(err.message, message) != 0)
        fail_msg("%s: %s: %s", host, error_code_row(err.code)->name, err.message);
    assert_true(trial.stages[stage].reached && !trial.stages[stage].ok);
    assert_int_equal(trial.stages[STAGE_CONNECT].reached, stage == STAGE_CONNECT);
}

static void failures_have_their_codes(void **state)
{
    (void)state;
    int listener;
    int64_t port = listen_here(&listener);
    (void)close(listener);
    char message[128];
    (void)snprintf(message, sizeof(message), "connection refused by db:%d", (int)port);
    expect_failure("db", port, ERR_REFUSED, message, STAGE_CONNECT);
    (void)snprintf(message, sizeof(message), "connection refused by [::ffff:127.0.0.1]:%d",
                   (int)port);
    expect_failure("::ffff:127.0.0.1", port, ERR_REFUSED, message, STAGE_CONNECT);
    expect_failure("none", 5432, ERR_DNS_FAILED, "\"none\" could not be resolved: no such name",
                   STAGE_RESOLVE);
    expect_failure("again", 5432, ERR_DNS_FAILED,
                   "\"again\" could not be resolved: no name server answered", STAGE_RESOLVE);
    expect_failure("0177.0.0.1", 5432, ERR_INVALID_HOST,
                   "the host \"0177.0.0.1\" is not a canonical IPv4 address, such as 192.0.2.1",
                   STAGE_RESOLVE);
}

static void one_refused_address_refuses_the_name(void **state)
{
    (void)state;
    int listener;
    int64_t port = listen_here(&listener);
    static const char *const hosts[] = { "mixed", "late", "169.254.169.254", "0.0.0.0", "::" };
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
        char message[128];
        (void)snprintf(message, sizeof(message), "\"%s\" is an address this server may not reach",
                       hosts[i]);
        expect_failure(hosts[i], port, ERR_EGRESS_DENIED, message, STAGE_RESOLVE);
    }
    struct pollfd poller = { .fd = listener, .events = POLLIN };
    assert_int_equal(poll(&poller, 1, 0), 0);
    (void)close(listener);
}

static void a_silent_peer_costs_the_deadline(void **state)
{
    (void)state;
    int listener;
    int64_t port = listen_here(&listener);
    assert_int_equal(listen(listener, 0), 0);
    /* A full backlog drops what comes: fill it first. */
    int filling[4];
    unsigned filled = 0;
    struct error err = { 0 };
    while (filled < ARRAY_LEN(filling)) {
        filling[filled] = dial(STR("127.0.0.1"), port, egress,
                               &(struct opening){ .by = deadline_in_ms(100) }, &err);
        if (filling[filled] < 0)
            break;
        filled++;
    }
    assert_true(filled < ARRAY_LEN(filling));
    assert_int_equal(err.code, ERR_CONNECT_TIMEOUT);

    int64_t start = clock_us();
    struct trial trial = { 0 };
    assert_int_equal(dial(STR("many"), port, egress,
                          &(struct opening){ deadline_in_ms(300), NULL, &trial }, &err),
                     -1);
    assert_int_equal(err.code, ERR_CONNECT_TIMEOUT);
    assert_true(clock_us() - start >= 300000);
    assert_true(clock_us() - start < 2000000);
    for (unsigned i = 0; i < filled; i++)
        (void)close(filling[i]);
    (void)close(listener);
}

static void *dial_hanging_name(void *context)
{
    struct error err = { 0 };
    struct dial_target target;
    bool ok = dial_resolve(STR("hang"), 1, egress, &(struct opening){ .by = deadline_in_ms(200) },
                           &target, &err);
    *(enum error_code *)context = ok ? ERR_NONE : err.code;
    return NULL;
}

/* Look-ups that hang time out; other names and literal addresses do not wait for them. */
static void a_stuck_resolver_delays_nobody_else(void **state)
{
    (void)state;
    (void)pthread_mutex_lock(&names.lock);
    names.hang = true;
    (void)pthread_mutex_unlock(&names.lock);
    enum error_code codes[5];
    pthread_t threads[ARRAY_LEN(codes)];
    for (size_t i = 0; i < ARRAY_LEN(codes); i++)
        threads[i] = thread_start("asker", dial_hanging_name, &codes[i]);
    struct error err = { 0 };
    struct dial_target target;
    assert_true(dial_resolve(STR("127.0.0.1"), 1, egress,
                             &(struct opening){ .by = deadline_in_ms(0) }, &target, &err));
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        (void)pthread_join(threads[i], NULL);
        assert_int_equal(codes[i], ERR_DNS_TIMEOUT);
    }
    /* Both of the usual threads hang now; another takes their place. */
    assert_true(dial_resolve(STR("db"), 1, egress, &(struct opening){ .by = deadline_in_ms(2000) },
                             &target, &err));
    assert_int_equal(target.count, 1);

    (void)pthread_mutex_lock(&names.lock);
    assert_true(names.hanging >= 2);
    names.hang = false;
    (void)pthread_cond_broadcast(&names.changed);
    while (names.hanging > 0)
        (void)pthread_cond_wait(&names.changed, &names.lock);
    (void)pthread_mutex_unlock(&names.lock);
    for (int i = 0; i < 100; i++)
        assert_true(dial_resolve(STR("db"), 1, egress,
                                 &(struct opening){ .by = deadline_in_ms(2000) }, &target, &err));
}

static void no_time_left_asks_nobody_for_long(void **state)
{
    (void)state;
    struct error err = { 0 };
    struct dial_target target = { .count = 77 };
    (void)pthread_mutex_lock(&names.lock);
    names.hang = true;
    (void)pthread_mutex_unlock(&names.lock);
    int64_t start = clock_us();
    assert_false(dial_resolve(STR("hang"), 1, egress, &(struct opening){ .by = deadline_in_ms(0) },
                              &target, &err));
    assert_true(clock_us() - start < 1000000);
    assert_int_equal(err.code, ERR_DNS_TIMEOUT);
    assert_int_equal(target.count, 77);
    (void)pthread_mutex_lock(&names.lock);
    names.hang = false;
    (void)pthread_cond_broadcast(&names.changed);
    (void)pthread_mutex_unlock(&names.lock);
}

static unsigned open_files(void)
{
    DIR *folder = opendir("/proc/self/fd");
    unsigned count = 0;
    assert_non_null(folder);
    while (readdir(folder))
        count++;
    (void)closedir(folder);
    return count;
}

/* It is taken, or dropped, but it is somebody's. */
static void an_answer_right_after_the_wait_is_not_lost(void **state)
{
    (void)state;
    unsigned before = open_files();
    for (int i = 0; i < 3; i++) {
        struct error err = { 0 };
        struct dial_target target;
        (void)pthread_mutex_lock(&names.lock);
        names.hang = true;
        (void)pthread_mutex_unlock(&names.lock);
        atomic_store(&answers_after_the_wait, true);
        if (!dial_resolve(STR("hang"), 1, egress, &(struct opening){ .by = deadline_in_ms(20) },
                          &target, &err))
            assert_int_equal(err.code, ERR_DNS_TIMEOUT);
        assert_false(atomic_load(&answers_after_the_wait));
    }
    /* Fewer: what the test before left to the resolver has ended meanwhile. */
    assert_true(open_files() <= before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connects_and_reports_stages),
        cmocka_unit_test(failures_have_their_codes),
        cmocka_unit_test(one_refused_address_refuses_the_name),
        cmocka_unit_test(a_silent_peer_costs_the_deadline),
        cmocka_unit_test(a_stuck_resolver_delays_nobody_else),
        cmocka_unit_test(no_time_left_asks_nobody_for_long),
        cmocka_unit_test(an_answer_right_after_the_wait_is_not_lost),
    };
    return cmocka_run_group_tests(tests, make_egress, free_egress);
}
