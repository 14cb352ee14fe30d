/* SPDX-License-Identifier: Apache-2.0 */
/* The procedures as a list, for programs that want to know what there is and who may call it. */
#include "json/write.h"
#include "rpc/trpc.h"

static const char *const kinds[] = {
    [QUERY] = "query",
    [MUTATION] = "mutation",
    [SUBSCRIPTION] = "subscription",
};
static const char *const rights[] = {
    [ANYONE] = "anyone",       [SIGNED_IN] = "signed-in", [SELF] = "self",
    [ADMIN] = "administrator", [PROJECT_READ] = "viewer", [PROJECT_WRITE] = "editor",
    [PROJECT_OWN] = "owner",
};
static const char *const abouts[] = {
    [ABOUT_NOTHING] = "nothing",       [ABOUT_PROJECT] = "project",
    [ABOUT_CONNECTION] = "connection", [ABOUT_WORKFLOW] = "workflow",
    [ABOUT_EXECUTION] = "execution",
};

static void write_text(struct json_writer *w, struct str name, const char *text)
{
    json_key(w, name);
    json_string(w, str_from(text));
}

void rpc_list(const struct procedure *const *tables, struct buf *out)
{
    struct json_writer w;

    buf_add_c(out, "[\n");
    for (const struct procedure *const *table = tables; *table; table++) {
        for (const struct procedure *p = *table; p->path; p++) {
            buf_add_c(out, table == tables && p == *table ? "  " : ",\n  ");
            json_writer_init(&w, out);
            json_begin_object(&w);
            write_text(&w, STR("path"), p->path);
            write_text(&w, STR("kind"), kinds[p->kind]);
            write_text(&w, STR("needs"), rights[p->needs]);
            write_text(&w, STR("about"), abouts[p->about]);
            write_text(&w, STR("doc"), p->doc);
            json_end_object(&w);
        }
    }
    buf_add_c(out, "\n]\n");
}
