/* SPDX-License-Identifier: Apache-2.0 */
/* A session for the tests of the connector "postgresql". */
#include "postgresql.h"

#include <stdlib.h>

int open_fixture(void **state)
{
    static struct fixture fixture;
    subject_init(&fixture.subject, &postgresql_connector, getenv("PGURL"), NULL);
    fixture.conn = subject_session(&fixture.subject);
    *state = &fixture;
    return 0;
}

int close_fixture(void **state)
{
    struct fixture *fixture = *state;
    postgresql_connector.close(fixture->conn);
    subject_done(&fixture->subject);
    return 0;
}

struct conn *conn_of(void **state)
{
    return ((struct fixture *)*state)->conn;
}
