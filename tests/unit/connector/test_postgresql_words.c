/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "connector/postgresql_internal.h"

static void takes_these_for_reading(void **state)
{
    static const char *const sql[] = {
        "SELECT 1",
        "select 1",
        "  \n\tSELECT\n1",
        "-- hello\n SELECT 1",
        "/* a /* nested */ one */ SELECT 1",
        "/**/(/* x */( SELECT 1) UNION SELECT 2)",
        "WITH x AS (SELECT 1) SELECT * FROM x",
        "VALUES (1)",
        "TABLE t",
        "SHOW ALL",
        "EXPLAIN SELECT 1",
        "EXPLAIN DELETE FROM t",
        "SELECT hello_world, slo_target FROM pg_stat_activity",
        "SELECT analyzed FROM t",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sql); i++)
        if (pg_effect_of(str_from(sql[i])) != EFFECT_READS)
            fail_msg("%s", sql[i]);
}

static void takes_nothing_else_for_it(void **state)
{
    static const char *const sql[] = {
        "",
        "INSERT INTO t VALUES (1)",
        "selection",
        "SELECTS",
        "-- SELECT\nDELETE FROM t",
        "-- SELECT 1",
        "/* SELECT 1",
        "; SELECT 1",
        "CALL p()",
        "DO $$ $$",
        "COPY t TO STDOUT",
        "FETCH ALL FROM c",
        "EXECUTE p",
        "SET x = 1",
        "EXPLAIN ANALYZE CREATE TABLE t AS SELECT 1",
        "explain (analyse, buffers) insert into t values (1)",
        "SELECT pg_notify('a', 'b')",
        "SELECT PG_Notify('a', 'b')",
        "SELECT pg_catalog.lo_create(0)",
        "SELECT lowrite(0, 'x')",
        "SELECT * FROM dblink('…', 'DELETE FROM t') AS x(a int)",
        "SELECT pg_terminate_backend(1)",
        "SELECT \"lo_unlink\"(1)",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sql); i++)
        if (pg_effect_of(str_from(sql[i])) != EFFECT_ONCE)
            fail_msg("%s", sql[i]);
}

static void knows_when_there_is_nothing(void **state)
{
    (void)state;
    assert_true(pg_is_empty(STR("")));
    assert_true(pg_is_empty(STR(" ; \n;")));
    assert_true(pg_is_empty(STR("-- SELECT 1")));
    assert_true(pg_is_empty(STR("/* a */ -- b\n;")));
    assert_true(pg_is_empty(STR("/* never closed")));
    assert_false(pg_is_empty(STR("x")));
    assert_false(pg_is_empty(STR("-- a\n1")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_these_for_reading),
        cmocka_unit_test(takes_nothing_else_for_it),
        cmocka_unit_test(knows_when_there_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
