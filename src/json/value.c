/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into JSON values. */
#define _GNU_SOURCE /* strtod_l */
#include "json/value.h"

#include <assert.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/crash.h"
#include "base/mem.h"

const char *json_kind_name(enum json_kind kind)
{
    switch (kind) {
    case JSON_NULL:
        return "null";
    case JSON_BOOL:
        return "boolean";
    case JSON_NUMBER:
        return "number";
    case JSON_STRING:
        return "string";
    case JSON_ARRAY:
        return "array";
    case JSON_OBJECT:
        return "object";
    }
    assert(!"a JSON value of no kind");
    return "";
}

const struct json *json_member(const struct json *value, struct str name)
{
    if (!value || value->kind != JSON_OBJECT)
        return NULL;
    for (size_t i = 0; i < value->count; i++) {
        if (str_eq(value->members[i].name, name))
            return &value->members[i].value;
    }
    return NULL;
}

bool json_to_int64(const struct json *value, int64_t *out)
{
    return value->kind == JSON_NUMBER && str_to_int64(value->text, out);
}

static locale_t plain_locale;

static void make_plain_locale(void)
{
    plain_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (plain_locale == (locale_t)0)
        crash_fatal("the system has no \"C\" locale");
}

/* True when a digit before the exponent is not 0. */
static bool has_value(struct str number)
{
    for (size_t i = 0; i < number.len && (number.ptr[i] | 0x20) != 'e'; i++) {
        if (number.ptr[i] >= '1' && number.ptr[i] <= '9')
            return true;
    }
    return false;
}

bool json_to_double(const struct json *value, double *out)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (value->kind != JSON_NUMBER)
        return false;
    (void)pthread_once(&once, make_plain_locale);

    char few[64], *digits = few;
    struct str text = value->text;
    if (text.len >= sizeof(few))
        digits = xmalloc(text.len + 1);
    memcpy(digits, text.ptr, text.len);
    digits[text.len] = '\0';
    double number = strtod_l(digits, NULL, plain_locale);
    if (digits != few)
        free(digits);

    /* Too large becomes infinite, too small becomes 0: neither is the number that was written. */
    if (!isfinite(number) || (number == 0 && has_value(text)))
        return false;
    *out = number;
    return true;
}
