/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON reader: what it takes, what it refuses and where. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "json/read.h"

#define TEXT(literal)                                                                              \
    {                                                                                              \
        "" literal, sizeof(literal) - 1                                                            \
    }

static struct error err;

static struct json *read_text(struct arena *arena, struct str text)
{
    return json_read(arena, text, JSON_DUPLICATES_REFUSED, &err);
}

static void assert_text(struct str got, struct str wanted)
{
    assert_int_equal(got.len, wanted.len);
    assert_memory_equal(got.ptr, wanted.ptr, got.len);
}

static void reads_every_kind(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct str text = STR(" {\"n\":null,\"t\":true,\"f\":false,\"i\":-12,\"s\":\"x\","
                          "\"a\":[1,[],{}],\"o\":{\"k\":\"v\"}}\r\n\t");
    const struct json *value = read_text(arena, text);
    assert_non_null(value);
    assert_int_equal(value->kind, JSON_OBJECT);
    assert_int_equal(value->count, 7);
    assert_text(value->raw, str_trim(text));
    assert_text(value->members[0].name, STR("n"));
    assert_int_equal(value->members[0].value.kind, JSON_NULL);
    assert_text(value->members[0].value.raw, STR("null"));
    assert_int_equal(value->members[1].value.kind, JSON_BOOL);
    assert_true(value->members[1].value.boolean);
    assert_int_equal(value->members[2].value.kind, JSON_BOOL);
    assert_false(value->members[2].value.boolean);
    assert_int_equal(value->members[3].value.kind, JSON_NUMBER);
    assert_text(value->members[3].value.text, STR("-12"));
    assert_int_equal(value->members[4].value.kind, JSON_STRING);
    assert_text(value->members[4].value.text, STR("x"));
    assert_text(value->members[4].value.raw, STR("\"x\""));

    const struct json *array = &value->members[5].value;
    assert_int_equal(array->kind, JSON_ARRAY);
    assert_int_equal(array->count, 3);
    assert_text(array->raw, STR("[1,[],{}]"));
    assert_int_equal(array->items[1].kind, JSON_ARRAY);
    assert_int_equal(array->items[1].count, 0);
    assert_text(array->items[1].raw, STR("[]"));
    assert_int_equal(array->items[2].kind, JSON_OBJECT);
    assert_text(value->members[6].value.members[0].value.text, STR("v"));
}

static void numbers_keep_their_digits(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "0",
        "-0",
        "1.10",
        "1e400",
        "1e-400",
        "-1.5E+03",
        "9223372036854775808",
        "123456789012345678901234567890.123456789012345678901234567890",
        "0.1e1",
        "100",
    };
    AUTO(arena) arena = arena_new();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct json *value = read_text(arena, str_from(rows[i]));
        assert_non_null(value);
        assert_int_equal(value->kind, JSON_NUMBER);
        assert_text(value->text, str_from(rows[i]));
        assert_text(value->raw, str_from(rows[i]));
    }
}

static void strings_are_decoded(void **state)
{
    (void)state;
    static const struct {
        struct str json, text;
    } rows[] = {
        { TEXT("\"\""), TEXT("") },
        { TEXT("\"plain text that is longer than eight bytes\""),
          TEXT("plain text that is longer than eight bytes") },
        { TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), TEXT("\"\\/\b\f\n\r\t") },
        { TEXT("\"a\\u0000b\""), TEXT("a\0b") },
        { TEXT("\"\\u007f\\u0080\\u07FF\\u0800\\uffff\""),
          TEXT("\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF") },
        { TEXT("\"x\\uD83D\\uDE00y\""), TEXT("x\xF0\x9F\x98\x80y") },
        { TEXT("\"\\uDBFF\\uDFFF\""), TEXT("\xF4\x8F\xBF\xBF") },
        { TEXT("\"gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80\""),
          TEXT("gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80") },
        { TEXT("\"1234567\\n1234567\xC3\xA4 12345678\\\"\""),
          TEXT("1234567\n1234567\xC3\xA4 12345678\"") },
        { TEXT("\"\x7F\""), TEXT("\x7F") },
    };
    AUTO(arena) arena = arena_new();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct json *value = read_text(arena, rows[i].json);
        assert_non_null(value);
        assert_int_equal(value->kind, JSON_STRING);
        assert_text(value->text, rows[i].text);
        assert_text(value->raw, rows[i].json);
    }
}

static void refuses_what_is_not_json_and_says_where(void **state)
{
    (void)state;
    static const struct {
        struct str json;
        const char *says;
    } rows[] = {
        { TEXT(""), "expected a value at byte 0, where the text ends" },
        { TEXT("  "), "expected a value at byte 2, where the text ends" },
        { TEXT("\xEF\xBB\xBF{}"), "expected a value at byte 0" },
        { TEXT("\0"), "expected a value at byte 0" },
        { TEXT("1\0"), "expected nothing after the value at byte 1" },
        { TEXT("{} {}"), "expected nothing after the value at byte 3" },
        { TEXT("1 x"), "expected nothing after the value at byte 2" },
        { TEXT("nul"), "expected a value at byte 0" },
        { TEXT("True"), "expected a value at byte 0" },
        { TEXT("truex"), "expected nothing after the value at byte 4" },
        { TEXT("NaN"), "expected a value at byte 0" },
        { TEXT("'a'"), "expected a value at byte 0" },
        { TEXT("// x\n1"), "expected a value at byte 0" },
        { TEXT("\v1"), "expected a value at byte 0" },
        { TEXT("\xC2\xA0"
               "1"),
          "expected a value at byte 0" },
        /* numbers */
        { TEXT("01"), "expected nothing after the value at byte 1" },
        { TEXT("[-01]"), "expected \",\" or \"]\" at byte 3" },
        { TEXT("-"), "expected a digit at byte 1, where the text ends" },
        { TEXT("+1"), "expected a value at byte 0" },
        { TEXT(".5"), "expected a value at byte 0" },
        { TEXT("1."), "expected a digit at byte 2, where the text ends" },
        { TEXT("[1.]"), "expected a digit at byte 3" },
        { TEXT("1e"), "expected a digit at byte 2, where the text ends" },
        { TEXT("1e+x"), "expected a digit at byte 3" },
        { TEXT("0x10"), "expected nothing after the value at byte 1" },
        { TEXT("-Infinity"), "expected a digit at byte 1" },
        { TEXT("1_000"), "expected nothing after the value at byte 1" },
        /* arrays and objects */
        { TEXT("["), "expected a value at byte 1, where the text ends" },
        { TEXT("[1"), "expected \",\" or \"]\" at byte 2, where the text ends" },
        { TEXT("[1,]"), "expected a value at byte 3" },
        { TEXT("[,1]"), "expected a value at byte 1" },
        { TEXT("[1 2]"), "expected \",\" or \"]\" at byte 3" },
        { TEXT("[1}"), "expected \",\" or \"]\" at byte 2" },
        { TEXT("]"), "expected a value at byte 0" },
        { TEXT("{"), "expected a name in quotes or \"}\" at byte 1, where the text ends" },
        { TEXT("{\"a\"}"), "expected \":\" at byte 4" },
        { TEXT("{\"a\":}"), "expected a value at byte 5" },
        { TEXT("{\"a\":1,}"), "expected a name in quotes at byte 7" },
        { TEXT("{\"a\":1"), "expected \",\" or \"}\" at byte 6, where the text ends" },
        { TEXT("{\"a\":1]"), "expected \",\" or \"}\" at byte 6" },
        { TEXT("{a:1}"), "expected a name in quotes or \"}\" at byte 1" },
        { TEXT("{1:1}"), "expected a name in quotes or \"}\" at byte 1" },
        { TEXT("{\"a\" 1}"), "expected \":\" at byte 5" },
        /* strings */
        { TEXT("\""), "expected \"\\\"\" to end a string at byte 1, where the text ends" },
        { TEXT("\"a"), "expected \"\\\"\" to end a string at byte 2, where the text ends" },
        { TEXT("\"\\"), "expected the rest of an escape at byte 2, where the text ends" },
        { TEXT("\"\\\""), "expected \"\\\"\" to end a string at byte 3, where the text ends" },
        { TEXT("\"a\nb\""), "expected an escape instead of a control character at byte 2" },
        { TEXT("\"a\0b\""), "expected an escape instead of a control character at byte 2" },
        { TEXT("\"12345678\x1F\""), "expected an escape instead of a control character at byte 9" },
        { TEXT("\"\\x41\""), "expected one of the escapes" },
        { TEXT("\"\\\0\""), "expected one of the escapes" },
        { TEXT("\"\\U0041\""), "expected one of the escapes" },
        { TEXT("\"\\u12\""), "expected \"\\u\" and four hexadecimal digits at byte 1" },
        { TEXT("\"\\u12g4\""), "expected \"\\u\" and four hexadecimal digits at byte 1" },
        { TEXT("\"\\u@@@@\""), "expected \"\\u\" and four hexadecimal digits at byte 1" },
        { TEXT("\"\\u12"), "expected \"\\u\" and four hexadecimal digits at byte 1" },
        /* surrogates */
        { TEXT("\"\\uD800\""), "expected both halves of a surrogate pair at byte 1" },
        { TEXT("\"\\uDC00\""), "expected both halves of a surrogate pair at byte 1" },
        { TEXT("\"\\uD800\\u0041\""), "expected both halves of a surrogate pair at byte 1" },
        { TEXT("\"\\uD800\\uD800\""), "expected both halves of a surrogate pair at byte 1" },
        { TEXT("\"\\uDC00\\uD800\""), "expected both halves of a surrogate pair at byte 1" },
        { TEXT("\"\\uD800\\n12345\""), "expected both halves of a surrogate pair at byte 1" },
        { TEXT("\"\\uD800\\uDC0"), "expected both halves of a surrogate pair at byte 1" },
        { TEXT("{\"\\uD800\":1}"), "expected both halves of a surrogate pair at byte 2" },
        /* UTF-8 */
        { TEXT("\"\xC0\xAF\""), "expected valid UTF-8 at byte 1" },
        { TEXT("\"\xE0\x80\xAF\""), "expected valid UTF-8 at byte 1" },
        { TEXT("\"\xF0\x80\x80\xAF\""), "expected valid UTF-8 at byte 1" },
        { TEXT("\"\xED\xA0\x80\""), "expected valid UTF-8 at byte 1" },
        { TEXT("\"\xF4\x90\x80\x80\""), "expected valid UTF-8 at byte 1" },
        { TEXT("\"12345678\x80\""), "expected valid UTF-8 at byte 9" },
        { TEXT("\"\xC3\""), "expected valid UTF-8 at byte 1" },
        { TEXT("\"\xC3\xA4\xC3"), "expected valid UTF-8 at byte 3" },
        { TEXT("\"\xFF\""), "expected valid UTF-8 at byte 1" },
        /* names that come again */
        { TEXT("{\"a\":1,\"a\":2}"), "\"a\" comes again with the value at byte 11" },
        { TEXT("{\"a\":1,\"\\u0061\":2}"), "\"a\" comes again with the value at byte 16" },
        { TEXT("{\"\":1,\"\":1}"), "\"\" comes again" },
        { TEXT("[{\"x\":{\"b\":1,\"c\":1,\"b\":{}}}]"), "\"b\" comes again" },
    };
    AUTO(arena) arena = arena_new();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        /* A copy of exactly that size, so that a sanitizer sees the first byte too many. */
        char *text = malloc(rows[i].json.len + 1);
        assert_non_null(text);
        char *end = text + 1;
        memcpy(end, rows[i].json.ptr, rows[i].json.len);
        err = (struct error){ 0 };
        assert_null(read_text(arena, (struct str){ end, rows[i].json.len }));
        free(text);
        assert_int_equal(err.code, ERR_BAD_REQUEST);
        assert_true(str_starts(str_from(err.message), STR("not JSON")));
        if (!strstr(err.message, rows[i].says))
            fail_msg("%s\n   wanted: %s", err.message, rows[i].says);
        size_t at = (size_t)(strstr(err.message, rows[i].says) - err.message);
        char after = err.message[at + strlen(rows[i].says)];
        assert_false(after >= '0' && after <= '9'); /* "byte 1" is not "byte 12" */
    }
}

static struct str nested(struct arena *arena, size_t depth, const char *open, const char *close)
{
    struct buf buf;
    buf_init(&buf, SIZE_MAX);
    for (size_t i = 0; i < depth; i++)
        buf_add_c(&buf, open);
    if (open[0] == '{')
        buf_add_byte(&buf, '1');
    for (size_t i = 0; i < depth; i++)
        buf_add_c(&buf, close);
    struct str text = arena_str(arena, buf_str(&buf));
    buf_done(&buf);
    return text;
}

static void depth_ends_at_64(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    assert_non_null(read_text(arena, nested(arena, 64, "[", "]")));
    assert_non_null(read_text(arena, nested(arena, 64, "{\"a\":", "}")));
    assert_null(read_text(arena, nested(arena, 65, "[", "]")));
    assert_non_null(strstr(err.message, "nested deeper than 64 at byte 64"));
    assert_null(read_text(arena, nested(arena, 65, "{\"a\":", "}")));
    assert_null(read_text(arena, nested(arena, 1000000, "[", "")));
    assert_int_equal(err.code, ERR_BAD_REQUEST);
}

/* {"k0":0,…,"k<count-1>":…} with one name more at the end. */
static struct str wide_object(struct arena *arena, int count, const char *last)
{
    struct buf buf;
    buf_init(&buf, SIZE_MAX);
    buf_add_byte(&buf, '{');
    for (int i = 0; i < count; i++)
        buf_printf(&buf, "\"k%d\":%d,", i, i);
    buf_printf(&buf, "\"%s\":\"last\"}", last);
    struct str text = arena_str(arena, buf_str(&buf));
    buf_done(&buf);
    return text;
}

static void wide_objects_keep_order_and_find_duplicates(void **state)
{
    (void)state;
    static const int counts[] = { 1, 15, 16, 17, 31, 32, 33, 1000, 50000 };
    AUTO(arena) arena = arena_new();
    for (size_t c = 0; c < ARRAY_LEN(counts); c++) {
        int count = counts[c];
        const struct json *value = read_text(arena, wide_object(arena, count, "other"));
        assert_non_null(value);
        assert_int_equal(value->count, count + 1);
        for (int i = 0; i < count; i++) {
            int64_t number;
            assert_true(json_to_int64(&value->members[i].value, &number));
            assert_int_equal(number, i);
        }
        assert_null(read_text(arena, wide_object(arena, count, "k0")));
        assert_non_null(strstr(err.message, "\"k0\" comes again"));

        value = json_read(arena, wide_object(arena, count, "k0"), JSON_DUPLICATES_LAST, &err);
        assert_non_null(value);
        assert_int_equal(value->count, count);
        assert_text(value->members[0].name, STR("k0"));
        assert_text(value->members[0].value.text, STR("last"));
        if (count > 1)
            assert_text(value->members[count - 1].value.text, value->members[count - 1].value.raw);
        arena_reset(arena);
    }
}

static void the_last_duplicate_takes_the_first_place(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct str text = STR("{\"a\":1,\"b\":2,\"a\":3,\"c\":4,\"a\":5,\"b\":6}");
    const struct json *value = json_read(arena, text, JSON_DUPLICATES_LAST, &err);
    assert_non_null(value);
    assert_int_equal(value->count, 3);
    assert_text(value->members[0].name, STR("a"));
    assert_text(value->members[0].value.text, STR("5"));
    assert_text(value->members[1].name, STR("b"));
    assert_text(value->members[1].value.text, STR("6"));
    assert_text(value->members[2].name, STR("c"));
    assert_text(value->members[2].value.text, STR("4"));
}

static void many_items_and_nestings_stay_apart(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct buf buf;
    buf_init(&buf, SIZE_MAX);
    buf_add_byte(&buf, '[');
    for (int i = 0; i < 5000; i++)
        buf_printf(&buf, "%s[%d,{\"id\":%d,\"tags\":[\"a\\n\",\"b\"]}]", i ? " , " : "", i, i);
    buf_add_byte(&buf, ']');
    const struct json *value = read_text(arena, buf_str(&buf));
    assert_non_null(value);
    assert_int_equal(value->count, 5000);
    for (size_t i = 0; i < value->count; i++) {
        const struct json *pair = &value->items[i];
        int64_t outer, inner;
        assert_int_equal(pair->count, 2);
        assert_true(json_to_int64(&pair->items[0], &outer));
        assert_true(json_to_int64(json_member(&pair->items[1], STR("id")), &inner));
        assert_int_equal(outer, i);
        assert_int_equal(inner, i);
        assert_text(json_member(&pair->items[1], STR("tags"))->items[0].text, STR("a\n"));
    }
    buf_done(&buf);
}

/* Whatever is cut off or changed: an answer, and never a look outside the text. */
static void damaged_text_is_survived(void **state)
{
    (void)state;
    static const char whole[] =
        "{\"a\":[1,-2.5e+3,true,null],\"s\":\"x\\u00e4\\uD83D\\uDE00\xC3\xA4\\n\",\"o\":{}}";
    static const char bytes[] = "\"\\{}[]:,0-.eut\n\x80\xF0\x00";
    AUTO(arena) arena = arena_new();
    assert_non_null(read_text(arena, str_from(whole)));
    for (size_t len = 0; len < sizeof(whole) - 1; len++) {
        char *text = malloc(len + 1);
        assert_non_null(text);
        memcpy(text + 1, whole, len);
        assert_null(read_text(arena, (struct str){ text + 1, len }));
        for (size_t i = 0; i < sizeof(bytes) - 1; i++) {
            char changed[sizeof(whole)];
            memcpy(changed, whole, sizeof(whole));
            changed[len] = bytes[i];
            const struct json *value = read_text(arena, (struct str){ changed, sizeof(whole) - 1 });
            if (!value)
                assert_int_equal(err.code, ERR_BAD_REQUEST);
        }
        free(text);
        arena_reset(arena);
    }
}

static void compact_text_has_no_blanks_outside_strings(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct str text = json_compact(arena, STR(" {\r\n\t\"a b\" : [ 1 , \"x \\\" y\" ] } "));
    assert_text(text, STR("{\"a b\":[1,\"x \\\" y\"]}"));
    struct str tight = STR("{\"a b\":\"\\\\\"}");
    assert_ptr_equal(json_compact(arena, tight).ptr, tight.ptr);
    assert_text(json_compact(arena, STR("\"\\\\\" ")), STR("\"\\\\\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_kind),
        cmocka_unit_test(numbers_keep_their_digits),
        cmocka_unit_test(strings_are_decoded),
        cmocka_unit_test(refuses_what_is_not_json_and_says_where),
        cmocka_unit_test(depth_ends_at_64),
        cmocka_unit_test(wide_objects_keep_order_and_find_duplicates),
        cmocka_unit_test(the_last_duplicate_takes_the_first_place),
        cmocka_unit_test(many_items_and_nestings_stay_apart),
        cmocka_unit_test(damaged_text_is_survived),
        cmocka_unit_test(compact_text_has_no_blanks_outside_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
