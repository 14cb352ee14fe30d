/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clocks, and instants as text. The calendar is computed here: the C library's is either not
 * thread-safe or not fit for signal handlers, which crash.c needs.
 */
#include "base/time.h"

#include <limits.h>
#include <stddef.h>

#define US_PER_MS INT64_C(1000)
#define US_PER_SECOND INT64_C(1000000)
#define SECONDS_PER_DAY INT64_C(86400)
#define FIRST_INSTANT (INT64_C(-62167219200) * US_PER_SECOND)    /* 0000-01-01T00:00:00Z */
#define LAST_INSTANT (INT64_C(253402300800) * US_PER_SECOND - 1) /* 9999-12-31T23:59:59.999999Z */

static int64_t read_clock_us(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now); /* cannot fail for clocks that every system has */
    return (int64_t)now.tv_sec * US_PER_SECOND + now.tv_nsec / 1000;
}

struct instant instant_now(void)
{
    return (struct instant){ read_clock_us(CLOCK_REALTIME) };
}

int64_t clock_us(void)
{
    return read_clock_us(CLOCK_MONOTONIC);
}

/*
 * Both ways between a date and the days since 1970 count years from the first of March, which puts
 * the leap day last, in groups of 400 years (146097 days), after which the calendar repeats.
 */
static int64_t days_of_date(int64_t year, int64_t month, int64_t day)
{
    if (month <= 2)
        year--;
    int64_t group = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_group = year - group * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_group =
        year_of_group * 365 + year_of_group / 4 - year_of_group / 100 + day_of_year;
    return group * 146097 + day_of_group - 719468;
}

static void date_of_days(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
    days += 719468; /* since 0000-03-01 */
    int64_t group = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_group = days - group * 146097;
    int64_t year_of_group =
        (day_of_group - day_of_group / 1460 + day_of_group / 36524 - day_of_group / 146096) / 365;
    int64_t day_of_year =
        day_of_group - (365 * year_of_group + year_of_group / 4 - year_of_group / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    *month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    *year = year_of_group + group * 400 + (*month <= 2);
}

/* Writes `count` digits of value and then `after`; returns the place behind. */
static char *put_digits(char *at, int64_t value, int count, char after)
{
    for (int i = count - 1; i >= 0; i--) {
        at[i] = (char)('0' + value % 10);
        value /= 10;
    }
    at[count] = after;
    return at + count + 1;
}

struct str instant_format(struct instant at, char *text)
{
    int64_t us = at.us;
    if (us < FIRST_INSTANT)
        us = FIRST_INSTANT;
    if (us > LAST_INSTANT)
        us = LAST_INSTANT;
    us -= FIRST_INSTANT; /* no negative remainders from here on */
    int64_t in_day = us / US_PER_SECOND % SECONDS_PER_DAY;
    int64_t year, month, day;
    date_of_days(us / US_PER_SECOND / SECONDS_PER_DAY +
                     FIRST_INSTANT / US_PER_SECOND / SECONDS_PER_DAY,
                 &year, &month, &day);

    char *end = put_digits(text, year, 4, '-');
    end = put_digits(end, month, 2, '-');
    end = put_digits(end, day, 2, 'T');
    end = put_digits(end, in_day / 3600, 2, ':');
    end = put_digits(end, in_day / 60 % 60, 2, ':');
    end = put_digits(end, in_day % 60, 2, '.');
    end = put_digits(end, us / US_PER_MS % 1000, 3, 'Z');
    *end = '\0';
    return (struct str){ text, INSTANT_TEXT_SIZE - 1 };
}

/* Takes exactly `count` digits, giving a number from low to high. */
static bool take_number(struct str *text, size_t count, int64_t low, int64_t high, int64_t *out)
{
    int64_t value = 0;
    if (text->len < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (text->ptr[i] < '0' || text->ptr[i] > '9')
            return false;
        value = value * 10 + (text->ptr[i] - '0');
    }
    *text = str_slice(*text, count, text->len);
    *out = value;
    return value >= low && value <= high;
}

static bool take_byte(struct str *text, char byte)
{
    if (text->len == 0 || text->ptr[0] != byte)
        return false;
    *text = str_slice(*text, 1, text->len);
    return true;
}

static bool take_date(struct str *text, int64_t *days)
{
    static const int64_t month_days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int64_t year, month, day;
    if (!take_number(text, 4, 0, 9999, &year) || !take_byte(text, '-') ||
        !take_number(text, 2, 1, 12, &month) || !take_byte(text, '-') ||
        !take_number(text, 2, 1, 31, &day))
        return false;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    *days = days_of_date(year, month, day);
    return day <= month_days[month - 1] + (leap && month == 2);
}

static bool take_time_us(struct str *text, int64_t *us)
{
    int64_t hour, minute, second, fraction = 0;
    if (!take_number(text, 2, 0, 23, &hour) || !take_byte(text, ':') ||
        !take_number(text, 2, 0, 59, &minute) || !take_byte(text, ':') ||
        !take_number(text, 2, 0, 59, &second))
        return false;
    if (take_byte(text, '.')) {
        int64_t unit = US_PER_SECOND, digit;
        size_t before = text->len;
        while (unit > 1 && take_number(text, 1, 0, 9, &digit)) {
            unit /= 10;
            fraction += digit * unit;
        }
        if (text->len == before)
            return false;
    }
    *us = ((hour * 60 + minute) * 60 + second) * US_PER_SECOND + fraction;
    return true;
}

/* "Z", "+01", "+0130" or "+01:30". */
static bool take_offset_us(struct str *text, int64_t *us)
{
    if (take_byte(text, 'Z')) {
        *us = 0;
        return true;
    }
    int64_t hours, minutes = 0, sign = 1;
    if (take_byte(text, '-'))
        sign = -1;
    else if (!take_byte(text, '+'))
        return false;
    if (!take_number(text, 2, 0, 23, &hours))
        return false;
    bool colon = take_byte(text, ':');
    if ((colon || text->len > 0) && !take_number(text, 2, 0, 59, &minutes))
        return false;
    *us = sign * (hours * 60 + minutes) * 60 * US_PER_SECOND;
    return true;
}

bool instant_parse(struct str text, struct instant *out)
{
    int64_t days, time_us, offset_us;
    if (!take_date(&text, &days))
        return false;
    if (!take_byte(&text, 'T') && !take_byte(&text, ' '))
        return false;
    if (!take_time_us(&text, &time_us) || !take_offset_us(&text, &offset_us) || text.len > 0)
        return false;
    out->us = days * SECONDS_PER_DAY * US_PER_SECOND + time_us - offset_us;
    return true;
}

/* a + ms, staying in range. */
static int64_t add_ms(int64_t us, int64_t ms)
{
    int64_t added, sum;
    if (__builtin_mul_overflow(ms, US_PER_MS, &added) || __builtin_add_overflow(us, added, &sum))
        return ms > 0 ? INT64_MAX : INT64_MIN;
    return sum;
}

struct instant instant_add_ms(struct instant at, int64_t ms)
{
    return (struct instant){ add_ms(at.us, ms) };
}

struct deadline deadline_in_ms(int64_t ms)
{
    return (struct deadline){ add_ms(clock_us(), ms) };
}

struct deadline deadline_earlier(struct deadline a, struct deadline b)
{
    return a.at_us < b.at_us ? a : b;
}

bool deadline_passed(struct deadline by)
{
    return by.at_us != INT64_MAX && clock_us() >= by.at_us;
}

int deadline_left_ms(struct deadline by)
{
    if (by.at_us == INT64_MAX)
        return INT_MAX;
    int64_t now = clock_us();
    if (by.at_us <= now)
        return 0;
    int64_t left = (by.at_us - now - 1) / US_PER_MS + 1;
    return left > INT_MAX ? INT_MAX : (int)left;
}

struct timespec deadline_timespec(struct deadline by)
{
    int64_t us = by.at_us > 0 ? by.at_us : 0;
    return (struct timespec){ .tv_sec = us / US_PER_SECOND, .tv_nsec = us % US_PER_SECOND * 1000 };
}
