/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/arena.h"
#include "connector/url.h"

#include <stdio.h>

static bool is_digits(struct str value)
{
    int64_t number;
    return str_to_int64(value, &number) && number >= 0;
}

static bool is_database_number(struct str decoded, struct error *err)
{
    if (!is_digits(decoded))
        return fail(err, ERR_BAD_REQUEST, "the database must be a number");
    return true;
}

static const char *const sslmodes[] = { "disable", "prefer", "require", NULL };
static const struct url_option postgres_options[] = {
    { .name = "sslmode", .values = sslmodes },
    { .name = "application_name" },
    { .name = "connect_timeout", .valid = is_digits },
    { .name = "password", .part = URL_PART_PASSWORD },
    { 0 },
};
static const char *const postgres_schemes[] = { "postgresql", "postgres", NULL };
static const struct url_rules postgres = { .schemes = postgres_schemes,
                                           .default_port = 5432,
                                           .options = postgres_options };
static const char *const redis_schemes[] = { "redis", "rediss", NULL };
static const struct url_rules redis = {
    .schemes = redis_schemes,
    .default_port = 6379,
    .user_needs_password = true,
    .database = is_database_number,
};

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static int secret_set_up(void **state)
{
    (void)state;
    secret_init();
    return 0;
}

static bool equals(struct str plain, void *context)
{
    return str_eq(plain, *(const struct str *)context);
}

/* Does the secret hold this text? NULL and the absent str are alike. */
static bool holds(const struct secret *secret, struct str expected)
{
    return secret ? secret_use(secret, equals, &expected) : !str_set(expected);
}

#define MASK URL_MASK

struct good {
    const struct url_rules *rules;
    const char *text, *scheme, *user, *password, *host;
    int port;
    const char *database, *redacted; /* NULL: as typed */
};

static void documented_forms_are_understood(void **state)
{
    (void)state;
    static const struct good rows[] = {
        { &postgres, "postgresql://localhost", "postgresql", 0, 0, "localhost", 5432, 0, 0 },
        { &postgres, "postgresql://localhost:5433", "postgresql", 0, 0, "localhost", 5433, 0, 0 },
        { &postgres, "postgresql://localhost/mydb", "postgresql", 0, 0, "localhost", 5432, "mydb",
          0 },
        { &postgres, "postgres://user@localhost", "postgres", "user", 0, "localhost", 5432, 0, 0 },
        { &postgres, "postgresql://user:secret@localhost", "postgresql", "user", "secret",
          "localhost", 5432, 0, "postgresql://user:" MASK "@localhost" },
        { &postgres,
          "postgresql://other@localhost/otherdb?connect_timeout=10&application_name=myapp",
          "postgresql", "other", 0, "localhost", 5432, "otherdb", 0 },
        { &postgres, "postgresql://[2001:db8::1234]/database", "postgresql", 0, 0, "2001:db8::1234",
          5432, "database", 0 },
        { &postgres, "postgresql://u:p@[2001:DB8::1]:6/d", "postgresql", "u", "p", "2001:db8::1", 6,
          "d", "postgresql://u:" MASK "@[2001:DB8::1]:6/d" },
        { &postgres, "POSTGRESQL://Db.Example.COM", "postgresql", 0, 0, "db.example.com", 5432, 0,
          0 },
        { &postgres, "postgresql://u@h/d?password=s%26t", "postgresql", "u", "s&t", "h", 5432, "d",
          "postgresql://u@h/d?password=" MASK },
        { &postgres, "postgresql://u@h?password=s&sslmode=require", "postgresql", "u", "s", "h",
          5432, 0, "postgresql://u@h?password=" MASK "&sslmode=require" },
        { &postgres, "postgresql://u:@h?password=s", "postgresql", "u", "s", "h", 5432, 0,
          "postgresql://u:@h?password=" MASK },
        { &postgres, "postgresql://u:@h/", "postgresql", "u", 0, "h", 5432, 0, 0 },
        { &postgres, "postgresql://@h:/?", "postgresql", 0, 0, "h", 5432, 0, 0 },
        { &postgres, "postgresql://us%40er:p%40:/x@h/my%2Fdb%20x", 0, 0, 0, 0, 0, 0, 0 },
        { &postgres, "postgresql://us%40er:p%40:%2fx@h/my%2Fdb%20x", "postgresql", "us@er", "p@:/x",
          "h", 5432, "my/db x", "postgresql://us%40er:" MASK "@h/my%2Fdb%20x" },
        { &postgres, "postgresql://u:a:b+c!$&'()*,;=~^{|}@h", "postgresql", "u",
          "a:b+c!$&'()*,;=~^{|}", "h", 5432, 0, "postgresql://u:" MASK "@h" },
        { &postgres, "postgresql://h:1@h:1/h", "postgresql", "h", "1", "h", 1, "h",
          "postgresql://h:" MASK "@h:1/h" },
        { &postgres, "postgresql://u@h/hostaddr%3D10.0.0.9%20dbname%3Dx", "postgresql", "u", 0, "h",
          5432, "hostaddr=10.0.0.9 dbname=x", 0 },
        { &redis, "redis://localhost", "redis", 0, 0, "localhost", 6379, 0, 0 },
        { &redis, "redis://:password@host", "redis", 0, "password", "host", 6379, 0,
          "redis://:" MASK "@host" },
        { &redis, "redis://user:pw@host:7000/0", "redis", "user", "pw", "host", 7000, "0",
          "redis://user:" MASK "@host:7000/0" },
        { &redis, "rediss://default:pw@cache.example.com:6380/15", "rediss", "default", "pw",
          "cache.example.com", 6380, "15", "rediss://default:" MASK "@cache.example.com:6380/15" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct good *row = &rows[i];
        struct url url;
        struct secret *password = NULL;
        struct error err = { 0 };
        bool ok = url_parse(str_from(row->text), row->rules, arena, &url, &password, &err);
        if (ok != (row->scheme != NULL))
            fail_msg("%s: %s", row->text, ok ? "passed" : err.message);
        if (!ok)
            continue;
        struct str redacted = str_from(row->redacted ? row->redacted : row->text);
        if (!str_eq(url.scheme, str_from(row->scheme)) || !str_eq(url.host, str_from(row->host)) ||
            !str_eq(url.user, str_from(row->user)) || str_set(url.user) != (row->user != NULL) ||
            !str_eq(url.database, str_from(row->database)) || url.port != row->port ||
            !str_eq(url.redacted, redacted) || !holds(password, str_from(row->password)))
            fail_msg("%s was misread; redacted: " STR_FMT, row->text, STR_ARG(url.redacted));
        secret_free(password);
    }
}

static void options_are_found_decoded(void **state)
{
    (void)state;
    struct url url;
    struct secret *password = NULL;
    struct error err;
    assert_true(url_parse(STR("postgres://h?application_name=a%20b%3Dc=d&ssl%6Dode=prefer"),
                          &postgres, arena, &url, &password, &err));
    assert_null(password);
    assert_int_equal(url.option_count, 2);
    assert_true(str_eq(url_option_find(&url, STR("application_name")), STR("a b=c=d")));
    assert_true(str_eq(url_option_find(&url, STR("sslmode")), STR("prefer")));
    assert_false(str_set(url_option_find(&url, STR("password"))));
}

struct bad {
    const struct url_rules *rules;
    const char *text;
    enum error_code code;
    const char *says; /* part of the message */
};

/* Secrets, users and option values in the refused texts all hold "hush". */
static const struct bad bad_rows[] = {
    { &postgres, "", ERR_BAD_REQUEST, "empty" },
    { &postgres, "hush", ERR_BAD_REQUEST, "postgresql:// or postgres://" },
    { &postgres, "host=hush dbname=x", ERR_BAD_REQUEST, "blank" },
    { &postgres, "redis://:hush@h", ERR_BAD_REQUEST, "postgresql:// or postgres://" },
    { &redis, "postgres://:hush@h", ERR_BAD_REQUEST, "redis:// or rediss://" },
    { &postgres, "postgres:/h", ERR_BAD_REQUEST, "must start with" },
    { &postgres, "postgres://u:" URL_MASK "@h", ERR_BAD_REQUEST, URL_MASK },
    { &postgres, "postgres://u:hush\xe2\x80\xa2x@h", ERR_BAD_REQUEST, "mask" },
    { &postgres, "postgres://u:hush\xc3\xbc@h", ERR_BAD_REQUEST, "not ASCII" },
    { &postgres, "postgres://u:hush x@h", ERR_BAD_REQUEST, "%20" },
    { &postgres, "postgres://u:hush@h\n", ERR_BAD_REQUEST, "line end" },
    { &postgres, " postgres://u:hush@h", ERR_BAD_REQUEST, "blank" },
    { &postgres, "postgres://u:[YOUR-PASSWORD]@h/d", ERR_BAD_REQUEST,
      "replace [YOUR-PASSWORD] with your password" },
    { &postgres, "postgres://[USER]:[PASSWORD]@h/d", ERR_BAD_REQUEST,
      "replace [USER] with your user" },
    { &postgres, "postgres://u.[PROJECT_REF]:hush@h/d", ERR_BAD_REQUEST,
      "replace [PROJECT_REF] with your project ref" },
    { &postgres, "postgres://u:hush@[HOST]/d", ERR_BAD_REQUEST, "replace [HOST] with your host" },
    { &postgres, "postgres://u:hush@db.[project-ref].example.com/d", ERR_BAD_REQUEST,
      "replace [project-ref] with your project ref" },
    { &postgres, "postgres://u:hush@h:[PORT]/d", ERR_BAD_REQUEST, "replace [PORT] with your port" },
    { &postgres, "postgres://u:hush@h/[DATABASE]", ERR_BAD_REQUEST,
      "replace [DATABASE] with your database" },
    { &redis, "rediss://:[ACCESS-KEY]@h", ERR_BAD_REQUEST,
      "replace [ACCESS-KEY] with your access key" },
    { &postgres, "postgres://u:[hush]@h", ERR_BAD_REQUEST, "%5B" },
    { &postgres, "postgres://u:[hush-KEY]@h", ERR_BAD_REQUEST, "%5B" },
    { &postgres, "postgres://u:[KEY--KEY]@h", ERR_BAD_REQUEST, "%5B" },
    { &postgres, "postgres://u:[]@h", ERR_BAD_REQUEST, "%5B" },
    { &postgres, "postgres://u:[@h", ERR_BAD_REQUEST, "%5B" },
    { &postgres, "postgres://u:hush\x7f@h", ERR_BAD_REQUEST, "control" },
    { &postgres, "postgres://u:hush@x@h", ERR_BAD_REQUEST, "%40" },
    { &postgres, "postgres://u:hush/x@h/d", ERR_BAD_REQUEST, "%2F" },
    { &postgres, "postgres://u:hush?x@h/d", ERR_BAD_REQUEST, "%3F" },
    { &postgres, "postgres://u:hush#x@h/d", ERR_BAD_REQUEST, "%23" },
    { &postgres, "postgres://u:5#hush@h/d", ERR_BAD_REQUEST, "%23" },
    { &postgres, "postgres://u:[hush]@h/d", ERR_BAD_REQUEST, "[YOUR-PASSWORD]" },
    { &postgres, "postgres://u:hush%@h", ERR_BAD_REQUEST, "%25" },
    { &postgres, "postgres://u:hush%4@h", ERR_BAD_REQUEST, "%25" },
    { &postgres, "postgres://u:hush%4g@h", ERR_BAD_REQUEST, "%25" },
    { &postgres, "postgres://hush%zz@h", ERR_BAD_REQUEST, "the user" },
    { &postgres, "postgres://hush%00@h", ERR_BAD_REQUEST, "the user" },
    { &postgres, "postgres://hush%ff@h", ERR_BAD_REQUEST, "the user" },
    { &postgres, "postgres://h/d%00", ERR_BAD_REQUEST, "the database name" },
    { &postgres, "postgres://h/d%0a", ERR_BAD_REQUEST, "the database name" },
    { &postgres, "postgres://h/d/e", ERR_BAD_REQUEST, "%2F" },
    { &postgres, "postgres://", ERR_INVALID_HOST, "no host" },
    { &postgres, "postgres:///d", ERR_INVALID_HOST, "no host" },
    { &postgres, "postgres://hush:hush@", ERR_INVALID_HOST, "no host" },
    { &postgres, "postgres://u:hush@:5432/d", ERR_INVALID_HOST, "no host" },
    { &postgres, "postgres://user:hush", ERR_BAD_REQUEST, "port" },
    { &postgres, "postgres://h:0", ERR_BAD_REQUEST, "between 1 and 65535" },
    { &postgres, "postgres://h:65536", ERR_BAD_REQUEST, "between 1 and 65535" },
    { &postgres, "postgres://h:-1", ERR_BAD_REQUEST, "between 1 and 65535" },
    { &postgres, "postgres://h:+1", ERR_BAD_REQUEST, "between 1 and 65535" },
    { &postgres, "postgres://h:000001", ERR_BAD_REQUEST, "between 1 and 65535" },
    { &postgres, "postgres://h:1x", ERR_BAD_REQUEST, "between 1 and 65535" },
    { &postgres, "postgres://a:1,b:2/d", ERR_INVALID_HOST, "several" },
    { &postgres, "postgres://a,b/d", ERR_INVALID_HOST, "several" },
    { &postgres, "postgres://%2Fvar%2Frun/d", ERR_INVALID_HOST, "socket" },
    { &postgres, "postgres://h%6Fst/d", ERR_INVALID_HOST, "percent" },
    { &postgres, "postgres://2001:db8::1/d", ERR_INVALID_HOST, "brackets" },
    { &postgres, "postgres://[::1/d", ERR_INVALID_HOST, "]" },
    { &postgres, "postgres://[::1]x/d", ERR_INVALID_HOST, "port" },
    { &postgres, "postgres://[h]/d", ERR_INVALID_HOST, "IPv6" },
    { &postgres, "postgres://[127.0.0.1]/d", ERR_INVALID_HOST, "IPv6" },
    { &postgres, "postgres://[fe80::1%25eth0]/d", ERR_INVALID_HOST, "scope" },
    { &postgres, "postgres://[fe80::1%eth0]/d", ERR_INVALID_HOST, "scope" },
    { &postgres, "postgres://0177.0.0.1", ERR_INVALID_HOST, "canonical" },
    { &postgres, "postgres://2130706433", ERR_INVALID_HOST, "canonical" },
    { &postgres, "postgres://h|x", ERR_INVALID_HOST, "letters" },
    { &postgres, "postgres://h?user=hush", ERR_OPTION_NOT_ALLOWED, "\"user\"" },
    { &postgres, "postgres://h?host=hush", ERR_OPTION_NOT_ALLOWED, "\"host\"" },
    { &postgres, "postgres://h?ho%73t=hush", ERR_OPTION_NOT_ALLOWED, "\"host\"" },
    { &postgres, "postgres://h?port=1", ERR_OPTION_NOT_ALLOWED, "\"port\"" },
    { &postgres, "postgres://h?dbname=hush", ERR_OPTION_NOT_ALLOWED, "\"dbname\"" },
    { &postgres, "postgres://h?hostaddr=1.2.3.4", ERR_OPTION_NOT_ALLOWED, "\"hostaddr\"" },
    { &postgres, "postgres://h?passfile=/hush", ERR_OPTION_NOT_ALLOWED, "\"passfile\"" },
    { &postgres, "postgres://h?service=hush", ERR_OPTION_NOT_ALLOWED, "\"service\"" },
    { &postgres, "postgres://h?sslkey=hush", ERR_OPTION_NOT_ALLOWED, "\"sslkey\"" },
    { &postgres, "postgres://h?sslcert=hush", ERR_OPTION_NOT_ALLOWED, "\"sslcert\"" },
    { &postgres, "postgres://h?sslrootcert=hush", ERR_OPTION_NOT_ALLOWED, "\"sslrootcert\"" },
    { &postgres, "postgres://h?sslcrl=hush", ERR_OPTION_NOT_ALLOWED, "\"sslcrl\"" },
    { &postgres, "postgres://h?gsslib=hush", ERR_OPTION_NOT_ALLOWED, "\"gsslib\"" },
    { &postgres, "postgres://h?krbsrvname=hush", ERR_OPTION_NOT_ALLOWED, "\"krbsrvname\"" },
    { &postgres, "postgres://h?options=hush", ERR_OPTION_NOT_ALLOWED, "\"options\"" },
    { &postgres, "postgres://h?replication=hush", ERR_OPTION_NOT_ALLOWED, "\"replication\"" },
    { &postgres, "postgres://h?requirepeer=hush", ERR_OPTION_NOT_ALLOWED, "\"requirepeer\"" },
    { &postgres, "postgres://h?SSLMODE=hush", ERR_OPTION_NOT_ALLOWED, "\"SSLMODE\"" },
    { &postgres, "postgres://h?<b>=hush", ERR_OPTION_NOT_ALLOWED, "\"?\"" },
    { &postgres, "postgres://h?sslmode=hush", ERR_BAD_REQUEST, "disable, prefer, require" },
    { &postgres, "postgres://h?connect_timeout=hush", ERR_BAD_REQUEST, "connect_timeout" },
    { &postgres, "postgres://h?sslmode", ERR_BAD_REQUEST, "no value" },
    { &postgres, "postgres://h?=hush", ERR_BAD_REQUEST, "without a name" },
    { &postgres, "postgres://h?sslmode=prefer&", ERR_BAD_REQUEST, "without a name" },
    { &postgres, "postgres://h?sslmode=prefer&sslmode=require", ERR_OPTION_NOT_ALLOWED, "twice" },
    { &postgres, "postgres://h?application_name=&application_name=x", ERR_OPTION_NOT_ALLOWED,
      "twice" },
    { &postgres, "postgres://u:hush@h?password=hush", ERR_OPTION_NOT_ALLOWED, "\"password\"" },
    { &postgres, "postgres://u@h?password=hush&password=x", ERR_OPTION_NOT_ALLOWED,
      "\"password\"" },
    { &postgres, "postgres://h?application_name=hush%zz", ERR_BAD_REQUEST, "%25" },
    { &postgres, "postgres://h?application_name=hush%00", ERR_BAD_REQUEST, "not text" },
    { &redis, "redis://hush@h", ERR_BAD_REQUEST, "redis://:password@host" },
    { &redis, "redis://h/hush", ERR_BAD_REQUEST, "number" },
    { &redis, "redis://h?db=1", ERR_OPTION_NOT_ALLOWED, "\"db\"" },
    { &redis, "redis://h?password=hush", ERR_OPTION_NOT_ALLOWED, "\"password\"" },
};

static void refusals_name_the_part_and_repeat_no_secret(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad_rows); i++) {
        const struct bad *row = &bad_rows[i];
        struct url url = { .port = -7 };
        struct secret *password = NULL;
        struct error err = { 0 };
        if (url_parse(str_from(row->text), row->rules, arena, &url, &password, &err))
            fail_msg("%s passed", row->text);
        if (err.code != row->code || !strstr(err.message, row->says))
            fail_msg("%s: %s: %s", row->text, error_code_row(err.code)->name, err.message);
        assert_string_equal(err.field, "connectionUrl");
        assert_true(str_starts(str_from(err.message), STR("connectionUrl: ")));
        assert_null(strstr(err.message, "hush"));
        assert_null(password);
        assert_int_equal(url.port, -7);
    }
}

static void length_and_nul_are_checked(void **state)
{
    (void)state;
    struct url url;
    struct secret *password = NULL;
    struct error err;
    char text[URL_MAX + 1];
    memset(text, 'p', sizeof(text));
    memcpy(text, "redis://:", 9);
    memcpy(text + URL_MAX - 2, "@hh", 3);
    assert_false(
        url_parse((struct str){ text, sizeof(text) }, &redis, arena, &url, &password, &err));
    assert_true(url_parse((struct str){ text, URL_MAX }, &redis, arena, &url, &password, &err));
    assert_int_equal(secret_len(password), URL_MAX - 11);
    secret_free(password);
    assert_false(
        url_parse((struct str){ "redis://h\0x", 11 }, &redis, arena, &url, &password, &err));
}

static void every_byte_of_a_password_comes_through(void **state)
{
    (void)state;
    char text[1024] = "postgres://u:", plain[256];
    for (int byte = 0; byte < 256; byte++) {
        plain[byte] = (char)byte;
        (void)snprintf(text + strlen(text), 4, byte % 2 ? "%%%02x" : "%%%02X", byte);
    }
    strncat(text, "@h", 3);
    struct url url;
    struct secret *password = NULL;
    struct error err;
    assert_true(url_parse(str_from(text), &postgres, arena, &url, &password, &err));
    assert_true(holds(password, (struct str){ plain, sizeof(plain) }));
    assert_true(str_eq(url.redacted, STR("postgres://u:" URL_MASK "@h")));
    secret_free(password);

    for (int byte = 0; byte < 256; byte++) {
        char single[64];
        (void)snprintf(single, sizeof(single), "postgres://u@h?password=%%%02x", byte);
        char expected = (char)byte;
        assert_true(url_parse(str_from(single), &postgres, arena, &url, &password, &err));
        assert_true(holds(password, (struct str){ &expected, 1 }));
        secret_free(password);
        password = NULL;
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(documented_forms_are_understood),
        TEST(options_are_found_decoded),
        TEST(refusals_name_the_part_and_repeat_no_secret),
        TEST(length_and_nul_are_checked),
        TEST(every_byte_of_a_password_comes_through),
    };
    return cmocka_run_group_tests(tests, secret_set_up, NULL);
}
