/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "connector/host.h"

static void names_and_canonical_addresses_pass(void **state)
{
    (void)state;
    static const char *const hosts[] = {
        "localhost",       "db",
        "db.example.com",  "my_db-1.internal",
        "1db.example.com", "10.example.com",
        "127.0.0.1",       "::1",
        "2001:db8::1",     "xn--mnchen-3ya.example",
        "x0.example.0xg",  "a.b.c.d",
    };
    struct error err;
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
        if (!host_check(str_from(hosts[i]), &err))
            fail_msg("%s: %s", hosts[i], err.message);
    }
}

static void what_could_be_read_in_two_ways_is_refused(void **state)
{
    (void)state;
    static const char *const hosts[] = {
        "",           "0177.0.0.1",  "2130706433",     "0x7f000001",
        "127.1",      "127.0.0.0x1", "1.2.3.4.5",      "1.2.3.4.",
        "db.",        ".db",         "a..b",           "-db",
        "db-",        "a.-b.c",      "db example",     "db/x",
        "fe80::1%lo", "::g",         "m\xc3\xbcnchen", "a%2fb",
        "a,b",        "example.0x",  "256.1.1.1",      "db;x",
    };
    struct error err;
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
        err = (struct error){ 0 };
        if (host_check(str_from(hosts[i]), &err))
            fail_msg("\"%s\" passed", hosts[i]);
        assert_int_equal(err.code, ERR_INVALID_HOST);
        assert_true(err.message[0]);
    }
    assert_false(host_check((struct str){ "db\0x", 4 }, &err));
}

static void lengths_are_capped(void **state)
{
    (void)state;
    struct error err;
    char label[65], name[300];
    memset(label, 'a', sizeof(label));
    assert_true(host_check((struct str){ label, 63 }, &err));
    assert_false(host_check((struct str){ label, 64 }, &err));
    for (size_t i = 0; i < sizeof(name); i++)
        name[i] = i % 2 ? '.' : 'a';
    assert_true(host_check((struct str){ name, 253 }, &err));
    assert_false(host_check((struct str){ name, 255 }, &err));
}

static void nearness_is_read_from_the_text(void **state)
{
    (void)state;
    static const char *const near[] = { "localhost", "db",          "127.0.0.1",
                                        "10.1.2.3",  "192.168.1.1", "::1",
                                        "fd00::1",   "nas.local",   "db.prod.internal" };
    static const char *const far[] = { "db.example.com",   "8.8.8.8",         "2600::1",
                                       "100.64.0.1",       "169.254.1.1",     "local.example",
                                       "::ffff:127.0.0.1", "notlocal.locals", "0.0.0.0" };
    for (size_t i = 0; i < ARRAY_LEN(near); i++) {
        if (!host_is_near(str_from(near[i])))
            fail_msg("%s is far", near[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(far); i++) {
        if (host_is_near(str_from(far[i])))
            fail_msg("%s is near", far[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_canonical_addresses_pass),
        cmocka_unit_test(what_could_be_read_in_two_ways_is_refused),
        cmocka_unit_test(lengths_are_capped),
        cmocka_unit_test(nearness_is_read_from_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
