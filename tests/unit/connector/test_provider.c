/* SPDX-License-Identifier: Apache-2.0 */
/* providers.json against its shape, the URL parser and the settings: what holds for every template. */
#include "unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "connector/connector.h"
#include "connector/placeholder.h"
#include "connector/provider.h"

#include <string.h>

static struct arena *arena;
static struct template_list list;

static int set_up(void **state)
{
    (void)state;
    struct error err = { 0 };
    secret_init();
    arena = arena_new();
    if (!connection_templates(arena, &list, &err))
        fail_msg("%s", err.message);
    return list.templates.count == 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const struct connection_template *template_at(size_t i)
{
    return (const struct connection_template *)list.templates.items + i;
}

/* The pattern with its first `count` placeholders replaced by their examples. */
static struct str fill(const struct connection_template *template, size_t count)
{
    const struct provider_placeholder *placeholders = template->placeholders.items;
    struct str text = template->url_pattern;
    for (size_t i = 0; i < count; i++) {
        struct str left = placeholder_find(text);
        struct str name = str_slice(left, 1, left.len - 1);
        if (!str_eq(name, placeholders[i].name))
            fail_msg(STR_FMT ": has [" STR_FMT "] where it lists [" STR_FMT "]",
                     STR_ARG(template->name), STR_ARG(name), STR_ARG(placeholders[i].name));
        size_t at = (size_t)(left.ptr - text.ptr);
        struct str head = str_slice(text, 0, at), tail = str_slice(text, at + left.len, text.len);
        text = arena_printf(arena, STR_FMT STR_FMT STR_FMT, STR_ARG(head),
                            STR_ARG(placeholders[i].example), STR_ARG(tail));
    }
    return text;
}

static bool parses(const struct connection_template *template, struct str text, struct url *url,
                   struct error *err)
{
    const struct connector *connector = connector_find(template->connection_type);
    struct secret *password = NULL;
    struct connection_settings settings;
    assert_non_null(connector);
    bool good = url_parse(text, &connector->rules, arena, url, &password, err) &&
                settings_resolve(template->config, url, &settings, err) &&
                (!connector->check || connector->check(url, &settings, err));
    secret_free(password);
    return good;
}

static void test_filled_patterns_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < list.templates.count; i++) {
        const struct connection_template *template = template_at(i);
        struct error err = { 0 };
        struct url url;
        if (!parses(template, fill(template, template->placeholders.count), &url, &err))
            fail_msg(STR_FMT ": %s", STR_ARG(template->name), err.message);
    }
}

/* Each placeholder alone is enough for a refusal, which names it. */
static void test_placeholders_are_refused_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < list.templates.count; i++) {
        const struct connection_template *template = template_at(i);
        const struct provider_placeholder *placeholders = template->placeholders.items;
        for (size_t filled = 0; filled < template->placeholders.count; filled++) {
            struct error err = { 0 };
            struct url url;
            if (parses(template, fill(template, filled), &url, &err))
                fail_msg(STR_FMT ": passes with %zu placeholders filled", STR_ARG(template->name),
                         filled);
            struct str says = arena_printf(arena, "connectionUrl: replace [" STR_FMT "] with your ",
                                           STR_ARG(placeholders[filled].name));
            if (!str_starts(str_from(err.message), says))
                fail_msg(STR_FMT ": %s", STR_ARG(template->name), err.message);
            assert_string_equal(err.field, "connectionUrl");
        }
    }
}

/* Only who answers on this machine may stay without encryption: or Railway, which offers none. */
static void test_patterns_encrypt(void **state)
{
    (void)state;
    for (size_t i = 0; i < list.templates.count; i++) {
        const struct connection_template *template = template_at(i);
        struct error err = { 0 };
        struct url url;
        struct connection_settings settings;
        assert_true(parses(template, fill(template, template->placeholders.count), &url, &err));
        assert_true(settings_resolve(template->config, &url, &settings, &err));
        bool plain = str_starts(template->name, STR("local-")) ||
                     str_eq(template->name, STR("railway-redis"));
        if (plain != (settings.tls_mode < TLS_MODE_REQUIRE))
            fail_msg(STR_FMT ": TLS mode %s", STR_ARG(template->name),
                     tls_mode_names[settings.tls_mode]);
    }
}

static void test_names_are_unique_and_plain(void **state)
{
    (void)state;
    for (size_t i = 0; i < list.templates.count; i++) {
        struct str name = template_at(i)->name;
        for (size_t at = 0; at < name.len; at++)
            assert_true((name.ptr[at] >= 'a' && name.ptr[at] <= 'z') || name.ptr[at] == '-');
        for (size_t other = 0; other < i; other++) {
            assert_false(str_eq(name, template_at(other)->name));
            assert_false(str_eq(template_at(i)->title, template_at(other)->title));
        }
    }
}

static bool is_day(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        bool dash = i == 4 || i == 7;
        if (dash ? text.ptr[i] != '-' : text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    }
    return text.len == 10;
}

static void test_facts_have_sources(void **state)
{
    (void)state;
    for (size_t i = 0; i < list.templates.count; i++) {
        const struct connection_template *template = template_at(i);
        const struct provider_fact *facts = template->facts.items;
        if (template->facts.count == 0)
            fail_msg(STR_FMT ": says nothing", STR_ARG(template->name));
        for (size_t at = 0; at < template->facts.count; at++) {
            if (!str_starts(facts[at].source, STR("https://")) || !is_day(facts[at].seen_on) ||
                facts[at].text.ptr[facts[at].text.len - 1] != '.')
                fail_msg(STR_FMT ": fact %zu", STR_ARG(template->name), at);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filled_patterns_parse),
        cmocka_unit_test(test_placeholders_are_refused_by_name),
        cmocka_unit_test(test_patterns_encrypt),
        cmocka_unit_test(test_names_are_unique_and_plain),
        cmocka_unit_test(test_facts_have_sources),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
