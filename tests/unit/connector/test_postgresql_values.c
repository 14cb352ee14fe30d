/* SPDX-License-Identifier: Apache-2.0 */
/* Values, array literals and column names, without a server. */
#include "unit.h"

#include "connector/postgresql_internal.h"
#include "json/read.h"

#include <string.h>

enum {
    BOOL = 16,
    BYTEA = 17,
    INT8 = 20,
    TEXT = 25,
    JSON = 114,
    FLOAT8 = 701,
    INT4S = 1007,
    TEXTS = 1009,
    TIMESTAMPTZ = 1184,
    TIMETZ = 1266,
    JSONBS = 3807,
    BYTEAS = 1001,
};

static void check_value(Oid oid, const char *text, const char *expected)
{
    struct pg pg = { 0 };
    struct json_writer w;
    struct buf out;
    list_init(&pg.types);
    buf_init(&out, 4096);
    json_writer_init(&w, &out);
    pg_write_value(&w, &pg, pg_type_of(&pg, oid), str_from(text));
    assert_string_equal(buf_str(&out).ptr, expected);
    buf_done(&out);
}

static void types_are_found_by_number(void **state)
{
    (void)state;
    for (Oid oid = 0; oid < 5000; oid++) {
        const struct pg_type *type = pg_builtin_type(oid);
        if (!type)
            continue;
        assert_int_equal(type->oid, oid);
        if (type->form == PG_FORM_ARRAY) {
            const struct pg_type *element = pg_builtin_type(type->element);
            assert_non_null(element);
            assert_int_equal(strlen(type->name), strlen(element->name) + 2);
            assert_true(str_starts(str_from(type->name), str_from(element->name)));
        }
    }
    assert_null(pg_builtin_type(0));
    assert_non_null(pg_builtin_type(16));
    assert_non_null(pg_builtin_type(3807));
    assert_null(pg_builtin_type(15));
    assert_null(pg_builtin_type(3808));
}

static void times_become_iso(void **state)
{
    (void)state;
    check_value(TIMESTAMPTZ, "2024-01-01 00:00:00+00", "\"2024-01-01T00:00:00Z\"");
    check_value(TIMESTAMPTZ, "2024-01-01 00:00:00.123456+09",
                "\"2024-01-01T00:00:00.123456+09:00\"");
    check_value(TIMESTAMPTZ, "1890-01-01 00:00:00+00:53:28", "\"1890-01-01T00:00:00+00:53:28\"");
    check_value(TIMESTAMPTZ, "-infinity", "\"-infinity\"");
    check_value(TIMESTAMPTZ, "0044-03-15 00:00:00+00 BC", "\"0044-03-15 00:00:00+00 BC\"");
    check_value(TIMETZ, "01:02:03+00", "\"01:02:03Z\"");
    check_value(TIMETZ, "01:02:03-08", "\"01:02:03-08:00\"");
}

static void json_stays_on_one_line(void **state)
{
    (void)state;
    check_value(JSON, "{\n \"a\" : [1.10, \"x y\\\" \"]\t}", "{\"a\":[1.10,\"x y\\\" \"]}");
    check_value(JSON, " \"a b\" ", "\"a b\"");
    check_value(JSON, "[]", "[]");
    check_value(JSON, "[ {} , [ ] , { \"a\" : { } } ]", "[{},[],{\"a\":{}}]");
    check_value(JSON, "[-0, 1.5e-3, 2E+7, true, false, null, \"\\u00e9\\/\"]",
                "[-0,1.5e-3,2E+7,true,false,null,\"\\u00e9\\/\"]");
    check_value(JSON, "\"\\ud83d\\ude00\"", "\"\\ud83d\\ude00\"");
    check_value(JSON, "\"\\ude00\"", "\"\\\"\\\\ude00\\\"\"");
    check_value(JSON, "\"\\u403`\"", "\"\\\"\\\\u403`\\\"\"");
    check_value(JSON, "\"\\ud83dx\"", "\"\\\"\\\\ud83dx\\\"\"");
    check_value(JSON, "\"\\ud83d\\n\"", "\"\\\"\\\\ud83d\\\\n\\\"\"");
    check_value(JSON, "\"\\\\ud83d\"", "\"\\\\ud83d\"");
    char deep[101] = { 0 };
    memset(deep, '[', 50);
    memset(deep + 50, ']', 50);
    struct buf quoted;
    buf_init(&quoted, 200);
    buf_printf(&quoted, "\"%s\"", deep);
    check_value(JSON, deep, buf_str(&quoted).ptr);
    buf_done(&quoted);
}

static void arrays_are_read_or_left_alone(void **state)
{
    (void)state;
    check_value(INT4S, "{1,NULL,3}", "[1,null,3]");
    check_value(INT4S, "{{1,2},{3,4}}", "[[1,2],[3,4]]");
    check_value(INT4S, "{}", "[]");
    check_value(INT4S, "[0:1]={1,2}", "[1,2]");
    check_value(TEXTS, "{\"NULL\",NULL,\"a\\\"\\\\b\",\"\",\"{x,y}\"}",
                "[\"NULL\",null,\"a\\\"\\\\b\",\"\",\"{x,y}\"]");
    check_value(JSONBS, "{\"{\\\"a\\\": 1}\",null}", "[{\"a\":1},null]");
    static const char *const broken[] = {
        "",         "{",    "{1",  "{1,",    "{1 2}x",         "1}", "{\"a}", "{1}{2}",
        "[0:1]{1}", "{{1}", "{,}", "{1,{2}", "{{{{{{{1}}}}}}}"
    };
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        struct pg pg = { 0 };
        struct json_writer w;
        struct buf out;
        list_init(&pg.types);
        buf_init(&out, 4096);
        json_writer_init(&w, &out);
        if (pg_write_array(&w, &pg, pg_type_of(&pg, TEXTS), str_from(broken[i])))
            fail_msg("%s was taken", broken[i]);
        assert_int_equal(out.len, 0);
        buf_done(&out);
    }
}

static void numbers_stay_exact(void **state)
{
    (void)state;
    check_value(INT8, "9007199254740992", "9007199254740992");
    check_value(INT8, "-9007199254740993", "\"-9007199254740993\"");
    check_value(FLOAT8, "1e+20", "1e+20");
    check_value(FLOAT8, "-0", "-0");
    check_value(FLOAT8, "Infinity", "\"Infinity\"");
    check_value(FLOAT8, "NaN", "\"NaN\"");
    check_value(BOOL, "f", "false");
    check_value(BYTEA, "\\xDEAD", "{\"base64\":\"3q0=\"}");
    check_value(BYTEA, "a\\001\\\\", "{\"base64\":\"YQFc\"}");
    check_value(999999, "x", "\"x\"");
}

/* What a server sends that does not keep to the type it announced. */
static void lies_become_text(void **state)
{
    (void)state;
    static const char *const json[] = {
        "",         " ",         "]}",         "1]}",       "1,2",   "1 2",
        "{\"a\"}",  "{\"a\":}",  "{a:1}",      "[1,]",      "{,}",   "[,1]",
        "[1}",      "{\"a\":1]", "[",          "\"",        "\"a",   "\"\\\"",
        "\"\\x\"",  "\"\t\"",    "01",         "-",         "1.",    ".5",
        "1e",       "+1",        "0x1",        "tru",       "truex", "NaN",
        "nullnull", "1:2",       "{\"a\":1,}", "{\"a\",1}", "{1:1}", "[\"a\":1]",
    };
    for (size_t i = 0; i < ARRAY_LEN(json); i++) {
        struct buf quoted;
        buf_init(&quoted, 200);
        json_quote(&quoted, str_from(json[i]));
        check_value(JSON, json[i], buf_str(&quoted).ptr);
        buf_done(&quoted);
    }
    check_value(JSON, "\"\xEF\"", "\"\\\"\xEF\xBF\xBD\\\"\"");
    check_value(TEXT, "na\xEFve", "\"na\xEF\xBF\xBDve\"");
    check_value(FLOAT8, "1,\"a\":2", "\"1,\\\"a\\\":2\"");
    check_value(FLOAT8, "", "\"\"");
    check_value(FLOAT8, "1e", "\"1e\"");
    check_value(INT8, "007", "7");
    check_value(INT8, "7,8", "\"7,8\"");
    check_value(BOOL, "maybe", "false");
}

static void check_literal(Oid oid, const char *json, const char *expected)
{
    struct pg pg = { 0 };
    struct buf out;
    struct error err;
    AUTO(arena) arena = arena_new();
    list_init(&pg.types);
    buf_init(&out, 4096);
    const struct json *value = json_read(arena, str_from(json), JSON_DUPLICATES_LAST, &err);
    bool ok = pg_array_literal(&pg, pg_type_of(&pg, oid), value, "parameters[0]", &out, &err);
    if (expected)
        assert_string_equal(buf_str(&out).ptr, expected);
    else
        assert_int_equal(err.code, ERR_PARAM_NOT_EXACT);
    assert_int_equal(ok, expected != NULL);
    buf_done(&out);
}

static void literals_quote_what_they_hold(void **state)
{
    (void)state;
    check_literal(INT4S, "[1, null, 1.10, true]", "{1,NULL,1.10,true}");
    check_literal(INT4S, "[[1],[2]]", "{{1},{2}}");
    check_literal(TEXTS, "[\"\", \"NULL\", \"a\\\"b\\\\\", \"{,}\", {\"a\":1}]",
                  "{\"\",\"NULL\",\"a\\\"b\\\\\",\"{,}\",\"{\\\"a\\\":1}\"}");
    check_literal(JSONBS, "[[1],{\"a\":\"b\"}]", "{\"[1]\",\"{\\\"a\\\":\\\"b\\\"}\"}");
    check_literal(BYTEAS, "[{\"base64\":\"AP8=\"}]", "{\"\\\\x00ff\"}");
    check_literal(BYTEAS, "[{\"base64\":\"AP8\"}]", NULL);
    check_literal(TEXTS, "[\"a\\u0000\"]", NULL);
}

static void repeated_names_get_the_next_free_suffix(void **state)
{
    static const char *const given[] = { "a", "a", "a_2", "a", "b", "b", "", "" };
    static const char *const expected[] = { "a", "a_3", "a_2", "a_4", "b", "b_2", "", "_2" };
    AUTO(arena) arena = arena_new();
    struct str from[ARRAY_LEN(given)], names[ARRAY_LEN(given)];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(given); i++)
        from[i] = str_from(given[i]);
    pg_unique_names(arena, from, ARRAY_LEN(given), names);
    for (size_t i = 0; i < ARRAY_LEN(given); i++)
        assert_true(str_eq(names[i], str_from(expected[i])));
}

static void check_code(enum pg_phase phase, const char *text, bool tls, enum error_code code,
                       const char *state)
{
    char found[6];
    assert_int_equal(pg_connect_code(phase, str_from(text), tls, found), code);
    assert_string_equal(found, state);
}

static void sign_in_errors_are_told_apart_in_any_language(void **state)
{
    AUTO(arena) arena = arena_new();
    (void)state;
    check_code(PG_PHASE_SIGN_IN,
               "connection to server at \"h\", port 1 failed: FATAL:  28P01: nein\nLOCATION: x",
               false, ERR_AUTH_FAILED, "28P01");
    check_code(PG_PHASE_SIGN_IN, "… failed: FATAL:  3D000: x", true, ERR_DATABASE_MISSING, "3D000");
    check_code(PG_PHASE_SIGN_IN, "FATAL:  53300: x", true, ERR_TOO_MANY_CONNECTIONS, "53300");
    check_code(PG_PHASE_SIGN_IN, "FATAL:  57P03: x", true, ERR_SERVER_ERROR, "57P03");
    check_code(PG_PHASE_SIGN_IN, "FATAL:  28000: no pg_hba.conf entry for host, no encryption",
               false, ERR_TLS_REQUIRED, "28000");
    check_code(PG_PHASE_SIGN_IN, "FATAL:  28000: no pg_hba.conf entry for host, SSL encryption",
               true, ERR_AUTH_FAILED, "28000");
    check_code(PG_PHASE_CONNECT, "failed: Connection refused\n\tIs the server…", false, ERR_REFUSED,
               "");
    check_code(PG_PHASE_TLS, "server does not support SSL, but SSL was required", false,
               ERR_TLS_NOT_OFFERED, "");
    check_code(PG_PHASE_TLS, "SSL error: certificate verify failed", false, ERR_TLS_UNTRUSTED, "");
    check_code(PG_PHASE_TLS, "server certificate for \"a\" does not match host name \"b\"", true,
               ERR_TLS_WRONG_NAME, "");
    check_code(PG_PHASE_SIGN_IN, "server closed the connection unexpectedly", false,
               ERR_CONNECTION_LOST, "");
    assert_string_equal(
        pg_connect_text(arena, STR("connection to server at \"h\", port 1 failed: FATAL:  28P01: "
                                   "no such user\nLOCATION:  auth.c\n"))
            .ptr,
        "no such user");
    assert_string_equal(
        pg_connect_text(arena, STR("connection to server at \"h\", port 1 failed: first\n"
                                   "connection to server at \"h\", port 1 failed: second\n"))
            .ptr,
        "second");
    assert_string_equal(pg_connect_text(arena, STR("")).ptr, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_are_found_by_number),
        cmocka_unit_test(times_become_iso),
        cmocka_unit_test(json_stays_on_one_line),
        cmocka_unit_test(arrays_are_read_or_left_alone),
        cmocka_unit_test(numbers_stay_exact),
        cmocka_unit_test(lies_become_text),
        cmocka_unit_test(literals_quote_what_they_hold),
        cmocka_unit_test(repeated_names_get_the_next_free_suffix),
        cmocka_unit_test(sign_in_errors_are_told_apart_in_any_language),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
