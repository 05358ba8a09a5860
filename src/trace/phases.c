/* HAR's phases. They add up to the total: what lies between them counts as blocked. */
#include "trace/build.h"

static int64_t at_least_zero(int64_t v)
{
    return v > 0 ? v : 0;
}

static int64_t receive_ns(const struct exchange *e)
{
    int64_t from = e->response.first.ts_ns;

    if (e->request.seen && e->request.last.ts_ns > from)
        from = e->request.last.ts_ns;
    return at_least_zero(e->end_ns - from);
}

void phases_fill(struct trace *t)
{
    const struct exchange *e = t->e;
    struct p2t_phases *p = &t->out.phases;
    bool answered = mark_set(&e->response.first);

    *p = (struct p2t_phases){.dns_ns = t->dns_ns,
                             .connect_ns = t->connect_ns,
                             .tls_ns = -1,
                             .send_ns = -1,
                             .wait_ns = -1,
                             .receive_ns = -1};
    if (e->request.seen)
        p->send_ns = at_least_zero(e->request.last.ts_ns - e->request.first.ts_ns);
    if (e->request.seen)
        p->wait_ns = at_least_zero((answered ? e->response.first.ts_ns : e->end_ns) - e->request.last.ts_ns);
    if (answered)
        p->receive_ns = receive_ns(e);
    p->total_ns = t->out.end_ns - t->out.start_ns;
    p->blocked_ns = p->total_ns;
    const int64_t parts[] = {p->dns_ns, p->connect_ns, p->send_ns, p->wait_ns, p->receive_ns};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        p->blocked_ns -= at_least_zero(parts[i]);
    p->blocked_ns = at_least_zero(p->blocked_ns);
}
