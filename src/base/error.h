/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What went wrong, in a fixed size: copied freely, also between threads, owning nothing.
 *
 * A function that can fail returns bool (or a pointer, NULL on failure) and takes `struct error
 * *err` last, never NULL. On failure *err is filled and outputs are untouched; on success *err is
 * untouched. Report an error once, at the top; below it is only returned.  Threads: any.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/attr.h"
#include "base/error_codes.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct error {
    enum error_code code;
    bool maybe_done;      /* the upstream may have acted before we lost it: see engine/retry.h */
    char server_code[16]; /* SQLSTATE or Redis error word, "" if the server said none */
    char field[96];       /* input field at fault, dotted ("config.pool.max"), "" if none */
    char message[256]; /* one line for a person: could not reach host "db1": connection refused */
    char detail[512];  /* the upstream's own words, scrubbed of secrets, for editors only */
    const char *hint;  /* literal: what to try; NULL if nothing sure */
    int retry_after_s; /* the same may succeed then, as the message says; 0 if nothing sure */
};

struct error_code_row {
    enum error_code code;
    const char *name;   /* "BAD_REQUEST", "DNS_FAILED": for logs */
    const char *reason; /* on the wire, "" for none */
    enum error_status status;
    enum error_retry retry;
};

struct error_status_row {
    const char *key; /* "NOT_FOUND" */
    int number;      /* -32004 */
    int http;        /* 404 */
};

const struct error_code_row *error_code_row(enum error_code code);
const struct error_status_row *error_status_row(enum error_status status);
/* The code of a reason's wire name; ERR_NONE when there is none such. */
enum error_code error_code_of_reason(struct str reason);

/*
 * Fills *err and returns false. Longer messages are cut at a code point, control bytes blanked, and
 * bytes that are no UTF-8 (an upstream's words may be anything) become "?".
 */
bool fail(struct error *err, enum error_code code, const char *format, ...) PRINTF_LIKE(3, 4);
/* The same for functions that return a pointer. */
void *fail_null(struct error *err, enum error_code code, const char *format, ...) PRINTF_LIKE(3, 4);
/* The same, naming the input field at fault; the message is "<field>: <text>". */
bool fail_field(struct error *err, enum error_code code, const char *field, const char *format, ...)
    PRINTF_LIKE(4, 5);

/*
 * For what is refused for a while only: the message ends with ": try again in N s", N whole seconds and
 * at least one, which is also what Retry-After says. So that both agree, no limit words it itself.
 */
bool fail_for_now(struct error *err, enum error_code code, int64_t wait_us, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* Puts context before the message on its way up: error_prefix(err, "connection \"%s\": ", name). */
void error_prefix(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);
/* Puts a parent before the field and the message: "config" + "pool.max" = "config.pool.max". */
void error_in_field(struct error *err, const char *parent);
/* Keeps the upstream's own words, one line, controls blanked. */
void error_set_detail(struct error *err, struct str text);

#endif
