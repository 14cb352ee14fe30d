/* SPDX-License-Identifier: Apache-2.0 */
/* Base64, three bytes to four letters. */
#include "connector/base64.h"

#include <stdint.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* One to three bytes as four letters. */
static void encode_group(const unsigned char *bytes, size_t count, char *out)
{
    uint32_t group = (uint32_t)bytes[0] << 16;
    if (count > 1)
        group |= (uint32_t)bytes[1] << 8;
    if (count > 2)
        group |= bytes[2];
    out[0] = letters[group >> 18];
    out[1] = letters[group >> 12 & 63];
    out[2] = '=';
    out[3] = '=';
    if (count > 1)
        out[2] = letters[group >> 6 & 63];
    if (count > 2)
        out[3] = letters[group & 63];
}

void base64_encode(struct buf *out, struct str bytes)
{
    const unsigned char *from = (const unsigned char *)bytes.ptr;
    size_t size = (bytes.len + 2) / 3 * 4;
    char *to = size > 0 ? buf_reserve(out, size) : NULL;
    if (!to)
        return;
    for (size_t at = 0; at < bytes.len; at += 3)
        encode_group(from + at, bytes.len - at < 3 ? bytes.len - at : 3, to + at / 3 * 4);
    buf_added(out, size);
}

static int value_of(char letter)
{
    const char *found = letter ? strchr(letters, letter) : NULL;
    return found ? (int)(found - letters) : -1;
}

bool base64_decode(struct arena *arena, struct str text, struct str *out)
{
    if (text.len % 4 != 0)
        return false;
    size_t padding = 0;
    while (padding < 2 && padding < text.len && text.ptr[text.len - 1 - padding] == '=')
        padding++;
    size_t size = text.len / 4 * 3 - padding;
    unsigned char *bytes = arena_alloc(arena, size + 1);
    uint32_t group = 0;
    unsigned bits = 0;
    size_t done = 0;
    for (size_t at = 0; at < text.len - padding; at++) {
        int value = value_of(text.ptr[at]);
        if (value < 0)
            return false;
        group = group << 6 | (uint32_t)value;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes[done++] = (unsigned char)(group >> bits);
        }
    }
    /* Bits beyond the last byte that are set would be lost on the way. */
    if (bits > 0 && (group & ((1U << bits) - 1)) != 0)
        return false;
    *out = (struct str){ (const char *)bytes, size };
    return true;
}

void base64_write(struct json_writer *w, struct str bytes)
{
    struct buf text;
    buf_init(&text, w->buf->max);
    base64_encode(&text, bytes);
    json_begin_object(w);
    json_key(w, STR("base64"));
    json_string(w, buf_str(&text));
    json_end_object(w);
    w->buf->failed |= text.failed;
    buf_done(&text);
}

struct str base64_find(const struct json *value)
{
    if (value->kind != JSON_OBJECT || value->count != 1)
        return STR_NULL;
    const struct json *text = json_member(value, STR("base64"));
    return text && text->kind == JSON_STRING ? text->text : STR_NULL;
}
