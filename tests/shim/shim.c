/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls that fail on order: a library to be put in front of others by LD_PRELOAD, for tests.
 *
 *   SHIM_RULES="CALL[@SUFFIX]:WHAT:N[+],…"   the Nth call of that kind (N+: from it on) ends as WHAT
 *   SHIM_WHILE=FILE                          rules and clock count only while FILE exists
 *
 * CALL is malloc (with calloc and realloc), open, read, write, sync, connect, poll, resolve or
 * statfs; each stands for the functions of its family. SUFFIX narrows calls on files to those whose
 * name ends so. WHAT is the name of an error (ENOSPC), SHORT (a write of half of it, not an error),
 * or, for statfs, NFS.
 *
 *   SHIM_CLOCK="SECONDS"                     is added to CLOCK_REALTIME, which other clocks ignore
 *
 * A rule that has struck says so once in the file SHIM_LOG, if that is given.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define RULES_MAX 8
#define SHORT_WRITE (-1)
#define NETWORK_FILES (-2)

enum call {
    CALL_MALLOC,
    CALL_OPEN,
    CALL_READ,
    CALL_WRITE,
    CALL_SYNC,
    CALL_CONNECT,
    CALL_POLL,
    CALL_RESOLVE,
    CALL_STATFS,
    CALLS
};
static const char *const call_names[CALLS] = { "malloc",  "open", "read",    "write", "sync",
                                               "connect", "poll", "resolve", "statfs" };

static const struct {
    const char *name;
    int number;
} errors[] = {
    { "EIO", EIO },
    { "ENOSPC", ENOSPC },
    { "EMFILE", EMFILE },
    { "ENOMEM", ENOMEM },
    { "EINTR", EINTR },
    { "ECONNREFUSED", ECONNREFUSED },
    { "EDQUOT", EDQUOT },
    { "ENETUNREACH", ENETUNREACH },
    { "EAI_AGAIN", EAI_AGAIN },
    { "SHORT", SHORT_WRITE },
    { "NFS", NETWORK_FILES },
};

struct rule {
    enum call call;
    char suffix[32];
    int error;
    long from;
    bool on_and_on;
    atomic_long seen;
    atomic_flag told;
};

static struct rule rules[RULES_MAX];
static size_t rule_count;
static const char *while_file, *log_file;
static long clock_seconds;
static atomic_bool ready;

static void refuse_setting(void)
{
    static const char text[] = "shim: SHIM_RULES is not CALL[@SUFFIX]:WHAT:N[+],...\n";
    (void)!write(STDERR_FILENO, text, sizeof(text) - 1);
    _exit(97);
}

static void read_rule(char *text)
{
    struct rule *rule = &rules[rule_count++];
    char *what = strchr(text, ':');
    char *count = what ? strchr(what + 1, ':') : NULL;
    if (!count || rule_count == RULES_MAX)
        refuse_setting();
    *what++ = *count++ = '\0';
    char *suffix = strchr(text, '@');
    if (suffix) {
        *suffix++ = '\0';
        strncpy(rule->suffix, suffix, sizeof(rule->suffix) - 1);
    }
    rule->call = CALLS;
    for (int i = 0; i < CALLS; i++)
        if (strcmp(text, call_names[i]) == 0)
            rule->call = (enum call)i;
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        if (strcmp(what, errors[i].name) == 0)
            rule->error = errors[i].number;
    char *end;
    rule->from = strtol(count, &end, 10);
    rule->on_and_on = *end == '+';
    if (rule->call == CALLS || rule->error == 0 || rule->from < 1)
        refuse_setting();
}

__attribute__((constructor)) static void start(void)
{
    static char text[512];
    const char *given = getenv("SHIM_RULES"), *seconds = getenv("SHIM_CLOCK");
    while_file = getenv("SHIM_WHILE");
    log_file = getenv("SHIM_LOG");
    clock_seconds = seconds ? strtol(seconds, NULL, 10) : 0;
    if (given) {
        strncpy(text, given, sizeof(text) - 1);
        char *rest, *one = strtok_r(text, ",", &rest);
        for (; one; one = strtok_r(NULL, ",", &rest))
            read_rule(one);
    }
    atomic_store(&ready, true);
}

/* By the kernel itself: the C library's functions come back to us. */
static bool is_on(void)
{
    return !while_file || syscall(SYS_faccessat, AT_FDCWD, while_file, F_OK) == 0;
}

static bool name_fits(const struct rule *rule, int fd, const char *path)
{
    char link[32] = "/proc/self/fd/", name[4096];
    if (rule->suffix[0] == '\0')
        return true;
    if (!path) {
        char digits[12];
        int count = 0, at = 14;
        do
            digits[count++] = (char)('0' + fd % 10);
        while (fd /= 10);
        while (count > 0)
            link[at++] = digits[--count];
        long len = syscall(SYS_readlinkat, AT_FDCWD, link, name, sizeof(name) - 1);
        if (len < 0)
            return false;
        name[len] = '\0';
        path = name;
    }
    size_t len = strlen(path), end = strlen(rule->suffix);
    return len >= end && strcmp(path + len - end, rule->suffix) == 0;
}

static void tell(struct rule *rule)
{
    if (!log_file || atomic_flag_test_and_set(&rule->told))
        return;
    long fd = syscall(SYS_openat, AT_FDCWD, log_file, O_WRONLY | O_CREAT | O_APPEND, 0600);
    const char *name = call_names[rule->call];
    syscall(SYS_write, fd, name, strlen(name));
    syscall(SYS_write, fd, "\n", 1);
    syscall(SYS_close, fd);
}

/* What this call must end as; 0: go ahead. */
static int verdict(enum call call, int fd, const char *path)
{
    if (!atomic_load(&ready))
        return 0;
    for (size_t i = 0; i < rule_count; i++) {
        struct rule *rule = &rules[i];
        if (rule->call != call || !name_fits(rule, fd, path) || !is_on())
            continue;
        long seen = atomic_fetch_add(&rule->seen, 1) + 1;
        if (seen == rule->from || (rule->on_and_on && seen > rule->from)) {
            tell(rule);
            return rule->error;
        }
    }
    return 0;
}

static bool struck(enum call call, int fd, const char *path)
{
    int error = verdict(call, fd, path);
    if (error > 0)
        errno = error;
    return error > 0;
}

/* The next function of that name: the C library's. */
#define NEXT(name)                                                                                 \
    static __typeof__(&name) next;                                                                 \
    if (!next)                                                                                     \
    *(void **)&next = dlsym(RTLD_NEXT, #name)

/* --- memory --- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

EXPORT void *malloc(size_t size)
{
    return struck(CALL_MALLOC, -1, NULL) ? NULL : __libc_malloc(size);
}

EXPORT void *calloc(size_t count, size_t size)
{
    return struck(CALL_MALLOC, -1, NULL) ? NULL : __libc_calloc(count, size);
}

EXPORT void *realloc(void *old, size_t size)
{
    return struck(CALL_MALLOC, -1, NULL) ? NULL : __libc_realloc(old, size);
}

/* --- files --- */

static mode_t mode_of(int flags, va_list arguments)
{
    return flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

#define OPEN(name)                                                                                 \
    EXPORT int name(const char *path, int flags, ...)                                              \
    {                                                                                              \
        NEXT(name);                                                                                \
        va_list arguments;                                                                         \
        va_start(arguments, flags);                                                                \
        mode_t mode = mode_of(flags, arguments);                                                   \
        va_end(arguments);                                                                         \
        return struck(CALL_OPEN, -1, path) ? -1 : next(path, flags, mode);                         \
    }
OPEN(open)
OPEN(open64)

EXPORT ssize_t read(int fd, void *out, size_t size)
{
    NEXT(read);
    return struck(CALL_READ, fd, NULL) ? -1 : next(fd, out, size);
}

#define PREAD(name, offset_type)                                                                   \
    EXPORT ssize_t name(int fd, void *out, size_t size, offset_type at)                            \
    {                                                                                              \
        NEXT(name);                                                                                \
        return struck(CALL_READ, fd, NULL) ? -1 : next(fd, out, size, at);                         \
    }
PREAD(pread, off_t)
PREAD(pread64, off64_t)

/* Half of it on order, a byte at least. */
static bool shortened(int fd, size_t *size)
{
    int error = verdict(CALL_WRITE, fd, NULL);
    if (error == SHORT_WRITE && *size > 1)
        *size /= 2;
    if (error > 0)
        errno = error;
    return error > 0;
}

EXPORT ssize_t write(int fd, const void *bytes, size_t size)
{
    NEXT(write);
    return shortened(fd, &size) ? -1 : next(fd, bytes, size);
}

#define PWRITE(name, offset_type)                                                                  \
    EXPORT ssize_t name(int fd, const void *bytes, size_t size, offset_type at)                    \
    {                                                                                              \
        NEXT(name);                                                                                \
        return shortened(fd, &size) ? -1 : next(fd, bytes, size, at);                              \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

EXPORT int fsync(int fd)
{
    NEXT(fsync);
    return struck(CALL_SYNC, fd, NULL) ? -1 : next(fd);
}

EXPORT int fdatasync(int fd)
{
    NEXT(fdatasync);
    return struck(CALL_SYNC, fd, NULL) ? -1 : next(fd);
}

#define STATFS(name, type)                                                                         \
    EXPORT int name(const char *path, struct type *out)                                            \
    {                                                                                              \
        NEXT(name);                                                                                \
        int result = next(path, out);                                                              \
        if (result == 0 && verdict(CALL_STATFS, -1, path) == NETWORK_FILES)                        \
            out->f_type = NFS_SUPER_MAGIC;                                                         \
        return result;                                                                             \
    }
STATFS(statfs, statfs)
STATFS(statfs64, statfs64)

/* --- network --- */

EXPORT int connect(int fd, const struct sockaddr *to, socklen_t len)
{
    NEXT(connect);
    int error = verdict(CALL_CONNECT, -1, NULL);
    if (error == EINTR) /* which does not stop it */
        (void)next(fd, to, len);
    if (error == 0)
        return next(fd, to, len);
    errno = error;
    return -1;
}

EXPORT int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    NEXT(poll);
    return struck(CALL_POLL, -1, NULL) ? -1 : next(fds, count, timeout_ms);
}

EXPORT int __poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t size)
{
    (void)size;
    return poll(fds, count, timeout_ms);
}

EXPORT int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                       struct addrinfo **out)
{
    NEXT(getaddrinfo);
    int error = verdict(CALL_RESOLVE, -1, NULL);
    if (error == 0)
        return next(name, service, hints, out);
    if (error > 0)
        errno = error;
    return error > 0 ? EAI_SYSTEM : error;
}

/* --- clocks --- */

EXPORT int clock_gettime(clockid_t clock, struct timespec *out)
{
    NEXT(clock_gettime);
    int result = next(clock, out);
    if (result == 0 && clock == CLOCK_REALTIME && clock_seconds != 0 && is_on())
        out->tv_sec += clock_seconds;
    return result;
}

EXPORT time_t time(time_t *out)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}
