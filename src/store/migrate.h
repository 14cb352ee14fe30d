/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema, one migration after the other. Their texts are in the binary; what was applied is in
 * schema_migrations (version, name, checksum, applied_at). Each one is one transaction with its row,
 * so that a crash leaves it done or not begun.
 */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include "base/attr.h"
#include "base/error.h"
#include "store/driver.h"

struct migration {
    int64_t version;  /* 20251118000001 */
    const char *name; /* "users_and_projects" */
    const char *text; /* NULL ends a list */
};

/* Of one driver, in order of their versions. */
extern const struct migration sqlite_migrations[], postgres_migrations[];

/*
 * Applies what is missing, on a link that may.
 *   Fails  ERR_INTERNAL for an applied migration that we do not know (the schema is newer than this
 *          program) or whose text was another; nothing was changed then.
 */
MUST_USE bool migrate(const struct store_driver *driver, struct link *link, struct error *err);
/* Is everything applied? Changes nothing. Fails as migrate() does, and with BAD_REQUEST for what is
 * missing. */
MUST_USE bool migrate_check(const struct store_driver *driver, struct link *link,
                            struct error *err);

#endif
