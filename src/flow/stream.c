/* Puts one direction's bytes in order: each byte once, the first copy of it, with its own time. */
#include "flow/measure.h"

#include <stdlib.h>

#include "pcap2trace/status.h"

enum hold_result { HOLD_OK, HOLD_DIRECTION_FULL, HOLD_TABLE_FULL, HOLD_NO_MEMORY };

static uint64_t max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* a where both are the same moment, or where b is none. */
static struct packet_mark later(struct packet_mark a, struct packet_mark b)
{
    return b.ref.number != 0 && b.ts_ns > a.ts_ns ? b : a;
}

static void send_chunk(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct flow_chunk *chunk)
{
    struct flow_half *h = &c->half[side];

    h->next = c->head.delivered[chunk->dir] = chunk->offset + chunk->len;
    h->deliverable = chunk->deliverable;
    c->head.peer_acked[chunk->dir] = c->half[!side].acked;
    t->sink.tcp_chunk(t->sink.ctx, &c->head, chunk);
}

static void count_new(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct flow_part *p)
{
    struct flow_half *h = &c->half[side];

    h->high = max_u64(h->high, p->end);
    c->head.payload_bytes[flow_dir_of(c, side)] += p->end - p->off;
    t->counters.cut_bytes += p->end - p->off - p->bytes.n;
}

/* Fast path: straight from the packet's bytes. */
static void deliver_new(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct flow_part *p)
{
    struct slice bytes = {p->bytes.p, p->bytes.n}; /* not as one: a copy waits for what was just written in two */
    struct flow_chunk chunk = {flow_dir_of(c, side), p->off, bytes, p->end - p->off, false, false, p->mark, p->mark};

    count_new(t, c, side, p);
    send_chunk(t, c, side, &chunk);
}

static void release_if_empty(struct flow_table *t, struct flow_half *h)
{
    if (h->held == NULL || h->held->n > 0)
        return;
    list_remove(&h->held->link);
    free(h->held->segments);
    slab_give(&t->helds, h->held);
    h->held = NULL;
}

/* Delivers what is held right after the delivered bytes. `completed` is the packet that closed the gap before it, NULL
 * where the gap was given up. */
static void deliver_held(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet_mark *completed)
{
    struct flow_half *h = &c->half[side];

    for (struct flow_held_segment *s; (s = flow_held_first(h->held)) != NULL && s->off == h->next;) {
        size_t before = h->held->bytes;
        (void)flow_held_pop(h->held);
        flow_holds(t, before, h->held->bytes);
        struct flow_chunk chunk = {.dir = flow_dir_of(c, side),
                                   .offset = s->off,
                                   .bytes = slice_of(s->bytes, s->captured),
                                   .len = s->end - s->off,
                                   .seen = s->mark};
        chunk.deliverable = completed != NULL ? *completed : later(s->mark, h->deliverable);
        send_chunk(t, c, side, &chunk);
        free(s);
    }
    release_if_empty(t, h);
}

static void watch_next(struct flow_half *h)
{
    if (h->watch_to == 0 || h->next < h->watch_to)
        return;
    h->watch_to = h->acked > h->next ? h->acked : 0;
    h->watch = h->acked_at;
}

/* After deliveries: the next acknowledged hole is watched, and the FIN may be in order. */
static void settle(struct flow_table *t, struct flow_tcp *c, unsigned side)
{
    struct flow_half *h = &c->half[side];

    watch_next(h);
    if (h->fin_seen && !h->fin_in_order && h->next >= h->fin) {
        h->fin_in_order = true;
        flow_emit(t, c, side, FLOW_FIN_IN_ORDER, later(h->fin_mark, h->deliverable));
        if (c->half[!side].fin_in_order && c->class != FLOW_CLOSED)
            flow_tcp_set_class(t, c, FLOW_CLOSED);
    }
}

/* Delivers a hole up to `to`, which is not after the first held byte, and what follows it. */
static void skip_to(struct flow_table *t, struct flow_tcp *c, unsigned side, uint64_t to, struct packet_mark proof)
{
    struct flow_half *h = &c->half[side];
    const struct flow_held_segment *behind = flow_held_first(h->held);
    struct flow_chunk hole = {.dir = flow_dir_of(c, side),
                              .offset = h->next,
                              .len = to - h->next,
                              .lost = true,
                              .unacked = h->acked <= h->next,
                              .seen = proof};

    flow_stall_given_up(t, c, side, to, hole.unacked, proof);
    hole.deliverable = behind != NULL && behind->mark.ts_ns < proof.ts_ns ? behind->mark : proof;
    hole.deliverable = later(hole.deliverable, h->deliverable);
    h->base_from = FLOW_BASE_FIXED;
    h->high = max_u64(h->high, to);
    c->head.lost_bytes[hole.dir] += hole.len;
    t->counters.holes++;
    t->counters.hole_bytes += hole.len;
    send_chunk(t, c, side, &hole);
    deliver_held(t, c, side, NULL);
}

/* The first packet that shows that the bytes at `next` were there: it acknowledges them, or lies behind them. */
static struct packet_mark proof_of_hole(const struct flow_half *h, struct packet_mark otherwise)
{
    const struct flow_held_segment *behind = flow_held_first(h->held);

    if (h->watch_to > h->next && (behind == NULL || h->watch.ts_ns <= behind->mark.ts_ns))
        return h->watch;
    return behind != NULL ? behind->mark : otherwise;
}

/* Delivers the hole up to `to` in as many pieces as there are proofs that its bytes were there. */
static void skip_all(struct flow_table *t, struct flow_tcp *c, unsigned side, uint64_t to,
                     struct packet_mark otherwise)
{
    struct flow_half *h = &c->half[side];

    while (h->next < to) {
        uint64_t stop = h->watch_to > h->next && h->watch_to < to ? h->watch_to : to;
        skip_to(t, c, side, stop, proof_of_hole(h, otherwise));
        watch_next(h);
    }
}

void flow_stream_release(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet_mark *mark)
{
    c->keeps_syn_data = false;
    deliver_held(t, c, side, mark);
}

/* No packet will show any more whether the server took what came with the SYN. */
static void release_unasked(struct flow_table *t, struct flow_tcp *c, unsigned side)
{
    const struct flow_held_segment *first = flow_held_first(c->half[side].held);
    struct packet_mark own;

    if (first != NULL) /* a FIN may have cut it off */
        own = first->mark;
    flow_stream_release(t, c, side, first != NULL ? &own : NULL);
}

static void skip_held_holes(struct flow_table *t, struct flow_tcp *c, unsigned side)
{
    struct flow_half *h = &c->half[side];

    if (c->keeps_syn_data && side == c->client_side)
        release_unasked(t, c, side);
    for (const struct flow_held_segment *s; (s = flow_held_first(h->held)) != NULL;)
        skip_all(t, c, side, s->off, s->mark);
}

void flow_stream_flush(struct flow_table *t, struct flow_tcp *c, unsigned side)
{
    struct flow_half *h = &c->half[side];

    skip_held_holes(t, c, side);
    uint64_t end = max_u64(h->acked, h->fin_seen ? h->fin : 0);
    if (end > h->next)
        skip_all(t, c, side, end, h->acked > h->next ? h->acked_at : h->fin_mark);
    settle(t, c, side);
}

void flow_stream_expire(struct flow_table *t, struct flow_tcp *c, unsigned side)
{
    struct flow_half *h = &c->half[side];
    uint64_t patience = (uint64_t)t->limits.hole_patience_ns;

    if (c->keeps_syn_data)
        return;
    while (h->watch_to > h->next && flow_elapsed(t->now_ns, h->watch.ts_ns) > patience) {
        const struct flow_held_segment *s = flow_held_first(h->held);
        skip_to(t, c, side, s != NULL && s->off < h->watch_to ? s->off : h->watch_to, h->watch);
        settle(t, c, side);
    }
}

void flow_stream_acked(struct flow_half *h, uint64_t acked, struct packet_mark mark)
{
    h->acked = acked;
    if (acked <= h->next)
        return;
    h->acked_at = mark;
    if (h->watch_to == 0) {
        h->watch_to = acked;
        h->watch = mark;
    }
}

bool flow_stream_is_new(const struct flow_half *h, const struct flow_part *p)
{
    uint64_t at = max_u64(p->off, h->next);

    if (h->held == NULL || p->end <= at)
        return p->end > at;
    for (uint32_t i = flow_held_search(h->held, at); i < h->held->n && at < p->end; i++) {
        const struct flow_held_segment *s = h->held->segments[h->held->first + i];
        if (s->off > at)
            return true;
        at = s->end;
    }
    return at < p->end;
}

void flow_stream_compare(struct flow_table *t, const struct flow_half *h, const struct flow_part *p)
{
    for (uint32_t i = flow_held_search(h->held, p->off); i < h->held->n; i++) {
        const struct flow_held_segment *s = h->held->segments[h->held->first + i];
        if (s->off >= p->end)
            return;
        if (flow_held_conflicts(s, p)) {
            t->counters.overlaps_conflicting++;
            return;
        }
    }
}

static enum hold_result has_room(const struct flow_table *t, const struct flow_half *h, size_t cost)
{
    size_t bytes = h->held != NULL ? h->held->bytes : 0;
    uint32_t n = h->held != NULL ? h->held->n : 0;

    if (bytes + cost > t->limits.reorder_bytes || n >= t->limits.reorder_segments)
        return HOLD_DIRECTION_FULL;
    return t->held_bytes + cost > t->limits.reorder_bytes_total ? HOLD_TABLE_FULL : HOLD_OK;
}

static int start_holding(struct flow_table *t, struct flow_tcp *c, unsigned side)
{
    struct flow_held *held = slab_take(&t->helds);

    if (held == NULL)
        return -1;
    held->conn = c;
    held->side = side;
    list_append(&t->holding, &held->link);
    c->half[side].held = held;
    return 0;
}

static enum hold_result hold_part(struct flow_table *t, struct flow_tcp *c, unsigned side, uint32_t at,
                                  const struct flow_part *p)
{
    struct flow_half *h = &c->half[side];
    size_t cost = flow_part_cost(p);
    enum hold_result room = has_room(t, h, cost);

    if (room != HOLD_OK)
        return room;
    if (h->held == NULL && start_holding(t, c, side) != 0)
        return HOLD_NO_MEMORY;
    if (flow_held_insert(h->held, at, p) != 0) {
        release_if_empty(t, h);
        return HOLD_NO_MEMORY;
    }
    flow_holds(t, 0, cost);
    count_new(t, c, side, p);
    return HOLD_OK;
}

/* Holds the bytes that are not held yet: the first copy seen wins. */
static enum hold_result hold(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct flow_part *p)
{
    struct flow_half *h = &c->half[side];
    uint32_t i = h->held != NULL ? flow_held_search(h->held, p->off) : 0;

    for (uint64_t at = p->off; at < p->end; i++) {
        const struct flow_held_segment *s =
            h->held != NULL && i < h->held->n ? h->held->segments[h->held->first + i] : NULL;
        if (s != NULL && s->off <= at) {
            at = s->end;
            continue;
        }
        uint64_t stop = s != NULL && s->off < p->end ? s->off : p->end;
        struct flow_part missing = flow_part_cut(p, at, stop);
        enum hold_result r = hold_part(t, c, side, i, &missing);
        if (r != HOLD_OK)
            return r;
        at = stop;
    }
    return HOLD_OK;
}

/* The part is next in order; held segments may lie inside it and after it. */
static void deliver_through(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct flow_part *p)
{
    struct flow_half *h = &c->half[side];

    while (h->next < p->end) {
        const struct flow_held_segment *s = flow_held_first(h->held);
        struct flow_part missing = flow_part_cut(p, h->next, s != NULL && s->off < p->end ? s->off : p->end);
        deliver_new(t, c, side, &missing);
        deliver_held(t, c, side, &p->mark);
    }
}

/* A limit is hit: an older hole is given up, so that the part fits or is in order. */
static void give_way(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct flow_part *p,
                     enum hold_result full)
{
    struct flow_half *h = &c->half[side];

    t->counters.reorder_limit_hits++;
    if (full == HOLD_TABLE_FULL && !list_empty(&t->holding)) {
        struct flow_held *longest = hmap_entry(t->holding.next, struct flow_held, link);
        struct flow_tcp *other = longest->conn;
        unsigned other_side = longest->side;
        skip_held_holes(t, other, other_side);
        settle(t, other, other_side);
        return;
    }
    const struct flow_held_segment *s = flow_held_first(h->held);
    uint64_t to = s != NULL && s->off < p->off ? s->off : p->off;
    skip_to(t, c, side, to, proof_of_hole(h, p->mark));
}

static int push_slowly(struct flow_table *t, struct flow_tcp *c, unsigned side, struct flow_part p)
{
    struct flow_half *h = &c->half[side];

    for (;;) {
        if (p.end <= h->next)
            return 0;
        if (p.off < h->next)
            p = flow_part_cut(&p, h->next, p.end);
        if (p.off == h->next) {
            deliver_through(t, c, side, &p);
            return 0;
        }
        enum hold_result r = hold(t, c, side, &p);
        if (r == HOLD_OK)
            return 0;
        if (r == HOLD_NO_MEMORY)
            return P2T_ERR_MEMORY;
        give_way(t, c, side, &p, r);
    }
}

int flow_stream_push(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct flow_part *p)
{
    struct flow_half *h = &c->half[side];
    int rc = 0;

    if (p->off == h->next && h->held == NULL)
        deliver_new(t, c, side, p);
    else
        rc = push_slowly(t, c, side, *p);
    if (h->watch_to != 0 || h->fin_seen)
        settle(t, c, side);
    return rc;
}

int flow_stream_keep(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct flow_part *p)
{
    bool may_wait = p->off == 0 && (c->half[side].held == NULL || c->keeps_syn_data);
    enum hold_result r = may_wait ? hold(t, c, side, p) : HOLD_DIRECTION_FULL;

    if (r == HOLD_OK)
        c->keeps_syn_data = true;
    else if (r != HOLD_NO_MEMORY)
        return flow_stream_push(t, c, side, p);
    return r == HOLD_OK ? 0 : P2T_ERR_MEMORY;
}

/* A FIN ends the stream: whatever claimed to lie after it was never part of it. */
static void cut_stream(struct flow_table *t, struct flow_tcp *c, unsigned side, uint64_t fin)
{
    struct flow_half *h = &c->half[side];

    if (h->held != NULL) {
        size_t before = h->held->bytes;
        c->head.payload_bytes[flow_dir_of(c, side)] -= flow_held_truncate(h->held, fin);
        flow_holds(t, before, h->held->bytes);
        release_if_empty(t, h);
    }
    h->high = h->high < fin ? h->high : fin;
    h->acked = h->acked < fin ? h->acked : fin;
    h->watch_to = h->watch_to < fin ? h->watch_to : fin;
}

void flow_stream_fin(struct flow_table *t, struct flow_tcp *c, unsigned side, uint64_t fin, struct packet_mark mark)
{
    struct flow_half *h = &c->half[side];

    h->fin = max_u64(fin, h->next);
    h->fin_seen = true;
    h->fin_mark = mark;
    cut_stream(t, c, side, h->fin);
    flow_emit(t, c, side, FLOW_FIN, mark);
    settle(t, c, side);
}

void flow_stream_free(struct flow_table *t, struct flow_half *h)
{
    if (h->held == NULL)
        return;
    flow_holds(t, h->held->bytes, 0);
    while (h->held->n > 0)
        free(flow_held_pop(h->held));
    release_if_empty(t, h);
}

void flow_stream_forget(struct flow_table *t, struct flow_tcp *c, unsigned side)
{
    struct flow_half *h = &c->half[side];

    c->head.payload_bytes[flow_dir_of(c, side)] -= h->high;
    h->high = 0;
    c->keeps_syn_data = false;
    flow_stream_free(t, h);
}
