/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share. */
#ifndef JSON_INTERNAL_H
#define JSON_INTERNAL_H

#include "base/str.h"
#include "json/value.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define JSON_BYTES(byte) (UINT64_C(0x0101010101010101) * (byte))

/*
 * True when one of eight bytes is a quote, a backslash, a control or not ASCII. Taking 1 from a
 * byte that is 0 sets its top bit, as taking 0x20 does below 0x20; borrows can only add bits above
 * a byte that was found already.
 */
static inline bool json_word_stops(uint64_t word)
{
    uint64_t quotes = (word ^ JSON_BYTES('"')) - JSON_BYTES(1);
    uint64_t backslashes = (word ^ JSON_BYTES('\\')) - JSON_BYTES(1);
    uint64_t controls = word - JSON_BYTES(0x20);
    return ((word | quotes | backslashes | controls) & JSON_BYTES(0x80)) != 0;
}

static inline bool json_byte_stops(char byte)
{
    unsigned char c = (unsigned char)byte;
    return c < 0x20 || c >= 0x80 || c == '"' || c == '\\';
}

/* The first quote, backslash, control or invalid UTF-8 from `at` on, or `end`. */
static inline const char *json_plain_end(const char *at, const char *end)
{
    for (;;) {
        uint64_t word;
        while ((size_t)(end - at) >= sizeof(word)) {
            memcpy(&word, at, sizeof(word));
            if (json_word_stops(word))
                break;
            at += sizeof(word);
        }
        while (at < end && !json_byte_stops(*at))
            at++;
        if (at == end || (unsigned char)*at < 0x80)
            return at;
        do {
            size_t length = str_utf8_sequence(at, (size_t)(end - at));
            if (length == 0)
                return at;
            at += length;
        } while (at < end && (unsigned char)*at >= 0x80);
    }
}

/* A member whose name stands before it already, or NULL. */
const struct json_member *json_find_duplicate(struct json_member *members, size_t count);
/*
 * Leaves each name once, at its first place and with its last value, as JSON.parse does. Returns
 * how many members are left.
 */
size_t json_drop_duplicates(struct json_member *members, size_t count);

#endif
