/* SPDX-License-Identifier: Apache-2.0 */
/* What auth remembers: callers by the hash of their token, rights by user and id, failed sign-ins. */
#include <string.h>

#include "auth/internal.h"

#define USE_EVERY_US ((int64_t)60 * 1000 * 1000)
#define FAILURE_WINDOW_US ((int64_t)60 * 1000 * 1000)
#define FAILURES_MAX 20
#define FAILURE_PLACES 8 /* looked at for one key */

/* Generations begin at 0, so an empty place must not look like one. */
static uint64_t generation_of(struct auth *auth)
{
    return store_rights_generation(auth->store) + 1;
}

/* --- callers --- */

static struct known_caller *caller_place(struct auth *auth, struct str hash)
{
    return &auth->callers[str_hash(hash) % KNOWN_CALLERS];
}

/* Under the lock: it is time to write a use down, and that will be done. */
static bool take_use(struct known_caller *known, struct instant now)
{
    bool due = now.us - known->used_at.us >= USE_EVERY_US;
    if (due)
        known->used_at = now;
    return due;
}

bool memory_find_caller(struct auth *auth, struct str hash, struct caller *out, bool *use)
{
    struct instant now = instant_now();
    uint64_t generation = generation_of(auth);
    (void)pthread_mutex_lock(&auth->lock);
    struct known_caller *known = caller_place(auth, hash);
    bool found = known->generation == generation && memcmp(known->hash, hash.ptr, HASH_LEN) == 0 &&
                 (!instant_set(known->expires_at) || now.us < known->expires_at.us);
    *use = found && take_use(known, now);
    if (found)
        *out = known->caller;
    (void)pthread_mutex_unlock(&auth->lock);
    return found;
}

void memory_keep_caller(struct auth *auth, const struct known_caller *known, bool *use)
{
    (void)pthread_mutex_lock(&auth->lock);
    struct known_caller *place =
        caller_place(auth, (struct str){ known->hash, sizeof(known->hash) });
    *place = *known;
    place->generation++;
    *use = take_use(place, instant_now());
    (void)pthread_mutex_unlock(&auth->lock);
}

/* --- rights --- */

static struct known_right *right_place(struct auth *auth, enum right_subject subject,
                                       struct id user_id, struct id id)
{
    uint64_t hash = id_hash(user_id) * 31 ^ id_hash(id) ^ (uint64_t)subject << 20;
    return &auth->rights[(hash >> 8) % KNOWN_RIGHTS];
}

bool memory_find_right(struct auth *auth, enum right_subject subject, struct id user_id,
                       struct id id, struct right_row *out)
{
    uint64_t generation = generation_of(auth);
    (void)pthread_mutex_lock(&auth->lock);
    const struct known_right *known = right_place(auth, subject, user_id, id);
    bool found = known->generation == generation && known->subject == subject &&
                 id_eq(known->user_id, user_id) && id_eq(known->id, id);
    if (found)
        *out = known->right;
    (void)pthread_mutex_unlock(&auth->lock);
    return found;
}

void memory_keep_right(struct auth *auth, const struct known_right *known)
{
    (void)pthread_mutex_lock(&auth->lock);
    struct known_right *place = right_place(auth, known->subject, known->user_id, known->id);
    *place = *known;
    place->generation++;
    (void)pthread_mutex_unlock(&auth->lock);
}

/* --- failed sign-ins --- */

static uint64_t failure_key(struct str email, struct str peer)
{
    uint64_t hash = str_hash(peer);
    for (size_t i = 0; i < email.len; i++) {
        char c = email.ptr[i];
        hash = (hash ^ (uint64_t)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c)) * 1099511628211U;
    }
    return hash ? hash : 1;
}

/* The key's place, or the one to give up for it: free, run out, or the oldest. */
static struct failures *failure_place(struct auth *auth, uint64_t key)
{
    struct failures *oldest = NULL;
    for (size_t i = 0; i < FAILURE_PLACES; i++) {
        struct failures *place = &auth->failures[(key + i) % FAILURES];
        if (place->key == key)
            return place;
        if (!oldest || place->since_us < oldest->since_us)
            oldest = place;
    }
    return oldest;
}

bool memory_begin_try(struct auth *auth, struct str email, struct str peer, struct error *err)
{
    uint64_t key = failure_key(email, peer);
    int64_t now = clock_us();
    (void)pthread_mutex_lock(&auth->lock);
    struct failures *place = failure_place(auth, key);
    if (place->key != key || now - place->since_us >= FAILURE_WINDOW_US)
        *place = (struct failures){ .key = key, .since_us = now };
    int64_t wait_us = place->since_us + FAILURE_WINDOW_US - now;
    bool may = place->count < FAILURES_MAX;
    if (may)
        place->count++;
    (void)pthread_mutex_unlock(&auth->lock);
    return may || fail_for_now(err, ERR_TOO_MANY_REQUESTS, wait_us, "too many failed sign-ins");
}

void memory_try_succeeded(struct auth *auth, struct str email, struct str peer)
{
    uint64_t key = failure_key(email, peer);
    (void)pthread_mutex_lock(&auth->lock);
    struct failures *place = failure_place(auth, key);
    if (place->key == key && place->count > 0)
        place->count--;
    (void)pthread_mutex_unlock(&auth->lock);
}
