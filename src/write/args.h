/* Reading an event's arguments: P2T_HOOK_ARG_LIST says where they stand. */
#ifndef P2T_WRITE_ARGS_H
#define P2T_WRITE_ARGS_H

#include "pcap2trace/exchange.h"

/* NULL when the event is of another hook, or ends before that argument. */
static inline const struct p2t_value *args_find(const struct p2t_event *ev, enum p2t_hook_arg arg)
{
    const struct p2t_hook_arg_info *info = &p2t_hook_args[arg];

    return ev->hook == info->hook && info->index < ev->arg_count ? &ev->args[info->index].value : NULL;
}

/* p == NULL when the argument is absent, null or no text. */
static inline struct p2t_text args_text(const struct p2t_event *ev, enum p2t_hook_arg arg)
{
    const struct p2t_value *v = args_find(ev, arg);

    return v != NULL && v->kind == P2T_VALUE_TEXT ? v->as.text : (struct p2t_text){NULL, 0};
}

/* `otherwise` when the argument is absent, null or no number. */
static inline int64_t args_int(const struct p2t_event *ev, enum p2t_hook_arg arg, int64_t otherwise)
{
    const struct p2t_value *v = args_find(ev, arg);

    return v != NULL && v->kind == P2T_VALUE_INT ? v->as.integer : otherwise;
}

/* 1, 0, or -1 where unknown. */
static inline int args_bool(const struct p2t_event *ev, enum p2t_hook_arg arg)
{
    const struct p2t_value *v = args_find(ev, arg);

    return v != NULL && v->kind == P2T_VALUE_BOOL ? v->as.boolean : -1;
}

#endif
