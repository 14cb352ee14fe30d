/* SPDX-License-Identifier: Apache-2.0 */
/* Who may do what: the table of rights, and the look at whose thing an id names. */
#include "auth/permit.h"

#include <assert.h>

#include "auth/internal.h"
#include "schema/field.h"

/* What each right asks of a caller. */
static const struct {
    bool signed_in, person, admin;
    int role; /* at least, in the project; 0: it is about no project */
} rights[] = {
    [ANYONE] = { .signed_in = false },
    [SIGNED_IN] = { .signed_in = true },
    [SELF] = { .signed_in = true, .person = true },
    [ADMIN] = { .signed_in = true, .admin = true },
    [PROJECT_READ] = { .signed_in = true, .role = ROLE_VIEWER },
    [PROJECT_WRITE] = { .signed_in = true, .role = ROLE_EDITOR },
    [PROJECT_OWN] = { .signed_in = true, .role = ROLE_OWNER },
};

static const struct {
    const char *field, *noun;
    enum right_subject subject;
} abouts[] = {
    [ABOUT_PROJECT] = { "projectId", "project", RIGHT_OF_PROJECT },
    [ABOUT_CONNECTION] = { "connectionId", "connection", RIGHT_OF_CONNECTION },
    [ABOUT_WORKFLOW] = { "workflowId", "workflow", RIGHT_OF_WORKFLOW },
    [ABOUT_EXECUTION] = { "executionId", "execution", RIGHT_OF_EXECUTION },
};

static bool load_right(struct auth *auth, struct id user_id, enum right_subject subject,
                       struct id id, struct right_row *out, bool *found, struct error *err)
{
    struct known_right known = {
        .generation = store_rights_generation(auth->store),
        .user_id = user_id,
        .id = id,
        .subject = subject,
    };
    struct scope scope = id_set(user_id) ? scope_user(user_id) : scope_system();
    AUTO(tx) tx = store_read(auth->store, scope, err);
    if (!tx || !right_find(tx, subject, user_id, id, &known.right, found, err))
        return false;
    if (*found) {
        memory_keep_right(auth, &known);
        *out = known.right;
    }
    return true;
}

static bool find_right(struct auth *auth, const struct caller *caller,
                       const struct permit_question *question, struct right_row *out,
                       struct error *err)
{
    enum right_subject subject = abouts[question->about].subject;
    if (memory_find_right(auth, subject, caller->user_id, question->id, out))
        return true;
    bool found;
    if (!load_right(auth, caller->user_id, subject, question->id, out, &found, err))
        return false;
    return found || fail(err, ERR_NOT_FOUND, "there is no such %s", abouts[question->about].noun);
}

bool permit(struct auth *auth, const struct caller *caller, const struct permit_question *question,
            struct id *project_id, int *role, struct error *err)
{
    enum procedure_right needs = question->needs;
    if (!rights[needs].signed_in)
        return true;
    if (!caller->signed_in)
        return fail(err, ERR_UNAUTHORIZED, "sign in first");
    if (caller->read_only && question->mutation)
        return fail(err, ERR_FORBIDDEN, "this access token may only read");
    if (rights[needs].person && caller->is_operator)
        return fail(err, ERR_FORBIDDEN, "this is done for a user: the operator must name one");
    if (rights[needs].admin && !caller->admin)
        return fail(err, ERR_FORBIDDEN, "only an administrator of the server may do this");
    if (rights[needs].role == 0)
        return true;
    assert(question->about != ABOUT_NOTHING); /* a project's right needs a project */
    struct right_row right;
    if (!find_right(auth, caller, question, &right, err))
        return false;
    if (right.role < rights[needs].role)
        return fail(err, ERR_FORBIDDEN,
                    "this needs the role \"%s\" in the project; yours is \"%s\"",
                    role_names[rights[needs].role], role_names[right.role]);
    *project_id = right.project_id;
    *role = right.role;
    return true;
}

/* --- calls --- */

/* What a browser says about the page that sent a request: is it one of ours? */
static bool from_our_page(const struct auth *auth, const struct http_request *request)
{
    if (!str_eq(http_header_find(request, STR("x-tieline")), STR("1")))
        return false;
    struct str site = http_header_find(request, STR("sec-fetch-site"));
    if (str_set(site) && !str_eq(site, STR("same-origin")))
        return false;
    struct str origin = http_header_find(request, STR("origin"));
    if (!str_set(origin))
        return str_set(site);
    if (auth->public_origin && str_eq_nocase(origin, str_from(auth->public_origin)))
        return true;
    struct str scheme = request->secure ? STR("https://") : STR("http://");
    struct str host = http_header_find(request, STR("host"));
    return host.len > 0 && str_starts(origin, scheme) &&
           str_eq_nocase(str_slice(origin, scheme.len, origin.len), host);
}

/* The id that the input's field of that name holds, or none. */
static struct id id_of(const struct shape *shape, const void *input, const char *name)
{
    const struct field *field = shape ? shape_field(shape, str_from(name)) : NULL;
    if (!field || field->kind != FIELD_KIND_ID)
        return ID_NONE;
    return *(const struct id *)FIELD_CONST_PTR(input, field);
}

/* Fills what the call is about: the id that the procedure asks for, or else the project's. */
static bool fill_about(const struct procedure *procedure, const void *input,
                       struct permit_question *question, struct error *err)
{
    if (procedure->about == ABOUT_NOTHING)
        return true;
    question->about = procedure->about;
    question->id = id_of(procedure->input, input, abouts[procedure->about].field);
    if (!id_set(question->id)) {
        question->about = ABOUT_PROJECT;
        question->id = id_of(procedure->input, input, abouts[ABOUT_PROJECT].field);
    }
    return id_set(question->id) ||
           fail_field(err, ERR_BAD_REQUEST, abouts[procedure->about].field, "is required");
}

bool permit_call(struct auth *auth, struct call *call, const void *input, struct error *err)
{
    const struct procedure *procedure = call->procedure;
    struct permit_question question = {
        .needs = procedure->needs,
        .mutation = procedure->kind == MUTATION,
    };
    if (question.mutation && id_set(call->caller.session_id) && !from_our_page(auth, call->request))
        return fail(err, ERR_FORBIDDEN,
                    "a change by cookie needs the header \"x-tieline: 1\" and an Origin of this "
                    "server");
    /* Who is not signed in learns that first. */
    if (call->caller.signed_in && !fill_about(procedure, input, &question, err))
        return false;
    return permit(auth, &call->caller, &question, &call->project_id, &call->role, err);
}
