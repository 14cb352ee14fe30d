/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "connector/connector.h"

static void a_stage_fails_until_it_ended_well(void **state)
{
    (void)state;
    struct trial trial = { 0 };
    trial_begin(&trial, STAGE_CONNECT);
    assert_true(trial.stages[STAGE_CONNECT].reached);
    assert_false(trial.stages[STAGE_CONNECT].ok);
    trial_end(&trial, STAGE_CONNECT, true);
    assert_true(trial.stages[STAGE_CONNECT].ok);
    assert_true(trial.stages[STAGE_CONNECT].us >= 0 && trial.stages[STAGE_CONNECT].us < 60000000);
    trial_begin(&trial, STAGE_TLS);
    trial_end(&trial, STAGE_TLS, false);
    assert_true(trial.stages[STAGE_TLS].reached && !trial.stages[STAGE_TLS].ok);
    assert_false(trial.stages[STAGE_SIGN_IN].reached);
}

static void ending_what_never_began_does_nothing(void **state)
{
    (void)state;
    struct trial trial = { 0 };
    trial_end(&trial, STAGE_QUERY, true);
    assert_false(trial.stages[STAGE_QUERY].reached || trial.stages[STAGE_QUERY].ok);
    trial_begin(NULL, STAGE_QUERY);
    trial_end(NULL, STAGE_QUERY, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stage_fails_until_it_ended_well),
        cmocka_unit_test(ending_what_never_began_does_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
