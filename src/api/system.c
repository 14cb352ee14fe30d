/* SPDX-License-Identifier: Apache-2.0 */
/* system.*: the server itself. */
#include "api/internal.h"

#include <unistd.h>

#include "engine/engine.h"
#include "store/meta.h"
#include "vault/keyring.h"

struct system_status {
    struct str version, key_id, listen;
    int64_t process_id;
    struct instant started_at;
};
static const struct field status_fields[] = {
    { FIELD("version", system_status, version, REQUIRED, "Of the program.") },
    { FIELD("processId", system_status, process_id, REQUIRED, "Of the server.") },
    { FIELD("startedAt", system_status, started_at, REQUIRED, "When the server started.") },
    { FIELD("keyId", system_status, key_id, REQUIRED, "Of the master key that seals now.") },
    { FIELD("listen", system_status, listen, OPTIONAL, "Address that it listens on.") },
    { 0 },
};
static const struct shape status_shape = SHAPE("SystemStatus", system_status, status_fields);

static enum answer system_status(struct call *call, const void *input, void *output,
                                 struct error *err)
{
    (void)input, (void)err;
    *(struct system_status *)output = (struct system_status){
        .version = STR(TIELINE_VERSION),
        .key_id = keyring_key_id(services_of(call)->keyring),
        .listen = services_of(call)->listen,
        .process_id = getpid(),
        .started_at = services_of(call)->started_at,
    };
    return DONE;
}

struct system_store {
    struct str kind;
    struct store_size size;
    int64_t log_bytes, open_executions;
    int check; /* enum store_check */
};
static const struct field store_fields[] = {
    { FIELD("kind", system_store, kind, REQUIRED, "Which database it is: sqlite, postgresql.") },
    { FIELD("bytes", system_store, size.bytes, REQUIRED, "Size of the database.") },
    { FIELD("freeBytes", system_store, size.free_bytes, REQUIRED,
            "How much of that is kept for new rows.") },
    { FIELD("logBytes", system_store, log_bytes, REQUIRED,
            "Size of the write-ahead log after the last commit.") },
    { FIELD_ENUM("check", system_store, check, OPTIONAL, store_check_names,
                 "The look for damage behind a process that died; absent: it was not needed.") },
    { FIELD("users", system_store, size.users, REQUIRED, "Users, disabled ones too.") },
    { FIELD("projects", system_store, size.projects, REQUIRED, "Projects of all users.") },
    { FIELD("workflows", system_store, size.workflows, REQUIRED, "Workflows of all projects.") },
    { FIELD("connections", system_store, size.connections, REQUIRED,
            "Connections of all projects.") },
    { FIELD("openExecutions", system_store, open_executions, REQUIRED,
            "Executions that have not ended.") },
    { 0 },
};
static const struct shape store_shape = SHAPE("SystemStore", system_store, store_fields);

static enum answer system_store(struct call *call, const void *input, void *output,
                                struct error *err)
{
    struct services *services = services_of(call);
    struct system_store *out = output;
    struct engine_stats engine;
    struct store_stats store;
    (void)input;

    AUTO(tx) tx = store_read(services->store, scope_system(), err);
    if (!tx || !meta_size(tx, &out->size, err))
        return FAILED;
    engine_stats(services->engine, &engine);
    store_stats(services->store, &store);
    out->kind = store_kind(services->store);
    out->log_bytes = store.wal_bytes;
    out->check = (int)store.check;
    for (size_t i = 0; i < ARRAY_LEN(engine.open); i++)
        out->open_executions += engine.open[i];
    return DONE;
}

const struct procedure system_procedures[] = {
    { .path = "system.status",
      .kind = QUERY,
      .needs = ADMIN,
      .doc = "Which server this is, and since when it runs.",
      .output = &status_shape,
      .run = system_status },
    { .path = "system.store",
      .kind = QUERY,
      .needs = ADMIN,
      .doc =
          "Where rows live: which database, how large, whether it is sound, and how much is in it.",
      .output = &store_shape,
      .run = system_store },
    { 0 },
};
