/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a statement is, by its text alone.
 *
 * A statement counts as reading when the server can be made to prove it: it runs in a read-only
 * transaction, and SQLSTATE 25006 tells when it wanted to change something after all. What that
 * transaction does not hold back must not count as reading, so that nobody repeats it unasked:
 *
 *   - EXPLAIN ANALYZE runs what it explains, and makes the table of CREATE TABLE AS (tried, 15);
 *   - functions with effects outside of tables: notifications, large objects before version 16
 *     (tried, 15), other sessions, files, other servers, replication.
 *
 * Functions of the user's own that do such things inside cannot be seen from here.
 */
#include "connector/postgresql_internal.h"

#include <ctype.h>
#include <strings.h>

/* Names, or beginnings of names that end in "_". */
static const char *const acting_functions[] = {
    "dblink",
    "dblink_",
    "http_",
    "lo_",
    "lowrite",
    "pg_backup_",
    "pg_cancel_backend",
    "pg_copy_",
    "pg_create_",
    "pg_drop_",
    "pg_export_snapshot",
    "pg_file_",
    "pg_import_",
    "pg_log_",
    "pg_logical_",
    "pg_notify",
    "pg_promote",
    "pg_reload_conf",
    "pg_replication_",
    "pg_rotate_logfile",
    "pg_start_backup",
    "pg_stat_reset",
    "pg_stat_reset_",
    "pg_stat_statements_reset",
    "pg_stop_backup",
    "pg_switch_wal",
    "pg_terminate_backend",
    "pg_wal_replay_",
    NULL,
};

static bool is_name_start(char c)
{
    return isalpha((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_name(char c)
{
    return is_name_start(c) || isdigit((unsigned char)c) || c == '$';
}

/* Where the comment at `at` ends; `at` itself when none begins there. Block comments nest. */
static size_t skip_comment(struct str sql, size_t at)
{
    struct str rest = str_slice(sql, at, sql.len);
    if (str_starts(rest, STR("--")))
        return at + str_find_byte(rest, '\n');
    if (!str_starts(rest, STR("/*")))
        return at;
    size_t depth = 1, i = at + 2;
    while (depth > 0 && i < sql.len) {
        rest = str_slice(sql, i, sql.len);
        bool opens = str_starts(rest, STR("/*")), closes = str_starts(rest, STR("*/"));
        depth = opens ? depth + 1 : closes ? depth - 1 : depth;
        i += opens || closes ? 2 : 1;
    }
    return i;
}

/* Behind blanks, comments and each of `also`. */
static size_t skip_blanks(struct str sql, size_t at, const char *also)
{
    while (at < sql.len) {
        size_t end = skip_comment(sql, at);
        char c = sql.ptr[at];
        if (end == at && c && (isspace((unsigned char)c) || strchr(also, c)))
            end = at + 1;
        if (end == at)
            break;
        at = end;
    }
    return at;
}

/* The word at `at`, "" when there is none. */
static struct str word_at(struct str sql, size_t at)
{
    size_t end = at;
    if (at < sql.len && is_name_start(sql.ptr[at]))
        while (end < sql.len && is_name(sql.ptr[end]))
            end++;
    return str_slice(sql, at, end);
}

static bool is_acting(struct str word)
{
    for (const char *const *name = acting_functions; *name; name++) {
        size_t length = strlen(*name);
        bool prefix = (*name)[length - 1] == '_';
        if (word.len >= length && strncasecmp(word.ptr, *name, length) == 0 &&
            (prefix || word.len == length))
            return true;
    }
    return false;
}

/* Any word of the text, also in its strings and comments, for which `found` is true. */
static bool has_word(struct str sql, bool (*found)(struct str word))
{
    for (size_t at = 0; at < sql.len;) {
        struct str word = word_at(sql, at);
        if (word.len > 0 && found(word))
            return true;
        at += word.len > 0 ? word.len : 1;
    }
    return false;
}

static bool is_analyze(struct str word)
{
    return str_eq_nocase(word, STR("analyze")) || str_eq_nocase(word, STR("analyse"));
}

enum effect pg_effect_of(struct str sql)
{
    static const char *const reading[] = { "select", "with", "values", "table", "show", NULL };
    struct str first = word_at(sql, skip_blanks(sql, 0, "("));
    bool reads = str_eq_nocase(first, STR("explain")) && !has_word(sql, is_analyze);
    for (const char *const *word = reading; *word && !reads; word++)
        reads = str_eq_nocase(first, str_from(*word));
    return reads && !has_word(sql, is_acting) ? EFFECT_READS : EFFECT_ONCE;
}

static bool is_prepare(struct str word)
{
    return str_eq_nocase(word, STR("prepare"));
}

bool pg_prepares(struct str sql)
{
    return has_word(sql, is_prepare);
}

bool pg_is_empty(struct str sql)
{
    return skip_blanks(sql, 0, ";") == sql.len;
}
