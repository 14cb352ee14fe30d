/* SPDX-License-Identifier: Apache-2.0 */
/* Intrusive lists. */
#include "unit.h"

#include "base/list.h"

struct item {
    int number;
    struct list_node node;
};

static int digits(const struct list *list)
{
    int all = 0;
    LIST_EACH(list, item, node, it)
    all = all * 10 + it->number;
    return all;
}

static void keeps_order_and_takes_out_anywhere(void **state)
{
    (void)state;
    struct item a = { .number = 1 }, b = { .number = 2 }, c = { .number = 3 };
    struct list list;
    list_init(&list);
    assert_true(list_empty(&list));
    assert_null(list_pop(&list));
    list_push(&list, &b.node);
    list_push(&list, &c.node);
    list_push_front(&list, &a.node);
    assert_int_equal(digits(&list), 123);
    list_remove(&b.node);
    assert_false(list_linked(&b.node));
    list_remove(&b.node); /* a second time does nothing */
    assert_int_equal(digits(&list), 13);
    list_insert_before(&c.node, &b.node);
    assert_int_equal(digits(&list), 123);
    assert_ptr_equal(LIST_ITEM(list_pop(&list), item, node), &a);
    assert_int_equal(digits(&list), 23);
}

static void walking_allows_removing(void **state)
{
    (void)state;
    struct item items[5];
    struct list list;
    list_init(&list);
    for (int i = 0; i < 5; i++) {
        items[i] = (struct item){ .number = i + 1 };
        list_push(&list, &items[i].node);
    }
    LIST_EACH(&list, item, node, it)
    {
        if (it->number % 2)
            list_remove(&it->node);
    }
    assert_int_equal(digits(&list), 24);
}

static void splicing_moves_all(void **state)
{
    (void)state;
    struct item a = { .number = 1 }, b = { .number = 2 }, c = { .number = 3 };
    struct list to, from;
    list_init(&to);
    list_init(&from);
    list_splice(&to, &from);
    assert_true(list_empty(&to));
    list_push(&to, &a.node);
    list_push(&from, &b.node);
    list_push(&from, &c.node);
    list_splice(&to, &from);
    assert_int_equal(digits(&to), 123);
    assert_true(list_empty(&from));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_order_and_takes_out_anywhere),
        cmocka_unit_test(walking_allows_removing),
        cmocka_unit_test(splicing_moves_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
