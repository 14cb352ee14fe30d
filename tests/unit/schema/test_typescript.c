/* SPDX-License-Identifier: Apache-2.0 */
/* TypeScript: the text for every kind, each interface once and before its use. */
#include "unit.h"

#include <string.h>

#include "base/attr.h"
#include "base/map.h"
#include "sample.h"
#include "schema/form.h"
#include "schema/typescript.h"

#define TEXT_BYTES_MAX (64 * 1024)

static const char sample_node_text[] = "export interface SampleNode {\n"
                                       "  /** Id within the workflow. */\n"
                                       "  id: string;\n"
                                       "  /** Place. */\n"
                                       "  x?: number;\n"
                                       "}\n"
                                       "\n";

static const char sample_text[] = "export interface Sample {\n"
                                  "  /** Project it belongs to. */\n"
                                  "  projectId?: string;\n"
                                  "  /** What people call it. */\n"
                                  "  name: string;\n"
                                  "  /** A *\\/ in a comment. */\n"
                                  "  query?: string;\n"
                                  "  /** Page size. */\n"
                                  "  pageSize?: number;\n"
                                  "  /** From below zero. */\n"
                                  "  level?: number;\n"
                                  "  /** Do it anyway. */\n"
                                  "  force?: boolean;\n"
                                  "  /** Whether it runs. */\n"
                                  "  active?: boolean;\n"
                                  "  /** When it was made. */\n"
                                  "  createdAt?: string;\n"
                                  "  /** Its colour. */\n"
                                  "  color?: \"red\" | \"green\" | \"dark-blue\";\n"
                                  "  /** Any value. */\n"
                                  "  input?: unknown;\n"
                                  "  /** In order. */\n"
                                  "  parameters?: unknown[];\n"
                                  "  /** By name. */\n"
                                  "  labels?: Record<string, unknown>;\n"
                                  "  /** To store. */\n"
                                  "  value?: string | number | boolean;\n"
                                  "  /** Never shown. */\n"
                                  "  password?: string;\n"
                                  "  /** Words. */\n"
                                  "  tags?: string[];\n"
                                  "  /** What it holds. */\n"
                                  "  nodes?: SampleNode[];\n"
                                  "  /** Settings. */\n"
                                  "  config?: {\n"
                                  "    /** The pool. */\n"
                                  "    pool?: {\n"
                                  "      /** Most sessions. */\n"
                                  "      max?: number;\n"
                                  "    };\n"
                                  "    /** Key as PEM. */\n"
                                  "    clientKey?: string;\n"
                                  "  };\n"
                                  "}\n"
                                  "\n";

static void an_interface_follows_those_it_needs(void **state)
{
    (void)state;
    AUTO(map) printed = map_new();
    struct buf out;
    buf_init(&out, TEXT_BYTES_MAX);
    typescript_interface(&sample_shape, printed, &out);
    struct str text = buf_str(&out);
    size_t first = strlen(sample_node_text);
    assert_memory_equal(text.ptr, sample_node_text, first);
    assert_string_equal(text.ptr + first, sample_text);
    buf_done(&out);
}

static void an_interface_is_printed_once(void **state)
{
    (void)state;
    AUTO(map) printed = map_new();
    struct buf out;
    buf_init(&out, TEXT_BYTES_MAX);
    typescript_interface(&sample_shape, printed, &out);
    size_t len = out.len;
    typescript_interface(&sample_shape, printed, &out);
    assert_int_equal(out.len, len);
    assert_int_equal(map_count(printed), 2);
    buf_done(&out);
}

/* FormField has fields that are FormFields. */
static void an_interface_may_hold_itself(void **state)
{
    (void)state;
    AUTO(map) printed = map_new();
    struct buf out;
    buf_init(&out, TEXT_BYTES_MAX);
    typescript_interface(&form_field_shape, printed, &out);
    struct str text = buf_str(&out);
    assert_true(str_find(text, STR("  fields?: FormField[];\n")) < text.len);
    assert_true(str_starts(text, STR("export interface FormField {\n")));
    buf_done(&out);
}

static void an_unnamed_shape_prints_what_it_holds(void **state)
{
    (void)state;
    static const struct field fields[] = {
        { .name = "sample", .kind = FIELD_KIND_SHAPE, .need = REQUIRED, .shape = &sample_shape },
        { 0 },
    };
    static const struct shape unnamed = { .fields = fields };
    AUTO(map) printed = map_new();
    struct buf out;
    buf_init(&out, TEXT_BYTES_MAX);
    typescript_interface(&unnamed, printed, &out);
    assert_int_equal(map_count(printed), 2);
    assert_true(str_ends(buf_str(&out), str_from(sample_text)));
    buf_done(&out);
}

static void a_type_is_a_name_or_goes_on_from_its_line(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, TEXT_BYTES_MAX);
    typescript_type(NULL, &out);
    buf_add_byte(&out, ' ');
    typescript_type(&sample_shape, &out);
    assert_string_equal(buf_str(&out).ptr, "undefined Sample");

    buf_reset(&out);
    buf_add_c(&out, "{\n    input: ");
    typescript_type(&strict_shape, &out);
    assert_string_equal(buf_str(&out).ptr, "{\n    input: {\n"
                                           "      /** Project to list. */\n"
                                           "      projectId: string;\n"
                                           "      /** Words. */\n"
                                           "      tags: string[];\n"
                                           "    }");
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_interface_follows_those_it_needs),
        cmocka_unit_test(an_interface_is_printed_once),
        cmocka_unit_test(an_interface_may_hold_itself),
        cmocka_unit_test(an_unnamed_shape_prints_what_it_holds),
        cmocka_unit_test(a_type_is_a_name_or_goes_on_from_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
