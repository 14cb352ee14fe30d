/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prepared statements of a session: one for each text, kept until 64 others were used since. They
 * survive a reset; that is why it is not DISCARD ALL.
 *
 * In a pooled session (see postgresql_session.c) the next transaction may meet another server
 * process, so nothing is kept: the unnamed statement serves within one transaction.
 */
#include "connector/postgresql_internal.h"

#include <assert.h>
#include <stdio.h>

#include "base/mem.h"

static struct pg_statement *look_up(struct pg *pg, struct str sql)
{
    uint64_t hash = str_hash(sql);
    LIST_EACH(&pg->statements, pg_statement, node, statement)
    if (statement->hash == hash && str_eq((struct str){ statement->sql, statement->sql_len }, sql))
        return statement;
    return NULL;
}

struct pg_statement *pg_statement_find(struct pg *pg, struct str sql)
{
    struct pg_statement *found = look_up(pg, sql);
    if (!found)
        return NULL;
    found->fresh = false;
    if (pg->statements.head.next != &found->node) {
        list_remove(&found->node);
        list_push_front(&pg->statements, &found->node);
    }
    return found;
}

static void statement_free(struct pg_statement *statement)
{
    free(statement->sql);
    free(statement->params);
    free(statement->columns);
    free(statement);
}

void pg_statement_forget(struct pg *pg, struct pg_statement *statement)
{
    LIST_EACH(&pg->statements, pg_statement, node, each)
    {
        if (statement && each != statement)
            continue;
        list_remove(&each->node);
        pg->statement_count--;
        statement_free(each);
    }
}

/* Is `name` among the names given, or among the first `count` that were chosen? */
static bool is_taken(struct str name, const struct str *given, size_t given_count,
                     const struct str *chosen, size_t count)
{
    for (size_t i = 0; i < given_count; i++)
        if (str_eq(given[i], name))
            return true;
    for (size_t i = 0; i < count; i++)
        if (str_eq(chosen[i], name))
            return true;
    return false;
}

void pg_unique_names(struct arena *arena, const struct str *given, size_t count, struct str *names)
{
    for (size_t i = 0; i < count; i++) {
        unsigned copies = 1;
        for (size_t before = 0; before < i; before++)
            copies += str_eq(given[before], given[i]);
        names[i] = given[i];
        while (copies > 1 && is_taken(names[i], given, count, names, i))
            names[i] = arena_printf(arena, STR_FMT "_%u", STR_ARG(given[i]), copies++);
    }
}

/* Columns and their names, side by side in one allocation. */
static void keep_columns(struct pg *pg, struct pg_statement *statement, const PGresult *described)
{
    size_t count = (size_t)PQnfields(described), text = 0;
    AUTO(arena) arena = arena_new();
    struct str *given = ARENA_ARRAY(arena, str, count), *names = ARENA_ARRAY(arena, str, count);
    for (size_t i = 0; i < count; i++)
        given[i] = str_from(PQfname(described, (int)i));
    pg_unique_names(arena, given, count, names);
    for (size_t i = 0; i < count; i++)
        text += names[i].len;
    statement->column_count = count;
    statement->columns = xmalloc(count * sizeof(struct pg_column) + text + 1);
    char *to = (char *)(statement->columns + count);
    for (size_t i = 0; i < count; i++) {
        memcpy(to, names[i].ptr, names[i].len);
        statement->columns[i] = (struct pg_column){
            .name = { to, names[i].len },
            .type = pg_type_of(pg, PQftype(described, (int)i)),
        };
        to += names[i].len;
    }
}

static bool learn(struct pg *pg, struct pg_wait *wait, struct pg_statement *statement,
                  const PGresult *described, struct error *err)
{
    size_t params = (size_t)PQnparams(described), columns = (size_t)PQnfields(described);
    Oid *oids = xcalloc(params + columns + 1, sizeof(Oid));
    for (size_t i = 0; i < params; i++)
        oids[i] = PQparamtype(described, (int)i);
    for (size_t i = 0; i < columns; i++)
        oids[params + i] = PQftype(described, (int)i);
    statement->param_count = params;
    statement->params = oids;
    bool asked = false;
    if (!pg_learn_types(pg, wait, oids, params + columns, &asked, err))
        return false;
    /* The question took the unnamed statement's place. */
    statement->prepared_again = asked && !statement->name[0];
    if (statement->prepared_again && !PQsendPrepare(pg->link, "", statement->sql, 0, NULL))
        return pg_fail_lost(pg, err);
    keep_columns(pg, statement, described);
    return true;
}

/* Makes room for one more: the server forgets the one that was not used for longest. */
static bool evict(struct pg *pg, struct error *err)
{
    if (pg->pooled || pg->statement_count < PG_STATEMENTS_MAX)
        return true;
    struct pg_statement *oldest = LIST_ITEM(pg->statements.head.prev, pg_statement, node);
    char sql[64];
    (void)snprintf(sql, sizeof(sql), "DEALLOCATE %s", oldest->name);
    pg_statement_forget(pg, oldest);
    return pg_send(pg, sql, err);
}

struct pg_statement *pg_statement_prepare(struct pg *pg, struct pg_wait *wait, struct str sql,
                                          const char *const *before, struct error *err)
{
    for (; before && *before; before++)
        if (!pg_send(pg, *before, err))
            return NULL;
    if (!evict(pg, err))
        return NULL;
    struct pg_statement *statement = NEW(pg_statement);
    *statement = (struct pg_statement){
        .sql = xstrdup(sql), .sql_len = sql.len, .hash = str_hash(sql), .fresh = true
    };
    if (!pg->pooled)
        (void)snprintf(statement->name, sizeof(statement->name), "tieline_%lld",
                       (long long)++pg->statement_number);
    AUTO(pg_result) described = NULL;
    bool ok = (PQsendPrepare(pg->link, statement->name, statement->sql, 0, NULL) &&
               PQsendDescribePrepared(pg->link, statement->name)) ||
              pg_fail_lost(pg, err);
    /* Of the results without rows, the description is the last. */
    ok = ok && pg_send_sync(pg, err) && pg_read_flight(pg, wait, PGRES_COMMAND_OK, &described, err);
    if (ok && !described) {
        pg->conn.broken = true;
        ok = fail(err, ERR_SERVER_PROTOCOL, "the server did not describe the statement");
    }
    if (!ok || !learn(pg, wait, statement, described, err)) {
        statement_free(statement);
        return NULL;
    }
    list_push_front(&pg->statements, &statement->node);
    pg->statement_count++;
    return statement;
}
