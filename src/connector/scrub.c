/* SPDX-License-Identifier: Apache-2.0 */
/* Finds a secret in foreign text byte by byte, whatever way each byte is written. */
#include "connector/scrub.h"

#include <string.h>

#include "base/buf.h"
#include "connector/url.h"

#define SHORT_SECRET 4

/* What a JSON escape of one letter stands for, or -1. */
static int json_escape_of(char letter)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char bytes[] = "\"\\/\b\f\n\r\t";
    const char *found = letter ? strchr(letters, letter) : NULL;
    return found ? (unsigned char)bytes[found - letters] : -1;
}

/* How many bytes of text at `at` write `byte`, in any way that we know; 0 = none. */
static size_t written_as(struct str text, size_t at, unsigned char byte)
{
    if (at >= text.len)
        return 0;
    if (text.ptr[at] == '%' && str_hex(text, at + 1, 2) == byte)
        return 3;
    if (text.ptr[at] == '\\' && at + 1 < text.len) {
        if (text.ptr[at + 1] == 'u' && str_hex(text, at + 2, 4) == byte)
            return 6;
        if (json_escape_of(text.ptr[at + 1]) == byte)
            return 2;
    }
    return (unsigned char)text.ptr[at] == byte ? 1 : 0;
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Length of the secret's writing at `at`, or 0. */
static size_t match(struct str text, size_t at, struct str plain)
{
    size_t end = at;
    for (size_t i = 0; i < plain.len; i++) {
        size_t length = written_as(text, end, (unsigned char)plain.ptr[i]);
        if (length == 0)
            return 0;
        end += length;
    }
    bool inside_word =
        (at > 0 && is_word(text.ptr[at - 1])) || (end < text.len && is_word(text.ptr[end]));
    return plain.len < SHORT_SECRET && inside_word ? 0 : end - at;
}

struct job {
    struct str text;
    struct buf *out;
};

static bool replace_all(struct str plain, void *context)
{
    struct job *job = context;
    size_t kept = 0;
    for (size_t at = 0; plain.len > 0 && at < job->text.len;) {
        size_t length = match(job->text, at, plain);
        if (length == 0) {
            at++;
            continue;
        }
        buf_add(job->out, str_slice(job->text, kept, at));
        buf_add(job->out, STR(URL_MASK));
        at += length;
        kept = at;
    }
    buf_add(job->out, str_slice(job->text, kept, job->text.len));
    return true;
}

struct str scrub(struct arena *arena, struct str text, const struct secret *secret)
{
    if (!secret || !str_set(text))
        return arena_str(arena, text);
    struct buf out;
    buf_init(&out, SIZE_MAX);
    (void)secret_use(secret, replace_all, &(struct job){ text, &out });
    struct str copy = arena_str(arena, buf_str(&out));
    secret_wipe(out.ptr, out.size);
    buf_done(&out);
    return copy;
}
