/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords for commands: see password.h. */
#include "app/password.h"

#include <errno.h>
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/secret.h"
#include "json/write.h"

#define LINE_MAX_BYTES 4096

static struct str first_line(struct str text)
{
    struct str line = str_slice(text, 0, str_find_byte(text, '\n'));

    if (str_ends(line, STR("\r")))
        line.len--;
    return line;
}

/* What comes up to the end of the first line; the rest is not ours. */
static bool read_input(struct arena *arena, struct str *out, struct error *err)
{
    char *line = arena_alloc(arena, LINE_MAX_BYTES);
    size_t len = 0;

    /* Byte by byte: what follows belongs to somebody else. */
    while (len < LINE_MAX_BYTES) {
        ssize_t got = read(STDIN_FILENO, line + len, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(err, ERR_UNAVAILABLE, "standard input cannot be read");
        if (got == 0 || line[len] == '\n')
            break;
        len++;
    }
    *out = (struct str){ line, len };
    return true;
}

/* --- the terminal --- */

static bool say(int terminal, struct str text)
{
    return write(terminal, text.ptr, text.len) == (ssize_t)text.len;
}

/*
 * A line of which nothing is shown. Keys come one by one and make no signals: so whoever gives up
 * with Ctrl-C is left with a terminal that shows what they type.
 */
static bool read_keys(int terminal, char *line, size_t *len, struct error *err)
{
    char key;

    for (*len = 0;;) {
        ssize_t got = read(terminal, &key, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0 || key == 0x03 || (key == 0x04 && *len == 0))
            return fail(err, ERR_CANCELLED, "no password was given");
        if (key == '\n' || key == '\r' || key == 0x04)
            return true;
        if (key == 0x15) {
            *len = 0;
        } else if (key == 0x7f || key == 0x08) {
            while (*len > 0 && ((unsigned char)line[*len - 1] & 0xC0) == 0x80)
                (*len)--;
            *len -= *len > 0;
        } else if (*len == LINE_MAX_BYTES) {
            return fail(err, ERR_BAD_REQUEST, "the password is too long");
        } else {
            line[(*len)++] = key;
        }
    }
}

static bool type_line(int terminal, struct str prompt, struct arena *arena, struct str *out,
                      struct error *err)
{
    char *line = arena_alloc(arena, LINE_MAX_BYTES);
    struct termios before, silent;
    size_t len = 0;

    if (tcgetattr(terminal, &before) != 0)
        return fail(err, ERR_UNAVAILABLE, "the terminal cannot be asked for a password");
    silent = before;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG);
    silent.c_cc[VMIN] = 1;
    silent.c_cc[VTIME] = 0;
    if (tcsetattr(terminal, TCSAFLUSH, &silent) != 0)
        return fail(err, ERR_UNAVAILABLE, "the terminal cannot hide what is typed");
    /* From here on nothing is shown: only now may anybody begin to type. */
    bool ok = say(terminal, prompt) ? read_keys(terminal, line, &len, err)
                                    : fail(err, ERR_UNAVAILABLE, "the terminal is gone");
    (void)tcsetattr(terminal, TCSAFLUSH, &before);
    (void)say(terminal, STR("\n"));
    *out = (struct str){ line, len };
    return ok;
}

static bool ask_terminal(struct arena *arena, struct str *out, struct error *err)
{
    struct str again = STR_NULL;
    int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

    if (terminal < 0)
        return fail(err, ERR_BAD_REQUEST,
                    "there is no terminal to ask for a password: give --password-file FILE, or - "
                    "for standard input");
    bool ok = type_line(terminal, STR("Password: "), arena, out, err) &&
              type_line(terminal, STR("Once more: "), arena, &again, err);
    (void)close(terminal);
    if (!ok)
        return false;
    return secret_equal(*out, again) ||
           fail(err, ERR_BAD_REQUEST, "the second time it was another password");
}

/* --- */

bool password_read(struct str file, struct arena *arena, struct json_text *out, struct error *err)
{
    struct str text = STR_NULL, quoted;
    struct buf buf;

    arena_wipe_on_reset(arena);
    bool ok = !str_set(file) ? ask_terminal(arena, &text, err)
              : str_eq(file, STR("-"))
                  ? read_input(arena, &text, err)
                  : file_read(arena_c(arena, file), LINE_MAX_BYTES, arena, &text, err);
    if (!ok)
        return false;
    text = first_line(text);
    if (text.len == 0)
        return fail(err, ERR_BAD_REQUEST, "the password is empty");
    if (!str_is_utf8(text))
        return fail(err, ERR_BAD_REQUEST, "the password is not UTF-8");
    buf_init(&buf, 8 * (size_t)LINE_MAX_BYTES);
    json_quote(&buf, text);
    ok = buf_finish(&buf, &quoted, err);
    if (ok)
        out->text = arena_str(arena, quoted);
    if (buf.ptr)
        secret_wipe(buf.ptr, buf.len);
    buf_done(&buf);
    return ok;
}
