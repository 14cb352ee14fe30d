/* SPDX-License-Identifier: Apache-2.0 */
/* Reads: consistent, never writing, never long, one inside another where need be. */
#include "store_fixture.h"

#include "store/meta.h"

static const struct sql count_meta = SQL("SELECT count(*) FROM server_meta");

static bool set_name(struct tx *tx, const void *context, struct error *err)
{
    return meta_set(tx, str_from(context), STR("value"), err);
}

static int64_t count_in(struct fixture *f, struct tx *tx)
{
    int64_t count;
    MUST(f, tx_int(tx, &count_meta, NO_BINDS, &count, &f->err));
    return count;
}

static void a_read_sees_one_moment(void **state)
{
    struct fixture *f = *state;
    AUTO(tx) outer = store_read(f->store, scope_system(), &f->err);
    assert_non_null(outer);
    int64_t before = count_in(f, outer);
    MUST_WRITE(f, set_name, "later");
    assert_int_equal(count_in(f, outer), before);
    /* A second read of the same thread, while the first goes on, is of now. */
    AUTO(tx) inner = store_read(f->store, scope_system(), &f->err);
    assert_non_null(inner);
    assert_ptr_not_equal(inner, outer);
    assert_int_equal(count_in(f, inner), before + 1);
}

static void a_read_cannot_write(void **state)
{
    struct fixture *f = *state;
    AUTO(tx) tx = store_read(f->store, scope_system(), &f->err);
    assert_non_null(tx);
    assert_false(meta_set(tx, STR("x"), STR("y"), &f->err));
    assert_int_equal(f->err.code, ERR_INTERNAL);
}

static void a_long_read_is_cut(void **state)
{
    struct fixture *f = *state;
    static const struct sql endless =
        SQL("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
            " SELECT count(*) FROM n");
    AUTO(tx) tx = store_read(f->store, scope_system(), &f->err);
    assert_non_null(tx);
    int64_t count;
    assert_false(tx_int(tx, &endless, NO_BINDS, &count, &f->err));
    assert_int_equal(f->err.code, ERR_UNAVAILABLE);
    tx_end(tx_take(&tx));
    /* The link is fit for the next read. */
    assert_true(fixture_int(f, &count_meta) >= 0);
}

static void values_are_bound_by_their_number(void **state)
{
    struct fixture *f = *state;
    static const struct sql sql = SQL("SELECT $3 - $1 * $2");
    AUTO(tx) tx = store_read(f->store, scope_system(), &f->err);
    assert_non_null(tx);
    int64_t value;
    MUST(f, tx_int(tx, &sql, BINDS(bind_int(2), bind_int(3), bind_int(100)), &value, &f->err));
    assert_int_equal(value, 94);
    MUST(f, tx_int(tx, &sql, BINDS(bind_int(5), bind_int(6), bind_int(30)), &value, &f->err));
    assert_int_equal(value, 0);
}

static void absent_is_null_and_empty_is_not(void **state)
{
    struct fixture *f = *state;
#define NOTHING(what, value) "CASE WHEN " what " IS NULL THEN " value " ELSE 0 END"
    static const struct sql sql = SQL("SELECT " NOTHING("$1", "1") " + " NOTHING(
        "$2", "2") " + " NOTHING("$3", "4") " + " NOTHING("$4", "8"));
#undef NOTHING
    AUTO(tx) tx = store_read(f->store, scope_system(), &f->err);
    assert_non_null(tx);
    int64_t value;
    MUST(f, tx_int(tx, &sql,
                   BINDS(bind_text(STR_NULL), bind_text(STR("")), bind_id(ID_NONE),
                         bind_instant(INSTANT_NONE)),
                   &value, &f->err));
    assert_int_equal(value, 1 + 4 + 8);
}

static void a_missing_row_is_told(void **state)
{
    struct fixture *f = *state;
    AUTO(tx) tx = store_read(f->store, scope_system(), &f->err);
    struct str value = STR("untouched");
    MUST(f, tx && meta_get(tx, STR("nothing of that name"), f->arena, &value, &f->err));
    assert_false(str_set(value));
}

static int open_store(void **state)
{
    static struct fixture f;
    fixture_open(&f);
    *state = &f;
    return 0;
}

static int close_store(void **state)
{
    fixture_close(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_read_sees_one_moment),
        cmocka_unit_test(a_read_cannot_write),
        cmocka_unit_test(a_long_read_is_cut),
        cmocka_unit_test(values_are_bound_by_their_number),
        cmocka_unit_test(absent_is_null_and_empty_is_not),
        cmocka_unit_test(a_missing_row_is_told),
    };
    return cmocka_run_group_tests(tests, open_store, close_store);
}
