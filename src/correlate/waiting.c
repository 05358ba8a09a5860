#include "correlate/waiting.h"

#include "correlate/dial/dial.h"
#include "correlate/lookup/lookup.h"

/* NULL: the connection is no attempt that still waits for its SYN-ACK. */
static const struct exchange_attempt *waiting_attempt(const struct cconn *cc)
{
    const struct dial *d = cc->dial;

    if (d == NULL || cc->attempt < 0 || (uint32_t)cc->attempt >= d->n)
        return NULL;
    const struct exchange_attempt *a = &d->attempts[cc->attempt];
    return a->result == ATTEMPT_PENDING && !mark_set(&a->syn_ack) && mark_set(&a->syn) ? a : NULL;
}

static bool is_waiting(const struct lookup *l)
{
    return !l->reported && !l->closed && l->info.result == LOOKUP_PENDING && l->info.answers == 0 &&
           mark_set(&l->info.first_query);
}

static void add(struct correlate_waits *w, int64_t since_ns, const struct endpoint *server)
{
    bool first = w->n == 0 || since_ns < w->since_ns ||
                 (since_ns == w->since_ns && memcmp(&server->ip, &w->server.ip, sizeof server->ip) < 0);

    w->n++;
    if (!first)
        return;
    w->since_ns = since_ns;
    w->server = *server;
}

void correlate_waiting(const struct correlate *c, int64_t for_ns, struct correlate_waits *dials,
                       struct correlate_waits *lookups)
{
    const struct list_link *i;

    *dials = *lookups = (struct correlate_waits){0};
    for (i = c->conns.next; i != &c->conns; i = i->next) {
        const struct exchange_attempt *a = waiting_attempt(list_entry(i, struct cconn, all));
        if (a != NULL && c->now_ns - a->syn.ts_ns >= for_ns)
            add(dials, a->syn.ts_ns, &a->server);
    }
    for (i = c->lookups.next; i != &c->lookups; i = i->next) {
        const struct lookup *l = list_entry(i, struct lookup, all);
        if (is_waiting(l) && c->now_ns - l->info.first_query.ts_ns >= for_ns)
            add(lookups, l->info.first_query.ts_ns, &l->info.server);
    }
}
