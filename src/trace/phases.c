/* HAR's phases: stretches of the time from start to end that do not overlap. What lies between them counts as blocked, so
 * that they add up to the total. */
#include "trace/build.h"

/* Where the phases so far end. */
struct cursor {
    int64_t at_ns, end_ns, sum_ns;
};

/* The part of [from, to] that comes after the phases before it. */
static int64_t stretch(struct cursor *c, int64_t from, int64_t to)
{
    if (from < c->at_ns)
        from = c->at_ns;
    if (to > c->end_ns)
        to = c->end_ns;
    if (to <= from)
        return 0;
    c->at_ns = to;
    c->sum_ns += to - from;
    return to - from;
}

/* The first packet of the response proper; after an interim one (RFC 9110 15.2) the server still works on that. */
static const struct packet_mark *response_begin(const struct exchange_response *r)
{
    return r->interim_count > 0 && r->bad == 0 ? &r->head_end : &r->first;
}

static void fill_messages(struct p2t_phases *p, struct cursor *c, const struct exchange *e)
{
    const struct packet_mark *begin = response_begin(&e->response);
    bool answered = mark_set(begin) && !e->response.unread;
    int64_t sent = e->request.last.ts_ns;

    if (e->request.seen) {
        p->send_ns = stretch(c, e->request.first.ts_ns, sent);
        p->wait_ns = stretch(c, sent, answered ? begin->ts_ns : c->end_ns);
    }
    if (answered)
        p->receive_ns = stretch(c, begin->ts_ns, c->end_ns);
}

void phases_fill(struct trace *t)
{
    struct p2t_phases *p = &t->out.phases;
    struct cursor c = {t->out.start_ns, t->out.end_ns, 0};

    *p = (struct p2t_phases){
        .dns_ns = -1, .connect_ns = -1, .tls_ns = -1, .send_ns = -1, .wait_ns = -1, .receive_ns = -1};
    if (t->dns.known)
        p->dns_ns = stretch(&c, t->dns.from_ns, t->dns.to_ns);
    if (t->connect.known)
        p->connect_ns = stretch(&c, t->connect.from_ns, t->connect.to_ns);
    if (t->tls_phase.known)
        p->tls_ns = stretch(&c, t->tls_phase.from_ns, t->tls_phase.to_ns);
    fill_messages(p, &c, t->e);
    p->total_ns = t->out.end_ns - t->out.start_ns;
    p->blocked_ns = p->total_ns - c.sum_ns;
}
