/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store in a folder of its own, for tests of store/ and what stands on it; or, when TIELINE_TEST_STORE is
 * "postgresql", in a database of its own.
 */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include "unit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/secret.h"
#include "postgres_fixture.h"
#include "store/migrate.h"
#include "store/projects.h"
#include "store/store.h"
#include "store/users.h"

struct fixture {
    char folder[64], path[96], url[256];
    struct postgres_fixture postgres;
    struct store *store;
    struct arena *arena;
    struct error err;
};

static inline bool fixture_on_postgresql(void)
{
    const char *store = getenv("TIELINE_TEST_STORE"); /* NOLINT(concurrency-mt-unsafe) */
    return store && strcmp(store, "postgresql") == 0;
}

static inline void fixture_start(struct fixture *f)
{
    *f = (struct fixture){ .folder = "/tmp/tieline-test-XXXXXX", .arena = arena_new() };
    secret_init();
    log_set_level(LOG_LEVEL_WARN);
    assert_non_null(mkdtemp(f->folder));
    (void)snprintf(f->path, sizeof(f->path), "%s/t.db", f->folder);
    if (fixture_on_postgresql())
        postgres_start(&f->postgres, f->url, sizeof(f->url));
    else
        (void)snprintf(f->url, sizeof(f->url), "sqlite:%s", f->path);
}

static inline bool fixture_try_open(struct fixture *f)
{
    f->store = store_open(&(struct store_config){ .url = str_from(f->url) }, &f->err);
    return f->store != NULL;
}

static inline void fixture_open(struct fixture *f)
{
    fixture_start(f);
    if (!fixture_try_open(f))
        fail_msg("%s", f->err.message);
}

static inline void fixture_close(struct fixture *f)
{
    store_close(f->store);
    arena_free(f->arena);
    if (fixture_on_postgresql())
        postgres_finish(&f->postgres);
    DIR *folder = opendir(f->folder);
    assert_non_null(folder);
    struct dirent *entry;
    while ((entry = readdir(folder))) { /* NOLINT(concurrency-mt-unsafe): a stream of its own */
        char path[400];
        (void)snprintf(path, sizeof(path), "%s/%s", f->folder, entry->d_name);
        (void)unlink(path);
    }
    (void)closedir(folder);
    assert_int_equal(rmdir(f->folder), 0);
}

/* One write whose work is a function of the test's. */
struct work {
    struct write write;
    bool (*run)(struct tx *tx, const void *context, struct error *err);
    const void *context;
};

static inline bool work_run(struct tx *tx, struct write *write, struct error *err)
{
    const struct work *work = CONTAINER_OF(write, struct work, write);
    return work->run(tx, work->context, err);
}

static inline bool fixture_write(struct fixture *f,
                                 bool (*run)(struct tx *tx, const void *context, struct error *err),
                                 const void *context)
{
    struct work work = {
        .write = { .scope = scope_system(), .run = work_run },
        .run = run,
        .context = context,
    };
    return store_write(f->store, &work.write, &f->err);
}

/* Writes that must succeed. */
#define MUST_WRITE(f, run, context)                                                                \
    do {                                                                                           \
        if (!fixture_write(f, run, context))                                                       \
            fail_msg("%s:%d: %s", __FILE__, __LINE__, (f)->err.message);                           \
    } while (0)

#define MUST(f, call)                                                                              \
    do {                                                                                           \
        if (!(call))                                                                               \
            fail_msg("%s:%d: %s", __FILE__, __LINE__, (f)->err.message);                           \
    } while (0)

/* How many there are in the program. */
static inline int64_t fixture_migrations(void)
{
    int64_t count = 0;
    while (sqlite_migrations[count].text)
        count++;
    return count;
}

/* --- rows that most tests need --- */

static inline bool fixture_insert_user(struct tx *tx, const void *context, struct error *err)
{
    return user_insert(tx, context, err);
}

/* An administrator, whose password is none. */
static inline struct user_row fixture_user(struct fixture *f, const char *email)
{
    struct user_row user = {
        .id = id_new(),
        .email = str_from(email),
        .name = STR("Ada"),
        .password_hash = STR("hash"),
        .admin = true,
        .created_at = instant_now(),
        .updated_at = instant_now(),
    };
    MUST_WRITE(f, fixture_insert_user, &user);
    return user;
}

struct fixture_owned {
    struct project_row project;
    struct id owner;
};

static inline bool fixture_insert_project(struct tx *tx, const void *context, struct error *err)
{
    const struct fixture_owned *owned = context;
    return project_insert(tx, &owned->project, owned->owner, err);
}

static inline struct id fixture_project(struct fixture *f, struct id owner)
{
    struct fixture_owned owned = {
        .project = { .id = id_new(),
                     .name = STR("Orders"),
                     .data_key = STR("wrapped"),
                     .created_at = instant_now(),
                     .updated_at = instant_now() },
        .owner = owner,
    };
    MUST_WRITE(f, fixture_insert_project, &owned);
    return owned.project.id;
}

static inline int64_t fixture_int(struct fixture *f, const struct sql *sql)
{
    AUTO(tx) tx = store_read(f->store, scope_system(), &f->err);
    int64_t value = -1;
    MUST(f, tx && tx_int(tx, sql, NO_BINDS, &value, &f->err));
    return value;
}

#endif
