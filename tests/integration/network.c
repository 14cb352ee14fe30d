/* SPDX-License-Identifier: Apache-2.0 */
/* A network, a file system view and a name server that only this program sees. */
#define _GNU_SOURCE /* unshare */
#include "network.h"

#include "unit.h"

#include "base/thread.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

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

struct sockaddr_in network_place(const char *address, int port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    assert_int_equal(inet_pton(AF_INET, address, &at.sin_addr), 1);
    return at;
}

static void start_names(void)
{
    struct sockaddr_in at = network_place("127.0.0.1", 53);
    names.socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    must(bind(names.socket, (const struct sockaddr *)&at, sizeof(at)) == 0, "bind");
    names.thread = thread_start("names", serve_names, NULL);
}

void network_enter(void)
{
    move_into_own_network();
    start_names();
}

unsigned network_asked(void)
{
    return atomic_load(&names.asked);
}

void network_turn(unsigned turn)
{
    atomic_store(&names.turn, turn);
}

void network_leave(void)
{
    struct sockaddr_in at = network_place("127.0.0.1", 53);
    atomic_store(&names.ending, true);
    (void)sendto(names.socket, "", 0, 0, (const struct sockaddr *)&at, sizeof(at));
    pthread_join(names.thread, NULL);
    close(names.socket);
}
