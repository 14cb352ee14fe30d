/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One-line records. A record is built on the stack and goes out by one write(2); it is never
 * longer than what the kernel writes to a pipe in one piece, so records of threads and processes
 * that share a pipe do not mix. What does not fit is cut, and the cut is marked.
 */
#include "base/log.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"

#define CUT_MARK "..."

struct line {
    size_t len;
    bool cut;
    char text[PIPE_BUF];
};

/* Bytes for text: the mark and the line end always find room. */
#define LINE_MAX_LEN (PIPE_BUF - sizeof(CUT_MARK))

static _Atomic int lowest_level = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&lowest_level, (int)level, memory_order_relaxed);
}

/* Adds all of `s` or marks the line as cut; nothing follows a cut. */
static void add(struct line *line, struct str s)
{
    if (line->cut || s.len > LINE_MAX_LEN - line->len) {
        line->cut = true;
        return;
    }
    if (s.len > 0)
        memcpy(line->text + line->len, s.ptr, s.len);
    line->len += s.len;
}

static void add_c(struct line *line, const char *text)
{
    add(line, str_from(text));
}

static void add_int(struct line *line, int64_t value)
{
    char digits[STR_INT_SIZE];
    add(line, str_of_int(value, digits));
}

/*
 * Length of the code point at the start of `s` when a terminal shows it as it is; 0 for controls
 * (also those of U+0080..U+009F, which some terminals obey) and for bytes that are not UTF-8.
 */
static size_t printable(struct str s)
{
    unsigned char first = (unsigned char)s.ptr[0];
    if (first < 0x20 || first == 0x7F)
        return 0;
    if (first == 0xC2 && s.len > 1 && (unsigned char)s.ptr[1] < 0xA0)
        return 0;
    return str_utf8_sequence(s.ptr, s.len);
}

static void add_escape(struct line *line, char byte)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char c = (unsigned char)byte;
    if (c == '\n')
        add(line, STR("\\n"));
    else if (c == '\t')
        add(line, STR("\\t"));
    else
        add(line, (struct str){ (char[]){ '\\', 'x', digits[c >> 4], digits[c & 15] }, 4 });
}

/* Printable text as it is, the rest escaped; in quotes, quotes and backslashes too. */
static void add_escaped(struct line *line, struct str s, bool quoted)
{
    while (s.len > 0 && !line->cut) {
        size_t length = printable(s);
        if (length == 0) {
            add_escape(line, s.ptr[0]);
            length = 1;
        } else {
            if (quoted && (s.ptr[0] == '"' || s.ptr[0] == '\\'))
                add(line, STR("\\"));
            add(line, str_slice(s, 0, length));
        }
        s = str_slice(s, length, s.len);
    }
}

static bool needs_quotes(struct str s)
{
    for (size_t at = 0; at < s.len;) {
        size_t length = printable(str_slice(s, at, s.len));
        if (length == 0 || (length == 1 && strchr(" \"\\=", s.ptr[at])))
            return true;
        at += length;
    }
    return s.len == 0;
}

static void add_text(struct line *line, const char *name, struct str value)
{
    bool quoted = needs_quotes(value);
    add(line, STR(" "));
    add_c(line, name);
    add(line, quoted ? STR("=\"") : STR("="));
    add_escaped(line, value, quoted);
    if (quoted)
        add(line, STR("\""));
}

static void add_error(struct line *line, const char *name, const struct error *err)
{
    add_text(line, "code", str_from(error_code_row(err->code)->name));
    if (err->field[0])
        add_text(line, "field", str_from(err->field));
    add_text(line, name, str_from(err->message));
    if (err->detail[0])
        add_text(line, "detail", str_from(err->detail));
}

static void add_field(struct line *line, const struct log_field *field)
{
    char text[ID_TEXT_SIZE];
    switch (field->kind) {
    case LOG_FIELD_STR:
        add_text(line, field->name, field->text);
        break;
    case LOG_FIELD_INT:
        add(line, STR(" "));
        add_c(line, field->name);
        add(line, STR("="));
        add_int(line, field->integer);
        break;
    case LOG_FIELD_ID:
        add_text(line, field->name, id_format(field->id, text));
        break;
    case LOG_FIELD_ERROR:
        add_error(line, field->name, field->error);
        break;
    }
}

static const char *level_name(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_DEBUG:
        return " debug ";
    case LOG_LEVEL_INFO:
        return " info  ";
    case LOG_LEVEL_WARN:
        return " warn  ";
    case LOG_LEVEL_ERROR:
        return " error ";
    }
    return " ";
}

void log_write(enum log_level level, const char *what, const struct log_field *fields)
{
    if ((int)level < atomic_load_explicit(&lowest_level, memory_order_relaxed))
        return;
    struct line line;
    line.len = 0;
    line.cut = false;

    char now[INSTANT_TEXT_SIZE];
    add(&line, instant_format(instant_now(), now));
    add_c(&line, level_name(level));
    add_escaped(&line, str_from(what), false);
    for (const struct log_field *field = fields; field->name; field++)
        add_field(&line, field);

    struct str end = line.cut ? STR(CUT_MARK "\n") : STR("\n");
    memcpy(line.text + line.len, end.ptr, end.len);
    line.len += end.len;

    /* Whoever logs may be about to look at errno. Nobody can be told when the log is gone. */
    int before = errno;
    while (write(STDERR_FILENO, line.text, line.len) < 0 && errno == EINTR)
        continue;
    errno = before;
}
