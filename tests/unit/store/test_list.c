/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of executions: whatever is asked for, the newest of it first, and a page behind a page. */
#include "store_fixture.h"

#include "store/executions.h"

#define EXECUTIONS 240
#define STATUSES 6

static struct execution_row rows[EXECUTIONS]; /* oldest first */

static bool add(struct tx *tx, const void *context, struct error *err)
{
    const struct execution_row *row = context;
    AUTO(arena) arena = arena_new();
    struct execution_row queued = *row;
    bool held;
    queued.status = EXECUTION_QUEUED;
    if (!execution_insert(tx, &queued, err))
        return false;
    const struct execution_fence fence = { row->project_id, row->id, 0 };
    const struct execution_point point = { .status = row->status,
                                           .started_at = row->created_at,
                                           .finished_at = row->created_at };
    return row->status == EXECUTION_QUEUED || execution_save(tx, &fence, &point, arena, &held, err);
}

static int open_store(void **state)
{
    static struct fixture f;
    fixture_open(&f);
    *state = &f;
    struct id user = fixture_user(&f, "ada@example.org").id;
    struct id projects[] = { fixture_project(&f, user), fixture_project(&f, user) };
    struct id workflows[] = { id_new(), id_new(), id_new() };
    for (int i = 0; i < EXECUTIONS; i++) {
        rows[i] = (struct execution_row){
            .id = id_new(),
            .project_id = projects[i % 5 == 0],
            .workflow_id = workflows[i % 3],
            .workflow_name = STR("W"),
            .workflow_version = 1,
            .status = EXECUTION_QUEUED + i / 2 % STATUSES,
            .created_at = { 1700000000000000 + i },
            .lease_owner = i % 4 == 0 ? STR("somebody") : STR_NULL,
        };
        MUST_WRITE(&f, add, &rows[i]);
    }
    return 0;
}

static int close_store(void **state)
{
    fixture_close(*state);
    return 0;
}

static bool fits(const struct execution_row *row, const struct execution_filter *filter)
{
    return id_eq(row->project_id, filter->project_id) &&
           (!id_set(filter->workflow_id) || id_eq(row->workflow_id, filter->workflow_id)) &&
           (filter->status == 0 || row->status == filter->status);
}

/* All pages of what fits, beside a walk through `rows` from the newest. */
static void check(struct fixture *f, struct execution_filter filter)
{
    int at = EXECUTIONS;
    for (;;) {
        AUTO(arena) arena = arena_new();
        struct array page;
        AUTO(tx) tx = store_read(f->store, scope_system(), &f->err);
        MUST(f, tx && execution_list(tx, &filter, arena, &page, &f->err));
        const struct execution_row *found = page.items;
        for (size_t i = 0; i < page.count; i++) {
            do
                assert_true(--at >= 0);
            while (!fits(&rows[at], &filter));
            assert_true(id_eq(found[i].id, rows[at].id));
            assert_int_equal(found[i].status, rows[at].status);
        }
        if ((int64_t)page.count < filter.limit)
            break;
        filter.before = found[page.count - 1].id;
    }
    while (--at >= 0)
        assert_false(fits(&rows[at], &filter));
}

static void every_way_to_ask_gives_the_newest_first(void **state)
{
    for (int status = 0; status <= STATUSES; status++) {
        for (int project = 0; project < 2; project++) {
            for (int workflow = -1; workflow < 3; workflow++) {
                const struct execution_filter filter = {
                    .project_id = rows[!project].project_id,
                    .workflow_id = workflow < 0 ? ID_NONE : rows[workflow].workflow_id,
                    .status = status,
                    .limit = 7,
                };
                check(*state, filter);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_to_ask_gives_the_newest_first),
    };
    return cmocka_run_group_tests(tests, open_store, close_store);
}
