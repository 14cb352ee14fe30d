/* SPDX-License-Identifier: Apache-2.0 */
/* Writes: gathered into groups, each of them alone in its success or failure. */
#include "store_fixture.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/thread.h"
#include "store/meta.h"

static const struct sql insert_meta =
    SQL("INSERT INTO server_meta (name, value, updated_at) VALUES ($1, $2, $3)");
static const struct sql count_meta = SQL("SELECT count(*) FROM server_meta");

static bool insert(struct tx *tx, const char *name, const char *value, struct error *err)
{
    return tx_run(
        tx, &insert_meta,
        BINDS(bind_text(str_from(name)), bind_text(str_from(value)), bind_instant(instant_now())),
        NULL, err);
}

static bool insert_later(struct tx *tx, const char *name, const char *value, struct error *err)
{
    return tx_later(
        tx, &insert_meta,
        BINDS(bind_text(str_from(name)), bind_text(str_from(value)), bind_instant(instant_now())),
        err);
}

/* --- many threads --- */

#define THREADS 16
#define NAMES 60

struct crowd {
    struct fixture *f;
    bool (*insert)(struct tx *tx, const char *name, const char *value, struct error *err);
    atomic_int next_thread, won, lost;
};

struct claim {
    const struct crowd *crowd;
    int thread, name;
};

/* A row of one's own, then one that everybody wants: who loses must leave neither. */
static bool claim_name(struct tx *tx, const void *context, struct error *err)
{
    const struct claim *claim = context;
    char own[32], wanted[32];
    (void)snprintf(own, sizeof(own), "own %d %d", claim->thread, claim->name);
    (void)snprintf(wanted, sizeof(wanted), "wanted %d", claim->name);
    return claim->crowd->insert(tx, own, "x", err) && claim->crowd->insert(tx, wanted, own, err);
}

static void *claim_all(void *context)
{
    struct crowd *crowd = context;
    int thread = atomic_fetch_add(&crowd->next_thread, 1);
    for (int name = 0; name < NAMES; name++) {
        struct claim claim = { crowd, thread, name };
        struct work work = {
            .write = { .scope = scope_system(), .run = work_run },
            .run = claim_name,
            .context = &claim,
        };
        struct error err = { 0 };
        if (store_write(crowd->f->store, &work.write, &err))
            atomic_fetch_add(&crowd->won, 1);
        else if (err.code == ERR_CONFLICT)
            atomic_fetch_add(&crowd->lost, 1);
    }
    return NULL;
}

static void crowd_claims(struct crowd crowd)
{
    struct fixture f;
    fixture_open(&f);
    crowd.f = &f;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        threads[i] = thread_start("claims", claim_all, &crowd);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);

    assert_int_equal(atomic_load(&crowd.won), NAMES);
    assert_int_equal(atomic_load(&crowd.lost), NAMES * (THREADS - 1));
    assert_int_equal(fixture_int(&f, &count_meta), 2 * NAMES);
    struct store_stats stats;
    store_stats(f.store, &stats);
    assert_int_equal(stats.writes, NAMES * THREADS);
    assert_int_equal(stats.failed_writes, NAMES * (THREADS - 1));
    fixture_close(&f);
}

static void each_write_of_a_group_stands_alone(void **state)
{
    (void)state;
    crowd_claims((struct crowd){ .insert = insert });
}

static void also_when_it_fails_behind_its_run(void **state)
{
    (void)state;
    crowd_claims((struct crowd){ .insert = insert_later });
}

/* More than a link has places for at first. */
#define STATEMENTS 100

static struct sql statements[STATEMENTS];

static bool insert_many(struct tx *tx, const void *context, struct error *err)
{
    char name[32];
    for (int i = 0; i < STATEMENTS; i++) {
        (void)snprintf(name, sizeof(name), "%s %d", (const char *)context, i);
        if (!tx_later(
                tx, &statements[i],
                BINDS(bind_text(str_from(name)), bind_text(STR("x")), bind_instant(instant_now())),
                err))
            return false;
    }
    return true;
}

static void a_write_may_have_any_number_of_statements(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f);
    for (int i = 0; i < STATEMENTS; i++)
        statements[i] = insert_meta;
    MUST_WRITE(&f, insert_many, "new");
    MUST_WRITE(&f, insert_many, "known by now");
    assert_int_equal(fixture_int(&f, &count_meta), 2 * STATEMENTS);
    fixture_close(&f);
}

/* --- order --- */

struct batch {
    struct fixture *f;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int done;
    bool all_seen;
};

struct part {
    struct write write;
    struct batch *batch;
    int number;
};

static bool part_run(struct tx *tx, struct write *write, struct error *err)
{
    const struct part *part = CONTAINER_OF(write, struct part, write);
    char name[32];
    (void)snprintf(name, sizeof(name), "part %d", part->number);
    return insert(tx, name, "x", err);
}

/* On the writer's thread: what it is told to be done must be there for readers. */
static void part_done(struct write *write, const struct error *err)
{
    const struct part *part = CONTAINER_OF(write, struct part, write);
    struct batch *batch = part->batch;
    int64_t rows = fixture_int(batch->f, &count_meta);
    (void)pthread_mutex_lock(&batch->lock);
    batch->done++;
    batch->all_seen = batch->all_seen && !err && rows >= batch->done;
    (void)pthread_cond_signal(&batch->changed);
    (void)pthread_mutex_unlock(&batch->lock);
}

#define PARTS 1000

static void done_is_told_after_the_commit(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f);
    struct batch batch = { .f = &f, .lock = PTHREAD_MUTEX_INITIALIZER, .all_seen = true };
    cond_init(&batch.changed);
    struct part *parts = calloc(PARTS, sizeof(*parts));
    for (int i = 0; i < PARTS; i++) {
        parts[i] = (struct part){
            .write = { .scope = scope_system(), .run = part_run, .done = part_done },
            .batch = &batch,
            .number = i,
        };
        store_submit(f.store, &parts[i].write);
    }
    (void)pthread_mutex_lock(&batch.lock);
    while (batch.done < PARTS)
        (void)cond_wait_until(&batch.changed, &batch.lock, DEADLINE_NEVER);
    (void)pthread_mutex_unlock(&batch.lock);
    assert_true(batch.all_seen);
    struct store_stats stats;
    store_stats(f.store, &stats);
    assert_int_equal(stats.writes, PARTS);
    assert_true(stats.groups < PARTS / 2); /* they were gathered */
    free(parts);
    fixture_close(&f);
}

static void closing_carries_out_what_was_submitted(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f);
    struct batch batch = { .f = &f, .lock = PTHREAD_MUTEX_INITIALIZER, .all_seen = true };
    cond_init(&batch.changed);
    struct part *parts = calloc(PARTS, sizeof(*parts));
    for (int i = 0; i < PARTS; i++) {
        parts[i] = (struct part){
            .write = { .scope = scope_system(), .run = part_run, .done = part_done },
            .batch = &batch,
            .number = i,
        };
        store_submit(f.store, &parts[i].write);
    }
    store_close(f.store);
    assert_int_equal(batch.done, PARTS);
    free(parts);
    assert_true(fixture_try_open(&f));
    assert_int_equal(fixture_int(&f, &count_meta), PARTS);
    fixture_close(&f);
}

/* --- a full disk --- */

static bool limit_pages(struct tx *tx, const void *context, struct error *err)
{
    (void)context;
    static const struct sql sql = SQL("PRAGMA max_page_count = 60");
    return tx_run(tx, &sql, NO_BINDS, NULL, err);
}

static bool free_pages(struct tx *tx, const void *context, struct error *err)
{
    (void)context;
    static const struct sql sql = SQL("PRAGMA max_page_count = 100000");
    return tx_run(tx, &sql, NO_BINDS, NULL, err);
}

static bool insert_large(struct tx *tx, const void *context, struct error *err)
{
    static const struct sql sql = SQL("INSERT INTO server_meta (name, value, updated_at)"
                                      " VALUES ($1, CAST(hex(zeroblob(200000)) AS TEXT), 1)");
    return tx_run(tx, &sql, BINDS(bind_text(str_from(context))), NULL, err);
}

static bool set_small(struct tx *tx, const void *context, struct error *err)
{
    return meta_set(tx, str_from(context), STR("small"), err);
}

static void a_full_disk_refuses_writes_and_passes(void **state)
{
    (void)state;
    if (fixture_on_postgresql())
        return; /* no file of ours */
    struct fixture f;
    fixture_open(&f);
    MUST_WRITE(&f, set_small, "before");
    MUST_WRITE(&f, limit_pages, NULL);
    assert_false(fixture_write(&f, insert_large, "large"));
    assert_int_equal(f.err.code, ERR_STORE_FULL);
    assert_int_equal(fixture_int(&f, &count_meta), 1);
    MUST_WRITE(&f, free_pages, NULL);
    MUST_WRITE(&f, insert_large, "large");
    assert_int_equal(fixture_int(&f, &count_meta), 2);
    fixture_close(&f);
}

/* --- the log --- */

static void the_log_does_not_grow_without_end(void **state)
{
    (void)state;
    if (fixture_on_postgresql())
        return; /* no file of ours */
    struct fixture f;
    fixture_open(&f);
    char name[16];
    for (int i = 0; i < 100; i++) { /* 40 MB */
        (void)snprintf(name, sizeof(name), "%d", i);
        MUST_WRITE(&f, insert_large, name);
    }
    struct store_stats stats;
    store_stats(f.store, &stats);
    assert_true(stats.wal_bytes < 12 << 20);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_write_of_a_group_stands_alone),
        cmocka_unit_test(also_when_it_fails_behind_its_run),
        cmocka_unit_test(a_write_may_have_any_number_of_statements),
        cmocka_unit_test(done_is_told_after_the_commit),
        cmocka_unit_test(closing_carries_out_what_was_submitted),
        cmocka_unit_test(a_full_disk_refuses_writes_and_passes),
        cmocka_unit_test(the_log_does_not_grow_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
