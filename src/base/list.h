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

/* The link is in a list. A link that was never in one must be zeroed to be asked. */
static inline bool list_holds(const struct list_link *link)
{
    return link->next != NULL;
}

/* Takes the link out of the list that it is in. */
static inline void list_remove(struct list_link *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    link->prev = link->next = NULL;
}

/* Puts the link, which must be in no list, before `at`: another link, or the sentinel, before which is the end. */
static inline void list_insert(struct list_link *at, struct list_link *link)
{
    link->prev = at->prev;
    link->next = at;
    at->prev->next = link;
    at->prev = link;
}

/* Puts the link, which must be in no list, at the end. */
static inline void list_append(struct list_link *list, struct list_link *link)
{
    list_insert(list, link);
}

/* The object that holds `link` as its `member`. */
#define list_entry(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

#endif
