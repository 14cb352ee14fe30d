/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that stand twice in one object. Large objects are sorted rather than hashed: whoever
 * writes the text can choose names that make hashing slow, and cannot do that to sorting.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "json/internal.h"

/* Comparing all pairs is quicker than sorting up to about here. */
#define FEW_MEMBERS 16

/* Equal names compare by their place. */
static int compare_members(const void *a, const void *b)
{
    const struct json_member *x = *(struct json_member *const *)a;
    const struct json_member *y = *(struct json_member *const *)b;
    if (x->name.len != y->name.len)
        return x->name.len < y->name.len ? -1 : 1;
    int order = str_compare(x->name, y->name);
    return order != 0 ? order : (x > y) - (x < y);
}

/* The members by name; the caller frees the list. */
static struct json_member **sort(struct json_member *members, size_t count)
{
    struct json_member **sorted = xmalloc(count * sizeof(struct json_member *));
    for (size_t i = 0; i < count; i++)
        sorted[i] = &members[i];
    qsort(sorted, count, sizeof(struct json_member *), compare_members);
    return sorted;
}

static const struct json_member *find_among_few(const struct json_member *members, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (str_eq(members[i].name, members[j].name))
                return &members[i];
        }
    }
    return NULL;
}

const struct json_member *json_find_duplicate(struct json_member *members, size_t count)
{
    if (count <= FEW_MEMBERS)
        return find_among_few(members, count);
    struct json_member **sorted = sort(members, count);
    const struct json_member *found = NULL;
    for (size_t i = 1; i < count && !found; i++) {
        if (str_eq(sorted[i - 1]->name, sorted[i]->name))
            found = sorted[i];
    }
    free(sorted);
    return found;
}

size_t json_drop_duplicates(struct json_member *members, size_t count)
{
    struct json_member **sorted = sort(members, count);
    struct json_member *first = sorted[0];
    for (size_t i = 1; i < count; i++) {
        if (str_eq(first->name, sorted[i]->name)) {
            first->value = sorted[i]->value;
            sorted[i]->name = STR_NULL; /* marks the place as free */
        } else {
            first = sorted[i];
        }
    }
    free(sorted);

    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (str_set(members[i].name))
            members[kept++] = members[i];
    }
    return kept;
}
