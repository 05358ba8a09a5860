/* Places in connections: a connection that lives for days is rebuilt from its handshake and its last exchanges. */
#include <stdlib.h>

#include "proto/conn.h"
#include "session/carry.h"

/* ---- finding places ---- */

/* The response is whole, and nothing was asked since: what the client sends next begins a request. */
static void on_response_end(struct carry *c, struct carry_conn *cc, const struct fact *f)
{
    cc->nested |= cc->asked == 0; /* the request may come late, and be the same exchange */
    cc->asked -= cc->asked > 0;
    cc->is_idle = false;
    if (cc->nested || cc->asked > 0 || !f->as.http_end.complete)
        return;
    if (cc->idle == NULL)
        cc->idle = slab_take(&c->place_slab);
    cc->is_idle = cc->idle != NULL && flow_tcp_place(cc->flow, &cc->idle->flow);
}

static bool out_of_order_since(struct carry_conn *cc)
{
    uint32_t n = cc->flow->out_of_order[0] + cc->flow->out_of_order[1];
    bool more = n != cc->out_of_order;

    cc->out_of_order = n;
    return more;
}

static void on_request_head(struct carry_conn *cc, const struct fact *f)
{
    struct flow_place now;
    struct carry_place *place = cc->idle;
    bool idle = cc->is_idle;

    cc->is_idle = false;
    cc->asked++;
    cc->nested |= f->stream != 0 || slice_eq(f->as.head.method, SLICE_LIT("CONNECT"));
    if (out_of_order_since(cc) || !idle || cc->nested || !flow_tcp_place(cc->flow, &now) ||
        now.half[FLOW_S2C].next != place->flow.half[FLOW_S2C].next)
        return;
    cc->idle = cc->ready;
    cc->ready = place;
    place->ref = f->as.head.first.ref;
    place->number = f->exchange;
    for (int dir = 0; dir < 2; dir++) {
        place->flow.half[dir].retransmits = now.half[dir].retransmits;
        place->flow.half[dir].lost_bytes = now.half[dir].lost_bytes;
    }
}

static void on_proto(struct carry_conn *cc, const struct fact *f)
{
    cc->told = true;
    cc->other = f->as.proto == FACT_PROTO_OTHER;
    cc->nested |= f->as.proto != FACT_PROTO_HTTP1;
    if (cc->other)
        cc->head_to = f->mark.ref;
}

void carry_fact(struct carry *c, const struct fact *f)
{
    struct carry_conn *cc = f->conn != NULL ? carry_find(c, f->conn->first.ref) : NULL;

    if (cc == NULL || cc->flow == NULL)
        return;
    switch (f->kind) {
    case FACT_CONN_EVENT:
        if (f->as.event.kind == FLOW_ESTABLISHED)
            cc->head_to = f->mark.ref;
        break;
    case FACT_CONN_PROTO:
        on_proto(cc, f);
        break;
    case FACT_HTTP_RESPONSE_END:
        on_response_end(c, cc, f);
        break;
    case FACT_HTTP_REQUEST_HEAD:
        on_request_head(cc, f);
        break;
    case FACT_HTTP_RESPONSE_HEAD:
        cc->nested |= f->as.head.upgrade != FACT_UPGRADE_NONE;
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

/* Here and now: nothing of what came so far is needed but the head, which stays. */
static bool place_now(const struct carry *c, const struct carry_conn *cc, struct carry_place *place)
{
    *place = (struct carry_place){
        .number = CARRY_NO_NUMBER, .ref = {UINT64_MAX, c->last_file}};
    return flow_tcp_place(cc->flow, &place->flow);
}

static bool forgets(const struct carry_conn *cc)
{
    return (!cc->told || cc->other) && proto_forgets(cc->flow);
}

/* A place once used is never gone back behind: the packets before it are gone. */
void carry_place_choose(struct carry *c, struct carry_conn *cc)
{
    struct carry_place now;

    if (cc->flow == NULL)
        return;
    if (forgets(cc) && place_now(c, cc, &now))
        c->failed |= !set_used(c, cc, &now);
    else if (cc->ready != NULL)
        c->failed |= !set_used(c, cc, cc->ready);
}

/* ---- as bytes ---- */

static void put_endpoint(struct buf *out, const struct endpoint *e)
{
    buf_put(out, e->ip.bytes, sizeof e->ip.bytes);
    carry_put32(out, e->ip.family);
    carry_put32(out, e->port);
}

static struct endpoint get_endpoint(struct reader *r)
{
    struct endpoint e = {.port = 0};
    const uint8_t *ip = reader_take(r, sizeof e.ip.bytes);

    if (ip != NULL)
        memcpy(e.ip.bytes, ip, sizeof e.ip.bytes);
    e.ip.family = (uint8_t)reader_le32(r);
    e.port = (uint16_t)reader_le32(r);
    return e;
}

void carry_place_save(const struct carry_conn *cc, struct buf *out)
{
    const struct carry_place *p = cc->used;

    carry_put_ref(out, cc->first);
    carry_put_ref(out, p->ref);
    carry_put32(out, p->number);
    put_endpoint(out, &p->flow.client);
    carry_put64(out, (uint64_t)p->flow.last_ns);
    for (int dir = 0; dir < 2; dir++) {
        const struct flow_place_half *h = &p->flow.half[dir];
        carry_put64(out, h->next);
        carry_put64(out, h->acked);
        carry_put32(out, h->base);
        carry_put32(out, h->retransmits);
        carry_put64(out, h->lost_bytes);
        carry_put32(out, h->window);
        carry_put32(out, h->known);
    }
}

bool carry_place_whose(struct slice saved, struct packet_ref *first)
{
    struct reader r = reader_of_slice(saved);

    *first = carry_get_ref(&r);
    return reader_ok(&r);
}

static bool load(struct reader *r, struct carry_place *p)
{
    *p = (struct carry_place){.ref = carry_get_ref(r)};
    p->number = reader_le32(r);
    p->flow.client = get_endpoint(r);
    p->flow.last_ns = (int64_t)carry_get64(r);
    for (int dir = 0; dir < 2; dir++) {
        struct flow_place_half *h = &p->flow.half[dir];
        h->next = carry_get64(r);
        h->acked = carry_get64(r);
        h->base = reader_le32(r);
        h->retransmits = reader_le32(r);
        h->lost_bytes = carry_get64(r);
        h->window = (uint16_t)reader_le32(r);
        h->known = reader_le32(r) != 0;
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

void carry_places_free(struct carry *c, struct carry_conn *cc)
{
    struct carry_place *all[] = {cc->idle, cc->ready, cc->used};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i] != NULL)
            slab_give(&c->place_slab, all[i]);
}
