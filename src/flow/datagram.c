/* UDP datagrams, and ICMP errors about either protocol. */
#include "flow/internal.h"

enum { COMPARED_BYTES = 512 };

/* No padding. */
struct datagram_id {
    uint8_t src[16], dst[16], quoted_src[16], quoted_dst[16];
    uint64_t bytes;
    uint32_t len, quoted_seq;
    uint16_t src_port, dst_port, quoted_src_port, quoted_dst_port;
    uint16_t ip_id;
    uint8_t kind, type, code, quoted_kind;
    uint8_t partial, unused;
};

static bool is_same(struct flow_table *t, const struct packet *p)
{
    size_t n = p->payload.n < COMPARED_BYTES ? p->payload.n : COMPARED_BYTES;
    struct datagram_id id = {
        .len = p->payload_len, .ip_id = p->ip_id, .kind = (uint8_t)p->kind, .partial = p->partial};
    struct flow_print print = {.window_ns = t->limits.duplicate_window_ns};

    memcpy(id.src, p->src.ip.bytes, sizeof id.src);
    memcpy(id.dst, p->dst.ip.bytes, sizeof id.dst);
    id.src_port = p->src.port;
    id.dst_port = p->dst.port;
    id.bytes = hash_bytes(p->payload.p, n);
    if (p->kind == PACKET_ICMP_ERROR) {
        memcpy(id.quoted_src, p->icmp.quoted_src.ip.bytes, sizeof id.quoted_src);
        memcpy(id.quoted_dst, p->icmp.quoted_dst.ip.bytes, sizeof id.quoted_dst);
        id.quoted_src_port = p->icmp.quoted_src.port;
        id.quoted_dst_port = p->icmp.quoted_dst.port;
        id.quoted_seq = p->icmp.quoted_seq;
        id.quoted_kind = p->icmp.quoted_kind;
        id.type = p->icmp.type;
        id.code = p->icmp.code;
    }
    print.value = hash_bytes(&id, sizeof id);
    if (p->ip_id == 0 && print.window_ns > FLOW_WEAK_WINDOW_NS)
        print.window_ns = FLOW_WEAK_WINDOW_NS;
    bool copy = flow_recent_seen(&t->recent, print, t->now_ns);
    t->counters.duplicates += copy;
    return copy;
}

/* Gives *p the addresses it is reported under, in *room where those are others. */
static bool is_copy(struct flow_table *t, const struct packet **p, struct packet *room)
{
    if (flow_nat_concerns(*p)) {
        *room = **p;
        *p = room;
        if (flow_nat_translate(t, room)) {
            t->counters.duplicates++;
            return true;
        }
    }
    return is_same(t, *p);
}

void flow_udp(struct flow_table *t, const struct packet *p)
{
    struct packet room;

    t->counters.udp_packets++;
    if (is_copy(t, &p, &room))
        return;
    t->counters.cut_bytes += p->payload_len > p->payload.n ? p->payload_len - p->payload.n : 0;
    struct flow_datagram d = {p->mark, p->src, p->dst, p->path, p->payload, p->payload_len, p->partial};
    t->sink.udp(t->sink.ctx, &d);
}

static bool quotes(const struct flow_key_node *n, const struct flow_lookup *l, uint32_t seq)
{
    const struct flow_half *h = &n->conn->half[flow_key_side(n, l)];
    return h->base_from != FLOW_BASE_NONE && flow_near(h, seq);
}

/* The reporter may be on another path than the connection. */
static struct flow_key_node *quoted_by(const struct flow_table *t, const struct packet *p,
                                       const struct flow_lookup *l)
{
    struct flow_key_node *found = NULL;

    for (struct flow_key_node *n = flow_key_first(&t->keys, l); n != NULL; n = flow_key_next(n, l)) {
        if (!quotes(n, l, p->icmp.quoted_seq))
            continue;
        if (n->path == p->path)
            return n;
        if (found == NULL || n->conn->head.number < found->conn->head.number)
            found = n;
    }
    return found;
}

/* Nothing listens there, or no way leads there, and the kernel that sent the SYN learns of it: it may never have left, as where
 * ARP is not answered. A message about its time to live tells of a probe. */
static bool quotes_unseen_syn(const struct packet *p)
{
    enum { UNREACHABLE_V4 = 3, UNREACHABLE_V6 = 1, FRAGMENTATION_NEEDED = 4 };
    const struct packet_icmp *icmp = &p->icmp;

    if ((icmp->quoted_flags & (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_SYN || !ip_eq(&p->dst.ip, &icmp->quoted_src.ip))
        return false;
    return p->src.ip.family == 6 ? icmp->type == UNREACHABLE_V6
                                 : icmp->type == UNREACHABLE_V4 && icmp->code != FRAGMENTATION_NEEDED;
}

bool flow_icmp_unseen(const struct flow_table *t, const struct packet *p, struct packet *syn)
{
    const struct packet_icmp *icmp = &p->icmp;
    struct flow_lookup l;

    if (icmp->quoted_kind != PACKET_TCP || !quotes_unseen_syn(p))
        return false;
    flow_lookup_init(&l, &icmp->quoted_src, &icmp->quoted_dst);
    if (quoted_by(t, p, &l) != NULL)
        return false;
    *syn = (struct packet){.mark = p->mark, .kind = PACKET_TCP, .path = p->path};
    syn->src = icmp->quoted_src;
    syn->dst = icmp->quoted_dst;
    syn->tcp = (struct packet_tcp){.seq = icmp->quoted_seq, .flags = TCP_SYN, .window_scale = -1};
    return true;
}

static void about_tcp(struct flow_table *t, const struct packet *p)
{
    const struct packet_icmp *icmp = &p->icmp;
    struct flow_lookup l;

    flow_lookup_init(&l, &icmp->quoted_src, &icmp->quoted_dst);
    const struct flow_key_node *found = quoted_by(t, p, &l);
    if (found == NULL) {
        t->counters.out_of_window++;
        return;
    }
    struct flow_event e = {
        .kind = FLOW_ICMP,
        .dir = flow_dir_of(found->conn, flow_key_side(found, &l)),
        .mark = p->mark,
        .icmp_type = icmp->type,
        .icmp_code = icmp->code,
        .icmp_family = p->src.ip.family,
        .reporter = p->src.ip,
    };
    t->sink.tcp_event(t->sink.ctx, &found->conn->head, &e);
}

void flow_icmp(struct flow_table *t, const struct packet *p)
{
    struct packet room;

    t->counters.icmp_errors++;
    if (is_copy(t, &p, &room))
        return;
    const struct packet_icmp *icmp = &p->icmp;
    if (icmp->quoted_kind == PACKET_TCP) {
        about_tcp(t, p);
        return;
    }
    struct flow_udp_error e = {p->mark,    icmp->quoted_src, icmp->quoted_dst, p->src.ip,  p->src.ip.family,
                               icmp->type, icmp->code,       p->path,          p->payload, p->payload_len};
    t->sink.udp_error(t->sink.ctx, &e);
}
