/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the connector "postgresql" share: configs and results as text, a session. */
#ifndef TESTS_INTEGRATION_POSTGRESQL_H
#define TESTS_INTEGRATION_POSTGRESQL_H

#include "upstream.h"

#include "connector/postgresql.h"

#define Q(sql) "\"query\":\"" sql "\""
#define QP(sql, parameters) "\"query\":\"" sql "\",\"parameters\":" parameters
#define ROW(row, columns, count, command)                                                          \
    "{\"rows\":[" row "],\"rowCount\":" count ",\"columns\":[" columns "],\"command\":\"" command  \
    "\"}"
#define COLUMN(name, type) "{\"name\":\"" name "\",\"type\":\"" type "\"}"
#define ONE(value, type) ROW("{\"v\":" value "}", COLUMN("v", type), "1", "SELECT")

struct fixture {
    struct subject subject;
    struct conn *conn;
};

/* One session for a whole program; the first thing and the last of a group. */
int open_fixture(void **state);
int open_admin_fixture(void **state); /* a superuser's, in a database of its own */
int close_fixture(void **state);
struct conn *conn_of(void **state);
/* Runs the group on such a session. */
#define RUN_POSTGRESQL(tests)                                                                      \
    (prepare_process("PGURL"), cmocka_run_group_tests(tests, open_fixture, close_fixture))

#endif
