#include "correlate/open.h"

#include "correlate/links.h"
#include "correlate/outbox.h"
#include "correlate/pool/pool.h"
#include "correlate/timers.h"

/* ---- the list ---- */

/* Of several open at once all but the first are in a map: a pipeline, or HTTP/2's streams, may be thousands. */
static uint64_t number_hash(const struct cconn *cc, uint32_t number)
{
    const uint64_t words[5] = {cc->view.id, number};

    return hash_words(words);
}

static struct exchange *find_in_map(struct correlate *c, const struct cconn *cc, uint32_t number)
{
    struct hmap_node *n = hmap_first(&c->open_by_number, number_hash(cc, number));

    for (; n != NULL; n = hmap_next(n)) {
        struct exchange *e = hmap_entry(n, struct exchange, by_number);
        if (e->owner == cc && e->number == number)
            return e;
    }
    return NULL;
}

struct exchange *open_find(struct correlate *c, struct cconn *cc, uint32_t number)
{
    if (cc->found != NULL && cc->found->number == number)
        return cc->found;
    struct exchange *e = conn_oldest_open(cc);
    if (e != NULL && e->number != number)
        e = find_in_map(c, cc, number);
    return cc->found = e;
}

void open_index(struct correlate *c, struct cconn *cc, struct exchange *e)
{
    e->in_map =
        conn_oldest_open(cc) != e && hmap_insert(&c->open_by_number, &e->by_number, number_hash(cc, e->number)) == 0;
}

void open_detach(struct correlate *c, struct cconn *cc, struct exchange *e)
{
    if (cc->found == e)
        cc->found = NULL;
    if (!list_holds(&e->open))
        return;
    list_remove(&e->open);
    if (e->in_map)
        hmap_remove(&c->open_by_number, &e->by_number);
    e->in_map = false;
}

struct exchange *open_begin(struct correlate *c, struct cconn *cc, enum p2t_kind kind, uint32_t number,
                            const struct packet_mark *first)
{
    struct exchange *e = exchange_take(c);

    if (e == NULL)
        return NULL;
    e->kind = kind;
    e->owner = cc;
    e->number = number;
    e->start = *first;
    e->clock_ahead_ns = cc->flow->clock_ahead_ns;
    cc->flow->all_known = false;
    e->conn.present = true;
    e->conn.pipelined = !list_empty(&cc->open);
    e->conn.position = cc->positions++;
    e->conn.previous_end = cc->view.previous_end;
    e->id = hash_stable_finish(hash_stable_number(cc->view.id, e->conn.position, sizeof e->conn.position));
    for (int i = 0; i < 2; i++) {
        e->lost_before[i] = cc->flow->lost_bytes[i];
        e->retransmits_before[i] = cc->flow->retransmits[i];
    }
    e->heard_before = cc->flow->payload_bytes[FLOW_S2C];
    list_append(&cc->open, &e->open);
    open_index(c, cc, e);
    return e;
}

void open_discard(struct correlate *c, struct exchange *e)
{
    struct cconn *cc = e->owner;

    open_detach(c, cc, e);
    pool_forget(c, e);
    timer_stop(c, &e->timer);
    cc->positions--;
    exchange_give_back(c, e);
}

void open_finish(struct correlate *c, struct exchange *e)
{
    pool_forget(c, e);
    timer_stop(c, &e->timer);
    links_settled(c, e);
    if (e->late && !e->response.unread)
        e->end_ns = later_ns(e->request.last.ts_ns, e->response.last.ts_ns);
    outbox_put(c, e);
}
