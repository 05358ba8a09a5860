/* Finds places in connections, so that a connection that lives for days is rebuilt from its handshake and its last
 * exchanges. */
#include <stdlib.h>

#include "base/saved_endpoint.h"
#include "base/saved_time.h"
#include "flow/half.h"
#include "proto/conn/conn.h"
#include "session/carry.h"

/* ---- finding places ---- */

/* The response is whole and no request is open: the client's next byte begins a request. */
static void on_response_end(struct carry *c, struct carry_conn *cc, const struct fact *f)
{
    cc->no_places |= cc->unanswered == 0; /* its request may still come, out of order */
    cc->unanswered -= cc->unanswered > 0;
    cc->is_idle = false;
    if (cc->no_places || cc->unanswered > 0 || !f->as.http_end.complete)
        return;
    if (cc->idle == NULL)
        cc->idle = slab_take(&c->place_slab);
    cc->is_idle = cc->idle != NULL && flow_tcp_place(cc->flow, &cc->idle->flow);
    if (cc->is_idle) /* acknowledgements that follow change the place */
        cc->idle->ref = packet_ref_of(c->last_frame.number + 1, c->last_frame.file);
}

static bool is_usable(const struct carry *c, const struct carry_place *place)
{
    return place != NULL && c->last_ns - place->ts_ns >= CARRY_DUPLICATES_NS;
}

static void promote(struct carry *c, struct carry_conn *cc)
{
    struct carry_place *old = cc->ready;

    if (!is_usable(c, cc->next))
        return;
    cc->ready = cc->next;
    cc->next = NULL;
    if (old != NULL)
        slab_give(&c->place_slab, old);
}

static bool out_of_order_since(struct carry_conn *cc)
{
    uint32_t n = cc->flow->out_of_order[0] + cc->flow->out_of_order[1];
    bool more = n != cc->out_of_order;

    cc->out_of_order = n;
    return more;
}

static void on_request_head(struct carry *c, struct carry_conn *cc, const struct fact *f)
{
    struct flow_place now;
    struct carry_place *place = cc->idle;
    bool idle = cc->is_idle;

    promote(c, cc);
    cc->is_idle = false;
    cc->unanswered++;
    cc->no_places |= f->stream != 0 || slice_eq(f->as.head->method, SLICE_LIT("CONNECT"));
    if (out_of_order_since(cc) || !idle || cc->no_places || cc->next != NULL || !flow_tcp_place(cc->flow, &now) ||
        now.half[FLOW_S2C].next != place->flow.half[FLOW_S2C].next)
        return;
    cc->next = place;
    cc->idle = NULL;
    place->ts_ns = f->as.head->first.ts_ns;
    place->number = f->exchange;
}

static void on_proto(struct carry_conn *cc, const struct fact *f)
{
    cc->protocol_known = true;
    cc->undecoded = f->as.proto == FACT_PROTO_OTHER;
    cc->no_places |= f->as.proto != FACT_PROTO_HTTP1;
    if (cc->undecoded)
        cc->head_to = f->mark.ref;
}

void carry_fact(struct carry *c, const struct fact *f)
{
    struct carry_conn *cc = f->conn != NULL ? carry_find(c, f->conn->first.ref) : NULL;

    if (cc == NULL || cc->flow == NULL)
        return;
    switch (f->kind) {
    case FACT_CONN_EVENT:
        if (f->as.event->kind == FLOW_ESTABLISHED)
            cc->head_to = f->mark.ref;
        break;
    case FACT_CONN_PROTO:
        on_proto(cc, f);
        break;
    case FACT_HTTP_RESPONSE_END:
        on_response_end(c, cc, f);
        break;
    case FACT_HTTP_REQUEST_HEAD:
        on_request_head(c, cc, f);
        break;
    case FACT_HTTP_RESPONSE_HEAD:
        cc->no_places |= f->as.head->upgrade != FACT_UPGRADE_NONE;
        cc->is_idle = false;
        break;
    default:
        cc->is_idle = false;
        break;
    }
}

/* ---- using them ---- */

static bool set_used(struct carry *c, struct carry_conn *cc, const struct carry_place *place)
{
    if (cc->used == NULL)
        cc->used = slab_take(&c->place_slab);
    if (cc->used == NULL)
        return false;
    *cc->used = *place;
    return true;
}

/* A place at the current moment: of what came so far, only the connection's head is needed. */
static bool place_now(const struct carry *c, const struct carry_conn *cc, struct carry_place *place)
{
    *place = (struct carry_place){.number = CARRY_NO_NUMBER, .ref = packet_ref_of(UINT64_MAX, c->last_file)};
    return flow_tcp_place(cc->flow, &place->flow);
}

/* Not where it is being closed: its FIN or RST is fed after its place, which would make it a duplicate. */
static bool forgets(const struct carry_conn *cc)
{
    return (!cc->protocol_known || cc->undecoded) && proto_forgets(cc->flow) && !flow_tcp_is_closing(cc->flow);
}

/* Closed in order from both sides, its decoders freed: it is kept only to recognise late duplicates. */
static bool lingers(const struct carry *c, const struct carry_conn *cc)
{
    return proto_is_over(cc->flow) && c->last_ns - flow_tcp_last_ns(cc->flow) >= CARRY_DUPLICATES_NS;
}

/* Of one that lingers: no duplicate comes so late, and its FINs are fed after its place. */
static bool last_place(const struct carry *c, const struct carry_conn *cc, struct carry_place *place)
{
    if (!lingers(c, cc) || !place_now(c, cc, place))
        return false;
    for (int dir = 0; dir < 2; dir++)
        place->flow.half[dir].ring = (struct flow_ring){.at = 0};
    return true;
}

/* Places only move forward: the packets before an earlier choice were dropped. */
void carry_place_choose(struct carry *c, struct carry_conn *cc)
{
    struct carry_place now;

    if (cc->flow == NULL || c->disordered)
        return;
    promote(c, cc);
    if (last_place(c, cc, &now) || (forgets(cc) && place_now(c, cc, &now)))
        c->failed |= !set_used(c, cc, &now);
    else if (cc->ready != NULL)
        c->failed |= !set_used(c, cc, cc->ready);
}

/* ---- as bytes ---- */

void carry_place_save(const struct carry_conn *cc, struct buf *out)
{
    const struct carry_place *p = cc->used;

    carry_put_ref(out, cc->first);
    carry_put_ref(out, p->ref);
    buf_le32(out, p->number);
    save_endpoint(out, &p->flow.client);
    buf_le64(out, (uint64_t)p->flow.last_ns);
    buf_le64(out, (uint64_t)p->flow.newest_ns);
    buf_le64(out, (uint64_t)p->flow.clock_ahead_ns);
    carry_put_mark(out, &p->flow.clock_back);
    buf_le64(out, (uint64_t)p->flow.clock_jump_ns);
    carry_put_mark(out, &p->flow.clock_jumped);
    carry_put_mark(out, &p->flow.last);
    buf_le32(out, p->flow.measured);
    for (int dir = 0; dir < 2; dir++) {
        const struct flow_place_half *h = &p->flow.half[dir];
        buf_le64(out, h->next);
        buf_le64(out, h->high);
        buf_le64(out, h->acked);
        buf_le64(out, h->watch_to);
        carry_put_mark(out, &h->deliverable);
        carry_put_mark(out, &h->watch);
        carry_put_mark(out, &h->acked_at);
        buf_le32(out, h->base);
        buf_le32(out, h->retransmits);
        buf_le32(out, h->out_of_order);
        buf_le64(out, h->payload_bytes);
        buf_le64(out, h->lost_bytes);
        buf_le32(out, h->window);
        buf_le32(out, h->zero_window);
        buf_le32(out, h->ack_seen);
        buf_le32(out, h->base_from);
        carry_put_ring(out, &h->ring);
        if (p->flow.measured)
            carry_put_sent(out, &h->sent);
    }
}

static void uses_of_sent(const struct flow_sent *s, session_uses_fn *uses, void *ctx)
{
    const struct packet_mark *marks[] = {&s->acked_mark, &s->claimed_mark, &s->last, &s->probe_first, &s->probe_last};

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        uses(ctx, (uint32_t)marks[i]->ref.file);
    for (uint32_t i = 0; i < s->flights; i++)
        uses(ctx, (uint32_t)s->flight[i].mark.ref.file);
}

void carry_place_uses(const struct carry_conn *cc, session_uses_fn *uses, void *ctx)
{
    if (cc->used != NULL)
        uses(ctx, (uint32_t)cc->used->flow.clock_back.ref.file);
    if (cc->used != NULL)
        uses(ctx, (uint32_t)cc->used->flow.clock_jumped.ref.file);
    if (cc->used != NULL)
        uses(ctx, (uint32_t)cc->used->flow.last.ref.file);
    for (int dir = 0; cc->used != NULL && dir < 2; dir++) {
        const struct flow_place_half *h = &cc->used->flow.half[dir];
        uses(ctx, (uint32_t)h->deliverable.ref.file);
        uses(ctx, (uint32_t)h->watch.ref.file);
        uses(ctx, (uint32_t)h->acked_at.ref.file);
        uses_of_sent(&h->sent, uses, ctx);
    }
}

bool carry_place_whose(struct slice saved, struct packet_ref *first)
{
    struct reader r = reader_of_slice(saved);

    *first = carry_get_ref(&r);
    return reader_ok(&r);
}

/* Offsets count bytes of a stream: sums of them do not overflow. */
static bool half_ok(const struct flow_place_half *h)
{
    static const uint64_t OFFSET_MAX = UINT64_MAX / 4;

    return h->base_from <= FLOW_BASE_PEER_BYTES && h->high <= OFFSET_MAX && h->next <= OFFSET_MAX &&
           h->acked <= OFFSET_MAX && h->watch_to <= OFFSET_MAX;
}

static bool load(struct reader *r, struct carry_place *p)
{
    *p = (struct carry_place){.ref = carry_get_ref(r)};
    p->number = reader_le32(r);
    p->flow.client = saved_endpoint(r);
    p->flow.last_ns = saved_moment((int64_t)reader_le64(r));
    p->flow.newest_ns = saved_moment((int64_t)reader_le64(r));
    p->flow.clock_ahead_ns = saved_duration((int64_t)reader_le64(r));
    p->flow.clock_back = carry_get_mark(r);
    p->flow.clock_jump_ns = saved_duration((int64_t)reader_le64(r));
    p->flow.clock_jumped = carry_get_mark(r);
    p->flow.last = carry_get_mark(r);
    p->flow.measured = reader_le32(r) != 0;
    for (int dir = 0; dir < 2; dir++) {
        struct flow_place_half *h = &p->flow.half[dir];
        h->next = reader_le64(r);
        h->high = reader_le64(r);
        h->acked = reader_le64(r);
        h->watch_to = reader_le64(r);
        h->deliverable = carry_get_mark(r);
        h->watch = carry_get_mark(r);
        h->acked_at = carry_get_mark(r);
        h->base = reader_le32(r);
        h->retransmits = reader_le32(r);
        h->out_of_order = reader_le32(r);
        h->payload_bytes = reader_le64(r);
        h->lost_bytes = reader_le64(r);
        h->window = (uint16_t)reader_le32(r);
        h->zero_window = reader_le32(r) != 0;
        h->ack_seen = reader_le32(r) != 0;
        h->base_from = (uint8_t)reader_le32(r);
        carry_get_ring(r, &h->ring);
        if (p->flow.measured)
            carry_get_sent(r, &h->sent);
        if (!half_ok(h))
            reader_fail(r, READ_BAD);
    }
    return reader_ok(r);
}

bool carry_place_load(struct carry *c, struct slice saved, struct carry_conn **whose)
{
    struct reader r = reader_of_slice(saved);
    struct packet_ref first = carry_get_ref(&r);
    struct carry_place place;

    if (!load(&r, &place))
        return false;
    struct carry_conn *cc = carry_find(c, first);
    *whose = cc;
    if (cc == NULL || cc->flow == NULL)
        return true;
    c->failed |= !set_used(c, cc, &place);
    return true;
}
