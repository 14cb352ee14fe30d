/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every form of a URL that the documentation of PostgreSQL and Redis knows, as the connectors take
 * it: what comes out of its seal again, or the words that name what is not taken and why.
 */
#include "sealing_fixture.h"

#include "connector/postgresql.h"
#include "connector/redis.h"
#include "connector/sealed.h"

#include <stdio.h>
#include <string.h>

struct form {
    const char *text;
    /* Taken: "user|password|host|port|database|TLS mode". Refused: NULL, and then what is said. */
    const char *parts;
    const char *said;
};

static bool keep(struct str plain, void *context)
{
    *(struct str *)context = arena_str(f.arena, plain);
    return true;
}

static struct str parts_of(const struct upstream *upstream)
{
    struct str password = STR("");
    if (upstream->password)
        (void)secret_use(upstream->password, keep, &password);
    return arena_printf(f.arena, STR_FMT "|" STR_FMT "|" STR_FMT "|%lld|" STR_FMT "|%s",
                        STR_ARG(upstream->url.user), STR_ARG(password), STR_ARG(upstream->url.host),
                        (long long)upstream->url.port, STR_ARG(upstream->url.database),
                        tls_mode_names[upstream->settings.tls_mode]);
}

/* Typed, sealed, opened from its row; NULL when it is refused. */
static struct opened_upstream *through_a_seal(const struct connector *connector, const char *text,
                                              struct error *err)
{
    AUTO(secret) url = secret_new(str_from(text));
    struct connection_input input = { .connector = connector, .url = url };
    AUTO(opened_upstream) typed = upstream_from_input(&input, NULL, f.key, f.egress, err);
    if (!typed)
        return NULL;
    struct connection_row row = { .id = id_new(), .project_id = f.project_id, .secret_version = 1 };
    connection_row_seal(typed, &input, f.key, f.arena, &row);
    struct opened_upstream *opened = upstream_from_row(&row, f.key, f.egress, err);
    if (!opened)
        fail_msg("%s: its row does not open: %s", text, err->message);
    return opened;
}

static void check_forms(const struct connector *connector, const struct form *forms)
{
    for (; forms->text; forms++) {
        struct error err = { 0 };
        AUTO(opened_upstream) opened = through_a_seal(connector, forms->text, &err);
        if (!opened != !forms->parts)
            fail_msg("%s: %s", forms->text, opened ? "taken" : err.message);
        if (!opened) {
            if (!strstr(err.message, forms->said))
                fail_msg("%s: %s", forms->text, err.message);
            assert_string_equal(err.field, "connectionUrl");
            continue;
        }
        struct str parts = parts_of(&opened->upstream);
        if (!str_eq(parts, str_from(forms->parts)))
            fail_msg("%s: " STR_FMT, forms->text, STR_ARG(parts));
    }
}

#define NO_USER "names no user (there is none by default)"
#define NO_HOST "has no host; there is none by default, and sockets are not dialled"
#define REFUSED_OPTION(name) "connectionUrl: the option \"" name "\" is not allowed: "

/* PostgreSQL 15's documentation, 34.1.1.2 "Connection URIs", in its order. */
static const struct form libpq_forms[] = {
    { "postgresql://", NULL, NO_HOST },
    { "postgresql://localhost", NULL, NO_USER },
    { "postgresql://localhost:5433", NULL, NO_USER },
    { "postgresql://localhost/mydb", NULL, NO_USER },
    { "postgresql://user@localhost", "user||localhost|5432||prefer", NULL },
    { "postgresql://user:secret@localhost", "user|secret|localhost|5432||prefer", NULL },
    { "postgresql://other@localhost/otherdb?connect_timeout=10&application_name=myapp",
      "other||localhost|5432|otherdb|prefer", NULL },
    { "postgresql://host1:123,host2:456/somedb?target_session_attrs=any&application_name=myapp",
      NULL, "names several hosts; give one" },
    /* Both designators. */
    { "postgres://user@db.example.com", "user||db.example.com|5432||verify-full", NULL },
    /* What stands in the hierarchical part may be given as parameters. */
    { "postgresql:///mydb?host=localhost&port=5433", NULL,
      REFUSED_OPTION("host") "the host stands before the \"?\", once" },
    { "postgresql://localhost?user=other&password=secret&port=5433&dbname=mydb",
      "other|secret|localhost|5433|mydb|prefer", NULL },
    { "postgresql://u@localhost?user=other", NULL,
      REFUSED_OPTION("user") "the URL says it already" },
    { "postgresql://u@localhost:1?port=2", NULL, REFUSED_OPTION("port") "the URL says it already" },
    { "postgresql://u@localhost/a?dbname=b", NULL,
      REFUSED_OPTION("dbname") "the URL says it already" },
    { "postgresql://u:p@localhost?password=q", NULL,
      REFUSED_OPTION("password") "the URL says it already" },
    { "postgresql://u@localhost?port=0", NULL, "the port must be a number" },
    /* JDBC's spelling. */
    { "postgresql://u@db.example.com/d?ssl=true", "u||db.example.com|5432|d|require", NULL },
    { "postgresql://u@db.example.com/d?ssl=true&sslmode=verify-full", NULL, "is given twice" },
    { "postgresql://u@db.example.com/d?ssl=false", NULL, "must be one of: true" },
    /* Percent-encoding in any part. */
    { "postgresql://user@localhost:5433/mydb?options=-c%20synchronous_commit%3Doff", NULL,
      REFUSED_OPTION("options") "it could change any setting of the session" },
    { "postgresql://us%40er:p%3A%2F%3F%23%5B%5D%40@localhost/my%20db%2F1",
      "us@er|p:/?#[]@|localhost|5432|my db/1|prefer", NULL },
    { "postgresql://u@localhost?application%5Fname=a%26b", "u||localhost|5432||prefer", NULL },
    /* Host names, IPv4, IPv6 in brackets. */
    { "postgresql://u@[2001:db8::1234]/database", "u||2001:db8::1234|5432|database|verify-full",
      NULL },
    { "postgresql://u@[::1]:5433/database", "u||::1|5433|database|prefer", NULL },
    { "postgresql://u@10.0.0.1/database", "u||10.0.0.1|5432|database|prefer", NULL },
    { "postgresql://u@192.0.2.1/database", "u||192.0.2.1|5432|database|verify-full", NULL },
    /* Sockets. */
    { "postgresql:///dbname?host=/var/lib/postgresql", NULL, REFUSED_OPTION("host") },
    { "postgresql://%2Fvar%2Flib%2Fpostgresql/dbname", NULL,
      "the host is percent-encoded; give a host name or address (a socket's path" },
    { "postgresql://user@/dbname", NULL, NO_HOST },
    /* Several hosts, with and without ports. */
    { "postgresql://host1:port1,host2:port2,host3:port3/", NULL, "names several hosts" },
    { "postgresql://u@host1,host2/", NULL, "names several hosts" },
    { "postgresql://u@host1:1,host2/", NULL, "names several hosts" },
    /* 34.1.2 "Parameter Key Words": what is taken … */
    { "postgresql://u@h/d?sslmode=disable", "u||h|5432|d|disable", NULL },
    { "postgresql://u@h/d?sslmode=prefer", "u||h|5432|d|prefer", NULL },
    { "postgresql://u@h/d?sslmode=require", "u||h|5432|d|require", NULL },
    { "postgresql://u@h/d?sslmode=verify-ca", "u||h|5432|d|verify-ca", NULL },
    { "postgresql://u@h/d?sslmode=verify-full", "u||h|5432|d|verify-full", NULL },
    { "postgresql://u@h/d?channel_binding=require", "u||h|5432|d|prefer", NULL },
    { "postgresql://u@h/d?client_encoding=UTF8", "u||h|5432|d|prefer", NULL },
    { "postgresql://u@h/d?gssencmode=disable", "u||h|5432|d|prefer", NULL },
    { "postgresql://u@h/d?target_session_attrs=read-write", "u||h|5432|d|prefer", NULL },
    /* … and what is not. */
    { "postgresql://u@h/d?sslmode=allow", NULL, "must be one of: disable, prefer, require" },
    { "postgresql://u@h/d?client_encoding=auto", NULL, "must be one of: UTF8" },
    { "postgresql://u@h/d?gssencmode=require", NULL, "must be one of: disable, prefer" },
    { "postgresql://u@h/d?hostaddr=10.0.0.1", NULL, REFUSED_OPTION("hostaddr") },
    { "postgresql://u@h/d?passfile=/x", NULL, REFUSED_OPTION("passfile") "files are not read" },
    { "postgresql://u@h/d?fallback_application_name=x", NULL,
      REFUSED_OPTION("fallback_application_name") },
    { "postgresql://u@h/d?keepalives=0", NULL, REFUSED_OPTION("keepalives") },
    { "postgresql://u@h/d?keepalives_idle=1", NULL, REFUSED_OPTION("keepalives_idle") },
    { "postgresql://u@h/d?keepalives_interval=1", NULL, REFUSED_OPTION("keepalives_interval") },
    { "postgresql://u@h/d?keepalives_count=1", NULL, REFUSED_OPTION("keepalives_count") },
    { "postgresql://u@h/d?tcp_user_timeout=1", NULL, REFUSED_OPTION("tcp_user_timeout") },
    { "postgresql://u@h/d?replication=true", NULL, REFUSED_OPTION("replication") },
    { "postgresql://u@h/d?requiressl=1", NULL,
      REFUSED_OPTION("requiressl") "write sslmode=require" },
    { "postgresql://u@h/d?sslcompression=0", NULL, REFUSED_OPTION("sslcompression") },
    { "postgresql://u@h/d?sslcert=/x", NULL, REFUSED_OPTION("sslcert") "files are not read" },
    { "postgresql://u@h/d?sslkey=/x", NULL, REFUSED_OPTION("sslkey") "files are not read" },
    { "postgresql://u@h/d?sslpassword=x", NULL, REFUSED_OPTION("sslpassword") },
    { "postgresql://u@h/d?sslrootcert=/x", NULL,
      REFUSED_OPTION("sslrootcert") "files are not read; authorities go into config.tls.caPem" },
    { "postgresql://u@h/d?sslcrl=/x", NULL, REFUSED_OPTION("sslcrl") },
    { "postgresql://u@h/d?sslcrldir=/x", NULL, REFUSED_OPTION("sslcrldir") },
    { "postgresql://u@h/d?sslsni=0", NULL, REFUSED_OPTION("sslsni") },
    { "postgresql://u@h/d?requirepeer=x", NULL, REFUSED_OPTION("requirepeer") },
    { "postgresql://u@h/d?ssl_min_protocol_version=TLSv1", NULL,
      REFUSED_OPTION("ssl_min_protocol_version") },
    { "postgresql://u@h/d?ssl_max_protocol_version=TLSv1", NULL,
      REFUSED_OPTION("ssl_max_protocol_version") },
    { "postgresql://u@h/d?krbsrvname=x", NULL, REFUSED_OPTION("krbsrvname") },
    { "postgresql://u@h/d?gsslib=x", NULL, REFUSED_OPTION("gsslib") },
    { "postgresql://u@h/d?service=x", NULL, REFUSED_OPTION("service") },
    { "postgresql://u@h/d?never_heard_of=x", NULL, "the option \"never_heard_of\" is not allowed" },
    /* 34.1.1.1: the other kind of connection string. */
    { "host=localhost port=5432 dbname=mydb connect_timeout=10", NULL, "holds a blank" },
    { 0 },
};

static const struct form redis_forms[] = {
    /* Redis' documentation, "Redis CLI": "Host, port, password, and database". */
    { "redis://user:password@localhost:6379/0", "user|password|localhost|6379|0|disable", NULL },
    { "redis://LJenkins:p%40ssw0rd@redis.example.com:16379/0",
      "LJenkins|p@ssw0rd|redis.example.com|16379|0|disable", NULL },
    { "rediss://LJenkins:p%40ssw0rd@redis.example.com:16379/0",
      "LJenkins|p@ssw0rd|redis.example.com|16379|0|verify-full", NULL },
    { "redis://default:password@localhost", "default|password|localhost|6379||disable", NULL },
    /* There a word alone is a password, elsewhere it is a user. */
    { "redis://password@localhost:6379", NULL,
      "a password alone is written redis://:password@host" },
    /* IANA's registrations of "redis" and "rediss". */
    { "redis://user:secret@localhost:6379/0?foo=bar&qux=baz", NULL,
      "the option \"foo\" is not allowed" },
    { "redis://localhost", "||localhost|6379||disable", NULL },
    { "redis://localhost:6380", "||localhost|6380||disable", NULL },
    { "redis://localhost/", "||localhost|6379||disable", NULL },
    { "redis://localhost/5", "||localhost|6379|5|disable", NULL },
    { "redis://:secret@localhost", "|secret|localhost|6379||disable", NULL },
    { "redis://localhost?db=5", "||localhost|6379|5|disable", NULL },
    { "redis://localhost/?db=5", "||localhost|6379|5|disable", NULL },
    { "redis://localhost?password=secret", "|secret|localhost|6379||disable", NULL },
    { "redis://localhost?db=5&password=se%26cret", "|se&cret|localhost|6379|5|disable", NULL },
    { "redis://localhost/3?db=5", NULL, REFUSED_OPTION("db") "the URL says it already" },
    { "redis://localhost?db=5&db=6", NULL, REFUSED_OPTION("db") "the URL says it already" },
    { "redis://:secret@localhost?password=other", NULL,
      REFUSED_OPTION("password") "the URL says it already" },
    { "redis://localhost/05", NULL, "the database must be a number" },
    { "redis://localhost/+5", NULL, "the database must be a number" },
    { "redis://localhost/0/1", NULL, "more than one \"/\"" },
    { "redis://localhost?db=x", NULL, "the database must be a number" },
    { "redis://", NULL, NO_HOST },
    { "redis:///0", NULL, NO_HOST },
    { "redis://:6379/0", NULL, NO_HOST },
    /* IPv6. */
    { "redis://[::1]:6380/1", "||::1|6380|1|disable", NULL },
    { "rediss://:p@[2001:db8::1]", "|p|2001:db8::1|6379||verify-full", NULL },
    { "redis://::1", NULL, "an IPv6 address stands in brackets" },
    /* Forms of client libraries that the documentation lists. */
    { "unix:///tmp/redis.sock", NULL,
      "must start with redis:// or rediss://: sockets are not dialled" },
    { "unix://user:p@/tmp/redis.sock?db=1", NULL, "sockets are not dialled" },
    { "redis+unix:///tmp/redis.sock", NULL, "sockets are not dialled" },
    { "redis+socket:///tmp/redis.sock", NULL, "sockets are not dialled" },
    { "redis-socket:///tmp/redis.sock", NULL, "sockets are not dialled" },
    { "redis-sentinel://host1:26379,host2:26379/0?sentinelMasterId=m", NULL,
      "Sentinel is not supported" },
    { "redis://host1:6379,host2:6379", NULL, "names several hosts" },
    { "localhost:6379", NULL, "must start with redis:// or rediss://" },
    { 0 },
};

static void forms_of_postgresql(void **state)
{
    (void)state;
    check_forms(&postgresql_connector, libpq_forms);
}

static void forms_of_redis(void **state)
{
    (void)state;
    check_forms(&redis_connector, redis_forms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_of_postgresql),
        cmocka_unit_test(forms_of_redis),
    };
    return cmocka_run_group_tests(tests, sealing_start, sealing_finish);
}
