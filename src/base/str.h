/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Views of text: a pointer and a length, passed by value.
 *
 * A str owns nothing, is not NUL-terminated and may hold any byte. A NULL pointer means "absent",
 * which is not the same as empty. Functions never fail and never allocate.  Threads: any.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *ptr;
    size_t len;
};

#define STR(literal) ((struct str){ "" literal, sizeof(literal) - 1 })
#define STR_NULL ((struct str){ NULL, 0 })
#define STR_FMT "%.*s"
#define STR_ARG(s) (int)(s).len, (s).ptr

/* A view of a C string; NULL gives the absent str. */
static inline struct str str_from(const char *text)
{
    return (struct str){ text, text ? strlen(text) : 0 };
}

/* True when a str is there, even an empty one. */
static inline bool str_set(struct str s)
{
    return s.ptr != NULL;
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* ASCII letters compare without regard to case. */
bool str_eq_nocase(struct str a, struct str b);
int str_compare(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);

/* Bytes from..to, both cut to the length. */
struct str str_slice(struct str s, size_t from, size_t to);
/* At most `max` bytes of UTF-8, not ending within a code point. */
struct str str_cut(struct str s, size_t max);
/* Index of a byte, or s.len. */
size_t str_find_byte(struct str s, char byte);
/* Index of a text, or s.len. */
size_t str_find(struct str s, struct str text);
/* Without blanks, tabs and line ends at both ends. */
struct str str_trim(struct str s);

/*
 * Takes the part of *rest before `separator` into *part and leaves what follows in *rest; the last
 * part leaves *rest absent. False when *rest was absent: `while (str_split(&rest, ',', &part))`.
 */
bool str_split(struct str *rest, char separator, struct str *part);

/* True for a complete decimal integer in range: digits with an optional minus, nothing else. */
bool str_to_int64(struct str s, int64_t *out);
/* The number that `count` hexadecimal digits (7 at most) at `at` stand for; -1 when not all are such. */
int str_hex(struct str s, size_t at, size_t count);

#define STR_INT_SIZE 20 /* "-9223372036854775808" */
/* A number's decimal text, in `room`. */
struct str str_of_int(int64_t value, char room[STR_INT_SIZE]);

/*
 * Length of the UTF-8 sequence that begins at `at`, with `left` > 0 bytes there; 0 when it is not
 * valid by RFC 3629: no overlong forms, no surrogates, nothing over U+10FFFF, not cut short.
 */
static inline size_t str_utf8_sequence(const char *at, size_t left)
{
    const unsigned char *s = (const unsigned char *)at;
    unsigned char low = 0x80, high = 0xBF; /* what the second byte may be */
    size_t length;

    if (s[0] < 0x80)
        return 1;
    if (s[0] < 0xC2 || s[0] > 0xF4)
        return 0;
    if (s[0] < 0xE0) {
        length = 2;
    } else if (s[0] < 0xF0) {
        length = 3;
        low = s[0] == 0xE0 ? 0xA0 : low;
        high = s[0] == 0xED ? 0x9F : high;
    } else {
        length = 4;
        low = s[0] == 0xF0 ? 0x90 : low;
        high = s[0] == 0xF4 ? 0x8F : high;
    }
    if (left < length || s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    }
    return length;
}

/* True when all of it is valid UTF-8. */
bool str_is_utf8(struct str s);
/* Code points of valid UTF-8. */
size_t str_utf8_count(struct str s);

/* FNV-1a over the bytes, for hash tables of trusted size. */
uint64_t str_hash(struct str s);

#endif
