/* Places in connections: a connection that lives for days is rebuilt from its handshake and its last exchanges. */
#include <stdlib.h>

#include "proto/conn.h"
#include "session/carry.h"

/* ---- finding places ---- */

/* The response is whole, and nothing was asked since: what the client sends next begins a request. */
static void on_response_end(struct carry *c, struct carry_conn *cc)
{
    if (cc->idle == NULL)
        cc->idle = slab_take(&c->place_slab);
    cc->is_idle = cc->idle != NULL && flow_tcp_place(cc->flow, &cc->idle->flow);
}

static bool is_usable(const struct carry *c, const struct carry_place *place)
{
    return place != NULL && place->told && c->last_ns - place->ts_ns >= CARRY_CONTEXT_NS;
}

/* What stood before the place cannot come out again. */
static void drop_written(struct carry_conn *cc, uint32_t position)
{
    size_t kept = 0;

    for (size_t i = 0; i < cc->written_n; i++)
        if (cc->written[i].position >= position)
            cc->written[kept++] = cc->written[i];
    cc->written_n = kept;
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

static void on_request_head(struct carry *c, const struct correlate *correlate, struct carry_conn *cc,
                            const struct fact *f)
{
    struct correlate_place place;
    struct flow_place now;
    bool idle = cc->is_idle;

    cc->is_idle = false;
    promote(c, cc);
    if (out_of_order_since(cc) || !idle || cc->next != NULL || f->stream != 0 || !flow_tcp_place(cc->flow, &now) ||
        now.half[FLOW_S2C].next != cc->idle->flow.half[FLOW_S2C].next ||
        !correlate_place(correlate, f->conn->number, &place))
        return;
    if (cc->host == NULL && place.dialled_host.n > 0)
        cc->host = strndup((const char *)place.dialled_host.p, place.dialled_host.n);
    cc->next = cc->idle;
    cc->idle = NULL;
    cc->next->ref = f->as.head->first.ref;
    cc->next->ts_ns = f->as.head->first.ts_ns;
    cc->next->position = place.position;
    cc->next->told = false;
    for (int dir = 0; dir < 2; dir++) {
        cc->next->flow.half[dir].retransmits = now.half[dir].retransmits;
        cc->next->flow.half[dir].lost_bytes = now.half[dir].lost_bytes;
    }
}

void carry_fact(struct carry *c, const struct correlate *correlate, const struct fact *f)
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
        cc->told = true;
        cc->other = f->as.proto == FACT_PROTO_OTHER;
        if (cc->other)
            cc->head_to = f->mark.ref;
        break;
    case FACT_HTTP_RESPONSE_END:
        on_response_end(c, cc);
        break;
    case FACT_HTTP_REQUEST_HEAD:
        on_request_head(c, correlate, cc, f);
        break;
    default:
        cc->is_idle = false;
        break;
    }
}

bool carry_forgets_dial(const struct carry *c, const struct fact *f)
{
    if (!c->loading || f->kind != FACT_CONN_EVENT || f->as.event->kind != FLOW_SYN)
        return false;
    const struct carry_conn *cc = carry_find(c, f->conn->first.ref);
    return cc != NULL && cc->forget_dial;
}

void carry_told(struct carry_conn *cc, const struct exchange *e)
{
    if (cc->next != NULL && e->kind == P2T_KIND_HTTP1 && e->conn.position == cc->next->position)
        cc->next->told = true;
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
        .position = CARRY_NO_POSITION, .ts_ns = c->last_ns, .told = true, .ref = {UINT64_MAX, c->last_file}};
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

    if (cc->flow == NULL || cc->needed)
        return;
    promote(c, cc);
    if (forgets(cc) && place_now(c, cc, &now))
        c->failed |= !set_used(c, cc, &now);
    else if (cc->ready != NULL && set_used(c, cc, cc->ready))
        drop_written(cc, cc->ready->position);
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
    carry_put64(out, (uint64_t)p->ts_ns);
    carry_put32(out, p->position);
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
    if (cc->host != NULL)
        buf_str(out, cc->host);
}

bool carry_place_whose(struct slice saved, struct packet_ref *first)
{
    struct reader r = reader_of_slice(saved);

    *first = carry_get_ref(&r);
    return reader_ok(&r);
}

static bool load(struct reader *r, struct carry_place *p)
{
    *p = (struct carry_place){.told = true};
    p->ref = carry_get_ref(r);
    p->ts_ns = (int64_t)carry_get64(r);
    p->position = reader_le32(r);
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
    if (r.left > 0 && cc->host == NULL)
        cc->host = strndup((const char *)r.p, r.left);
    c->failed |= !set_used(c, cc, &place);
    return true;
}

void carry_places_free(struct carry *c, struct carry_conn *cc)
{
    struct carry_place *all[] = {cc->idle, cc->next, cc->ready, cc->used};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i] != NULL)
            slab_give(&c->place_slab, all[i]);
}
