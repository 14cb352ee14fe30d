/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may do what in the database, and what must be so before anybody serves on it.
 *
 *   owner   has the schema, and applies migrations; row security binds it as well (FORCE)
 *   app     acts for users: sees what their projects hold
 *   engine  acts for the server itself
 *
 * The last two sign in nowhere: whoever serves signs in as a role of the operator's that may take them
 * on, and does so in each transaction. Their names begin with the database's, since roles are the
 * whole server's.
 */
#include "store/postgres_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"

#define SCRIPT_MAX ((size_t)1 << 20)

bool postgres_name_roles(struct link *link, struct str database, struct error *err)
{
    static const char *const words[] = { [PG_APP] = "app", [PG_ENGINE] = "engine" };
    for (size_t i = 0; i < database.len; i++)
        if (database.ptr[i] == '"' || database.ptr[i] == '\'' || database.ptr[i] == '\\' ||
            database.ptr[i] == '$')
            return fail(err, ERR_BAD_REQUEST,
                        "the name of the store's database must not hold quotes, \"\\\" or \"$\"");
    (void)snprintf(link->roles[PG_SELF], PG_NAME_SIZE, "none");
    for (enum pg_role role = PG_APP; role <= PG_ENGINE; role++) {
        int length = snprintf(link->roles[role], PG_NAME_SIZE, STR_FMT "_%s", STR_ARG(database),
                              words[role]);
        if (length >= PG_NAME_SIZE)
            return fail(err, ERR_BAD_REQUEST,
                        "the name of the store's database is too long for the names of its roles");
    }
    return true;
}

/* --- scripts --- */

const char *postgres_with_roles(const struct link *link, const char *text, struct arena *arena)
{
    static const struct {
        const char *mark;
        enum pg_role role;
    } marks[] = { { "{app}", PG_APP }, { "{engine}", PG_ENGINE } };
    struct buf buf;
    buf_init(&buf, SCRIPT_MAX);
    while (*text) {
        size_t i = 0;
        while (i < ARRAY_LEN(marks) && strncmp(text, marks[i].mark, strlen(marks[i].mark)) != 0)
            i++;
        if (i == ARRAY_LEN(marks)) {
            buf_add_byte(&buf, *text++);
            continue;
        }
        buf_printf(&buf, "\"%s\"", link->roles[marks[i].role]);
        text += strlen(marks[i].mark);
    }
    const char *out = arena_c(arena, buf_str(&buf));
    buf_done(&buf);
    return out;
}

/* --- questions --- */

/* $1 and $2 of a question that names them. */
#define ROLE_NAMES(link)                                                                           \
    BINDS(bind_text(str_from((link)->roles[PG_APP])), bind_text(str_from((link)->roles[PG_ENGINE])))

/* Whether the answer to a question is empty; else it is put into `out`. */
static bool none(struct link *link, const struct sql *sql, const struct bind *binds, char *out,
                 size_t size, bool *is_none, struct error *err)
{
    PGresult *rows;
    if (!postgres_ask(link, sql, binds, &rows, err))
        return false;
    *is_none = PQgetisnull(rows, 0, 0);
    (void)snprintf(out, size, "%s", PQgetvalue(rows, 0, 0));
    PQclear(rows);
    return true;
}

/* Sets the hint, whose text lives as long as the program: there is one for each process. */
static bool advise(struct error *err, const struct link *link, const char *format)
{
    static char hint[600];
    AUTO(arena) arena = arena_new();
    (void)snprintf(hint, sizeof(hint), "%s", postgres_with_roles(link, format, arena));
    err->hint = hint;
    return false;
}

static bool judge_self(struct link *link, struct error *err)
{
    static const struct sql unbound =
        SQL("SELECT string_agg(CASE WHEN rolsuper THEN 'a superuser' ELSE 'a role with BYPASSRLS' "
            "END, '') FROM pg_roles WHERE rolname = session_user AND (rolsuper OR rolbypassrls)");
    char what[100];
    bool bound;
    if (!none(link, &unbound, NO_BINDS, what, sizeof(what), &bound, err))
        return false;
    if (bound)
        return true;
    (void)fail(err, ERR_BAD_REQUEST,
               "the store was signed in to as %s, whom row security does not bind", what);
    return advise(err, link,
                  "use a role of its own: CREATE ROLE tieline_server LOGIN NOINHERIT PASSWORD '…'; "
                  "GRANT {app}, {engine} TO tieline_server");
}

/* --- the owner's --- */

static bool make_role(struct link *link, enum pg_role role, struct error *err)
{
    AUTO(arena) arena = arena_new();
    const char *text =
        role == PG_APP ? "CREATE ROLE {app} NOLOGIN" : "CREATE ROLE {engine} NOLOGIN";
    if (postgres_script(link, postgres_with_roles(link, text, arena), err))
        return true;
    /* Somebody else made it just now. */
    if (strcmp(err->server_code, "42710") == 0 || strcmp(err->server_code, "23505") == 0)
        return true;
    return advise(err, link,
                  "let an administrator of the server do it: CREATE ROLE {app}; CREATE ROLE "
                  "{engine}; GRANT {app}, {engine} TO the role that owns the database");
}

static bool grant_roles(struct link *link, struct error *err)
{
    static const struct sql foreign =
        SQL("SELECT string_agg(rolname::text, ', ') FROM pg_roles WHERE rolname IN ($1, $2)"
            " AND NOT pg_has_role(session_user, oid, 'MEMBER')");
    AUTO(arena) arena = arena_new();
    char names[200];
    bool ours;
    if (!none(link, &foreign, ROLE_NAMES(link), names, sizeof(names), &ours, err))
        return false;
    return ours ||
           postgres_script(
               link, postgres_with_roles(link, "GRANT {app}, {engine} TO CURRENT_USER", arena),
               err) ||
           advise(err, link,
                  "let an administrator of the server do it: GRANT {app}, {engine} TO the role "
                  "that owns the database");
}

/* Whoever else would make tables of their own, which nobody finds. */
static bool judge_owner(struct link *link, struct error *err)
{
    static const struct sql foreign = SQL(
        "SELECT string_agg(pg_get_userbyid(nspowner)::text, '') FROM pg_namespace WHERE nspname "
        "= 'tieline' AND NOT pg_has_role(session_user, nspowner, 'USAGE')");
    char owner[100];
    bool ours;
    if (!none(link, &foreign, NO_BINDS, owner, sizeof(owner), &ours, err))
        return false;
    return ours || fail(err, ERR_BAD_REQUEST,
                        "the store's schema belongs to the role \"%s\", which alone keeps it up to "
                        "date: sign in as that",
                        owner);
}

bool postgres_make_roles(struct link *link, struct error *err)
{
    /* Until the session ends: one at a time. */
    static const struct sql lock =
        SQL("SELECT pg_advisory_lock(hashtext('tieline.migrate'))::text");
    static const struct sql existing =
        SQL("SELECT (SELECT 'app' FROM pg_roles WHERE rolname = $1), (SELECT 'engine' FROM pg_roles"
            " WHERE rolname = $2), to_regnamespace('tieline')::text");
    PGresult *rows;
    if (!judge_self(link, err) || !postgres_ask(link, &lock, NO_BINDS, &rows, err))
        return false;
    PQclear(rows);
    if (!postgres_ask(link, &existing, ROLE_NAMES(link), &rows, err))
        return false;
    bool app = !PQgetisnull(rows, 0, 0), engine = !PQgetisnull(rows, 0, 1);
    bool schema = !PQgetisnull(rows, 0, 2);
    PQclear(rows);
    return judge_owner(link, err) && (app || make_role(link, PG_APP, err)) &&
           (engine || make_role(link, PG_ENGINE, err)) && grant_roles(link, err) &&
           (schema || postgres_script(link, "CREATE SCHEMA IF NOT EXISTS tieline", err));
}

/* --- before anybody serves --- */

static bool judge_roles(struct link *link, struct error *err)
{
    static const struct sql missing =
        SQL("SELECT string_agg(wanted, ', ') FROM unnest(ARRAY[$1, $2]) wanted WHERE NOT EXISTS "
            "(SELECT 1 FROM pg_roles WHERE rolname = wanted "
            "AND pg_has_role(session_user, oid, 'MEMBER'))");
    char names[200];
    bool fits;
    if (!none(link, &missing, ROLE_NAMES(link), names, sizeof(names), &fits, err))
        return false;
    if (fits)
        return true;
    (void)fail(err, ERR_BAD_REQUEST, "the store was signed in to as a role that may not act as %s",
               names);
    return advise(err, link,
                  "make the schema with \"tieline migrate --store postgresql://OWNER@…\", then: "
                  "GRANT {app}, {engine} TO the role that the server signs in as");
}

static bool judge_tables(struct link *link, struct error *err)
{
    static const struct sql open =
        SQL("SELECT string_agg(relname::text, ', ') FROM pg_class WHERE relkind IN ('r', 'p') "
            "AND relnamespace = to_regnamespace('tieline') "
            "AND relname NOT IN ('schema_migrations', 'server_meta') "
            "AND NOT (relrowsecurity AND relforcerowsecurity)");
    char names[200];
    bool closed;
    if (!none(link, &open, NO_BINDS, names, sizeof(names), &closed, err))
        return false;
    if (closed)
        return true;
    (void)fail(err, ERR_BAD_REQUEST,
               "row security is not in force, for their owner as well, on the store's tables: %s",
               names);
    err->hint = "as their owner: ALTER TABLE tieline.… ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL "
                "SECURITY";
    return false;
}

static bool warn_of_settings(struct link *link, struct error *err)
{
    static const struct sql off =
        SQL("SELECT string_agg(name, ', ') FROM pg_settings WHERE setting = 'off' "
            "AND name IN ('fsync', 'full_page_writes', 'synchronous_commit')");
    char names[200];
    bool sound;
    if (!none(link, &off, NO_BINDS, names, sizeof(names), &sound, err))
        return false;
    if (!sound)
        log_warn("the store's server may lose what it acknowledged: settings are off",
                 LOG_STR("settings", str_from(names)));
    return true;
}

bool postgres_judge(struct link *link, struct error *err)
{
    return judge_self(link, err) && judge_roles(link, err) && judge_tables(link, err) &&
           warn_of_settings(link, err);
}
