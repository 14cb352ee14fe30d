/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the fuzz targets share. A target is one function that takes any bytes and ends the process
 * when something does not hold that always must. libFuzzer calls it (tools/fuzz), and so does
 * replay.c with every file of the target's corpus (./dev test unit).
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Always there, whatever the build; the line goes into the report. */
#define HOLDS(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);         \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static inline struct str fuzz_text(const uint8_t *data, size_t size)
{
    return (struct str){ size ? (const char *)data : "", size };
}

/* The line that *rest begins with, which then begins behind its end; absent at the end. */
static inline struct str fuzz_line(struct str *rest)
{
    struct str line;

    return str_split(rest, '\n', &line) ? line : STR_NULL;
}

static inline int fuzz_contains(struct str text, struct str part)
{
    return part.len > 0 && str_find(text, part) < text.len;
}

#endif
