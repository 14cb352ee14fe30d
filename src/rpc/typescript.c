/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All procedures as TypeScript: the interfaces of their shapes, then `AppRouter` in the types that
 * the official client infers from. A type import is all that the text needs.
 */
#include "rpc/trpc.h"

#include "base/map.h"
#include "schema/typescript.h"

#define INDENT 2

static void add_interfaces(const struct procedure *const *tables, struct buf *out)
{
    AUTO(map) printed = map_new();

    for (; *tables; tables++)
        for (const struct procedure *p = *tables; p->path; p++) {
            if (p->input)
                typescript_interface(p->input, printed, out);
            if (p->output)
                typescript_interface(p->output, printed, out);
        }
}

static void add_blanks(struct buf *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_add_byte(out, ' ');
}

static const char *type_name(enum procedure_kind kind)
{
    switch (kind) {
    case QUERY:
        return "TRPCQueryProcedure";
    case MUTATION:
        return "TRPCMutationProcedure";
    case SUBSCRIPTION:
        return "TRPCSubscriptionProcedure";
    }
    return "";
}

/* True when nothing in the input must be given, so that a client may leave it out. */
static bool input_optional(const struct shape *shape)
{
    for (const struct field *field = shape->fields; field->name; field++)
        if (field->need == REQUIRED)
            return false;
    return true;
}

static void add_procedure(const struct procedure *p, struct str name, size_t indent,
                          struct buf *out)
{
    add_blanks(out, indent);
    buf_printf(out, "/** %s */\n", p->doc);
    add_blanks(out, indent);
    buf_printf(out, STR_FMT ": %s<{\n", STR_ARG(name), type_name(p->kind));
    add_blanks(out, indent + INDENT);
    buf_add_c(out, "meta: unknown;\n");
    add_blanks(out, indent + INDENT);
    buf_add_c(out, "input: ");
    if (p->input)
        typescript_type(p->input, out);
    else
        buf_add_c(out, "void");
    if (p->input && input_optional(p->input))
        buf_add_c(out, " | void");
    buf_add_c(out, ";\n");
    add_blanks(out, indent + INDENT);
    buf_add_c(out, "output: ");
    if (p->kind == SUBSCRIPTION)
        buf_add_c(out, p->tracked ? "AsyncIterable<Tracked<" : "AsyncIterable<");
    typescript_type(p->output, out);
    if (p->kind == SUBSCRIPTION)
        buf_add_c(out, p->tracked ? ">>" : ">");
    buf_add_c(out, ";\n");
    add_blanks(out, indent);
    buf_add_c(out, "}>;\n");
}

/* Procedures of a router stand together in its table: a new first word begins a new router. */
static void add_router(const struct procedure *const *tables, struct buf *out)
{
    struct str open = STR_NULL;

    for (; *tables; tables++)
        for (const struct procedure *p = *tables; p->path; p++) {
            struct str name = str_from(p->path), router;
            (void)str_split(&name, '.', &router);
            if (!str_set(open) || !str_eq(open, router)) {
                if (str_set(open))
                    buf_add_c(out, "  };\n");
                buf_printf(out, "  " STR_FMT ": {\n", STR_ARG(router));
                open = router;
            }
            add_procedure(p, name, (size_t)2 * INDENT, out);
        }
    if (str_set(open))
        buf_add_c(out, "  };\n");
}

static bool is_used(const struct procedure *const *tables, enum procedure_kind kind)
{
    for (; *tables; tables++)
        for (const struct procedure *p = *tables; p->path; p++)
            if (p->kind == kind)
                return true;
    return false;
}

/* Only what is used: a strict compiler complains about the rest. */
static void add_imports(const struct procedure *const *tables, struct buf *out)
{
    static const enum procedure_kind kinds[] = { MUTATION, QUERY, SUBSCRIPTION };
    buf_add_c(out, "import type {\n"
                   "  TRPCBuiltRouter,\n"
                   "  TRPCDefaultErrorData,\n"
                   "  TRPCDefaultErrorShape,\n");
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (is_used(tables, kinds[i]))
            buf_printf(out, "  %s,\n", type_name(kinds[i]));
    buf_add_c(out, "} from \"@trpc/server\";\n\n");
}

void rpc_typescript(const struct procedure *const *tables, struct buf *out)
{
    buf_add_c(out, "/* SPDX-License-Identifier: Apache-2.0 */\n"
                   "/* Generated from the server's table of procedures; do not edit. */\n");
    add_imports(tables, out);
    add_interfaces(tables, out);
    buf_add_c(out, "/** What every error carries. */\n"
                   "export interface ErrorData extends TRPCDefaultErrorData {\n"
                   "  /** The input field at fault, dotted. */\n"
                   "  field?: string;\n"
                   "  /** Why, more closely than the code says. */\n"
                   "  reason?: string;\n"
                   "  /** By which the server's log can be searched. */\n"
                   "  requestId: string;\n"
                   "}\n\n"
                   "/** An event that a later subscription can go on from. */\n"
                   "export interface Tracked<Data> {\n"
                   "  id: string;\n"
                   "  data: Data;\n"
                   "}\n\n"
                   "type Root = {\n"
                   "  ctx: object;\n"
                   "  meta: object;\n"
                   "  errorShape: TRPCDefaultErrorShape & { data: ErrorData };\n"
                   "  transformer: false;\n"
                   "};\n\n"
                   "type Routers = {\n");
    add_router(tables, out);
    buf_add_c(out, "};\n\nexport type AppRouter = TRPCBuiltRouter<Root, Routers>;\n");
}
