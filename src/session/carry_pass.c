/* Selects, of the frames fed so far, those that rebuild a session's state: the frames of live connections. */
#include <stdlib.h>

#include "base/arena.h"
#include "packet/decode.h"
#include "proto/conn/conn.h"
#include "session/carry.h"
#include "session/feed.h"

/* A fragmented datagram is given up after this long. */
static const int64_t FRAGMENTS_NS = 30000000000;

/* Bound a checkpoint's size, and with it its time, when connections live for days. */
#define CONN_BYTES     ((uint64_t)32 << 20)
#define TOTAL_BYTES    ((uint64_t)1 << 30)
#define FRAGMENT_BYTES ((uint64_t)4 << 20)

/* A live connection. */
struct wanted {
    struct hmap_node node; /* by key */
    struct flow_key key;
    uint32_t path;
    struct packet_ref first;
    struct carry_conn *conn; /* NULL: not tracked */
    uint64_t bytes;          /* selected */
};

struct carry_pass {
    struct carry *carry;
    struct packet_decoder *decoder;
    struct arena memory;
    struct hmap wanted;
    int64_t now_ns;
    uint64_t fragment_bytes;
    struct carry_pass_counts counts;
    bool failed;
};

/* ---- what is wanted ---- */

static void want(void *ctx, struct flow_conn *conn, const struct endpoint *a, const struct endpoint *b, uint32_t path)
{
    struct carry_pass *p = ctx;
    struct wanted *w = arena_alloc(&p->memory, sizeof *w);
    struct flow_lookup l;

    if (w == NULL) {
        p->failed = true;
        return;
    }
    flow_lookup_init(&l, a, b);
    *w = (struct wanted){
        .key = l.key, .path = path, .first = conn->first.ref, .conn = carry_find(p->carry, conn->first.ref)};
    p->failed |= hmap_insert(&p->wanted, &w->node, l.hash) != 0;
}

static void choose_places(struct carry *c)
{
    struct hmap_walk w = hmap_walk(&c->conns);

    for (struct hmap_node *n; (n = hmap_step(&w)) != NULL;) {
        struct carry_conn *cc = hmap_entry(n, struct carry_conn, node);
        cc->placed = false;
        carry_place_choose(c, cc);
    }
}

struct carry_pass *carry_pass_new(struct p2t_session *s)
{
    struct carry_source source = session_carry_source(s);
    struct carry_pass *p = calloc(1, sizeof *p);

    if (p == NULL)
        return NULL;
    p->carry = source.carry;
    p->now_ns = source.carry->last_ns;
    p->decoder = packet_decoder_new(NULL);
    flow_table_each(source.flows, want, p);
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
    free(p);
}

struct carry_pass_counts carry_pass_counts(const struct carry_pass *p)
{
    return p->counts;
}

/* ---- frames ---- */

static bool is_recent(const struct carry_pass *p, const struct input_frame *frame)
{
    return p->now_ns - frame->ts_ns <= CARRY_DUPLICATES_NS;
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
        return false; /* in a reassembled datagram, not in the frame */
    frame->cap_len = (uint32_t)(packet->payload.p - frame->bytes);
    return true;
}

/* Writes the connection's place, once in a pass. */
static bool put_place(struct carry_conn *cc, struct buf *out)
{
    if (cc->placed)
        return false;
    cc->placed = true;
    carry_place_save(cc, out);
    return true;
}

/* A packet before the place that its connection is moved to. The place is written as soon as the connection's head is
 * complete: later packets of other connections may depend on its state. */
static enum carry_verdict before_place(struct carry_conn *cc, struct input_frame *frame, const struct packet *packet,
                                       struct buf *out)
{
    const struct packet_ref ref = packet_ref_of(frame->number, frame->file);
    bool head = !ref_before(cc->head_to, ref);
    bool whole = head && cc->used->number == CARRY_NO_NUMBER;

    if (packet != NULL && (head || (packet->tcp.flags & (TCP_SYN | TCP_FIN | TCP_RST)) != 0) &&
        (whole || cut_payload(frame, packet))) {
        if (!ref_before(ref, cc->head_to))
            (void)put_place(cc, out);
        return CARRY_FRAME;
    }
    return put_place(cc, out) ? CARRY_PLACE : CARRY_NOTHING;
}

static enum carry_verdict take_tcp(struct carry_pass *p, struct wanted *w, struct input_frame *frame,
                                   const struct packet *packet, struct buf *out)
{
    const struct packet_ref ref = packet_ref_of(frame->number, frame->file);
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
    const struct packet_ref ref = packet_ref_of(frame->number, frame->file);
    struct flow_lookup l;

    flow_lookup_init(&l, ends->a, ends->b);
    for (struct hmap_node *n = hmap_first(&p->wanted, l.hash); n != NULL; n = hmap_next(n)) {
        struct wanted *w = hmap_entry(n, struct wanted, node);
        if (memcmp(&w->key, &l.key, sizeof w->key) != 0 || !(ends->any_path || w->path == ends->path) ||
            ref_before(ref, w->first))
            continue;
        enum carry_verdict verdict = take_tcp(p, w, frame, packet, out);
        if (verdict != CARRY_NOTHING)
            return verdict;
    }
    return CARRY_NOTHING;
}

static enum carry_verdict wants_packet(struct carry_pass *p, struct input_frame *frame, const struct packet *packet,
                                       struct buf *out)
{
    const struct flow_datagram d = {packet->mark,    packet->src,         packet->dst,    packet->path,
                                    packet->payload, packet->payload_len, packet->partial};
    const struct packet_icmp *icmp = &packet->icmp;

    if (packet->kind == PACKET_TCP)
        return wants_tcp(p, frame, &(struct ends){&packet->src, &packet->dst, packet->path, false}, packet, out);
    if (packet->kind == PACKET_ICMP_ERROR && icmp->quoted_kind == PACKET_TCP)
        return wants_tcp(p, frame, &(struct ends){&icmp->quoted_src, &icmp->quoted_dst, packet->path, true}, NULL,
                         out);
    bool wanted = is_recent(p, frame) && (packet->kind != PACKET_UDP || proto_speaks_dns(&d));
    return wanted ? CARRY_FRAME : CARRY_NOTHING;
}

/* A fragment shows its connection only once the datagram is whole: keep recent ones, and older ones up to a limit. */
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

    if (why == PACKET_DECODED && !packet.partial)
        verdict = wants_packet(p, frame, &packet, out);
    else if ((why == PACKET_DECODED || why == PACKET_DROP_FRAGMENT) && wants_fragment(p, frame))
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
    return live && put_place(cc, out) ? CARRY_PLACE : CARRY_NOTHING;
}
