/* SPDX-License-Identifier: Apache-2.0 */
/* From what people call a thing to its id: see find.h. */
#include "app/find.h"

#include "base/id.h"

/* The ids of those rows whose member is the text: the last one, and how many there are. */
static size_t pick(const struct json *rows, const char *member, struct str text, struct str *id)
{
    size_t found = 0;

    for (size_t i = 0; rows && i < rows->count; i++) {
        const struct json *value = json_member(&rows->items[i], str_from(member));
        const struct json *row_id = json_member(&rows->items[i], STR("id"));
        if (!value || !row_id || !str_eq(value->text, text))
            continue;
        *id = row_id->text;
        found++;
    }
    return found;
}

bool find_project(struct ask *to, struct str project, struct str *id, struct error *err)
{
    static const struct question question = { .procedure = "projects.list", .list = "projects" };
    struct id parsed;

    if (id_parse(project, &parsed)) {
        *id = project;
        return true;
    }
    const struct json *answer = ask(to, &question, err);
    if (!answer)
        return false;
    size_t found = pick(json_member(answer, STR("projects")), "name", project, id);
    if (found > 1)
        return fail(err, ERR_CONFLICT, "%zu projects are named \"" STR_FMT "\": use an id", found,
                    STR_ARG(str_cut(project, 100)));
    return found == 1 || fail(err, ERR_NOT_FOUND, "there is no project named \"" STR_FMT "\"",
                              STR_ARG(str_cut(project, 100)));
}

struct user_by_email {
    struct str email;
};
static const struct field user_fields[] = {
    { FIELD("email", user_by_email, email, REQUIRED, "") },
    { 0 },
};
static const struct shape user_by_email_shape = SHAPE(NULL, user_by_email, user_fields);

bool find_user(struct ask *to, struct str email, struct str *id, struct error *err)
{
    const struct user_by_email input = { email };
    const struct question question = {
        .procedure = "users.list",
        .shape = &user_by_email_shape,
        .input = &input,
    };
    const struct json *answer = ask(to, &question, err);
    if (!answer)
        return false;
    const struct json *rows = json_member(answer, STR("users"));
    const struct json *found =
        rows && rows->count == 1 ? json_member(&rows->items[0], STR("id")) : NULL;
    if (!found)
        return fail(err, ERR_NOT_FOUND, "no user has the address \"" STR_FMT "\"",
                    STR_ARG(str_cut(email, 100)));
    *id = found->text;
    return true;
}

bool find_token(struct ask *to, struct str email, struct str token, struct str *id,
                struct error *err)
{
    const struct question question = { .procedure = "tokens.list", .user = email };
    const struct json *answer = ask(to, &question, err);
    if (!answer)
        return false;
    const struct json *rows = json_member(answer, STR("tokens"));
    if (pick(rows, "id", token, id) == 1)
        return true;
    size_t found = pick(rows, "prefix", token, id);
    if (found > 1)
        return fail(err, ERR_CONFLICT, "%zu tokens begin with \"" STR_FMT "\": use an id", found,
                    STR_ARG(str_cut(token, 60)));
    return found == 1 || fail(err, ERR_NOT_FOUND, STR_FMT " has no token \"" STR_FMT "\"",
                              STR_ARG(str_cut(email, 100)), STR_ARG(str_cut(token, 60)));
}
