/* Grouping of DNS packets into lookups, as one DNSStart/DNSDone pair sees them: both address types, search names,
 * retries, servers, and TCP after truncation. */
#include "correlate/lookup/lookup.h"
#include "correlate/timers.h"

/* Questions kept of one lookup: resolvers ask fewer. */
enum { QUERIES_OF_LOOKUP_MAX = 32 };
/* After each packet: what is it waiting for now, and until when? */
static void wait_on(struct correlate *c, struct lookup *l, int64_t now)
{
    bool open = lookup_outstanding(l) || l->info.addr_count > 0 || l->lane[0].state == LANE_CUT ||
                l->lane[1].state == LANE_CUT;

    timer_set(c, &l->timer, TIMER_LOOKUP, now + (open ? LOOKUP_OPEN_NS : FOLLOW_NS));
}

/* ---- questions ---- */

static void forget_oldest_query(struct correlate *c, struct lookup *l)
{
    struct lookup_query **link = &l->queries;

    while ((*link)->next != NULL)
        link = &(*link)->next;
    lookup_unindex_query(c, *link);
    *link = NULL;
    l->query_count--;
}

static void remember_query(struct correlate *c, struct lookup *l, const struct fact *f, int lane)
{
    const struct dns_message *m = f->as.dns.message;
    struct lookup_query *q = lookup_query_find(c, &f->as.dns.src, &f->as.dns.dst, m->id, m->qtype);

    if (q != NULL && q->lookup == l) {
        q->lane = lane;
        return;
    }
    if (c->queries.count >= c->limits.pending_queries) {
        c->counters.queries_evicted++;
        return;
    }
    if (l->query_count == QUERIES_OF_LOOKUP_MAX)
        forget_oldest_query(c, l);
    lookup_index_query(c, l,
                       &(struct lookup_query){.id = m->id,
                                              .type = m->qtype,
                                              .lane = lane,
                                              .path = f->as.dns.path,
                                              .client = f->as.dns.src,
                                              .server = f->as.dns.dst});
}

static void note_silence(struct lookup *l, const struct fact *f)
{
    struct lookup_detours *d = endpoint_eq(&l->info.server, &f->as.dns.dst) ? NULL : lookup_take_detour(l);

    if (d != NULL && !mark_set(&d->silent.mark))
        d->silent = (struct lookup_trouble){l->info.last_query, l->info.server, 0};
}

static void turn_to(struct lookup *l, const struct endpoint *server)
{
    struct exchange_lookup *info = &l->info;

    if (endpoint_eq(&info->server, server))
        return;
    if (l->server_count < LOOKUP_SERVERS_MAX) {
        l->server_count += !lookup_asked_before(l, server);
        if (info->server.ip.family != 0 && !lookup_asked_before(l, &info->server))
            lookup_add_server(l, &info->server);
    }
    info->server = *server;
}

static void ask(struct lookup *l, const struct fact *f, int i)
{
    const struct dns_message *m = f->as.dns.message;
    struct lookup_lane *lane = &l->lane[i], *other = &l->lane[!i];
    int64_t gap = f->mark.ts_ns - lane->last_query.ts_ns;

    if (lane->state == LANE_ASKED && gap >= QUERY_RETRY_MIN_NS) {
        l->retry_gap_ns = gap;
        lane->same_id |= lookup_repeats_question(l, m);
        l->info.repeats++;
        note_silence(l, f);
    }
    if (lookup_is_superseded(l)) /* two callers ask at a time, each with a resolver of its own */
        lookup_take_detour(l)->superseded = (struct packet_mark){.ts_ns = 0};
    l->one_socket |= other->port == f->as.dns.src.port;
    l->asked_type[i] = true;
    turn_to(l, &f->as.dns.dst);
    lane->tries += !f->as.dns.over_tcp;
    lane->state = LANE_ASKED;
    lane->port = f->as.dns.src.port;
    lane->last_query = f->mark;
    l->info.last_query = f->mark;
    l->info.client = f->as.dns.src;
    l->info.queries++;
    l->info.over_tcp |= f->as.dns.over_tcp;
    l->info.resolver = lookup_resolver_of(m);
}

/* A copy of the question on its way through a NAT: its port and id are the same, and no resolver repeats itself so soon. */
static struct lookup_query *copied_query(struct correlate *c, const struct fact *f)
{
    const struct dns_message *m = f->as.dns.message;
    struct lookup_query *q = lookup_query_find(c, &f->as.dns.src, NULL, m->id, m->qtype);

    if (q == NULL || f->as.dns.over_tcp || endpoint_eq(&q->server, &f->as.dns.dst))
        return NULL;
    int64_t since = f->mark.ts_ns - q->lookup->lane[q->lane].last_query.ts_ns;
    return since <= NAT_COPY_NS && q->path != f->as.dns.path &&
                   slice_ieq(q->lookup->name, slice_of(m->qname, m->qname_len))
               ? q
               : NULL;
}

static bool is_loopback(const struct ip_addr *a)
{
    return a->family == 4 && a->bytes[0] == 127;
}

/* A resolver that was asked for the name, and has not answered, asks for it itself: systemd-resolved behind its stub
 * address, a forwarder behind its own. */
static bool asks_for(const struct lookup *l, const struct lookup *application)
{
    const struct ip_addr *resolver = &application->info.server.ip;
    bool same_host = ip_eq(resolver, &l->client_ip) || (is_loopback(resolver) && !is_loopback(&l->info.server.ip));

    return application != l && lookup_outstanding(application) && same_host && slice_ieq(application->name, l->name);
}

static void find_application(struct correlate *c, struct lookup *l)
{
    struct list_link *at = c->unused_lookups.prev;

    for (int looked_at = 0; at != &c->unused_lookups && looked_at < LOOKUP_LOOKED_AT_MAX; looked_at++) {
        const struct lookup *other = list_entry(at, struct lookup, unused);
        at = at->prev;
        if (!asks_for(l, other))
            continue;
        l->upstream_of = lookup_id(other);
        return;
    }
}

/* The second question of a socket whose first was answered, and followed, already: it begins nothing. Go has a socket for
 * each; a port that comes again is chance. */
static bool is_late_question(struct correlate *c, const struct fact *f, struct slice name)
{
    const struct lookup_query *q = lookup_query_of_socket(c, &f->as.dns.src, &f->as.dns.dst);

    if (q == NULL || !lookup_used(q->lookup) || q->type == f->as.dns.message->qtype ||
        q->lookup->info.resolver == RESOLVER_GO)
        return false;
    int64_t since = f->mark.ts_ns - q->lookup->info.last_query.ts_ns;
    return since <= OTHER_TYPE_NS && slice_ieq(q->lookup->name, name);
}

static void on_query(struct correlate *c, const struct fact *f, int lane)
{
    const struct dns_message *m = f->as.dns.message;
    struct slice name = slice_of(m->qname, m->qname_len);
    struct lookup_query *same = copied_query(c, f);

    if (same != NULL) {
        remember_query(c, same->lookup, f, lane);
        return;
    }
    if (is_late_question(c, f, name))
        return;
    struct lookup *l = lookup_of_query(c, f, name, lane);
    if (l == NULL)
        lookup_make_way(c, f, name);
    bool is_new = l == NULL;
    if (l == NULL && (l = lookup_new(c, f, name)) == NULL)
        return;
    if (!slice_ieq(l->name, name))
        walk_next(c, l, name);
    ask(l, f, lane);
    if (is_new)
        find_application(c, l);
    remember_query(c, l, f, lane);
    wait_on(c, l, f->mark.ts_ns);
}

/* ---- answers ---- */

static void add_addr(struct correlate *c, struct lookup *l, const struct ip_addr *addr)
{
    if (!lookup_gave(l, addr))
        lookup_index_addr(c, l, addr);
}

/* RFC 1035 4.1.1; a server that neither knows nor asks others refers, lamely (RFC 1912 2.8). */
static enum lane_state lane_state_of(const struct dns_message *m, size_t addrs)
{
    if (m->tc)
        return LANE_TRUNCATED;
    if (addrs > 0)
        return LANE_OK;
    if (m->rcode == DNS_NOERROR && m->status != READ_OK && m->answer_count > 0)
        return LANE_CUT;
    if (m->rcode == DNS_NXDOMAIN)
        return LANE_NXDOMAIN;
    if (m->rcode != DNS_NOERROR)
        return LANE_ERROR;
    return !m->aa && !m->ra && m->answer_count == 0 ? LANE_LAME : LANE_EMPTY;
}

static size_t take_addrs(struct correlate *c, struct lookup *l, const struct dns_message *m)
{
    size_t n = 0;

    for (uint16_t i = 0; i < m->answers; i++) {
        if (m->answer[i].addr.family == 0)
            continue;
        n++;
        if (!m->tc)
            add_addr(c, l, &m->answer[i].addr);
    }
    return n;
}

static void note_failure(struct lookup *l, const struct fact *f, enum lane_state state)
{
    struct lookup_detours *d = state == LANE_ERROR ? lookup_take_detour(l) : NULL;

    if (d != NULL && !mark_set(&d->failed.mark))
        d->failed = (struct lookup_trouble){f->mark, f->as.dns.src, f->as.dns.message->rcode};
}

/* f is an answer: its endpoints are the question's, the other way around. */
static struct lookup_query *asked(struct correlate *c, const struct fact *f)
{
    const struct dns_message *m = f->as.dns.message;
    struct lookup_query *q = lookup_query_find(c, &f->as.dns.dst, &f->as.dns.src, m->id, m->qtype);

    return q != NULL && slice_ieq(q->lookup->name, slice_of(m->qname, m->qname_len)) ? q : NULL;
}

static void note_part(struct lookup *l, const struct fact *f)
{
    struct lookup_detours *d = lookup_take_detour(l);

    if (d == NULL)
        return;
    d->partial = f->mark;
    d->partials++;
}

/* An answer's first fragment comes right before it. */
static void note_whole(struct lookup *l, const struct fact *f)
{
    struct lookup_detours *d = l->info.detours;

    if (d != NULL && mark_set(&d->partial) && f->mark.ts_ns - d->partial.ts_ns < FOLLOW_NS && --d->partials == 0)
        d->partial = (struct packet_mark){.ts_ns = 0};
}

/* An answer that claims to be older than its question: the capture's clock was set back in between. */
static struct packet_mark answer_mark(struct lookup *l, const struct lookup_lane *lane, const struct fact *f)
{
    struct packet_mark mark = f->mark;

    if (mark.ts_ns < lane->last_query.ts_ns) {
        mark.ts_ns = lane->last_query.ts_ns;
        l->info.clock_set_back = true;
    }
    return mark;
}

static void on_answer(struct correlate *c, const struct fact *f)
{
    const struct dns_message *m = f->as.dns.message;
    struct lookup_query *q = asked(c, f);

    if (q == NULL) {
        c->counters.dns_unsolicited++;
        return;
    }
    struct lookup *l = q->lookup;
    struct lookup_lane *lane = &l->lane[q->lane];
    if (l->closed || lookup_used(l) || (lane->state != LANE_ASKED && lane->state != LANE_TRUNCATED))
        return;
    if (f->as.dns.partial) {
        note_part(l, f);
        return;
    }
    lookup_take_up(c, l, q->lane, f->mark.ts_ns);
    lane->state = lane_state_of(m, take_addrs(c, l, m));
    lane->rcode = m->rcode;
    lane->last_answer = l->info.last_answer = answer_mark(l, lane, f);
    l->info.answers++;
    l->answer_cut |= m->status == READ_SHORT;
    note_failure(l, f, lane->state);
    note_whole(l, f);
    wait_on(c, l, lane->last_answer.ts_ns);
}

void lookup_message(struct correlate *c, const struct fact *f)
{
    const struct dns_message *m = f->as.dns.message;

    if (!m->has_question || m->opcode != 0 || (m->qtype != DNS_A && m->qtype != DNS_AAAA))
        return;
    if (m->is_response)
        on_answer(c, f);
    else
        on_query(c, f, m->qtype == DNS_AAAA);
}

/* ---- nobody there ---- */

static void refused(struct correlate *c, struct lookup *l, int lane, const struct packet_mark *mark)
{
    l->lane[lane].state = LANE_REFUSED;
    l->lane[lane].last_answer = l->info.last_answer = *mark;
    wait_on(c, l, mark->ts_ns);
}

/* RFC 1122 4.1.3.3: the ICMP error reaches the socket that asked. */
void lookup_error(struct correlate *c, const struct fact *f)
{
    const struct flow_udp_error *e = &f->as.dns_error.error;
    struct lookup_query *q = lookup_query_of_socket(c, &e->quoted_src, &e->quoted_dst);

    if (q == NULL || q->lookup->lane[q->lane].state != LANE_ASKED)
        return;
    struct lookup_detours *d = lookup_take_detour(q->lookup);
    if (d != NULL)
        d->icmp = (struct lookup_icmp){e->family, e->type, e->code};
    refused(c, q->lookup, q->lane, &f->mark);
}

static void refused_over_tcp(struct correlate *c, struct lookup *l, int lane, const struct packet_mark *mark)
{
    struct lookup_detours *d = lookup_take_detour(l);

    if (d != NULL)
        d->tcp_refused = *mark;
    refused(c, l, lane, mark);
}

void lookup_tcp_refused(struct correlate *c, const struct ip_addr *client, const struct endpoint *server,
                        const struct packet_mark *mark)
{
    struct list_link *at = c->unused_lookups.prev;

    for (int looked_at = 0; at != &c->unused_lookups && looked_at < LOOKUP_LOOKED_AT_MAX; looked_at++) {
        struct lookup *l = list_entry(at, struct lookup, unused);
        at = at->prev;
        if (l->closed || !ip_eq(&l->client_ip, client) || !ip_eq(&l->info.server.ip, &server->ip))
            continue;
        for (int lane = 0; lane < 2; lane++)
            if (l->lane[lane].state == LANE_TRUNCATED)
                refused_over_tcp(c, l, lane, mark);
    }
}
