/* HAR's phases. They add up to the total: what lies between them counts as blocked. */
#include "trace/build.h"

/* Phases follow each other: what one shares with the one before (TCP Fast Open sends while it connects, some servers
 * answer while they are asked) belongs to the first. */
struct walk {
    int64_t at_ns, end_ns, used_ns;
};

static int64_t take(struct walk *w, int64_t from_ns, int64_t to_ns)
{
    int64_t from = from_ns > w->at_ns ? from_ns : w->at_ns, to = to_ns < w->end_ns ? to_ns : w->end_ns;

    if (to <= from)
        return 0;
    w->at_ns = to;
    w->used_ns += to - from;
    return to - from;
}

void phases_fill(struct trace *t)
{
    const struct exchange *e = t->e;
    struct p2t_phases *p = &t->out.phases;
    struct walk w = {.at_ns = t->out.start_ns, .end_ns = t->out.end_ns};
    int64_t sent = e->request.last.ts_ns, answered = e->response.first.ts_ns;

    *p = (struct p2t_phases){-1, -1, -1, -1, -1, -1, -1, t->out.end_ns - t->out.start_ns};
    if (t->has_dns)
        p->dns_ns = take(&w, e->lookup->first_query.ts_ns, t->dns_done_ns);
    if (t->has_connect)
        p->connect_ns = take(&w, e->attempts[0].syn.ts_ns, t->connect_done_ns);
    if (e->request.seen) {
        p->send_ns = take(&w, e->request.first.ts_ns, sent);
        p->wait_ns = take(&w, sent, mark_set(&e->response.first) ? answered : t->out.end_ns);
    }
    if (mark_set(&e->response.first))
        p->receive_ns = take(&w, answered, t->out.end_ns);
    p->blocked_ns = p->total_ns - w.used_ns;
}
