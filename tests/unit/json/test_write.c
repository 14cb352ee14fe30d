/* SPDX-License-Identifier: Apache-2.0 */
/* The streaming JSON writer. */
#include "unit.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "json/read.h"
#include "json/write.h"

static void commas_and_colons_stand_where_they_must(void **state)
{
    (void)state;
    struct buf buf;
    struct json_writer w;
    struct id id;
    assert_true(id_parse(STR("0189abcd-ef01-7234-8567-89abcdef0123"), &id));
    buf_init(&buf, 1000);
    json_writer_init(&w, &buf);
    json_begin_object(&w);
    json_key(&w, STR("empty"));
    json_begin_array(&w);
    json_end_array(&w);
    json_key(&w, STR("all"));
    json_begin_array(&w);
    json_null(&w);
    json_bool(&w, true);
    json_bool(&w, false);
    json_int(&w, INT64_MIN);
    json_string(&w, STR("x"));
    json_raw(&w, STR("1.10"));
    json_id(&w, id);
    json_instant(&w, (struct instant){ INT64_C(1772366400123456) });
    json_begin_object(&w);
    json_end_object(&w);
    json_begin_object(&w);
    json_key(&w, STR("\"k\""));
    json_int(&w, 0);
    json_end_object(&w);
    json_end_array(&w);
    json_end_object(&w);
    assert_string_equal(buf.ptr,
                        "{\"empty\":[],\"all\":[null,true,false,-9223372036854775808,\"x\","
                        "1.10,\"0189abcd-ef01-7234-8567-89abcdef0123\","
                        "\"2026-03-01T12:00:00.123Z\",{},{\"\\\"k\\\"\":0}]}");
    buf_done(&buf);
}

static void strings_are_quoted(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        const char *json;
    } rows[] = {
        { { "", 0 }, "\"\"" },
        { { NULL, 0 }, "\"\"" },
        { { "long enough for whole words of text", 35 },
          "\"long enough for whole words of text\"" },
        { { "\"\\/\b\f\n\r\t", 8 }, "\"\\\"\\\\/\\b\\f\\n\\r\\t\"" },
        { { "\0\x1F\x7F", 3 }, "\"\\u0000\\u001f\x7F\"" },
        { { "12345678\n12345678", 17 }, "\"12345678\\n12345678\"" },
        { { "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80", 9 },
          "\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\"" },
        { { "a\xFFz", 3 }, "\"a\xEF\xBF\xBDz\"" },
        { { "\xED\xA0\x80", 3 }, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"" },
        { { "\xC3", 1 }, "\"\xEF\xBF\xBD\"" },
    };
    struct buf buf;
    buf_init(&buf, 1000);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        buf_reset(&buf);
        json_quote(&buf, rows[i].text);
        assert_string_equal(buf.ptr, rows[i].json);
    }
    buf_done(&buf);
}

static void any_bytes_come_back_as_valid_json(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct error err;
    struct buf buf;
    buf_init(&buf, 1000);
    for (int first = 0; first < 256; first++) {
        for (int second = 0; second < 256; second += 3) {
            char text[] = { 'a', (char)first, (char)second, 'z' };
            struct str source = { text, sizeof(text) };
            buf_reset(&buf);
            json_quote(&buf, source);
            const struct json *value =
                json_read(arena, buf_str(&buf), JSON_DUPLICATES_REFUSED, &err);
            assert_non_null(value);
            assert_true(str_is_utf8(value->text));
            assert_true(str_eq(value->text, source) == str_is_utf8(source));
        }
        arena_reset(arena);
    }
    buf_done(&buf);
}

static void values_go_on_as_they_were_written(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_new();
    struct error err;
    struct buf buf;
    struct json_writer w;
    const struct json *value = json_read(arena, STR(" {\"n\": 1.10} "), JSON_DUPLICATES_LAST, &err);
    assert_non_null(value);
    buf_init(&buf, 100);
    json_writer_init(&w, &buf);
    json_begin_array(&w);
    json_value(&w, value);
    json_value(&w, json_member(value, STR("n")));
    json_end_array(&w);
    assert_string_equal(buf.ptr, "[{\"n\": 1.10},1.10]");
    buf_done(&buf);
}

static void the_cap_is_noticed_at_the_end(void **state)
{
    (void)state;
    struct error err = { 0 };
    struct str text;
    struct buf buf;
    struct json_writer w;
    buf_init(&buf, 10);
    json_writer_init(&w, &buf);
    json_begin_array(&w);
    for (int i = 0; i < 100; i++)
        json_string(&w, STR("item"));
    json_end_array(&w);
    assert_false(buf_finish(&buf, &text, &err));
    assert_int_equal(err.code, ERR_RESULT_TOO_LARGE);
    buf_done(&buf);
}

static void value_without_name(struct json_writer *w)
{
    json_begin_object(w);
    json_null(w);
}

static void name_in_array(struct json_writer *w)
{
    json_begin_array(w);
    json_key(w, STR("a"));
}

static void name_without_value(struct json_writer *w)
{
    json_begin_object(w);
    json_key(w, STR("a"));
    json_end_object(w);
}

static void wrong_end(struct json_writer *w)
{
    json_begin_object(w);
    json_end_array(w);
}

static void end_too_many(struct json_writer *w)
{
    json_begin_array(w);
    json_end_array(w);
    json_end_array(w);
}

static void two_values(struct json_writer *w)
{
    json_null(w);
    json_null(w);
}

static void wrong_nesting_ends_the_process(void **state)
{
    (void)state;
    static void (*const mistakes[])(struct json_writer *) = { value_without_name, name_in_array,
                                                              name_without_value, wrong_end,
                                                              end_too_many,       two_values };
    for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct buf buf;
            struct json_writer w;
            (void)close(STDERR_FILENO); /* the assertion's text is no news */
            buf_init(&buf, 100);
            json_writer_init(&w, &buf);
            mistakes[i](&w);
            _exit(0);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_and_colons_stand_where_they_must),
        cmocka_unit_test(strings_are_quoted),
        cmocka_unit_test(any_bytes_come_back_as_valid_json),
        cmocka_unit_test(values_go_on_as_they_were_written),
        cmocka_unit_test(the_cap_is_noticed_at_the_end),
        cmocka_unit_test(wrong_nesting_ends_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
