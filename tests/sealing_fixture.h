/* SPDX-License-Identifier: Apache-2.0 */
/* A project with a key of its own, for tests that seal: the first thing and the last of a group. */
#ifndef TESTS_SEALING_FIXTURE_H
#define TESTS_SEALING_FIXTURE_H

#include "unit.h"

#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/id.h"
#include "base/secret.h"
#include "connector/dial.h"
#include "vault/keyring.h"

static struct {
    char path[64]; /* of the key file */
    struct arena *arena;
    struct keyring *keyring;
    struct project_key *key;
    struct egress *egress;
    struct id project_id;
} f;

static int sealing_start(void **state)
{
    (void)state;
    secret_init();
    struct error err;
    bool created;
    (void)snprintf(f.path, sizeof(f.path), "/tmp/tieline-test-key-%ld", (long)getpid());
    f.arena = arena_new();
    f.project_id = id_new();
    f.egress = egress_new(EGRESS_OPEN, STR(""), &err);
    f.keyring = keyring_open(f.path, true, &created, &err);
    assert_non_null(f.keyring);
    struct str wrapped = keyring_new_project_key(f.keyring, f.project_id, f.arena);
    f.key = keyring_open_project_key(f.keyring, f.project_id, wrapped, &err);
    return f.key && f.egress ? 0 : -1;
}

static int sealing_finish(void **state)
{
    (void)state;
    project_key_free(f.key);
    keyring_free(f.keyring);
    egress_free(f.egress);
    arena_free(f.arena);
    return unlink(f.path);
}

#endif
