/* The order in which connections were used last, per class, and when the first of a class expires. */
#include "flow/internal.h"

/* Within it most of the late packets come, and exchanges are settled. */
static const int64_t CLOSED_NS = 2000000000;

int64_t flow_class_limit_ns(const struct flow_table *t, unsigned class)
{
    switch (class) {
    case FLOW_HALF_OPEN:
        return t->limits.half_open_idle_ns;
    case FLOW_CLOSED:
        return CLOSED_NS < t->limits.closed_linger_ns ? CLOSED_NS : t->limits.closed_linger_ns;
    case FLOW_GONE:
        return t->limits.closed_linger_ns;
    default:
        return t->limits.idle_ns;
    }
}

int64_t flow_deadline_ns(int64_t from_ns, int64_t limit_ns)
{
    return from_ns > INT64_MAX - limit_ns ? INT64_MAX : from_ns + limit_ns;
}

struct flow_tcp *flow_least_recent(const struct flow_table *t, unsigned class)
{
    const struct list_link *list = &t->lru[class];
    return list_empty(list) ? NULL : hmap_entry(list->next, struct flow_tcp, lru);
}

void flow_use_add(struct flow_table *t, struct flow_tcp *c)
{
    if (list_empty(&t->lru[c->class])) {
        t->deadline_ns[c->class] = flow_deadline_ns(c->last_ns, flow_class_limit_ns(t, c->class));
        t->next_deadline_ns =
            t->deadline_ns[c->class] < t->next_deadline_ns ? t->deadline_ns[c->class] : t->next_deadline_ns;
    }
    list_append(&t->lru[c->class], &c->lru);
    t->count[c->class]++;
}

void flow_use_remove(struct flow_table *t, struct flow_tcp *c)
{
    list_remove(&c->lru);
    t->count[c->class]--;
}

void flow_tcp_touch(struct flow_table *t, struct flow_tcp *c)
{
    c->last_ns = t->now_ns;
    if (c->class == FLOW_GONE) {
        flow_tcp_set_class(t, c, FLOW_CLOSED);
        return;
    }
    if (t->lru[c->class].prev == &c->lru)
        return;
    list_remove(&c->lru);
    list_append(&t->lru[c->class], &c->lru);
}

void flow_tcp_set_class(struct flow_table *t, struct flow_tcp *c, enum flow_class class)
{
    flow_use_remove(t, c);
    c->class = (uint8_t) class;
    flow_use_add(t, c);
}
