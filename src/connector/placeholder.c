/* SPDX-License-Identifier: Apache-2.0 */
/* Placeholders: finding one in a text, and naming what it stands for. */
#include "connector/placeholder.h"

#include "base/attr.h"

#include <string.h>

/* A new one is a word here; nothing that could be somebody's password. */
static const char *const known[] = {
    "ACCESS",   "ADDRESS", "AUTH",    "CACHE",    "CLUSTER", "DATABASE", "DB",
    "ENDPOINT", "HOST",    "ID",      "INSTANCE", "KEY",     "NAME",     "PASSWORD",
    "PORT",     "POOLER",  "PRIMARY", "PROJECT",  "REF",     "REGION",   "ROLE",
    "SECRET",   "SERVER",  "SERVICE", "TOKEN",    "USER",    "USERNAME", "YOUR",
};

static bool is_gap(char c)
{
    return c == '-' || c == '_';
}

static bool is_known(struct str word)
{
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (str_eq_nocase(word, str_from(known[i])))
            return true;
    }
    return false;
}

/* Words and single gaps between them. */
static bool is_name(struct str text)
{
    for (size_t start = 0, at = 0; at <= text.len; at++) {
        if (at < text.len && !is_gap(text.ptr[at]))
            continue;
        if (!is_known(str_slice(text, start, at)))
            return false;
        start = at + 1;
    }
    return true;
}

struct str placeholder_find(struct str text)
{
    for (size_t open = 0; open < text.len; open++) {
        if (text.ptr[open] != '[')
            continue;
        struct str rest = str_slice(text, open + 1, text.len);
        size_t close = str_find_byte(rest, ']');
        if (close == rest.len)
            return STR_NULL;
        if (close + 2 <= PLACEHOLDER_MAX && is_name(str_slice(rest, 0, close)))
            return str_slice(text, open, open + close + 2);
    }
    return STR_NULL;
}

void placeholder_words(struct str placeholder, char out[PLACEHOLDER_MAX + 8])
{
    static const char your[] = "your ";
    struct str name = str_slice(placeholder, 1, placeholder.len - 1);
    size_t used = strlen(your);

    memcpy(out, your, used);
    if (name.len > used && is_gap(name.ptr[4]) && str_eq_nocase(str_slice(name, 0, 4), STR("your")))
        name = str_slice(name, used, name.len);
    for (size_t i = 0; i < name.len && i < PLACEHOLDER_MAX; i++) {
        char c = name.ptr[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (is_gap(c))
            c = ' ';
        out[used++] = c;
    }
    out[used] = '\0';
}
