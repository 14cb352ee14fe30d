/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Placeholders: what a pattern of a URL leaves for a person to fill in, such as [YOUR-PASSWORD] or
 * [PROJECT-REF].
 *
 * Only words of a fixed list between the brackets make one. So a message may repeat it: a password
 * that happens to stand in brackets is never shown.
 */
#ifndef CONNECTOR_PLACEHOLDER_H
#define CONNECTOR_PLACEHOLDER_H

#include "base/str.h"

#include <stdbool.h>

#define PLACEHOLDER_MAX 48 /* bytes, brackets included */

/* The first placeholder of the text, brackets included; the absent str when there is none. */
struct str placeholder_find(struct str text);

/* What it stands for, in words: "your password". The text ends with NUL. */
void placeholder_words(struct str placeholder, char out[PLACEHOLDER_MAX + 8]);

#endif
