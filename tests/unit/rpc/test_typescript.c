/* SPDX-License-Identifier: Apache-2.0 */
/* That the official client compiles against it is what tests/api shows; here: the text's parts. */
#include "unit.h"

#include "sample.h"

static void assert_has(const struct buf *out, struct str part)
{
    if (str_find(buf_str(out), part) == out->len)
        fail_msg("no " STR_FMT, STR_ARG(part));
}

static void prints_interfaces_and_the_router(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 65536);
    sample_typescript(&out);
    assert_has(&out, STR("export interface Note {\n"));
    assert_has(&out, STR("  notes: {\n    /** One note. */\n    get: TRPCQueryProcedure<{\n"
                         "      meta: unknown;\n      input: {\n"));
    assert_has(&out, STR("      output: Note;\n    }>;\n"));
    assert_has(&out, STR("    drop: TRPCMutationProcedure<{\n      meta: unknown;\n"
                         "      input: void;\n      output: undefined;\n    }>;\n"));
    assert_has(&out, STR("      output: AsyncIterable<Tracked<Note>>;\n"));
    assert_has(&out, STR("  };\n  hold: {\n"));
    assert_true(
        str_ends(buf_str(&out), STR("export type AppRouter = TRPCBuiltRouter<Root, Routers>;\n")));
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_interfaces_and_the_router),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
