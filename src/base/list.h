/* An intrusive doubly linked list with a sentinel: the order of use, and the order of opening. */
#ifndef P2T_BASE_LIST_H
#define P2T_BASE_LIST_H

#include <stdbool.h>

struct flow_link {
    struct flow_link *prev, *next;
};

static inline void flow_list_init(struct flow_link *list)
{
    list->prev = list->next = list;
}

static inline bool flow_list_empty(const struct flow_link *list)
{
    return list->next == list;
}

static inline void flow_list_remove(struct flow_link *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
}

static inline void flow_list_append(struct flow_link *list, struct flow_link *link)
{
    link->prev = list->prev;
    link->next = list;
    list->prev->next = link;
    list->prev = link;
}

#endif
