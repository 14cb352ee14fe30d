/* SPDX-License-Identifier: Apache-2.0 */
/* What a pool promises, one thread at a time. */
#include "asker.h"

/* A slot and a session on it. */
static struct conn *borrow(struct pool *pool)
{
    take_slot(pool);
    struct error err = { 0 };
    struct conn *conn = pool_open(pool, deadline_in_ms(1000), NULL, &err);
    assert_non_null(conn);
    return conn;
}

static int number(const struct conn *conn)
{
    return ((const struct fake_conn *)conn)->number;
}

static void slots_are_granted_up_to_the_cap_then_in_order(void **state)
{
    (void)state;
    struct pool *pool = make_pool(2, 0);
    take_slot(pool);
    take_slot(pool);
    int order = 0;
    struct asker askers[50];
    for (size_t i = 0; i < ARRAY_LEN(askers); i++) {
        askers[i] = new_asker();
        askers[i].order = &order;
        assert_false(pool_ask(pool, &askers[i].waiter, DEADLINE_NEVER));
    }
    struct pool_stats stats;
    pool_stats(pool, &stats);
    assert_int_equal(stats.max, 2);
    assert_int_equal(stats.in_use, 2);
    assert_int_equal(stats.waiting, 50);
    assert_true(pool_forget(pool, &askers[3].waiter));
    assert_false(pool_forget(pool, &askers[3].waiter));
    for (int i = 0; i < 51; i++)
        pool_release_slot(pool);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(askers[i].granted, i != 3);
        assert_int_equal(askers[i].turn, i < 3 ? i + 1 : i == 3 ? 0 : i);
        assert_int_equal(askers[i].expired, 0);
        assert_false(pool_forget(pool, &askers[i].waiter));
    }
    pool_stats(pool, &stats);
    assert_int_equal(stats.in_use, 0);
    assert_int_equal(stats.waiting, 0);
    end_pool(pool);
    assert_int_equal(fake.opened, 0);
}

static void the_session_used_last_is_lent_first(void **state)
{
    (void)state;
    struct pool *pool = make_pool(3, 0);
    struct conn *one = borrow(pool), *two = borrow(pool), *three = borrow(pool);
    pool_close(pool, two);
    pool_close(pool, three);
    pool_close(pool, one);
    struct conn *first = borrow(pool), *second = borrow(pool), *third = borrow(pool);
    assert_ptr_equal(first, one);
    assert_ptr_equal(second, three);
    assert_ptr_equal(third, two);
    assert_int_equal(fake.opened, 3);
    assert_int_equal(fake.resets, 3);
    assert_int_equal(fake.pings, 0);
    pool_close(pool, first);
    pool_close(pool, second);
    pool_close(pool, third);
    end_pool(pool);
}

static void what_lay_long_is_checked_and_the_dead_replaced(void **state)
{
    (void)state;
    struct pool *pool = make_pool(4, 0);
    struct conn *conns[4];
    for (size_t i = 0; i < 4; i++)
        conns[i] = borrow(pool);
    for (size_t i = 0; i < 4; i++)
        pool_close(pool, conns[i]);
    struct conn *lent[3];
    conns[3]->idle_since_us -= 31000000;
    lent[0] = borrow(pool);
    assert_int_equal(number(lent[0]), 4); /* asked, and well */
    assert_int_equal(fake.pings, 1);
    assert_int_equal(fake.closed, 0);

    conns[2]->idle_since_us -= 31000000;
    ((struct fake_conn *)conns[2])->silent = true;
    conns[1]->idle_since_us -= 31000000; /* as suspect as the one before: not asked, replaced */
    lent[1] = borrow(pool);
    assert_int_equal(number(lent[1]), 1); /* lay only for a moment */
    assert_int_equal(fake.pings, 2);
    assert_int_equal(fake.closed, 2);
    struct conn *fresh = borrow(pool);
    assert_int_equal(number(fresh), 5);
    pool_close(pool, fresh);
    ((struct fake_conn *)fresh)->hung_up = true;
    lent[2] = borrow(pool);
    assert_int_equal(number(lent[2]), 6);
    assert_int_equal(fake.pings, 2);
    assert_int_equal(fake.most, 4);

    struct pool_stats stats;
    pool_stats(pool, &stats);
    assert_int_equal(stats.opened, 6);
    assert_int_equal(stats.closed, 3);
    assert_int_equal(stats.in_use, 3);
    for (int i = 0; i < 3; i++)
        pool_close(pool, lent[i]);
    end_pool(pool);
}

static void broken_old_and_unresettable_ones_are_closed(void **state)
{
    (void)state;
    struct pool *pool = make_pool(1, 0);
    struct conn *conn = borrow(pool);
    conn->broken = true;
    pool_close(pool, conn);
    assert_int_equal(fake.closed, 1);
    assert_int_equal(fake.resets, 0);
    conn = borrow(pool);
    conn->expires_us = clock_us() - 1;
    pool_close(pool, conn);
    assert_int_equal(fake.closed, 2);
    conn = borrow(pool);
    ((struct fake_conn *)conn)->refuses_reset = true;
    pool_close(pool, conn);
    assert_int_equal(fake.closed, 3);
    conn = borrow(pool);
    pool_close(pool, conn);
    conn->expires_us = clock_us() - 1; /* became old while it lay */
    conn = borrow(pool);
    assert_int_equal(number(conn), 5);
    pool_close(pool, conn);
    assert_int_equal(fake.most, 1);
    end_pool(pool);
}

static void lifetimes_differ_by_a_tenth_at_most(void **state)
{
    (void)state;
    enum {
        COUNT = 100
    };
    struct pool *pool = make_pool(COUNT, 0);
    struct conn *conns[COUNT];
    int64_t least = INT64_MAX, most = 0;
    for (int i = 0; i < COUNT; i++) {
        conns[i] = borrow(pool);
        int64_t life = conns[i]->expires_us - conns[i]->opened_us;
        least = life < least ? life : least;
        most = life > most ? life : most;
    }
    assert_true(least >= INT64_C(1620000000) && most <= INT64_C(1980000000));
    assert_true(most - least > INT64_C(100000000));
    for (int i = 0; i < COUNT; i++)
        pool_close(pool, conns[i]);
    end_pool(pool);
}

static void idle_sessions_end_but_the_last_ones_stay(void **state)
{
    (void)state;
    struct pool *pool = make_pool(3, 1);
    struct conn *conns[3];
    for (int i = 0; i < 3; i++)
        conns[i] = borrow(pool);
    for (int i = 0; i < 3; i++)
        pool_close(pool, conns[i]);
    struct deadline next = pool_tick(pool);
    assert_true(next.at_us > clock_us() + 58000000 && next.at_us <= clock_us() + 60000000);
    assert_int_equal(fake.closed, 0);
    for (int i = 0; i < 3; i++)
        conns[i]->idle_since_us -= 60000000;
    next = pool_tick(pool);
    assert_int_equal(fake.closed, 2);
    assert_int_equal(next.at_us, conns[2]->expires_us);
    conns[2]->expires_us = clock_us();
    next = pool_tick(pool);
    assert_int_equal(fake.closed, 3);
    assert_int_equal(next.at_us, DEADLINE_NEVER.at_us);
    end_pool(pool);
}

/* While all slots are given away, an idle session may be somebody's in the next moment. */
static void closing_aside_needs_a_slot(void **state)
{
    (void)state;
    struct pool *pool = make_pool(1, 0);
    struct conn *conn = borrow(pool);
    pool_close(pool, conn);
    take_slot(pool);
    conn->idle_since_us -= 60000000;
    struct deadline next = pool_tick(pool);
    assert_int_equal(fake.closed, 0);
    assert_true(next.at_us > clock_us() && next.at_us <= clock_us() + 1000000);
    pool_release_slot(pool);
    struct asker asker = new_asker();
    fake.asks_while_closing = &asker.waiter;
    (void)pool_tick(pool);
    fake.asks_while_closing = NULL;
    assert_int_equal(fake.closed, 1);
    assert_false(fake.got_slot_while_closing);
    assert_int_equal(asker.granted, 1);
    pool_release_slot(pool);
    end_pool(pool);
}

static void a_failed_open_leaves_the_slot(void **state)
{
    (void)state;
    struct pool *pool = make_pool(1, 0);
    take_slot(pool);
    fake.unreachable = true;
    struct error err = { 0 };
    assert_null(pool_open(pool, deadline_in_ms(1000), NULL, &err));
    assert_int_equal(err.code, ERR_REFUSED);
    fake.unreachable = false;
    struct conn *conn = pool_open(pool, deadline_in_ms(1000), NULL, &err);
    assert_non_null(conn);
    pool_close(pool, conn);
    end_pool(pool);
}

static void retiring_ends_loans_and_waits(void **state)
{
    (void)state;
    struct pool *pool = make_pool(3, 1);
    struct conn *idle = borrow(pool), *used = borrow(pool);
    pool_close(pool, idle);
    take_slot(pool);
    take_slot(pool);
    struct asker waiting = new_asker(), later = new_asker();
    assert_false(pool_ask(pool, &waiting.waiter, DEADLINE_NEVER));

    struct error gone = { 0 }, err = { 0 };
    (void)fail(&gone, ERR_CONNECTION_DELETED, "this connection was deleted");
    pool_retire(pool, &gone);
    assert_int_equal(waiting.expired, 1);
    assert_int_equal(waiting.code, ERR_CONNECTION_DELETED);
    assert_int_equal(fake.closed, 1);
    assert_false(pool_ask(pool, &later.waiter, DEADLINE_NEVER));
    assert_int_equal(later.code, ERR_CONNECTION_DELETED);
    assert_null(pool_open(pool, deadline_in_ms(1000), NULL, &err));
    assert_int_equal(err.code, ERR_CONNECTION_DELETED);
    pool_release_slot(pool);
    pool_release_slot(pool);
    assert_int_equal(waiting.granted + later.granted, 0);

    struct pool *borrower = pool_ref(pool);
    pool_unref(pool);
    assert_int_equal(fake.released, 0);
    pool_close(borrower, used);
    assert_int_equal(fake.closed, 2);
    end_pool(borrower);
}

/* Sealing gave each idle session a slot for its closing, so nobody else may close it for another. */
static void a_tick_between_sealing_and_retiring_leaves_no_slot_behind(void **state)
{
    (void)state;
    struct pool *pool = make_pool(3, 0);
    struct conn *conn = borrow(pool);
    pool_close(pool, conn);
    conn->idle_since_us -= 60000000;
    struct error changed;
    (void)fail(&changed, ERR_UNAVAILABLE, "the connection was changed");
    pool_seal(pool, &changed);
    (void)pool_tick(pool);
    pool_retire(pool, &changed);
    assert_int_equal(fake.closed, 1);
    struct pool_stats stats;
    pool_stats(pool, &stats);
    assert_int_equal(stats.in_use, 0);
    end_pool(pool);
}

static void the_heir_of_an_edited_pool_counts_what_is_still_out(void **state)
{
    (void)state;
    struct error changed;
    struct pool *former = make_pool(3, 0);
    (void)fail(&changed, ERR_UNAVAILABLE, "the connection was changed");
    struct conn *one = borrow(former), *two = borrow(former), *idle = borrow(former);
    pool_close(former, idle);
    take_slot(former);
    struct asker late = new_asker();
    assert_false(pool_ask(former, &late.waiter, DEADLINE_NEVER));
    pool_seal(former, &changed);
    struct pool *heir = pool_new(&upstream, NULL, NULL);
    pool_inherit(heir, former);
    struct asker first = new_asker(), second = new_asker(), third = new_asker();
    assert_false(pool_ask(heir, &first.waiter, DEADLINE_NEVER));
    pool_release_slot(former); /* not to the one who still waits there */
    assert_int_equal(late.granted, 0);
    pool_retire(former, &changed); /* closes the idle one */
    assert_int_equal(late.expired, 1);
    assert_int_equal(fake.closed, 1);
    assert_int_equal(first.granted, 1);
    assert_false(pool_ask(heir, &second.waiter, DEADLINE_NEVER));
    pool_close(former, one);
    assert_int_equal(second.granted, 1);
    assert_false(pool_ask(heir, &third.waiter, DEADLINE_NEVER));
    pool_close(former, two);
    assert_int_equal(third.granted, 1);
    end_pool(former);
    for (int i = 0; i < 3; i++)
        pool_release_slot(heir);
    pool_unref(heir);
}

static void a_smaller_heir_grants_nothing_until_it_is_within_its_cap(void **state)
{
    (void)state;
    struct error changed;
    struct pool *former = make_pool(3, 0);
    (void)fail(&changed, ERR_UNAVAILABLE, "the connection was changed");
    struct conn *conns[3] = { borrow(former), borrow(former), borrow(former) };
    pool_retire(former, &changed);
    upstream.settings.pool_max = 1;
    struct pool *heir = pool_new(&upstream, NULL, NULL);
    pool_inherit(heir, former);
    struct asker asker = new_asker();
    assert_false(pool_ask(heir, &asker.waiter, DEADLINE_NEVER));
    pool_close(former, conns[0]);
    pool_close(former, conns[1]);
    assert_int_equal(asker.granted, 0);
    pool_close(former, conns[2]);
    assert_int_equal(asker.granted, 1);
    end_pool(former);
    pool_release_slot(heir);
    pool_unref(heir);
}

static void a_pool_that_leads_elsewhere_inherits_nothing(void **state)
{
    (void)state;
    struct error changed;
    struct upstream other;
    struct pool *former = make_pool(1, 0);
    (void)fail(&changed, ERR_UNAVAILABLE, "the connection was changed");
    struct conn *conn = borrow(former);
    pool_retire(former, &changed);
    other = upstream;
    other.url.port = 1;
    struct pool *next = pool_new(&other, NULL, NULL);
    pool_inherit(next, former);
    take_slot(next);
    pool_release_slot(next);
    pool_close(former, conn);
    end_pool(former);
    pool_unref(next);
}

/* The one that replaces is new, though others lie idle, and takes no second slot. */
static void a_dead_session_is_replaced_by_a_new_one(void **state)
{
    (void)state;
    struct error err = { 0 };
    struct pool *pool = make_pool(2, 0);
    struct pool_waiter waiters[2] = { 0 };
    struct conn *conns[2];
    for (int i = 0; i < 2; i++) {
        assert_true(pool_ask(pool, &waiters[i], DEADLINE_NEVER));
        conns[i] = pool_open(pool, deadline_in_ms(1000), NULL, &err);
    }
    pool_close(pool, conns[1]);
    conns[0]->broken = true;
    struct conn *fresh = pool_replace(pool, conns[0], deadline_in_ms(1000), NULL, &err);
    assert_non_null(fresh);
    assert_int_equal(((struct fake_conn *)fresh)->number, 3);
    assert_int_equal(fresh->idle_since_us, 0);
    assert_int_equal(fake.most, 2);
    struct pool_stats stats;
    pool_stats(pool, &stats);
    assert_int_equal(stats.in_use, 1);
    assert_int_equal(stats.idle, 1);

    fake.unreachable = true;
    assert_null(pool_replace(pool, fresh, deadline_in_ms(1000), NULL, &err));
    assert_int_equal(err.code, ERR_REFUSED);
    pool_release_slot(pool);
    end_pool(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_are_granted_up_to_the_cap_then_in_order),
        cmocka_unit_test(the_session_used_last_is_lent_first),
        cmocka_unit_test(what_lay_long_is_checked_and_the_dead_replaced),
        cmocka_unit_test(broken_old_and_unresettable_ones_are_closed),
        cmocka_unit_test(lifetimes_differ_by_a_tenth_at_most),
        cmocka_unit_test(idle_sessions_end_but_the_last_ones_stay),
        cmocka_unit_test(closing_aside_needs_a_slot),
        cmocka_unit_test(a_failed_open_leaves_the_slot),
        cmocka_unit_test(retiring_ends_loans_and_waits),
        cmocka_unit_test(a_tick_between_sealing_and_retiring_leaves_no_slot_behind),
        cmocka_unit_test(the_heir_of_an_edited_pool_counts_what_is_still_out),
        cmocka_unit_test(a_smaller_heir_grants_nothing_until_it_is_within_its_cap),
        cmocka_unit_test(a_pool_that_leads_elsewhere_inherits_nothing),
        cmocka_unit_test(a_dead_session_is_replaced_by_a_new_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
