/* Which of the frames fed so far a session would have to be fed again to stand where it stands: those of connections
 * that live or that something undecided rests on, and those of the lookups around them. */
#include <stdlib.h>

#include "base/arena.h"
#include "packet/decode.h"
#include "proto/conn.h"
#include "session/carry.h"
#include "session/feed.h"

enum { DNS_PORT = 53 };
/* A lookup that a connection follows was answered at most this long before its SYN. */
static const int64_t BEFORE_SYN_NS = 10000000000;
/* Copies of a datagram, and answers to a question whose lookup is over, come no later. */
static const int64_t LATELY_NS = 12000000000;
static const int64_t FRAGMENTS_NS = 30000000000;

/* Bounds what a checkpoint holds, and with it the time it takes: connections that live for days. */
#define CONN_BYTES     ((uint64_t)32 << 20)
#define TOTAL_BYTES    ((uint64_t)1 << 30)
#define FRAGMENT_BYTES ((uint64_t)4 << 20)

struct wanted {
    struct hmap_node node;
    struct flow_key key;
    bool any_path;
    uint32_t path;
    struct packet_ref first;
    bool other;              /* wanted for an exchange of another connection */
    struct carry_conn *conn; /* NULL: not tracked */
    uint64_t bytes;
};

/* DNS packets of one host in a stretch of time. */
struct stretch {
    struct ip_addr ip;
    int64_t from_ns, to_ns;
};

struct carry_pass {
    struct carry *carry;
    struct packet_decoder *decoder;
    struct arena memory;
    struct hmap wanted;
    struct stretch *stretches;
    size_t stretch_n, stretch_cap;
    int64_t now_ns;
    uint64_t fragment_bytes;
    struct carry_pass_counts counts;
    bool failed;
};

/* ---- what is wanted ---- */

static void want_lookups(struct carry_pass *p, const struct ip_addr *ip, int64_t from_ns, int64_t to_ns)
{
    if (p->stretch_n == p->stretch_cap) {
        size_t cap = p->stretch_cap == 0 ? 64 : p->stretch_cap * 2;
        struct stretch *s = realloc(p->stretches, cap * sizeof *s);
        if (s == NULL) {
            p->failed = true;
            return;
        }
        p->stretches = s;
        p->stretch_cap = cap;
    }
    p->stretches[p->stretch_n++] = (struct stretch){*ip, from_ns, to_ns};
}

static bool same_path(const struct wanted *w, uint32_t path)
{
    return w->any_path || w->path == path;
}

static struct wanted *find_exactly(const struct carry_pass *p, const struct flow_lookup *l, const struct wanted *like)
{
    for (struct hmap_node *n = hmap_first(&p->wanted, l->hash); n != NULL; n = hmap_next(n)) {
        struct wanted *w = hmap_entry(n, struct wanted, node);
        if (memcmp(&w->key, &l->key, sizeof w->key) == 0 && w->any_path == like->any_path && w->path == like->path &&
            w->first.file == like->first.file && w->first.number == like->first.number)
            return w;
    }
    return NULL;
}

static void want(struct carry_pass *p, const struct endpoint *a, const struct endpoint *b, const struct wanted *like)
{
    struct flow_lookup l;

    flow_lookup_init(&l, a, b);
    struct wanted *w = find_exactly(p, &l, like);
    if (w != NULL) {
        if (w->conn != NULL && like->other)
            w->conn->needed = true;
        return;
    }
    w = arena_alloc(&p->memory, sizeof *w);
    if (w == NULL) {
        p->failed = true;
        return;
    }
    *w = *like;
    w->key = l.key;
    w->conn = carry_find(p->carry, like->first);
    if (w->conn != NULL && like->other)
        w->conn->needed = true;
    p->failed |= hmap_insert(&p->wanted, &w->node, l.hash) != 0;
}

static void want_open(void *ctx, struct flow_tcp *conn, const struct endpoint *a, const struct endpoint *b,
                      uint32_t path)
{
    struct carry_pass *p = ctx;
    struct wanted like = {.path = path, .first = conn->first.ref};

    want(p, a, b, &like);
    want_lookups(p, &conn->client.ip, conn->first.ts_ns - BEFORE_SYN_NS, conn->first.ts_ns);
}

static void want_need(void *ctx, const struct correlate_need *need)
{
    struct carry_pass *p = ctx;
    struct wanted like = {.any_path = true, .other = need->other, .first = need->first.ref};

    if (need->first.ref.number == 0)
        return;
    if (need->server.ip.family == 0) {
        want_lookups(p, &need->client.ip, need->first.ts_ns, need->last_ns);
        return;
    }
    want(p, &need->client, &need->server, &like);
    want_lookups(p, &need->client.ip, need->first.ts_ns - BEFORE_SYN_NS, need->first.ts_ns);
}

static void want_closed(struct carry_pass *p)
{
    for (const struct carry_conn *cc = p->carry->closed_first; cc != NULL; cc = cc->closed_next) {
        struct wanted like = {.path = cc->path, .first = cc->first};
        want(p, &cc->client, &cc->server, &like);
    }
}

static int by_ip_and_time(const void *a, const void *b)
{
    const struct stretch *x = a, *y = b;
    int ip = memcmp(&x->ip, &y->ip, sizeof x->ip);

    if (ip != 0)
        return ip;
    return x->from_ns != y->from_ns ? (x->from_ns < y->from_ns ? -1 : 1) : 0;
}

/* Sorted, and without overlap, so that a search finds the one that may hold a moment. */
static void merge_stretches(struct carry_pass *p)
{
    size_t kept = 0;

    if (p->stretch_n == 0)
        return;
    qsort(p->stretches, p->stretch_n, sizeof *p->stretches, by_ip_and_time);
    for (size_t i = 1; i < p->stretch_n; i++) {
        struct stretch *last = &p->stretches[kept], *s = &p->stretches[i];
        if (!ip_eq(&last->ip, &s->ip) || s->from_ns > last->to_ns)
            p->stretches[++kept] = *s;
        else if (s->to_ns > last->to_ns)
            last->to_ns = s->to_ns;
    }
    p->stretch_n = kept + 1;
}

static void begin_conns(struct carry *c)
{
    for (size_t i = 0; c->conns.buckets != NULL && i <= c->conns.mask; i++)
        for (struct hmap_node *n = c->conns.buckets[i]; n != NULL; n = n->next) {
            struct carry_conn *cc = hmap_entry(n, struct carry_conn, node);
            cc->needed = cc->placed = false;
        }
}

static void choose_places(struct carry *c)
{
    for (size_t i = 0; c->conns.buckets != NULL && i <= c->conns.mask; i++)
        for (struct hmap_node *n = c->conns.buckets[i]; n != NULL; n = n->next)
            carry_place_choose(c, hmap_entry(n, struct carry_conn, node));
}

struct carry_pass *carry_pass_new(struct p2t_session *s)
{
    struct carry_source source = session_carry_source(s);
    struct carry_pass *p = calloc(1, sizeof *p);

    if (p == NULL)
        return NULL;
    p->carry = source.carry;
    p->now_ns = source.carry->last_ns;
    begin_conns(p->carry);
    p->decoder = packet_decoder_new(NULL);
    flow_table_each(source.flows, want_open, p);
    correlate_each_need(source.correlate, want_need, p);
    want_closed(p);
    merge_stretches(p);
    choose_places(p->carry);
    if (!p->failed && p->decoder != NULL)
        return p;
    carry_pass_free(p);
    return NULL;
}

void carry_pass_free(struct carry_pass *p)
{
    if (p == NULL)
        return;
    packet_decoder_free(p->decoder);
    hmap_fini(&p->wanted);
    arena_fini(&p->memory);
    free(p->stretches);
    free(p);
}

struct carry_pass_counts carry_pass_counts(const struct carry_pass *p)
{
    return p->counts;
}

/* ---- frames ---- */

static bool lately(const struct carry_pass *p, const struct input_frame *frame)
{
    return p->now_ns - frame->ts_ns <= LATELY_NS;
}

static bool in_stretch(const struct carry_pass *p, const struct ip_addr *ip, int64_t ts_ns)
{
    size_t low = 0, high = p->stretch_n;

    while (low < high) { /* the first one that begins later */
        size_t mid = low + (high - low) / 2;
        const struct stretch *s = &p->stretches[mid];
        int order = memcmp(&s->ip, ip, sizeof *ip);
        if (order > 0 || (order == 0 && s->from_ns > ts_ns))
            high = mid;
        else
            low = mid + 1;
    }
    return low > 0 && ip_eq(&p->stretches[low - 1].ip, ip) && ts_ns <= p->stretches[low - 1].to_ns;
}

static bool wants_lookup(const struct carry_pass *p, const struct input_frame *frame, const struct endpoint *a,
                         const struct endpoint *b)
{
    return lately(p, frame) || in_stretch(p, &a->ip, frame->ts_ns) || in_stretch(p, &b->ip, frame->ts_ns);
}

static bool fits_connection(struct carry_pass *p, struct carry_conn *cc, struct wanted *w, struct packet_ref ref,
                            uint32_t bytes)
{
    if (cc == NULL)
        return true;
    if (cc->from.number != 0 && ref_before(ref, cc->from))
        return false;
    w->bytes += bytes;
    if (w->bytes <= CONN_BYTES)
        return true;
    if (w->bytes - bytes <= CONN_BYTES) {
        p->counts.connections_cut++;
        cc->from = ref;
    }
    return false;
}

static bool cut_payload(struct input_frame *frame, const struct packet *packet)
{
    if (packet->payload.n == 0)
        return true;
    if (packet->payload.p < frame->bytes || packet->payload.p >= frame->bytes + frame->cap_len)
        return false; /* of a reassembled datagram */
    frame->cap_len = (uint32_t)(packet->payload.p - frame->bytes);
    return true;
}

static bool place(struct carry_conn *cc, struct buf *out)
{
    if (cc->placed)
        return false;
    cc->placed = true;
    carry_place_save(cc, out);
    return true;
}

/* A packet before the place that its connection is taken to. That happens as soon as its head is over, so that nothing
 * else waits for what came next in it. */
static enum carry_verdict before_place(struct carry_conn *cc, struct input_frame *frame, const struct packet *packet,
                                       struct buf *out)
{
    const struct packet_ref ref = {frame->number, frame->file};
    bool head = !ref_before(cc->head_to, ref);
    bool whole = head && cc->used->position == CARRY_NO_POSITION;

    if (packet != NULL && (head || (packet->tcp.flags & (TCP_SYN | TCP_FIN | TCP_RST)) != 0) &&
        (whole || cut_payload(frame, packet))) {
        if (!ref_before(ref, cc->head_to))
            (void)place(cc, out);
        return CARRY_FRAME;
    }
    return place(cc, out) ? CARRY_PLACE : CARRY_NOTHING;
}

static enum carry_verdict take_tcp(struct carry_pass *p, struct wanted *w, struct input_frame *frame,
                                   const struct packet *packet, struct buf *out)
{
    const struct packet_ref ref = {frame->number, frame->file};
    struct carry_conn *cc = w->conn;

    if (cc != NULL && cc->used != NULL && ref_before(ref, cc->used->ref))
        return before_place(cc, frame, packet, out);
    return fits_connection(p, cc, w, ref, frame->cap_len) ? CARRY_FRAME : CARRY_NOTHING;
}

struct ends {
    const struct endpoint *a, *b;
    uint32_t path;
    bool any_path;
};

/* packet: NULL for an ICMP error about the connection. */
static enum carry_verdict wants_tcp(struct carry_pass *p, struct input_frame *frame, const struct ends *ends,
                                    const struct packet *packet, struct buf *out)
{
    const struct packet_ref ref = {frame->number, frame->file};
    struct flow_lookup l;

    flow_lookup_init(&l, ends->a, ends->b);
    for (struct hmap_node *n = hmap_first(&p->wanted, l.hash); n != NULL; n = hmap_next(n)) {
        struct wanted *w = hmap_entry(n, struct wanted, node);
        if (memcmp(&w->key, &l.key, sizeof w->key) != 0 || !(ends->any_path || same_path(w, ends->path)) ||
            ref_before(ref, w->first))
            continue;
        enum carry_verdict verdict = take_tcp(p, w, frame, packet, out);
        if (verdict != CARRY_NOTHING)
            return verdict;
    }
    bool dns = ends->a->port == DNS_PORT || ends->b->port == DNS_PORT;
    return dns && wants_lookup(p, frame, ends->a, ends->b) ? CARRY_FRAME : CARRY_NOTHING;
}

static enum carry_verdict wants_packet(struct carry_pass *p, struct input_frame *frame, const struct packet *packet,
                                       struct buf *out)
{
    const struct flow_datagram d = {packet->mark, packet->src,     packet->dst,
                                    packet->path, packet->payload, packet->payload_len};
    const struct packet_icmp *icmp = &packet->icmp;

    if (packet->kind == PACKET_TCP)
        return wants_tcp(p, frame, &(struct ends){&packet->src, &packet->dst, packet->path, false}, packet, out);
    if (packet->kind == PACKET_ICMP_ERROR && icmp->quoted_kind == PACKET_TCP)
        return wants_tcp(p, frame, &(struct ends){&icmp->quoted_src, &icmp->quoted_dst, packet->path, true}, NULL,
                         out);
    bool wanted = packet->kind == PACKET_UDP
                      ? wants_lookup(p, frame, &packet->src, &packet->dst) && proto_speaks_dns(&d)
                      : wants_lookup(p, frame, &icmp->quoted_src, &icmp->quoted_dst);
    return wanted ? CARRY_FRAME : CARRY_NOTHING;
}

/* Whose it is shows only when it is whole. */
static bool wants_fragment(struct carry_pass *p, const struct input_frame *frame)
{
    if (p->now_ns - frame->ts_ns <= FRAGMENTS_NS)
        return true;
    p->fragment_bytes += frame->cap_len;
    return p->fragment_bytes <= FRAGMENT_BYTES;
}

enum carry_verdict carry_pass_frame(struct carry_pass *p, struct input_frame *frame, struct buf *out)
{
    struct packet packet;
    enum packet_drop why = packet_decode(p->decoder, frame, &packet);
    enum carry_verdict verdict = CARRY_NOTHING;

    if (why == PACKET_DECODED)
        verdict = wants_packet(p, frame, &packet, out);
    else if (why == PACKET_DROP_FRAGMENT && wants_fragment(p, frame))
        verdict = CARRY_FRAME;
    if (verdict != CARRY_FRAME)
        return verdict;
    if (p->counts.bytes + frame->cap_len > TOTAL_BYTES) {
        p->counts.frames_cut++;
        return CARRY_NOTHING;
    }
    p->counts.frames++;
    p->counts.bytes += frame->cap_len;
    return CARRY_FRAME;
}

enum carry_verdict carry_pass_place(struct carry_pass *p, struct slice old, struct buf *out)
{
    struct packet_ref first;
    struct carry_conn *cc = carry_place_whose(old, &first) ? carry_find(p->carry, first) : NULL;

    bool live = cc != NULL && cc->flow != NULL && cc->used != NULL;
    return live && place(cc, out) ? CARRY_PLACE : CARRY_NOTHING;
}
