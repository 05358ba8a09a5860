#include "correlate/open.h"

#include "correlate/links.h"
#include "correlate/outbox.h"
#include "correlate/pool/pool.h"
#include "correlate/timers.h"

/* ---- the list ---- */

struct exchange *open_find(struct cconn *cc, uint32_t number)
{
    if (cc->found != NULL && cc->found->number == number)
        return cc->found;
    for (struct exchange *e = cc->open_first; e != NULL; e = e->next)
        if (e->number == number)
            return cc->found = e;
    return NULL;
}

static void append(struct cconn *cc, struct exchange *e)
{
    if (cc->open_last != NULL)
        cc->open_last->next = e;
    else
        cc->open_first = e;
    cc->open_last = e;
}

void open_detach(struct cconn *cc, struct exchange *e)
{
    struct exchange *before = NULL;

    if (cc->found == e)
        cc->found = NULL;
    for (struct exchange *x = cc->open_first; x != NULL && x != e; x = x->next)
        before = x;
    if (before == NULL && cc->open_first != e)
        return;
    if (before != NULL)
        before->next = e->next;
    else
        cc->open_first = e->next;
    if (cc->open_last == e)
        cc->open_last = before;
    e->next = NULL;
}

struct exchange *open_begin(struct correlate *c, struct cconn *cc, enum p2t_kind kind,
                            const struct packet_mark *first)
{
    struct exchange *e = exchange_take(c);

    if (e == NULL)
        return NULL;
    e->kind = kind;
    e->owner = cc;
    e->start = *first;
    e->conn.present = true;
    e->conn.pipelined = cc->open_first != NULL;
    e->conn.position = cc->positions++;
    e->conn.previous_end = cc->view.previous_end;
    e->id = hash_stable_finish(hash_stable(cc->view.id, &e->conn.position, sizeof e->conn.position));
    for (int i = 0; i < 2; i++)
        e->lost_before[i] = cc->flow->lost_bytes[i];
    append(cc, e);
    return e;
}

void open_discard(struct correlate *c, struct exchange *e)
{
    struct cconn *cc = e->owner;

    open_detach(cc, e);
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
