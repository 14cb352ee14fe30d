/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loss of power, at every kind of moment: the store opens, is sound, has everything that was
 * acknowledged, and nothing behind a gap. TIELINE_SEED=<number> replays one of the random ones.
 */
#include "store_fixture.h"

#include <sched.h>

#include "disk_log.h"
#include "store/meta.h"

#define PHASES 3
#define WRITES_OF_A_PHASE 60
#define IMAGES 250
/* Far longer than it takes: only a hang reaches it. */
#define HANG_S 600

static const struct sql check_file = SQL("SELECT count(*) FROM pragma_integrity_check"
                                         " WHERE integrity_check = 'ok'");
static const struct sql count_rows =
    SQL("SELECT count(*) FROM server_meta WHERE name LIKE 'write %'");
static const struct sql last_row =
    SQL("SELECT max(CAST(substr(name, 7) AS INTEGER)) FROM server_meta WHERE name LIKE 'write %'");

static bool write_number(struct tx *tx, const void *context, struct error *err)
{
    static const struct sql sql =
        SQL("INSERT INTO server_meta (name, value, updated_at) VALUES ('write ' || $1, "
            "printf('%.*c', 10 + $1 * 7919 % 9000, 'x'), 1)");
    return tx_run(tx, &sql, BINDS(bind_int(*(const int64_t *)context)), NULL, err);
}

/* Writes, and in between lets the log be carried over, which the store does when it is idle. */
static int64_t write_all(struct fixture *f)
{
    int64_t number = 0;
    for (int phase = 0; phase < PHASES; phase++) {
        for (int i = 0; i < WRITES_OF_A_PHASE; i++) {
            number++;
            MUST_WRITE(f, write_number, &number);
            disk_log_note(number);
        }
        size_t syncs = disk_log_database_syncs();
        while (disk_log_database_syncs() == syncs)
            (void)sched_yield();
    }
    return number;
}

static void check_image(struct fixture *f, size_t until, enum disk_luck luck, uint64_t seed)
{
    int64_t acknowledged = disk_log_replay(until, luck, seed, f->path);
    if (!fixture_try_open(f))
        fail_msg("after %zu entries, luck %d, seed %llu: %s", until, luck, (unsigned long long)seed,
                 f->err.message);
    int64_t rows = fixture_int(f, &count_rows);
    if (rows < acknowledged)
        fail_msg("after %zu entries, luck %d, seed %llu: %lld were acknowledged, %lld are there",
                 until, luck, (unsigned long long)seed, (long long)acknowledged, (long long)rows);
    assert_true(rows <= acknowledged + 1); /* one was under way */
    assert_int_equal(fixture_int(f, &last_row), rows);
    assert_int_equal(fixture_int(f, &check_file), 1);
    store_close(f->store);
    f->store = NULL;
}

static void no_loss_of_power_loses_what_was_acknowledged(void **state)
{
    (void)state;
    alarm(HANG_S);
    struct fixture written, f;
    fixture_start(&written);
    disk_log_start();
    MUST(&written, fixture_try_open(&written));
    (void)write_all(&written);
    size_t entries = disk_log_count();
    fixture_close(&written);
    disk_log_stop();

    fixture_start(&f);
    log_set_level(LOG_LEVEL_ERROR);
    const char *replay = getenv("TIELINE_SEED"); /* NOLINT(concurrency-mt-unsafe): nobody else */
    uint64_t first = replay ? strtoull(replay, NULL, 10) : 1;
    for (uint64_t i = 0; i < (replay ? 1 : IMAGES); i++) {
        uint64_t seed = first + i;
        size_t until = (size_t)(seed * UINT64_C(0x9E3779B97F4A7C15) >> 20) % entries;
        check_image(&f, until, DISK_ANYTHING, seed);
        check_image(&f, until, i % 2 ? DISK_NOTHING : DISK_EVERYTHING, seed);
    }
    fixture_close(&f);
    disk_log_free();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_loss_of_power_loses_what_was_acknowledged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
