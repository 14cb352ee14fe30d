/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ids and randomness.
 *
 * An id is UUID version 7: 48 bits of milliseconds, 12 bits that say where within the millisecond,
 * 62 random bits. The first 60 bits are one number, the tick, which only ever grows: when the
 * clock stands still or goes back, the next tick is the last one plus 1.
 */
#include "base/id.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/random.h>

#include "base/crash.h"

void random_bytes(void *out, size_t size)
{
    unsigned char *at = out;
    while (size > 0) {
        ssize_t got = getrandom(at, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            crash_fatal("the system gives no random bytes: error %d", errno);
        at += got;
        size -= (size_t)got;
    }
}

/*
 * A system call for each id would cost more than the id. The stock is a thread's own; it is for
 * what must be unlike, not for what must be secret: keys and tokens come from random_bytes().
 */
static uint64_t random_number(void)
{
    static _Thread_local uint64_t stock[64];
    static _Thread_local size_t left;
    if (left == 0) {
        random_bytes(stock, sizeof(stock));
        left = ARRAY_LEN(stock);
    }
    return stock[--left];
}

uint64_t random_below(uint64_t limit)
{
    if (limit < 2)
        return 0;
    /* Numbers above the last whole multiple of limit would favour the small ones. */
    uint64_t last = UINT64_MAX - UINT64_MAX % limit;
    uint64_t number;
    do
        number = random_number();
    while (number >= last);
    return number % limit;
}

static uint64_t next_tick(void)
{
    static _Atomic uint64_t last_tick;
    uint64_t us = (uint64_t)instant_now().us;
    uint64_t now = (us / 1000) << 12 | (us % 1000) * 4096 / 1000;
    uint64_t last = atomic_load_explicit(&last_tick, memory_order_relaxed);
    uint64_t next;
    do
        next = now > last ? now : last + 1;
    while (!atomic_compare_exchange_weak_explicit(&last_tick, &last, next, memory_order_relaxed,
                                                  memory_order_relaxed));
    return next;
}

static void put_big_endian(uint8_t *out, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(value >> (56 - 8 * i));
}

struct id id_new(void)
{
    uint64_t tick = next_tick();
    struct id id;
    put_big_endian(id.bytes, tick >> 12 << 16 | UINT64_C(0x7000) | (tick & 0xFFF));
    put_big_endian(id.bytes + 8, random_number() >> 2 | UINT64_C(1) << 63);
    return id;
}

struct id id_first_at(struct instant at)
{
    uint64_t ms = at.us > 0 ? (uint64_t)at.us / 1000 : 0;
    struct id id = ID_NONE;
    put_big_endian(id.bytes, ms << 16 | UINT64_C(0x7000));
    put_big_endian(id.bytes + 8, 0);
    return id;
}

struct instant id_made_at(struct id id)
{
    uint64_t first = 0;
    for (int i = 0; i < 8; i++)
        first = first << 8 | id.bytes[i];
    uint64_t part = first & 0xFFF;
    return (struct instant){ (int64_t)((first >> 16) * 1000 + part * 1000 / 4096) };
}

static bool hyphen_before(size_t byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

struct str id_format(struct id id, char *text)
{
    static const char digits[] = "0123456789abcdef";
    char *at = text;
    for (size_t i = 0; i < sizeof(id.bytes); i++) {
        if (hyphen_before(i))
            *at++ = '-';
        *at++ = digits[id.bytes[i] >> 4];
        *at++ = digits[id.bytes[i] & 15];
    }
    *at = '\0';
    return (struct str){ text, ID_TEXT_SIZE - 1 };
}

/* 0 … 15, or -1; a table, because rows bring ids by the thousand. */
static int hex_value(char digit)
{
    static const signed char values[256] = {
        ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,
        ['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
        ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16, ['A'] = 11, ['B'] = 12,
        ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
    };
    return values[(unsigned char)digit] - 1;
}

bool id_parse(struct str text, struct id *out)
{
    if (text.len != ID_TEXT_SIZE - 1)
        return false;
    struct id id;
    const char *at = text.ptr;
    int wrong = 0;
    for (size_t i = 0; i < sizeof(id.bytes); i++) {
        if (hyphen_before(i))
            wrong |= *at++ != '-';
        int high = hex_value(at[0]), low = hex_value(at[1]);
        wrong |= high < 0 || low < 0;
        id.bytes[i] = (uint8_t)((unsigned)high << 4 | (unsigned)low);
        at += 2;
    }
    if (wrong)
        return false;
    if (!id_set(id))
        return false;
    *out = id;
    return true;
}

uint64_t id_hash(struct id id)
{
    /* Ids that came from outside need not be random anywhere: mix all of the bits. */
    uint64_t high, low;
    memcpy(&high, id.bytes, sizeof(high));
    memcpy(&low, id.bytes + 8, sizeof(low));
    uint64_t hash = high * UINT64_C(0x9E3779B97F4A7C15) ^ low;
    hash = (hash ^ hash >> 32) * UINT64_C(0xD6E8FEB86659FD93);
    return hash ^ hash >> 32;
}
