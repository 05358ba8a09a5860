/* An intrusive doubly linked list with a sentinel. It allocates nothing: the link is a member of the object, which
 * stays its owner's. Every operation takes constant time. */
#ifndef P2T_BASE_LIST_H
#define P2T_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* As a sentinel: prev is the last object, next the first. */
struct list_link {
    struct list_link *prev, *next;
};

/* Makes `list` an empty list. Call it before anything else. */
static inline void list_init(struct list_link *list)
{
    list->prev = list->next = list;
}

static inline bool list_empty(const struct list_link *list)
{
    return list->next == list;
}

/* Takes the link out of the list that it is in. The link keeps pointing to its old neighbours. */
static inline void list_remove(struct list_link *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
}

/* Puts the link, which must be in no list, at the end. */
static inline void list_append(struct list_link *list, struct list_link *link)
{
    link->prev = list->prev;
    link->next = list;
    list->prev->next = link;
    list->prev = link;
}

/* The object that holds `link` as its `member`. */
#define list_entry(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

#endif
