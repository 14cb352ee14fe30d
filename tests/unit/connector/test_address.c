/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "connector/address.h"

#include <string.h>

static struct address parse(const char *text)
{
    struct address address;
    if (!address_parse(str_from(text), &address))
        fail_msg("%s did not parse", text);
    return address;
}

static void only_canonical_text_parses(void **state)
{
    (void)state;
    static const char *const good[] = { "127.0.0.1", "::1", "2001:db8::1", "::ffff:10.0.0.1",
                                        "255.255.255.255" };
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        (void)parse(good[i]);
    static const char *const bad[] = {
        "",         "1",         "127.1",          "0177.0.0.1", "2130706433", "0x7f.0.0.1",
        "1.2.3.4.", "1.2.3.256", " 127.0.0.1",     "127.0.0.1 ", "fe80::1%lo", "[::1]",
        "1.2.3.04", "::1::",     "1:2:3:4:5:6:7:", "localhost",  "::127.1",
    };
    struct address address;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (address_parse(str_from(bad[i]), &address))
            fail_msg("\"%s\" parsed", bad[i]);
    }
    assert_false(address_parse((struct str){ "127.0.0.1\0", 10 }, &address));
    assert_false(address_parse(STR_NULL, &address));
}

static void text_comes_back(void **state)
{
    (void)state;
    char text[ADDRESS_TEXT_SIZE];
    struct address long_form = parse("2001:0DB8:0:0:0:0:0:1");
    assert_string_equal(address_format(&long_form, text).ptr, "2001:db8::1");
    struct address four = parse("192.0.2.1");
    assert_string_equal(address_format(&four, text).ptr, "192.0.2.1");
}

static void each_range_has_its_class(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum address_class class;
    } rows[] = {
        { "8.8.8.8", ADDRESS_GLOBAL },
        { "11.0.0.0", ADDRESS_GLOBAL },
        { "9.255.255.255", ADDRESS_GLOBAL },
        { "10.0.0.0", ADDRESS_PRIVATE },
        { "10.255.255.255", ADDRESS_PRIVATE },
        { "172.15.255.255", ADDRESS_GLOBAL },
        { "172.16.0.0", ADDRESS_PRIVATE },
        { "172.31.255.255", ADDRESS_PRIVATE },
        { "172.32.0.0", ADDRESS_GLOBAL },
        { "192.168.0.1", ADDRESS_PRIVATE },
        { "192.169.0.1", ADDRESS_GLOBAL },
        { "100.63.255.255", ADDRESS_GLOBAL },
        { "100.64.0.0", ADDRESS_SPECIAL },
        { "100.127.255.255", ADDRESS_SPECIAL },
        { "100.128.0.0", ADDRESS_GLOBAL },
        { "100.100.100.200", ADDRESS_METADATA },
        { "127.0.0.1", ADDRESS_LOOPBACK },
        { "127.255.255.255", ADDRESS_LOOPBACK },
        { "128.0.0.0", ADDRESS_GLOBAL },
        { "0.0.0.0", ADDRESS_UNSPECIFIED },
        { "0.1.2.3", ADDRESS_UNSPECIFIED },
        { "169.254.0.1", ADDRESS_LINK_LOCAL },
        { "169.254.169.254", ADDRESS_METADATA },
        { "169.254.170.2", ADDRESS_METADATA },
        { "168.63.129.16", ADDRESS_METADATA },
        { "192.0.0.192", ADDRESS_METADATA },
        { "192.0.2.1", ADDRESS_SPECIAL },
        { "198.18.0.1", ADDRESS_SPECIAL },
        { "198.19.255.255", ADDRESS_SPECIAL },
        { "198.20.0.0", ADDRESS_GLOBAL },
        { "203.0.113.9", ADDRESS_SPECIAL },
        { "224.0.0.1", ADDRESS_MULTICAST },
        { "239.255.255.255", ADDRESS_MULTICAST },
        { "240.0.0.1", ADDRESS_RESERVED },
        { "255.255.255.255", ADDRESS_RESERVED },
        { "::", ADDRESS_UNSPECIFIED },
        { "::1", ADDRESS_LOOPBACK },
        { "2600::1", ADDRESS_GLOBAL },
        { "2001:4860:4860::8888", ADDRESS_GLOBAL },
        { "2001:db8::1", ADDRESS_SPECIAL },
        { "2001:2::1", ADDRESS_SPECIAL },
        { "fc00::1", ADDRESS_PRIVATE },
        { "fdff::1", ADDRESS_PRIVATE },
        { "fd00:ec2::254", ADDRESS_METADATA },
        { "fd00:ec2::255", ADDRESS_PRIVATE },
        { "fd00:ec2::23", ADDRESS_METADATA },
        { "fd20:ce::254", ADDRESS_METADATA },
        { "fe80::a9fe:a9fe", ADDRESS_METADATA },
        { "fe80::1", ADDRESS_LINK_LOCAL },
        { "febf::1", ADDRESS_LINK_LOCAL },
        { "fec0::1", ADDRESS_PRIVATE },
        { "ff02::1", ADDRESS_MULTICAST },
        { "100::1", ADDRESS_SPECIAL },
        { "3fff:1000::1", ADDRESS_GLOBAL },
        { "3fff:fff::1", ADDRESS_SPECIAL },
        { "4000::1", ADDRESS_RESERVED },
        { "64:ff9b:1::1", ADDRESS_RESERVED },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct address address = parse(rows[i].text);
        if (address_class(&address) != rows[i].class)
            fail_msg("%s is of class %d, not %d", rows[i].text, address_class(&address),
                     rows[i].class);
    }
}

static void a_carried_address_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *text, *inner;
    } rows[] = {
        { "::ffff:127.0.0.1", "127.0.0.1" },
        { "::ffff:0:10.0.0.1", "10.0.0.1" },
        { "::192.168.0.1", "192.168.0.1" },
        { "64:ff9b::169.254.169.254", "169.254.169.254" },
        { "2002:a00:1::1", "10.0.0.1" },
        { "2002:7f00:1:dead:beef::", "127.0.0.1" },
        { "2001:0:4136:e378:8000:63bf:f5ff:fffe", "10.0.0.1" },
        { "::1", "::1" },
        { "::", "::" },
        { "64:ff9b:0:1::1", "64:ff9b:0:1::1" },
        { "2001:db8::7f00:1", "2001:db8::7f00:1" },
        { "10.0.0.1", "10.0.0.1" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct address address = parse(rows[i].text);
        char text[ADDRESS_TEXT_SIZE];
        struct address inner = address_inner(&address);
        assert_string_equal(address_format(&inner, text).ptr, rows[i].inner);
    }
}

static void ranges_end_where_their_bits_say(void **state)
{
    (void)state;
    struct address range = parse("10.1.16.0"), inside = parse("10.1.31.255"),
                   outside = parse("10.1.32.0"), six = parse("::1");
    assert_true(address_within(&inside, &range, 20));
    assert_false(address_within(&outside, &range, 20));
    assert_true(address_within(&outside, &range, 0));
    assert_false(address_within(&six, &range, 0));
    assert_false(address_within(&inside, &range, 32));
    assert_true(address_within(&range, &range, 32));
}

static void sockets_carry_address_and_port(void **state)
{
    (void)state;
    static const char *const texts[] = { "192.0.2.7", "2001:db8::7" };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct address address = parse(texts[i]), back;
        struct sockaddr_storage storage = address_with_port(&address, 5432);
        assert_true(address_of((const struct sockaddr *)&storage, &back));
        assert_memory_equal(&address, &back, sizeof(back));
    }
    struct sockaddr unix_address = { .sa_family = AF_UNIX };
    struct address none;
    assert_false(address_of(&unix_address, &none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_canonical_text_parses),
        cmocka_unit_test(text_comes_back),
        cmocka_unit_test(each_range_has_its_class),
        cmocka_unit_test(a_carried_address_is_found),
        cmocka_unit_test(ranges_end_where_their_bits_say),
        cmocka_unit_test(sockets_carry_address_and_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
