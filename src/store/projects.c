/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of projects and their members. */
#include "store/projects.h"

#include "store/internal.h"

const char *const role_names[] = { NULL, "viewer", "editor", "owner", NULL };

#define PROJECT_FIELDS                                                                             \
    { FIELD("id", project_row, id, REQUIRED, "Id of the project.") },                              \
        { FIELD("name", project_row, name, REQUIRED, "What people call it.") },                    \
        { FIELD_ENUM("role", project_row, role, REQUIRED, role_names,                              \
                     "The caller's role in it.") },                                                \
        { FIELD("createdAt", project_row, created_at, REQUIRED, "When it was made.") },            \
    {                                                                                              \
        FIELD("updatedAt", project_row, updated_at, REQUIRED, "When it was last changed.")         \
    }

static const struct field project_fields[] = {
    PROJECT_FIELDS,
    { 0 },
};
const struct shape project_shape = SHAPE("Project", project_row, project_fields);

static const struct field summary_fields[] = {
    PROJECT_FIELDS,
    { FIELD("workflowCount", project_row, workflow_count, REQUIRED, "Workflows in it.") },
    { FIELD("connectionCount", project_row, connection_count, REQUIRED, "Connections in it.") },
    { FIELD("recentFailures", project_row, recent_failures, REQUIRED,
            "Executions accepted in the last 24 hours that failed; 1000 at most.") },
    { 0 },
};
const struct shape project_summary_shape = SHAPE("ProjectSummary", project_row, summary_fields);

static const struct field key_fields[] = {
    { FIELD("dataKey", project_row, data_key, REQUIRED, "") },
    { 0 },
};
static const struct shape key_shape = SHAPE(NULL, project_row, key_fields);

static const struct field member_fields[] = {
    { FIELD("userId", member_row, user_id, REQUIRED, "Id of the user.") },
    { FIELD("email", member_row, email, REQUIRED, "Address of the user.") },
    { FIELD("name", member_row, name, REQUIRED, "What people call them.") },
    { FIELD_ENUM("role", member_row, role, REQUIRED, role_names,
                 "viewer reads, editor changes, owner also manages members.") },
    { FIELD("createdAt", member_row, created_at, REQUIRED, "When they became a member.") },
    { FIELD("lastSeenAt", member_row, last_seen_at, OPTIONAL,
            "Their last request to this server, to the minute.") },
    { 0 },
};
const struct shape member_shape = SHAPE("Member", member_row, member_fields);

#define PROJECT_COLUMNS "p.id, p.name, m.role, p.created_at, p.updated_at"
#define MEMBERSHIPS "project_members m JOIN projects p ON p.id = m.project_id"

bool project_insert(struct tx *tx, const struct project_row *row, struct id owner_id,
                    struct error *err)
{
    /* Row security shows a project to its members: the first comes with it, or not at all. */
    static const struct sql sql =
        SQL2("INSERT INTO projects (id, name, data_key, created_at, updated_at)"
             " VALUES ($1, $2, $3, $4, $5)",
             "SELECT project_create($1, $2, $3, $4, $5, $6)");
    return tx_run(tx, &sql,
                  BINDS(bind_id(row->id), bind_text(row->name), bind_text(row->data_key),
                        bind_instant(row->created_at), bind_instant(row->updated_at),
                        bind_id(owner_id)),
                  NULL, err) &&
           (tx->driver->remote ||
            member_insert(tx, row->id, owner_id, ROLE_OWNER, row->created_at, err));
}

/* For the operator, who owns them all. */
#define ALL_COLUMNS "p.id, p.name, 'owner' AS role, p.created_at, p.updated_at"

#define COUNTS                                                                                     \
    ", (SELECT count(*) FROM workflows w WHERE w.project_id = p.id AND w.deleted_at IS NULL)"      \
    " AS workflow_count"                                                                           \
    ", (SELECT count(*) FROM connection_places c WHERE c.project_id = p.id) AS connection_count"   \
    ", (SELECT count(*) FROM (SELECT 1 FROM workflow_executions e WHERE e.project_id = p.id"       \
    " AND e.status = 'failed' AND e.status IN ('failed', 'cancelled') AND e.id >= $1 LIMIT $2)"    \
    " AS f) AS recent_failures"

bool project_list(struct tx *tx, struct id user_id, struct instant since, struct arena *arena,
                  struct array *out, struct error *err)
{
    static const struct sql all =
        SQL("SELECT " ALL_COLUMNS COUNTS " FROM projects p ORDER BY p.id DESC");
    static const struct sql sql = SQL("SELECT " PROJECT_COLUMNS COUNTS " FROM " MEMBERSHIPS
                                      " WHERE m.user_id = $3 ORDER BY m.project_id DESC");
    struct bind first = bind_id(id_first_at(since)), most = bind_int(PROJECT_FAILURES_MAX);
    if (!id_set(user_id))
        return tx_all(tx, &all, BINDS(first, most), &project_summary_shape, arena, out, err);
    return tx_all(tx, &sql, BINDS(first, most, bind_id(user_id)), &project_summary_shape, arena,
                  out, err);
}

bool project_ids(struct tx *tx, struct arena *arena, struct array *out, struct error *err)
{
    static const struct sql sql = SQL("SELECT id FROM projects ORDER BY id");
    return tx_all(tx, &sql, NO_BINDS, &project_shape, arena, out, err);
}

bool project_find(struct tx *tx, struct id project_id, struct id user_id, struct arena *arena,
                  struct project_row *out, struct error *err)
{
    static const struct sql sql = SQL("SELECT " PROJECT_COLUMNS " FROM " MEMBERSHIPS
                                      " WHERE m.project_id = $1 AND m.user_id = $2");
    static const struct sql any = SQL("SELECT " ALL_COLUMNS " FROM projects p WHERE p.id = $1");
    bool member = id_set(user_id), found;
    const struct bind *binds =
        member ? BINDS(bind_id(project_id), bind_id(user_id)) : BINDS(bind_id(project_id));
    return tx_one(tx, member ? &sql : &any, binds, &project_shape, arena, out, &found, err) &&
           changed_one(found, "project", err);
}

bool project_find_key(struct tx *tx, struct id project_id, struct arena *arena, struct str *out,
                      struct error *err)
{
    static const struct sql sql = SQL("SELECT data_key FROM projects WHERE id = $1");
    struct project_row row;
    bool found;
    if (!tx_one(tx, &sql, BINDS(bind_id(project_id)), &key_shape, arena, &row, &found, err) ||
        !changed_one(found, "project", err))
        return false;
    *out = row.data_key;
    return true;
}

bool project_rename(struct tx *tx, struct id project_id, struct str name, struct instant at,
                    struct error *err)
{
    static const struct sql sql =
        SQL("UPDATE projects SET name = $2, updated_at = $3 WHERE id = $1");
    int64_t changes;
    return tx_run(tx, &sql, BINDS(bind_id(project_id), bind_text(name), bind_instant(at)), &changes,
                  err) &&
           changed_one(changes, "project", err);
}

bool project_delete(struct tx *tx, struct id project_id, struct error *err)
{
    /* What a process holds is fenced off by losing its rows; it is never much. What waits in the store
     * may be, and like the history is for store/history.h: nobody takes it up any more. The rest goes
     * with the project. */
    static const struct sql before[] = {
        SQL2("DELETE FROM workflow_executions INDEXED BY workflow_executions_open WHERE "
             "project_id = $1 AND lease_owner > '' AND " SQL_EXECUTION_OPEN,
             "DELETE FROM workflow_executions WHERE "
             "project_id = $1 AND lease_owner > '' AND " SQL_EXECUTION_OPEN),
        SQL("DELETE FROM workflow_connections WHERE project_id = $1"),
    };
    static const struct sql note =
        SQL("INSERT INTO deleted_projects (project_id, deleted_at) VALUES ($1, $2)"
            " ON CONFLICT (project_id) DO NOTHING");
    static const struct sql sql = SQL("DELETE FROM projects WHERE id = $1");
    tx_rights_changed(tx);
    for (size_t i = 0; i < ARRAY_LEN(before); i++)
        if (!tx_run(tx, &before[i], BINDS(bind_id(project_id)), NULL, err))
            return false;
    int64_t changes;
    /* Noted first: behind it nobody is its member. */
    return tx_run(tx, &note, BINDS(bind_id(project_id), bind_instant(instant_now())), NULL, err) &&
           tx_run(tx, &sql, BINDS(bind_id(project_id)), &changes, err) &&
           changed_one(changes, "project", err);
}

/* --- members --- */

#define MEMBER_SELECT                                                                              \
    "SELECT m.user_id, u.email, u.name, m.role, m.created_at, u.last_seen_at"                      \
    " FROM project_members m JOIN users u ON u.id = m.user_id WHERE m.project_id = $1"

bool member_list(struct tx *tx, struct id project_id, struct arena *arena, struct array *out,
                 struct error *err)
{
    static const struct sql sql =
        SQL(MEMBER_SELECT " ORDER BY CASE m.role WHEN 'owner' THEN 0 ELSE 1 END, lower(u.name),"
                          " m.user_id");
    return tx_all(tx, &sql, BINDS(bind_id(project_id)), &member_shape, arena, out, err);
}

bool member_find(struct tx *tx, struct id project_id, struct id user_id, struct arena *arena,
                 struct member_row *out, bool *found, struct error *err)
{
    static const struct sql sql = SQL(MEMBER_SELECT " AND m.user_id = $2");
    return tx_one(tx, &sql, BINDS(bind_id(project_id), bind_id(user_id)), &member_shape, arena, out,
                  found, err);
}

bool member_insert(struct tx *tx, struct id project_id, struct id user_id, int role,
                   struct instant at, struct error *err)
{
    static const struct sql sql =
        SQL("INSERT INTO project_members (project_id, user_id, role, created_at)"
            " VALUES ($1, $2, $3, $4)");
    if (tx_run(tx, &sql,
               BINDS(bind_id(project_id), bind_id(user_id), bind_text(str_from(role_names[role])),
                     bind_instant(at)),
               NULL, err))
        return true;
    if (err->code == ERR_CONFLICT)
        (void)fail(err, ERR_CONFLICT, "this user is a member already");
    return false;
}

/* Without this member there must be an owner, if they are one. Asked before the change: whoever leaves
 * may see nothing behind it. */
static bool check_owner_left(struct tx *tx, struct id project_id, struct id user_id,
                             struct error *err)
{
    /* Two owners who take each other out at the same time come one after the other. */
    static const struct sql one_by_one =
        SQL("UPDATE projects SET updated_at = updated_at WHERE id = $1");
    static const struct sql sql =
        SQL("SELECT count(*) FROM project_members WHERE project_id = $1 AND user_id = $2"
            " AND role = 'owner' AND NOT EXISTS (SELECT 1 FROM project_members o"
            " WHERE o.project_id = $1 AND o.user_id <> $2 AND o.role = 'owner')");
    const struct bind *binds = BINDS(bind_id(project_id), bind_id(user_id));
    int64_t last;
    if (!tx_run(tx, &one_by_one, binds, NULL, err) || !tx_int(tx, &sql, binds, &last, err))
        return false;
    return last == 0 || fail(err, ERR_CONFLICT, "a project needs an owner: this is the last one");
}

bool member_set_role(struct tx *tx, struct id project_id, struct id user_id, int role,
                     struct error *err)
{
    static const struct sql sql =
        SQL("UPDATE project_members SET role = $3 WHERE project_id = $1 AND user_id = $2");
    tx_rights_changed(tx);
    int64_t changes;
    return (role == ROLE_OWNER || check_owner_left(tx, project_id, user_id, err)) &&
           tx_run(
               tx, &sql,
               BINDS(bind_id(project_id), bind_id(user_id), bind_text(str_from(role_names[role]))),
               &changes, err) &&
           changed_one(changes, "member", err);
}

bool member_delete(struct tx *tx, struct id project_id, struct id user_id, struct error *err)
{
    static const struct sql sql =
        SQL("DELETE FROM project_members WHERE project_id = $1 AND user_id = $2");
    tx_rights_changed(tx);
    int64_t changes;
    return check_owner_left(tx, project_id, user_id, err) &&
           tx_run(tx, &sql, BINDS(bind_id(project_id), bind_id(user_id)), &changes, err) &&
           changed_one(changes, "member", err);
}
