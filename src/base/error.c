/* SPDX-License-Identifier: Apache-2.0 */
/* Filling errors: every text is formatted aside first, because arguments may point into *err. */
#include "base/error.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

static const struct error_code_row code_rows[] = {
    { ERR_NONE, "NONE", "", STATUS_INTERNAL_SERVER_ERROR, RETRY_NEVER },
#define X(code, reason, status, retry)                                                             \
    { ERR_##code, #code, reason, STATUS_##status, RETRY_##retry },
    ERROR_CODES(X)
#undef X
};

static const struct error_status_row status_rows[] = {
#define X(key, number, http) { #key, number, http },
    ERROR_STATUSES(X)
#undef X
};

const struct error_code_row *error_code_row(enum error_code code)
{
    assert((size_t)code < ARRAY_LEN(code_rows));
    return &code_rows[code];
}

const struct error_status_row *error_status_row(enum error_status status)
{
    assert((size_t)status < ARRAY_LEN(status_rows));
    return &status_rows[status];
}

enum error_code error_code_of_reason(struct str reason)
{
    if (reason.len == 0)
        return ERR_NONE;
    for (size_t i = 0; i < ARRAY_LEN(code_rows); i++) {
        if (str_eq(reason, str_from(code_rows[i].reason)))
            return code_rows[i].code;
    }
    return ERR_NONE;
}

/* Puts as much of `text` as fits into `out`: whole code points, one line, valid UTF-8. */
static void keep_line(char *out, size_t size, struct str text)
{
    struct str kept = str_cut(text, size - 1);
    for (size_t i = 0; i < kept.len;) {
        size_t length = str_utf8_sequence(kept.ptr + i, kept.len - i);
        unsigned char byte = (unsigned char)kept.ptr[i];
        memcpy(out + i, kept.ptr + i, length);
        if (length == 0)
            out[i] = '?';
        else if (byte < 0x20 || byte == 0x7F)
            out[i] = ' ';
        i += length ? length : 1;
    }
    out[kept.len] = '\0';
}

/* Longer than any message, so that cutting at a code point is keep_line()'s business alone. */
#define LINE_SIZE (sizeof(((struct error *)0)->message) * 2)

static struct str format_line(char line[LINE_SIZE], const char *format, va_list args)
{
    int length = vsnprintf(line, LINE_SIZE, format, args);
    if (length < 0)
        return STR("");
    return (struct str){ line, (size_t)length < LINE_SIZE ? (size_t)length : LINE_SIZE - 1 };
}

static void fill(struct error *err, enum error_code code, const char *format, va_list args)
{
    char line[LINE_SIZE];
    struct str text = format_line(line, format, args);
    *err = (struct error){ .code = code };
    keep_line(err->message, sizeof(err->message), text);
}

bool fail(struct error *err, enum error_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fill(err, code, format, args);
    va_end(args);
    return false;
}

void *fail_null(struct error *err, enum error_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fill(err, code, format, args);
    va_end(args);
    return NULL;
}

bool fail_field(struct error *err, enum error_code code, const char *field, const char *format, ...)
{
    char name[sizeof(err->field)];
    keep_line(name, sizeof(name), str_from(field));
    va_list args;
    va_start(args, format);
    fill(err, code, format, args);
    va_end(args);
    memcpy(err->field, name, sizeof(name));
    if (name[0])
        error_prefix(err, "%s: ", name);
    return false;
}

bool fail_for_now(struct error *err, enum error_code code, int64_t wait_us, const char *format, ...)
{
    char line[LINE_SIZE];
    va_list args;
    va_start(args, format);
    struct str text = format_line(line, format, args);
    va_end(args);
    int wait_s = wait_us > 1000000 ? (int)((wait_us + 999999) / 1000000) : 1;
    (void)fail(err, code, STR_FMT ": try again in %d s", STR_ARG(text), wait_s);
    err->retry_after_s = wait_s;
    return false;
}

void error_prefix(struct error *err, const char *format, ...)
{
    char line[LINE_SIZE], whole[LINE_SIZE];
    va_list args;
    va_start(args, format);
    struct str prefix = format_line(line, format, args);
    va_end(args);
    (void)snprintf(whole, sizeof(whole), STR_FMT "%s", STR_ARG(prefix), err->message);
    keep_line(err->message, sizeof(err->message), str_from(whole));
}

void error_in_field(struct error *err, const char *parent)
{
    if (!err->field[0]) {
        error_prefix(err, "%s: ", parent);
        keep_line(err->field, sizeof(err->field), str_from(parent));
        return;
    }
    /* An index joins without a dot: "rows" + "[3].id" = "rows[3].id". */
    const char *dot = err->field[0] == '[' ? "" : ".";
    bool named = str_starts(str_from(err->message), str_from(err->field));
    error_prefix(err, "%s%s", parent, named ? dot : ": ");

    char whole[LINE_SIZE];
    (void)snprintf(whole, sizeof(whole), "%s%s%s", parent, dot, err->field);
    keep_line(err->field, sizeof(err->field), str_from(whole));
}

void error_set_detail(struct error *err, struct str text)
{
    keep_line(err->detail, sizeof(err->detail), str_trim(text));
}
