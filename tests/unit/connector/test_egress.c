/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "connector/address.h"
#include "connector/dial.h"

#include <stdio.h>

static bool allows(const struct egress *egress, const char *text, int64_t port)
{
    struct address address;
    if (!address_parse(str_from(text), &address))
        fail_msg("%s did not parse", text);
    struct sockaddr_storage storage = address_with_port(&address, port);
    return egress_allows(egress, (const struct sockaddr *)&storage, port);
}

static struct egress *make(enum egress_policy policy, const char *allow)
{
    struct error err = { 0 };
    struct egress *egress = egress_new(policy, str_from(allow), &err);
    if (!egress)
        fail_msg("%s: %s", allow, err.message);
    return egress;
}

static void expect(const struct egress *egress, bool expected, const char *const *texts)
{
    for (; *texts; texts++) {
        if (allows(egress, *texts, 5432) != expected)
            fail_msg("%s is %s", *texts, expected ? "refused" : "allowed");
    }
}

static const char *const never[] = {
    "0.0.0.0", "::", "0.1.2.3", "224.0.0.1", "ff02::1", "::ffff:0.0.0.0", "64:ff9b::224.0.0.1",
    NULL,
};
static const char *const metadata[] = {
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "168.63.129.16",
    "fd00:ec2::254",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "fe80::a9fe:a9fe",
    /* Teredo, whose client address is the complement */
    "2001:0:4136:e378:8000:63bf:5601:5601",
    NULL,
};
static const char *const link_local_and_reserved[] = {
    "169.254.1.1", "fe80::1", "255.255.255.255", "240.0.0.1", "64:ff9b:1::1", "4000::1", NULL,
};
static const char *const near[] = {
    "127.0.0.1",
    "::1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "fc00::1",
    "::ffff:127.0.0.1",
    "2002:a00:1::1",
    "64:ff9b::10.0.0.1",
    "2001:db8::1",
    "192.0.2.1",
    NULL,
};
static const char *const global[] = {
    "8.8.8.8", "2600::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1", NULL,
};

static void open_takes_all_unicast_but_link_local_and_metadata(void **state)
{
    (void)state;
    AUTO(egress) egress = make(EGRESS_OPEN, "");
    expect(egress, false, never);
    expect(egress, false, metadata);
    expect(egress, false, link_local_and_reserved);
    expect(egress, true, near);
    expect(egress, true, global);
}

static void strict_takes_global_unicast_only(void **state)
{
    (void)state;
    AUTO(egress) egress = make(EGRESS_STRICT, "");
    expect(egress, false, never);
    expect(egress, false, metadata);
    expect(egress, false, link_local_and_reserved);
    expect(egress, false, near);
    expect(egress, true, global);
}

static void listed_ranges_end_at_their_edges(void **state)
{
    (void)state;
    AUTO(egress)
    egress = make(EGRESS_STRICT, "10.1.0.0/16:5432, [fd00::/8]:6379,127.0.0.1:*,[fe80::/10]:1");
    assert_true(allows(egress, "10.1.0.0", 5432));
    assert_true(allows(egress, "10.1.255.255", 5432));
    assert_true(allows(egress, "::ffff:10.1.2.3", 5432));
    assert_false(allows(egress, "10.1.2.3", 5433));
    assert_false(allows(egress, "10.2.0.0", 5432));
    assert_true(allows(egress, "fd12::1", 6379));
    assert_false(allows(egress, "fc00::1", 6379));
    assert_true(allows(egress, "127.0.0.1", 1));
    assert_true(allows(egress, "127.0.0.1", 65535));
    assert_false(allows(egress, "127.0.0.2", 1));
    assert_true(allows(egress, "fe80::1", 1));
}

static void metadata_needs_its_own_entry(void **state)
{
    (void)state;
    AUTO(egress) wide = make(EGRESS_OPEN, "0.0.0.0/0:*,[::/0]:*");
    expect(wide, false, metadata);
    expect(wide, false, never);
    expect(wide, true, link_local_and_reserved);
    AUTO(egress) exact = make(EGRESS_STRICT, "169.254.169.254/32:80,[fd00:ec2::254]:80");
    assert_true(allows(exact, "169.254.169.254", 80));
    assert_true(allows(exact, "::ffff:169.254.169.254", 80));
    assert_true(allows(exact, "fd00:ec2::254", 80));
    assert_false(allows(exact, "169.254.169.254", 81));
    assert_false(allows(exact, "169.254.170.2", 80));
}

static void wrong_entries_are_named(void **state)
{
    (void)state;
    static const char *const entries[] = {
        "10.0.0.0/8",
        "10.0.0.0/8:",
        "10.0.0.0/8:0",
        "10.0.0.0/8:65536",
        "10.0.0.0/33:1",
        "10.0.0.0/-1:1",
        "10.0.0.0/:1",
        "10.0.0.1/8:1",
        "010.0.0.0/8:1",
        "fd00::/8:1",
        "[fd00::/8]",
        "[fd00::/129]:1",
        "[fd00::1/64]:1",
        "db:5432",
        "::ffff:10.0.0.1:1",
        "[::ffff:10.0.0.0/104]:1",
        "[64:ff9b::/96]:*",
        "10.0.0.0/8:x",
        "*:*",
        "",
    };
    for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
        char allow[64];
        (void)snprintf(allow, sizeof(allow), "127.0.0.1:1,%s", entries[i]);
        struct error err = { 0 };
        AUTO(egress) egress = egress_new(EGRESS_OPEN, str_from(allow), &err);
        if (egress)
            fail_msg("\"%s\" passed", entries[i]);
        assert_int_equal(err.code, ERR_BAD_REQUEST);
        assert_non_null(strstr(err.message, entries[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_takes_all_unicast_but_link_local_and_metadata),
        cmocka_unit_test(strict_takes_global_unicast_only),
        cmocka_unit_test(listed_ranges_end_at_their_edges),
        cmocka_unit_test(metadata_needs_its_own_entry),
        cmocka_unit_test(wrong_entries_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
