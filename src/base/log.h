/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One-line records on standard error: time, level, what happened, then typed fields.
 *
 *     log_info("server ready", LOG_STR("address", address), LOG_INT("workers", n));
 *     2026-03-01T12:00:00.123Z info  server ready address=127.0.0.1:8080 workers=32
 *
 * Values are escaped so that a record stays one line. There is no field for secrets, and no format
 * strings. Writing is one write(2).  Threads: any.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/error.h"
#include "base/id.h"
#include "base/str.h"

#include <stdint.h>

enum log_level {
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_INFO,
    LOG_LEVEL_WARN,
    LOG_LEVEL_ERROR,
};

struct log_field {
    const char *name;
    enum {
        LOG_FIELD_STR = 1,
        LOG_FIELD_INT,
        LOG_FIELD_ID,
        LOG_FIELD_ERROR
    } kind;
    struct str text;
    int64_t integer;
    struct id id;
    const struct error *error;
};

#define LOG_STR(n, s) ((struct log_field){ .name = (n), .kind = LOG_FIELD_STR, .text = (s) })
#define LOG_INT(n, v) ((struct log_field){ .name = (n), .kind = LOG_FIELD_INT, .integer = (v) })
#define LOG_ID(n, v) ((struct log_field){ .name = (n), .kind = LOG_FIELD_ID, .id = (v) })
/* code, field, message and detail of an error */
#define LOG_ERROR(e) ((struct log_field){ .name = "error", .kind = LOG_FIELD_ERROR, .error = (e) })

#define LOG_NONE ((struct log_field){ 0 })

#define LOG_AT(level, what, ...) log_write(level, what, (const struct log_field[]){ __VA_ARGS__ })
#define log_debug(...) LOG_AT(LOG_LEVEL_DEBUG, __VA_ARGS__, LOG_NONE)
#define log_info(...) LOG_AT(LOG_LEVEL_INFO, __VA_ARGS__, LOG_NONE)
#define log_warn(...) LOG_AT(LOG_LEVEL_WARN, __VA_ARGS__, LOG_NONE)
#define log_error(...) LOG_AT(LOG_LEVEL_ERROR, __VA_ARGS__, LOG_NONE)

/* Records below this level are dropped; info at first. */
void log_set_level(enum log_level level);
/* `fields` ends with a zeroed one. */
void log_write(enum log_level level, const char *what, const struct log_field *fields);

#endif
