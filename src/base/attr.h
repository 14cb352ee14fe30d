/* SPDX-License-Identifier: Apache-2.0 */
/* Compiler attributes and scope-bound cleanup, under names that read well. */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#define NO_RETURN __attribute__((noreturn))
#define UNUSED __attribute__((unused))

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* The struct of type `type` whose `member` is at `pointer`. */
#define CONTAINER_OF(pointer, type, member)                                                        \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/*
 * A pointer that is released on every way out of its scope:
 *
 *     AUTO(tx) tx = store_read(store, scope, err);
 *
 * AUTO_DEFINE(T, release) stands after T's declarations, once; `release` accepts NULL.
 * T_take(&p) hands the object on and leaves NULL behind, so that nothing is released.
 */
#define AUTO(type) __attribute__((cleanup(type##_auto))) struct type *
#define AUTO_DEFINE(type, release)                                                                 \
    UNUSED static inline void type##_auto(struct type **held)                                      \
    {                                                                                              \
        release(*held);                                                                            \
    }                                                                                              \
    UNUSED static inline struct type *type##_take(struct type **held)                              \
    {                                                                                              \
        struct type *taken = *held;                                                                \
        *held = NULL;                                                                              \
        return taken;                                                                              \
    }

#endif
