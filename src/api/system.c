/* SPDX-License-Identifier: Apache-2.0 */
/* system.*: the server itself. */
#include "api/internal.h"

#include <unistd.h>

struct system_status {
    struct str version, listen;
    int64_t process_id;
    struct instant started_at;
};
static const struct field status_fields[] = {
    { FIELD("version", system_status, version, REQUIRED, "Of the program.") },
    { FIELD("processId", system_status, process_id, REQUIRED, "Of the server.") },
    { FIELD("startedAt", system_status, started_at, REQUIRED, "When the server started.") },
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
        .listen = services_of(call)->listen,
        .process_id = getpid(),
        .started_at = services_of(call)->started_at,
    };
    return DONE;
}

const struct procedure system_procedures[] = {
    { .path = "system.status",
      .kind = QUERY,
      .needs = ADMIN,
      .doc = "Which server this is, and since when it runs.",
      .output = &status_shape,
      .run = system_status },
    { 0 },
};
