/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain secrets, in libsodium's guarded memory: pages of their own between guard pages, locked,
 * left out of core dumps, read-only once filled, overwritten when freed.
 */
#include "base/secret.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <sodium.h>

#include "base/crash.h"
#include "base/log.h"
#include "base/mem.h"

struct secret {
    size_t len;
    char *text;
};

void secret_init(void)
{
    if (sodium_init() < 0)
        crash_fatal("libsodium could not be started");
    /* What client libraries copy is out of our hands, so no core is written at all. */
    (void)setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
#ifndef TIELINE_SANITIZED /* the leak checker attaches to its own process, which this forbids */
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

static void warn_unlocked(void)
{
    static atomic_flag warned = ATOMIC_FLAG_INIT;
    if (!atomic_flag_test_and_set(&warned))
        log_warn("secrets may reach swap: the limit on locked memory (ulimit -l) is too low");
}

struct secret *secret_new(struct str plain)
{
    size_t size = plain.len > 0 ? plain.len : 1;
    struct secret *secret = NEW(secret);
    secret->len = plain.len;
    secret->text = sodium_malloc(size);
    if (!secret->text)
        crash_fatal("out of memory: the system refused %zu bytes for a secret", size);
    /* sodium_malloc() locks but does not say whether that worked; locking again does. */
    if (sodium_mlock(secret->text, size) != 0)
        warn_unlocked();
    if (plain.len > 0)
        memcpy(secret->text, plain.ptr, plain.len);
    (void)sodium_mprotect_readonly(secret->text); /* a secret is no less secret without */
    return secret;
}

void secret_free(struct secret *secret)
{
    if (!secret)
        return;
    sodium_free(secret->text);
    free(secret);
}

bool secret_use(const struct secret *secret, bool (*use)(struct str plain, void *context),
                void *context)
{
    return use((struct str){ secret->text, secret->len }, context);
}

size_t secret_len(const struct secret *secret)
{
    return secret->len;
}

void secret_wipe(void *memory, size_t size)
{
    if (size > 0)
        sodium_memzero(memory, size);
}

bool secret_equal(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    return a.len == 0 || sodium_memcmp(a.ptr, b.ptr, a.len) == 0;
}
