/* Grouping of DNS packets into lookups, as one DNSStart/DNSDone pair sees them: both address types, search names,
 * retries, servers, and TCP after truncation. */
#include "correlate/lookup/lookup.h"
#include "correlate/outbox.h"
#include "correlate/timers.h"

/* After each packet: what is it waiting for now, and until when? */
static void wait_on(struct correlate *c, struct lookup *l, int64_t now)
{
    int64_t wait = FOLLOW_NS;

    if (lookup_outstanding(l))
        wait = (l->retry_gap_ns > 0 ? l->retry_gap_ns : LOOKUP_TIMEOUT_NS) + QUERY_SLACK_NS;
    else if (l->info.addr_count > 0)
        wait = DIAL_FOLLOWS_NS;
    timer_set(c, &l->timer, TIMER_LOOKUP, now + wait);
    if (l->users == 0)
        outbox_hold(c, &l->hold, now);
}

/* ---- questions ---- */

static void remember_query(struct correlate *c, struct lookup *l, const struct fact *f, int lane)
{
    const struct dns_message *m = f->as.dns.message;
    struct lookup_query *q = lookup_query_find(c, f, m->id, m->qtype);

    if (q != NULL && q->lookup == l) {
        q->lane = lane;
        return;
    }
    if (c->queries.count >= c->limits.pending_queries) {
        c->counters.queries_evicted++;
        return;
    }
    lookup_index_query(
        c, l,
        &(struct lookup_query){
            .id = m->id, .type = m->qtype, .lane = lane, .client = f->as.dns.src, .server = f->as.dns.dst});
}

static bool knows_server(const struct lookup *l, const struct endpoint *server)
{
    for (uint32_t i = 0; i < l->info.servers; i++)
        if (endpoint_eq(&l->servers[i], server))
            return true;
    return false;
}

static bool tries_left(const struct lookup *l, const struct lookup_lane *lane, const struct endpoint *server)
{
    return lane->tries < LOOKUP_ATTEMPTS * (l->info.servers + !knows_server(l, server));
}

/* The same question with the same id: musl asks all its servers at once, and glibc keeps its ids over all retries and
 * sockets, repeating the type that was answered when the other was not. */
static bool repeats_question(const struct lookup *l, const struct dns_message *m)
{
    for (const struct lookup_query *q = l->queries; q != NULL; q = q->next)
        if (q->id == m->id && q->type == m->qtype)
            return true;
    return false;
}

static bool continues_same_name(const struct lookup *l, const struct fact *f, int i)
{
    const struct lookup_lane *lane = &l->lane[i];
    int64_t since_query = f->mark.ts_ns - lane->last_query.ts_ns;

    if (l->users > 0 || l->reported)
        return false;
    if (repeats_question(l, f->as.dns.message))
        return true;
    switch (lane->state) {
    case LANE_IDLE:
        return f->mark.ts_ns - l->info.last_query.ts_ns < QUERY_RETRY_MIN_NS || lookup_outstanding(l);
    case LANE_ASKED:
        return since_query >= QUERY_RETRY_MIN_NS && tries_left(l, lane, &f->as.dns.dst);
    case LANE_TRUNCATED:
        return f->as.dns.over_tcp || since_query >= QUERY_RETRY_MIN_NS;
    case LANE_ERROR:
    case LANE_LAME:
    case LANE_REFUSED:
        return f->mark.ts_ns - lane->last_answer.ts_ns <= FOLLOW_NS && tries_left(l, lane, &f->as.dns.dst);
    default:
        return false;
    }
}

/* A search list goes on to its next name when the last one had no address, or did not answer in time. */
static bool continues_next_name(const struct lookup *l, const struct fact *f)
{
    if (l->info.addr_count > 0 || l->users > 0 || l->reported)
        return false;
    if (lookup_outstanding(l))
        return f->mark.ts_ns - l->info.last_query.ts_ns >= QUERY_RETRY_MIN_NS;
    return f->mark.ts_ns - l->info.last_answer.ts_ns <= WALK_NS;
}

/* How much of two names is the same, in whole labels from the left. */
static size_t common_labels(struct slice a, struct slice b)
{
    size_t i = 0, whole = 0;

    for (; i < a.n && i < b.n && slice_ieq(slice_of(a.p + i, 1), slice_of(b.p + i, 1)); i++)
        if (a.p[i] == '.')
            whole = i;
    bool ends = (i == a.n && (i == b.n || b.p[i] == '.')) || (i == b.n && a.p[i] == '.');
    return ends ? i : whole;
}

static struct lookup *lookup_of_query(struct correlate *c, const struct fact *f, struct slice name, int lane)
{
    struct hmap_node *n = hmap_first(&c->lookups_by_label, lookup_label_hash(&f->as.dns.src.ip, name));

    for (; n != NULL; n = hmap_next(n)) {
        struct lookup *l = hmap_entry(n, struct lookup, by_label);
        if (l->closed || mark_set(&l->info.superseded) || !ip_eq(&l->client_ip, &f->as.dns.src.ip))
            continue;
        if (slice_ieq(l->name, name) ? continues_same_name(l, f, lane) : continues_next_name(l, f))
            return l;
    }
    return NULL;
}

/* Go sends one set of questions for a name at a time (singleflight): a new set says that the last was given up. */
static void superseded(struct correlate *c, const struct fact *f, struct slice name)
{
    struct hmap_node *n = hmap_first(&c->lookups_by_label, lookup_label_hash(&f->as.dns.src.ip, name));

    for (; n != NULL; n = hmap_next(n)) {
        struct lookup *l = hmap_entry(n, struct lookup, by_label);
        if (l->info.resolver == RESOLVER_GO && !l->closed && ip_eq(&l->client_ip, &f->as.dns.src.ip) &&
            lookup_outstanding(l) && slice_ieq(l->name, name) && !mark_set(&l->info.superseded))
            l->info.superseded = f->mark;
    }
}

static void next_name(struct correlate *c, struct lookup *l, struct slice name)
{
    lookup_forget_queries(c, l);
    l->name = arena_copy(&l->arena, name);
    l->info.host.n = common_labels(l->info.host, l->name);
    l->info.names++;
    l->lane[0] = l->lane[1] = (struct lookup_lane){0};
}

static void count_server(struct lookup *l, const struct endpoint *server)
{
    if (!knows_server(l, server) && l->info.servers < LOOKUP_SERVERS_MAX)
        l->servers[l->info.servers++] = *server;
}

static void ask(struct lookup *l, const struct fact *f, int i)
{
    const struct dns_message *m = f->as.dns.message;
    struct lookup_lane *lane = &l->lane[i];
    int64_t gap = f->mark.ts_ns - lane->last_query.ts_ns;

    if (lane->state == LANE_ASKED && gap >= QUERY_RETRY_MIN_NS)
        l->retry_gap_ns = gap;
    count_server(l, &f->as.dns.dst);
    lane->tries += !f->as.dns.over_tcp;
    lane->state = LANE_ASKED;
    lane->last_query = f->mark;
    l->info.last_query = f->mark;
    l->info.client = f->as.dns.src;
    l->info.server = f->as.dns.dst;
    l->info.queries++;
    l->info.over_tcp |= f->as.dns.over_tcp;
    /* Go's resolver offers 1232 bytes; glibc and musl send no OPT record unless told to. */
    l->info.resolver = m->has_opt && m->opt_udp_size == 1232 ? RESOLVER_GO : RESOLVER_OTHER;
}

static void on_query(struct correlate *c, const struct fact *f, int lane)
{
    const struct dns_message *m = f->as.dns.message;
    struct slice name = slice_of(m->qname, m->qname_len);
    struct lookup *l = lookup_of_query(c, f, name, lane);

    if (l == NULL)
        superseded(c, f, name);
    if (l == NULL && (l = lookup_new(c, f, name)) == NULL)
        return;
    if (!slice_ieq(l->name, name))
        next_name(c, l, name);
    ask(l, f, lane);
    remember_query(c, l, f, lane);
    wait_on(c, l, f->mark.ts_ns);
}

/* ---- answers ---- */

static void add_addr(struct correlate *c, struct lookup *l, const struct ip_addr *addr)
{
    struct exchange_lookup *info = &l->info;

    for (size_t i = 0; i < info->addr_count; i++)
        if (ip_eq(&info->addrs[i], addr))
            return;
    if (info->addr_count == LOOKUP_ADDRS_MAX) {
        info->addrs_dropped++;
        return;
    }
    info->addrs[info->addr_count++] = *addr;
    lookup_index_addr(c, l, addr);
}

/* RFC 1035 4.1.1; a server that neither knows nor asks others refers, lamely (RFC 1912 2.8). */
static enum lane_state lane_state_of(const struct dns_message *m, size_t addrs)
{
    if (m->tc)
        return LANE_TRUNCATED;
    if (addrs > 0)
        return LANE_OK;
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

/* The fact with the endpoints as the question had them. */
static struct fact as_question(const struct fact *f)
{
    struct fact q = *f;

    q.as.dns.src = f->as.dns.dst;
    q.as.dns.dst = f->as.dns.src;
    return q;
}

static void on_answer(struct correlate *c, const struct fact *f)
{
    const struct dns_message *m = f->as.dns.message;
    struct fact question = as_question(f);
    struct lookup_query *q = lookup_query_find(c, &question, m->id, m->qtype);

    if (q == NULL || !slice_ieq(q->lookup->name, slice_of(m->qname, m->qname_len))) {
        c->counters.dns_unsolicited++;
        return;
    }
    struct lookup *l = q->lookup;
    struct lookup_lane *lane = &l->lane[q->lane];
    if (l->closed || l->users > 0 || l->reported || (lane->state != LANE_ASKED && lane->state != LANE_TRUNCATED))
        return;
    lane->state = lane_state_of(m, take_addrs(c, l, m));
    lane->rcode = m->rcode;
    lane->last_answer = l->info.last_answer = f->mark;
    l->info.answers++;
    wait_on(c, l, f->mark.ts_ns);
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

/* RFC 1122 4.1.3.3: the ICMP error reaches the socket that asked. */
void lookup_error(struct correlate *c, const struct fact *f)
{
    const struct flow_udp_error *e = &f->as.dns_error;
    struct hmap_node *n = lookup_first_query(c, &e->quoted_src, &e->quoted_dst);

    for (; n != NULL; n = hmap_next(n)) {
        struct lookup_query *q = hmap_entry(n, struct lookup_query, node);
        struct lookup_lane *lane = &q->lookup->lane[q->lane];
        if (!endpoint_eq(&q->client, &e->quoted_src) || !endpoint_eq(&q->server, &e->quoted_dst) ||
            lane->state != LANE_ASKED)
            continue;
        lane->state = LANE_REFUSED;
        lane->last_answer = q->lookup->info.last_answer = f->mark;
        wait_on(c, q->lookup, f->mark.ts_ns);
        return;
    }
}
