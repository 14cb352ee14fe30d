/* SPDX-License-Identifier: Apache-2.0 */
/* Views of text: comparing, searching, splitting, UTF-8. */
#include "base/str.h"

static unsigned char lower(char byte)
{
    unsigned char c = (unsigned char)byte;
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + ('a' - 'A')) : c;
}

bool str_eq_nocase(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    }
    return true;
}

int str_compare(struct str a, struct str b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common ? memcmp(a.ptr, b.ptr, common) : 0;
    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

bool str_starts(struct str s, struct str prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.len >= suffix.len &&
           (suffix.len == 0 || memcmp(s.ptr + (s.len - suffix.len), suffix.ptr, suffix.len) == 0);
}

struct str str_slice(struct str s, size_t from, size_t to)
{
    if (to > s.len)
        to = s.len;
    if (from > to)
        from = to;
    /* An absent str stays absent: adding to NULL is undefined, even adding 0. */
    return (struct str){ s.ptr ? s.ptr + from : NULL, to - from };
}

struct str str_cut(struct str s, size_t max)
{
    if (s.len <= max)
        return s;
    size_t end = max;
    while (end > 0 && ((unsigned char)s.ptr[end] & 0xC0) == 0x80)
        end--;
    return (struct str){ s.ptr, end };
}

size_t str_find_byte(struct str s, char byte)
{
    const char *found = s.len ? memchr(s.ptr, byte, s.len) : NULL;
    return found ? (size_t)(found - s.ptr) : s.len;
}

size_t str_find(struct str s, struct str text)
{
    if (text.len == 0)
        return 0;
    size_t at = 0;
    while (s.len - at >= text.len) {
        size_t room = s.len - at - text.len + 1; /* places where it can still begin */
        const char *first = memchr(s.ptr + at, text.ptr[0], room);
        if (!first)
            break;
        at = (size_t)(first - s.ptr);
        if (memcmp(first, text.ptr, text.len) == 0)
            return at;
        at++;
    }
    return s.len;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

struct str str_trim(struct str s)
{
    size_t from = 0, to = s.len;
    while (from < to && is_blank(s.ptr[from]))
        from++;
    while (to > from && is_blank(s.ptr[to - 1]))
        to--;
    return str_slice(s, from, to);
}

bool str_split(struct str *rest, char separator, struct str *part)
{
    if (!str_set(*rest))
        return false;
    size_t at = str_find_byte(*rest, separator);
    *part = str_slice(*rest, 0, at);
    *rest = at < rest->len ? str_slice(*rest, at + 1, rest->len) : STR_NULL;
    return true;
}

bool str_to_int64(struct str s, int64_t *out)
{
    bool minus = s.len > 0 && s.ptr[0] == '-';
    size_t at = minus ? 1 : 0;
    if (at == s.len)
        return false;
    /* The most negative number has one more than the most positive. */
    uint64_t limit = (uint64_t)INT64_MAX + (minus ? 1 : 0);
    uint64_t value = 0;
    for (; at < s.len; at++) {
        if (s.ptr[at] < '0' || s.ptr[at] > '9')
            return false;
        uint64_t digit = (uint64_t)(s.ptr[at] - '0');
        if (value > (limit - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (!minus)
        *out = (int64_t)value;
    else
        *out = value > (uint64_t)INT64_MAX ? INT64_MIN : -(int64_t)value;
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int str_hex(struct str s, size_t at, size_t count)
{
    int value = 0;
    if (at > s.len || s.len - at < count)
        return -1;
    for (size_t i = 0; i < count; i++) {
        int digit = hex_digit(s.ptr[at + i]);
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

struct str str_of_int(int64_t value, char room[STR_INT_SIZE])
{
    size_t at = STR_INT_SIZE;
    /* As unsigned, because the most negative number has no positive twin. */
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        room[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (value < 0)
        room[--at] = '-';
    return (struct str){ room + at, STR_INT_SIZE - at };
}

bool str_is_utf8(struct str s)
{
    size_t at = 0;
    while (at < s.len) {
        uint64_t word;
        if (s.len - at >= sizeof(word)) {
            memcpy(&word, s.ptr + at, sizeof(word));
            if (!(word & UINT64_C(0x8080808080808080))) {
                at += sizeof(word);
                continue;
            }
        }
        size_t length = str_utf8_sequence(s.ptr + at, s.len - at);
        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

size_t str_utf8_count(struct str s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.len; i++)
        count += ((unsigned char)s.ptr[i] & 0xC0) != 0x80;
    return count;
}

uint64_t str_hash(struct str s)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    for (size_t i = 0; i < s.len; i++)
        hash = (hash ^ (unsigned char)s.ptr[i]) * UINT64_C(0x100000001B3);
    return hash;
}
