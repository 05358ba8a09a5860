/* A packet into a flow table, as a session with one thread does it. */
#ifndef P2T_TESTS_FLOW_PUSH_H
#define P2T_TESTS_FLOW_PUSH_H

#include "flow/table.h"

/* As flow_table_push(). */
static inline int flow_push(struct flow_table *t, const struct packet *p)
{
    struct flow_ready ready;

    flow_table_prepare(t, p, &ready);
    return flow_table_push(t, p, &ready);
}

#endif
