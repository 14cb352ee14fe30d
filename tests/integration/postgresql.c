/* SPDX-License-Identifier: Apache-2.0 */
/* A session for the tests of the connector "postgresql". */
#include "postgresql.h"

#include <stdlib.h>

static int open_with(void **state, const char *url)
{
    static struct fixture fixture;
    subject_init(&fixture.subject, &postgresql_connector, getenv(url), NULL);
    fixture.conn = subject_session(&fixture.subject);
    *state = &fixture;
    return 0;
}

int open_fixture(void **state)
{
    return open_with(state, "PGURL");
}

int open_admin_fixture(void **state)
{
    return open_with(state, "PGADMINURL");
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
