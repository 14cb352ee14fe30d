/* SPDX-License-Identifier: Apache-2.0 */
/* Environment, memory and signals. */
#include "app/process.h"

#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/attr.h"

#define ARENAS_PER_PROCESSOR 4 /* glibc's own limit is twice that */

extern char **environ;

/* Beginnings of names: libpq, OpenSSL, Kerberos, the resolver, client libraries to come, proxies. */
static const char *const foreign[] = {
    "PG",         "SSL",         "OPENSSL_",  "KRB5",     "GSS",        "LOCALDOMAIN",
    "RES_",       "HOSTALIASES", "MYSQL",     "MARIADB",  "MONGO",      "REDIS",
    "http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY",
    "ALL_PROXY",  "NO_PROXY",    "CURL_",     "NETRC",    "XDG_",
};

static bool is_foreign(const char *entry)
{
    for (size_t i = 0; i < ARRAY_LEN(foreign); i++) {
        if (strncmp(entry, foreign[i], strlen(foreign[i])) == 0)
            return true;
    }
    return false;
}

void process_clean_environment(void)
{
    char name[256];

    for (size_t i = 0; environ && environ[i];) {
        size_t len = strcspn(environ[i], "=");
        if (!is_foreign(environ[i]) || len >= sizeof(name)) {
            i++;
            continue;
        }
        (void)snprintf(name, sizeof(name), "%.*s", (int)len, environ[i]);
        if (unsetenv(name) != 0) /* NOLINT(concurrency-mt-unsafe): one thread */
            i++;                 /* stays: a name that cannot be one */
    }
    (void)setenv("HOME", "/nonexistent", 1); /* NOLINT(concurrency-mt-unsafe): one thread */
}

static sigset_t stop_signals(void)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    return set;
}

void process_prepare_memory(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    (void)mallopt(M_ARENA_MAX, ARENAS_PER_PROCESSOR * (int)(processors > 0 ? processors : 1));
}

void process_prepare_signals(void)
{
    sigset_t set = stop_signals();

    (void)signal(SIGPIPE, SIG_IGN);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
}

void process_wait_for_stop(void)
{
    sigset_t set = stop_signals();
    int got;

    while (sigwait(&set, &got) != 0)
        continue;
    (void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void process_notify(const char *state)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const char *path = getenv("NOTIFY_SOCKET"); /* NOLINT(concurrency-mt-unsafe): nobody sets */
    size_t len = path ? strlen(path) : 0;
    int to = len > 0 && len < sizeof(address.sun_path) ? socket(AF_UNIX, SOCK_DGRAM, 0) : -1;

    if (to < 0)
        return;
    memcpy(address.sun_path, path, len);
    if (path[0] == '@')
        address.sun_path[0] = '\0'; /* a name of the kernel's, not of the file system */
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    (void)sendto(to, state, strlen(state), 0, (const struct sockaddr *)&address, size);
    (void)close(to);
}
