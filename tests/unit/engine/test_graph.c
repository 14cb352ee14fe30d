/* SPDX-License-Identifier: Apache-2.0 */
/* Definitions: what is refused, what is listed as unfinished, and in which order nodes come out. */
#include "unit.h"

#include <string.h>

#include "engine/graph.h"

#define ID "\"01890000-0000-7000-8000-000000000001\""
#define GET(id, key)                                                                               \
    "{\"id\":\"" id "\",\"type\":\"redis-command\",\"name\":\"n\",\"config\":{"                    \
    "\"connectionId\":" ID ",\"command\":\"GET\",\"key\":\"" key "\"}}"

static struct graph *compile(const char *text)
{
    struct error err;
    struct graph *graph = graph_compile(str_from(text), &err);
    if (!graph)
        fail_msg("%s", err.message);
    return graph;
}

static void refused(const char *text, const char *message)
{
    struct error err;
    struct graph *graph = graph_compile(str_from(text), &err);
    assert_null(graph);
    assert_int_equal(error_code_row(err.code)->status, STATUS_BAD_REQUEST);
    if (!strstr(err.message, message))
        fail_msg("\"%s\" does not say \"%s\"", err.message, message);
}

static void test_refuses(void **state)
{
    (void)state;
    refused("[]", "definition");
    refused("{\"nodes\":[]}", "edges");
    refused("{\"nodes\":[],\"edges\":[],\"x\":1}", "x");
    refused("{\"nodes\":[{\"id\":\"A\",\"type\":\"redis-command\",\"name\":\"n\"}],\"edges\":[]}",
            "nodes[0].id");
    refused("{\"nodes\":[{\"id\":\"a\",\"type\":\"nothing\",\"name\":\"n\"}],\"edges\":[]}",
            "there is no component \"nothing\"");
    refused("{\"nodes\":[" GET("a", "k") "," GET("a", "k") "],\"edges\":[]}", "taken");
    refused("{\"nodes\":[" GET("a", "k") "],\"edges\":[{\"source\":\"a\",\"target\":\"b\"}]}",
            "there is no node \"b\"");
    refused(
        "{\"nodes\":[" GET("a", "k") "," GET(
            "b", "k") "],\"edges\":["
                      "{\"source\":\"a\",\"target\":\"b\"},{\"source\":\"b\",\"target\":\"a\"}]}",
        "cycle");
    refused("{\"nodes\":[" GET("a", "k") "],\"edges\":[{\"source\":\"a\",\"target\":\"a\"}]}",
            "cycle");
    refused(
        "{\"nodes\":[" GET("a", "k") ",{\"id\":\"t\",\"type\":\"manual-trigger\",\"name\":\"t\"}"
                                     "],\"edges\":[{\"source\":\"a\",\"target\":\"t\"}]}",
        "nothing can come before it");
    refused("{\"nodes\":[{\"id\":\"a\",\"type\":\"redis-command\",\"name\":\"n\",\"config\":{"
            "\"connectionId\":" ID ",\"command\":\"FLUSHALL\",\"key\":\"k\"}}],\"edges\":[]}",
            "nodes[0].config.command");
    refused("{\"nodes\":[{\"id\":\"a\",\"type\":\"redis-command\",\"name\":\"n\",\"retry\":{"
            "\"strategy\":\"fixed\",\"maxAttempts\":0}}],\"edges\":[]}",
            "nodes[0].retry.maxAttempts");
}

static void test_orders(void **state)
{
    (void)state;
    AUTO(graph)
    graph = compile("{\"nodes\":[" GET("c", "k") "," GET("b", "k") "," GET(
        "a", "k") "],\"edges\":[{\"source\":\"a\",\"target\":\"b\"},"
                  "{\"source\":\"b\",\"target\":\"c\"},"
                  "{\"source\":\"a\",\"target\":\"c\"},"
                  "{\"source\":\"a\",\"target\":\"c\"}]}");
    assert_int_equal(graph->count, 3);
    assert_int_equal(graph_find(graph, STR("a")), 0);
    assert_int_equal(graph_find(graph, STR("b")), 1);
    assert_int_equal(graph_find(graph, STR("c")), 2);
    assert_int_equal(graph->nodes[0].next_count, 2);
    assert_int_equal(graph->nodes[2].previous_count, 2);
    assert_null(graph->blocker);
    assert_int_equal(graph->problem_count, 0);
}

static void test_lists_problems(void **state)
{
    (void)state;
    AUTO(graph)
    missing = compile(
        "{\"nodes\":[{\"id\":\"a\",\"type\":\"redis-command\",\"name\":\"n\"}],\"edges\":[]}");
    assert_non_null(missing->blocker);
    assert_true(missing->problem_count >= 2);

    AUTO(graph)
    later = compile("{\"nodes\":[" GET("a", "{{ nodes.b.value }}") "," GET(
        "b", "k") "],\"edges\":[{\"source\":\"a\",\"target\":\"b\"}]}");
    assert_int_equal(later->problem_count, 1);
    assert_null(later->blocker);
    assert_non_null(strstr(later->problems[0].message.ptr, "does not come before"));

    AUTO(graph)
    nowhere = compile("{\"nodes\":[" GET("a", "{{ nodes.zz.value }}") "],\"edges\":[]}");
    assert_int_equal(nowhere->problem_count, 1);

    AUTO(graph)
    fine = compile("{\"nodes\":[" GET("a", "k") "," GET(
        "b", "{{ nodes.a.value }}") "],\"edges\":[{\"source\":\"a\",\"target\":\"b\"}]}");
    assert_int_equal(fine->problem_count, 0);

    /* Written from the last node to the first: what counts is the way that edges lead. */
    AUTO(graph)
    backwards = compile("{\"nodes\":[" GET("c", "{{ nodes.a.value }}{{ nodes.c.value }}") "," GET(
        "b", "k") "," GET("a", "{{ nodes.c.value }}") "],\"edges\":["
                                                      "{\"source\":\"a\",\"target\":\"b\"},{"
                                                      "\"source\":\"b\",\"target\":\"c\"}]}");
    assert_int_equal(backwards->problem_count, 2);
    assert_true(str_eq(backwards->problems[0].node_id, STR("a")));
    assert_true(str_eq(backwards->problems[1].node_id, STR("c")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_lists_problems),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
