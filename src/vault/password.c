/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords: argon2id, two at a time, so that many sign-ins cost time and not memory. */
#include "vault/password.h"

#include <pthread.h>
#include <string.h>

#include <sodium.h>

#include "base/crash.h"

#define PASSES 2
#define MEMORY_BYTES ((size_t)19 * 1024 * 1024)
#define AT_ONCE 2

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t room = PTHREAD_COND_INITIALIZER;
static int at_work;

static void enter(void)
{
    (void)pthread_mutex_lock(&lock);
    while (at_work == AT_ONCE)
        (void)pthread_cond_wait(&room, &lock);
    at_work++;
    (void)pthread_mutex_unlock(&lock);
}

static void leave(void)
{
    (void)pthread_mutex_lock(&lock);
    at_work--;
    (void)pthread_mutex_unlock(&lock);
    (void)pthread_cond_signal(&room);
}

static bool hash_plain(struct str plain, void *out)
{
    return crypto_pwhash_str_alg(out, plain.ptr, plain.len, PASSES, MEMORY_BYTES,
                                 crypto_pwhash_ALG_ARGON2ID13) == 0;
}

struct str password_hash(const struct secret *password, struct arena *arena)
{
    char text[crypto_pwhash_STRBYTES];
    enter();
    bool ok = secret_use(password, hash_plain, text);
    leave();
    if (!ok)
        crash_fatal("out of memory: no %zu bytes for hashing a password", MEMORY_BYTES);
    return arena_str(arena, str_from(text));
}

/*
 * What unknown users' passwords are compared with: the same parameters as a real one, and a salt and
 * hash of zeros, which no password is known to give.
 */
#define NOBODY                                                                                     \
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA"                                        \
    "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static bool match_plain(struct str plain, void *stored)
{
    return crypto_pwhash_str_verify(stored, plain.ptr, plain.len) == 0;
}

bool password_matches(const struct secret *password, struct str stored)
{
    char text[crypto_pwhash_STRBYTES] = NOBODY;
    bool known = str_set(stored) && stored.len < sizeof(text);
    if (known) {
        memcpy(text, stored.ptr, stored.len);
        text[stored.len] = '\0';
    }
    enter();
    bool same = secret_use(password, match_plain, text);
    leave();
    return same && known;
}
