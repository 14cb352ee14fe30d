/* SPDX-License-Identifier: Apache-2.0 */
/* Results of the connector "postgresql" in TLS records of every size: PGURL. */
#include "postgresql.h"
#include "proxy.h"

#include <stdio.h>
#include <stdlib.h>

/*
 * The end of a result may be decrypted already, and the socket silent: a record can be larger than the
 * room that libpq has left. Among these sizes are some for which it is.
 */
static void reads_records_larger_than_what_is_asked_for(void **state)
{
    (void)state;
    struct proxy *proxy = proxy_open(getenv("PGURL"), (struct proxy_how){ .large_records = true });
    struct subject subject;
    subject_init(&subject, &postgresql_connector, proxy_url(proxy), NULL);
    struct conn *conn = subject_session(&subject);
    for (int size = 1900; size < 2060; size += 8) {
        struct outcome outcome;
        char config[128];
        (void)snprintf(config, sizeof(config),
                       Q("SELECT repeat('x', %d) AS v FROM generate_series(1, 16)"), size);
        run_how(conn, config, (struct run_how){ .ms = 3000 }, &outcome);
        if (outcome.result != STEP_DONE)
            fail_msg("16 rows of %d bytes: %s", size, outcome.err.message);
        assert_true(outcome.output.len > 16 * (size_t)size);
        outcome_done(&outcome);
    }
    postgresql_connector.close(conn);
    proxy_close(proxy);
    subject_done(&subject);
}

int main(void)
{
    prepare_process("PGURL");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_records_larger_than_what_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
