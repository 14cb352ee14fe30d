/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intrusive doubly linked lists: a list_node inside the element, a list as the ring's head.
 * A node that is in no list has next == NULL.  Threads: one at a time.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include "base/attr.h"

#include <stdbool.h>
#include <stddef.h>

struct list_node {
    struct list_node *next, *prev;
};

struct list {
    struct list_node head;
};

static inline void list_init(struct list *list)
{
    list->head.next = list->head.prev = &list->head;
}

static inline bool list_empty(const struct list *list)
{
    return list->head.next == &list->head;
}

static inline bool list_linked(const struct list_node *node)
{
    return node->next != NULL;
}

static inline void list_insert_before(struct list_node *place, struct list_node *node)
{
    node->prev = place->prev;
    node->next = place;
    place->prev->next = node;
    place->prev = node;
}

static inline void list_push(struct list *list, struct list_node *node)
{
    list_insert_before(&list->head, node);
}

static inline void list_push_front(struct list *list, struct list_node *node)
{
    list_insert_before(list->head.next, node);
}

/* Does nothing to a node in no list. */
static inline void list_remove(struct list_node *node)
{
    if (!node->next)
        return;
    node->prev->next = node->next;
    node->next->prev = node->prev;
    node->next = node->prev = NULL;
}

/* The first node, taken out; NULL when empty. */
static inline struct list_node *list_pop(struct list *list)
{
    if (list_empty(list))
        return NULL;
    struct list_node *node = list->head.next;
    list_remove(node);
    return node;
}

/* Moves all of `from` behind the end of `to`; `from` is empty then. */
static inline void list_splice(struct list *to, struct list *from)
{
    if (list_empty(from))
        return;
    struct list_node *first = from->head.next, *last = from->head.prev;
    first->prev = to->head.prev;
    to->head.prev->next = first;
    last->next = &to->head;
    to->head.prev = last;
    list_init(from);
}

#define LIST_ITEM(node, type, member) CONTAINER_OF(node, struct type, member)

/* Walks a list; the body may remove `item`. */
#define LIST_EACH(list, type, member, item)                                                        \
    for (struct list_node *item##_node = (list)->head.next, *item##_next = item##_node->next;      \
         item##_node != &(list)->head; item##_node = item##_next, item##_next = item##_node->next) \
        for (struct type *item = LIST_ITEM(item##_node, type, member); item; item = NULL)

#endif
