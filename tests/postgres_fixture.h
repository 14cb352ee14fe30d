/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PostgreSQL store for a test: a database of its own on the server of PGADMINURL, its owner, and the role
 * that it is served from.
 *
 * These tests are about rows, and look at them as the system does, so that here it sees all of them. What
 * row security shows to whom is tests/api/row_security.test.ts.
 */
#ifndef TESTS_POSTGRES_FIXTURE_H
#define TESTS_POSTGRES_FIXTURE_H

#include "unit.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/id.h"
#include "store/store.h"

struct postgres_fixture {
    char database[64], place[128]; /* "127.0.0.1:5432" */
};

static inline void postgres_sql(const char *url, const char *sql)
{
    PGconn *link = PQconnectdb(url);
    PGresult *result = PQexec(link, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(link));
    PQclear(result);
    PQfinish(link);
}

static inline const char *postgres_admin_url(void)
{
    const char *url = getenv("PGADMINURL"); /* NOLINT(concurrency-mt-unsafe) */
    if (!url)
        fail_msg("PGADMINURL must name a server: tools/servers run");
    return url;
}

static inline void postgres_url(const struct postgres_fixture *p, const char *role, char *out,
                                size_t size)
{
    (void)snprintf(out, size, "postgresql://%s:stores@%s/%s", role, p->place, p->database);
}

static inline void postgres_find_place(struct postgres_fixture *p)
{
    PQconninfoOption *options = PQconninfoParse(postgres_admin_url(), NULL);
    const char *host = "", *port = "";
    for (PQconninfoOption *o = options; o && o->keyword; o++) {
        if (strcmp(o->keyword, "host") == 0 && o->val)
            host = o->val;
        if (strcmp(o->keyword, "port") == 0 && o->val)
            port = o->val;
    }
    (void)snprintf(p->place, sizeof(p->place), "%s:%s", host, port);
    PQconninfoFree(options);
}

#define POSTGRES_ROLE(name, options)                                                               \
    "DO $$ BEGIN CREATE ROLE " name " LOGIN " options " PASSWORD 'stores';"                        \
    " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"

/* As the administrator, in the database. */
static inline void postgres_in(const struct postgres_fixture *p, const char *sql)
{
    const char *admin = postgres_admin_url(), *slash = strrchr(admin, '/');
    char url[512];
    (void)snprintf(url, sizeof(url), "%.*s/%s", (int)(slash - admin), admin, p->database);
    postgres_sql(url, sql);
}

/* Makes it; `url` is where it is served from. */
static inline void postgres_start(struct postgres_fixture *p, char *url, size_t size)
{
    char sql[1024], owner[256], id_text[ID_TEXT_SIZE];
    struct error err = { 0 };
    (void)id_format(id_new(), id_text);
    (void)snprintf(p->database, sizeof(p->database), "store_%.8s%.6s", id_text + 28, id_text + 30);
    for (char *c = p->database; *c; c++)
        if (*c == '-')
            *c = '_';
    postgres_find_place(p);
    postgres_sql(postgres_admin_url(), POSTGRES_ROLE("store_owner", "CREATEROLE"));
    postgres_sql(postgres_admin_url(), POSTGRES_ROLE("store_server", "NOINHERIT"));
    (void)snprintf(sql, sizeof(sql), "CREATE DATABASE %s OWNER store_owner", p->database);
    postgres_sql(postgres_admin_url(), sql);
    postgres_url(p, "store_owner", owner, sizeof(owner));
    postgres_url(p, "store_server", url, size);
    if (!store_migrate(str_from(owner), &err))
        fail_msg("%s", err.message);
    (void)snprintf(
        sql, sizeof(sql),
        "GRANT %s_app, %s_engine TO store_server; SET search_path = tieline;"
        "CREATE POLICY all_of_it ON project_connections TO %s_engine USING (scope_system());"
        "CREATE POLICY all_of_it ON workflow_versions TO %s_engine USING (scope_system());"
        "CREATE POLICY all_of_it ON workflow_connections TO %s_engine USING "
        "(scope_system());",
        p->database, p->database, p->database, p->database, p->database);
    postgres_in(p, sql);
}

static inline void postgres_finish(const struct postgres_fixture *p)
{
    char sql[256];
    (void)snprintf(sql, sizeof(sql), "DROP DATABASE %s WITH (FORCE)", p->database);
    postgres_sql(postgres_admin_url(), sql);
    (void)snprintf(sql, sizeof(sql), "DROP ROLE %s_app, %s_engine", p->database, p->database);
    postgres_sql(postgres_admin_url(), sql);
}

#endif
