/* SPDX-License-Identifier: Apache-2.0 */
/* Applies the migrations that a database has not seen, after a look at those it has. */
#include "store/migrate.h"

#include <stdlib.h>

#include "base/crash.h"
#include "base/log.h"
#include "store/internal.h"
#include "vault/token.h"

struct applied {
    int64_t version;
    struct str name, checksum;
};
static const struct field applied_fields[] = {
    { FIELD("version", applied, version, REQUIRED, "Time stamp of the file.") },
    { FIELD("name", applied, name, REQUIRED, "Name of the file.") },
    { FIELD("checksum", applied, checksum, REQUIRED, "Of the file's text.") },
    { 0 },
};
static const struct shape applied_shape = SHAPE(NULL, applied, applied_fields);

static const struct sql make_table = SQL("CREATE TABLE IF NOT EXISTS schema_migrations ("
                                         " version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL,"
                                         " checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)");
static const struct sql read_applied =
    SQL("SELECT version, name, checksum FROM schema_migrations ORDER BY version");
static const struct sql note_applied =
    SQL("INSERT INTO schema_migrations (version, name, checksum, applied_at)"
        " VALUES ($1, $2, $3, $4)");

static const struct scope owner = { .kind = SCOPE_OWNER };

static struct str checksum_of(const struct migration *migration, struct arena *arena)
{
    struct str text = str_from(migration->text);
    return digest_texts(&text, 1, arena);
}

static const struct migration *find_known(const struct migration *migrations, int64_t version)
{
    for (; migrations->text; migrations++)
        if (migrations->version == version)
            return migrations;
    return NULL;
}

/* What was applied must be what we have; then *last is the newest version, 0 for none. */
static bool check_applied(struct tx *tx, const struct migration *migrations, struct arena *arena,
                          int64_t *last, struct error *err)
{
    *last = 0;
    struct array rows;
    if (!tx_all(tx, &read_applied, NO_BINDS, &applied_shape, arena, &rows, err))
        return false;
    const struct applied *applied = rows.items;
    for (size_t i = 0; i < rows.count; i++) {
        const struct migration *known = find_known(migrations, applied[i].version);
        if (!known)
            return fail(err, ERR_INTERNAL,
                        "the store's schema has the migration %lld \"" STR_FMT
                        "\", which this program does not know: it needs a newer one",
                        (long long)applied[i].version, STR_ARG(applied[i].name));
        if (!str_eq(applied[i].checksum, checksum_of(known, arena)))
            return fail(err, ERR_INTERNAL,
                        "the migration %lld \"%s\" was another one when it was applied to this "
                        "store",
                        (long long)known->version, known->name);
        *last = known->version;
    }
    return true;
}

static bool apply(struct tx *tx, const struct migration *migration, struct arena *arena,
                  struct error *err)
{
    return tx->driver->script(tx->link, migration->text, err) &&
           tx_run(tx, &note_applied,
                  BINDS(bind_int(migration->version), bind_text(str_from(migration->name)),
                        bind_text(checksum_of(migration, arena)), bind_int(instant_now().us)),
                  NULL, err);
}

/* Does `work` for one migration in a transaction of its own. */
static bool in_transaction(struct tx *tx, const struct migration *migration, struct arena *arena,
                           struct error *err)
{
    if (!tx->driver->begin(tx->link, TX_WRITE, &owner, err))
        return false;
    bool ok = apply(tx, migration, arena, err);
    CRASH_POINT("migrate.before_commit");
    if (!ok || !tx->driver->commit(tx->link, err)) {
        tx->driver->rollback(tx->link);
        error_prefix(err, "migration %lld \"%s\": ", (long long)migration->version,
                     migration->name);
        return false;
    }
    CRASH_POINT("migrate.after_commit");
    log_info("migration applied", LOG_INT("version", migration->version),
             LOG_STR("name", str_from(migration->name)));
    return true;
}

static bool look(struct tx *tx, const struct migration *migrations, struct arena *arena,
                 int64_t *last, struct error *err)
{
    if (!tx->driver->begin(tx->link, TX_WRITE, &owner, err))
        return false;
    bool ok = tx_run(tx, &make_table, NO_BINDS, NULL, err) &&
              check_applied(tx, migrations, arena, last, err) && tx->driver->commit(tx->link, err);
    if (!ok)
        tx->driver->rollback(tx->link);
    return ok;
}

bool migrate_check(const struct store_driver *driver, struct link *link, struct error *err)
{
    AUTO(arena) arena = arena_new();
    struct scope system = scope_system();
    struct tx tx = { .driver = driver, .link = link };
    int64_t last;
    if (!driver->begin(link, TX_READ, &system, err))
        return false;
    bool ok = check_applied(&tx, driver->migrations, arena, &last, err);
    driver->rollback(link);
    const struct migration *missing = driver->migrations;
    while (missing->text && missing->version <= last)
        missing++;
    return ok && (!missing->text || fail(err, ERR_BAD_REQUEST,
                                         "the store's schema is older than this program: the "
                                         "migration \"%s\" is missing",
                                         missing->name));
}

bool migrate(const struct store_driver *driver, struct link *link, struct error *err)
{
    const struct migration *migrations = driver->migrations;
    AUTO(arena) arena = arena_new();
    struct tx tx = { .driver = driver, .link = link };
    int64_t last;
    if (!look(&tx, migrations, arena, &last, err))
        return false;
    for (; migrations->text; migrations++)
        if (migrations->version > last && !in_transaction(&tx, migrations, arena, err))
            return false;
    return true;
}
