/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding of URLs' parts: see text.h. */
#include "http/text.h"

bool http_decode_path(struct arena *arena, struct str raw, struct str *out)
{
    if (str_find_byte(raw, '%') == raw.len) {
        if (!str_is_utf8(raw))
            return false;
        *out = raw;
        return true;
    }
    char *text = arena_alloc(arena, raw.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < raw.len; i++) {
        if (raw.ptr[i] != '%') {
            text[len++] = raw.ptr[i];
            continue;
        }
        int byte = str_hex(raw, i + 1, 2);
        if (byte < 0)
            return false;
        text[len++] = (char)byte;
        i += 2;
    }
    struct str decoded = { text, len };
    if (!str_is_utf8(decoded))
        return false;
    *out = decoded;
    return true;
}

static struct str decode_form(struct arena *arena, struct str raw)
{
    if (str_find_byte(raw, '%') == raw.len && str_find_byte(raw, '+') == raw.len)
        return raw;
    char *text = arena_alloc(arena, raw.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < raw.len; i++) {
        int byte = raw.ptr[i] == '%' ? str_hex(raw, i + 1, 2) : -1;
        if (byte >= 0) {
            text[len++] = (char)byte;
            i += 2;
        } else {
            text[len++] = raw.ptr[i];
            if (raw.ptr[i] == '+')
                text[len - 1] = ' ';
        }
    }
    return (struct str){ text, len };
}

struct str http_query_param(struct arena *arena, struct str query, struct str name, bool *utf8)
{
    struct str part;

    *utf8 = true;
    while (str_split(&query, '&', &part)) {
        size_t equals = str_find_byte(part, '=');
        if (part.len == 0 || !str_eq(decode_form(arena, str_slice(part, 0, equals)), name))
            continue;
        struct str value = decode_form(arena, str_slice(part, equals + 1, part.len));
        *utf8 = str_is_utf8(value);
        return value;
    }
    return STR_NULL;
}
