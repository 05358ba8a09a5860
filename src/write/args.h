/* Looking up an event's arguments by name. */
#ifndef P2T_WRITE_ARGS_H
#define P2T_WRITE_ARGS_H

#include <string.h>

#include "pcap2trace/exchange.h"

/* NULL when the event has none of that name. */
static inline const struct p2t_value *args_find(const struct p2t_event *ev, const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; i < ev->arg_count; i++)
        if (ev->args[i].name.n == n && memcmp(ev->args[i].name.p, name, n) == 0)
            return &ev->args[i].value;
    return NULL;
}

/* p == NULL when the argument is absent, null or no text. */
static inline struct p2t_text args_text(const struct p2t_event *ev, const char *name)
{
    const struct p2t_value *v = args_find(ev, name);

    return v != NULL && v->kind == P2T_VALUE_TEXT ? v->as.text : (struct p2t_text){NULL, 0};
}

static inline int64_t args_int(const struct p2t_event *ev, const char *name, int64_t otherwise)
{
    const struct p2t_value *v = args_find(ev, name);

    return v != NULL && v->kind == P2T_VALUE_INT ? v->as.integer : otherwise;
}

/* 1, 0, or -1 where unknown. */
static inline int args_bool(const struct p2t_event *ev, const char *name)
{
    const struct p2t_value *v = args_find(ev, name);

    return v != NULL && v->kind == P2T_VALUE_BOOL ? v->as.boolean : -1;
}

#endif
