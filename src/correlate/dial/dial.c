#include "correlate/dial/dial.h"

#include <stdlib.h>

#include "correlate/lookup/lookup.h"
#include "correlate/outbox.h"
#include "correlate/timers.h"

enum { ATTEMPTS_MAX = 16 };

/* ---- life ---- */

static struct dial *dial_new(struct correlate *c)
{
    struct dial *d = slab_take(&c->dial_slab);

    if (d == NULL)
        return NULL;
    d->winner = -1;
    return d;
}

static void unlink_from_lookup(struct dial *d)
{
    struct dial **link = &d->lookup->dials;

    while (*link != d)
        link = &(*link)->next;
    *link = d->next;
}

static void attach_lookup(struct correlate *c, struct dial *d, struct lookup *l)
{
    d->lookup = l;
    d->next = l->dials;
    l->dials = d;
    lookup_use(c, l);
}

static void detach_lookup(struct correlate *c, struct dial *d, bool used)
{
    struct lookup *l = d->lookup;

    if (l == NULL)
        return;
    unlink_from_lookup(d);
    d->lookup = NULL;
    if (used)
        lookup_unuse(c, l);
    else
        lookup_return(c, l);
}

void dial_free(struct correlate *c, struct dial *d)
{
    for (size_t i = 0; i < d->n; i++)
        if (d->conns[i] != NULL)
            d->conns[i]->dial = NULL;
    detach_lookup(c, d, true);
    timer_stop(c, &d->timer);
    outbox_release(c, &d->hold);
    dial_free_attempts(c, d);
    slab_give(&c->dial_slab, d);
}

/* ---- joining ---- */

static bool pending(const struct exchange_attempt *a)
{
    return a->result == ATTEMPT_PENDING;
}

static bool tried(const struct dial *d, const struct ip_addr *server)
{
    for (size_t i = 0; i < d->n; i++)
        if (ip_eq(&d->attempts[i].server.ip, server))
            return true;
    return false;
}

/* The next address is tried right after the last one failed, or beside it once it has kept silent for a while. */
static bool goes_on_with(const struct dial *d, const struct cconn *cc, int64_t now)
{
    const struct exchange_attempt *last = &d->attempts[d->n - 1];

    if (d->winner >= 0 || d->n >= ATTEMPTS_MAX || last->server.port != cc->view.server.port ||
        tried(d, &cc->view.server.ip))
        return false;
    if (pending(last))
        return now - last->syn.ts_ns >= RACE_MIN_NS;
    return now - last->failed.ts_ns <= FOLLOW_NS;
}

static struct dial *dial_to_join(struct correlate *c, const struct cconn *cc, int64_t now)
{
    struct lookup *found[LOOKUP_CANDIDATES_MAX];
    size_t n = lookup_candidates(c, &cc->view.client.ip, &cc->view.server.ip, now, found);

    for (size_t i = 0; i < n; i++)
        for (struct dial *d = found[i]->dials; d != NULL; d = d->next)
            if (goes_on_with(d, cc, now))
                return d;
    return NULL;
}

static struct dial *dial_begin(struct correlate *c, const struct cconn *cc, int64_t now)
{
    struct slice any = {NULL, 0};
    struct lookup *l = lookup_for_syn(c, &cc->view.client.ip, &cc->view.server.ip, any, now);
    struct dial *d = dial_new(c);

    if (d != NULL && l != NULL)
        attach_lookup(c, d, l);
    return d;
}

/* A SYN is repeated after 1, 2, 4 ... seconds, by newer kernels after 1 s for the first few: twice the last interval
 * is past due in either case. */
static int64_t next_slot(const struct exchange_attempt *a)
{
    return a->last_syn.ts_ns + (a->syns > 1 ? 2 * a->last_interval_ns : SYN_FIRST_REPEAT_NS);
}

static void watch(struct correlate *c, struct dial *d, int64_t now)
{
    int64_t due = now + FOLLOW_NS;

    for (size_t i = 0; i < d->n; i++) {
        struct exchange_attempt *a = &d->attempts[i];
        if (pending(a) && next_slot(a) + FOLLOW_NS > due)
            due = next_slot(a) + FOLLOW_NS;
    }
    timer_set(c, &d->timer, TIMER_DIAL, due);
    outbox_hold(c, &d->hold, now);
}

static enum dial_step first_syn(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    struct dial *d = dial_to_join(c, cc, f->mark.ts_ns);

    if (d == NULL)
        d = dial_begin(c, cc, f->mark.ts_ns);
    if (d == NULL)
        return DIAL_WAITS;
    if (!dial_make_room(c, d)) {
        if (d->n == 0)
            dial_free(c, d);
        return DIAL_WAITS;
    }
    cc->dial = d;
    cc->attempt = (int)d->n;
    d->conns[d->n] = cc;
    d->attempts[d->n++] = (struct exchange_attempt){
        .client = cc->view.client,
        .server = cc->view.server,
        .conn_id = cc->view.id,
        .syn = f->mark,
        .last_syn = f->mark,
        .syns = 1,
    };
    watch(c, d, f->mark.ts_ns);
    return d->n == 1 ? DIAL_BEGUN : DIAL_WAITS;
}

enum dial_step dial_syn(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    if (cc->dial == NULL)
        return f->as.event->repeated ? DIAL_WAITS : first_syn(c, cc, f);
    struct exchange_attempt *a = &cc->dial->attempts[cc->attempt];
    a->last_interval_ns = f->mark.ts_ns - a->last_syn.ts_ns;
    a->last_syn = f->mark;
    a->syns++;
    if (pending(a))
        watch(c, cc->dial, f->mark.ts_ns);
    return DIAL_WAITS;
}

/* ---- results ---- */

static void lose_race(struct dial *d, const struct exchange_attempt *winner)
{
    for (size_t i = 0; i < d->n; i++) {
        struct exchange_attempt *a = &d->attempts[i];
        if (a == winner || !pending(a))
            continue;
        a->result = ATTEMPT_CANCELED;
        a->winner = winner->syn_ack;
    }
}

static enum dial_step established(struct correlate *c, struct dial *d, int index, const struct packet_mark *mark)
{
    struct exchange_attempt *a = &d->attempts[index];

    a->ack = *mark;
    if (!pending(a))
        return DIAL_WAITS;
    a->result = ATTEMPT_OK;
    d->winner = index;
    lose_race(d, a);
    timer_stop(c, &d->timer);
    outbox_release(c, &d->hold);
    return DIAL_ESTABLISHED;
}

static void failed(struct correlate *c, struct dial *d, int index, enum attempt_result why,
                   const struct packet_mark *mark)
{
    struct exchange_attempt *a = &d->attempts[index];

    if (!pending(a))
        return;
    a->result = why;
    a->failed = *mark;
    watch(c, d, mark->ts_ns);
}

/* Linux gives up a SYN at once for an ICMP error, except for those that only slow it down (tcp_v4_err). */
static bool icmp_aborts_syn(const struct flow_event *e)
{
    return e->icmp_family == 6 ? e->icmp_type == 1 : e->icmp_type == 3 && e->icmp_code != 4;
}

enum dial_step dial_event(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    const struct flow_event *e = f->as.event;
    struct dial *d = cc->dial;

    if (d == NULL)
        return DIAL_WAITS;
    struct exchange_attempt *a = &d->attempts[cc->attempt];
    a->nat_server = cc->flow->nat_server;
    switch (e->kind) {
    case FLOW_SYN_ACK:
        if (!mark_set(&a->syn_ack))
            a->syn_ack = f->mark;
        break;
    case FLOW_ESTABLISHED:
        return established(c, d, cc->attempt, &f->mark);
    case FLOW_RST:
        failed(c, d, cc->attempt, e->dir == FLOW_S2C ? ATTEMPT_REFUSED : ATTEMPT_CANCELED, &f->mark);
        break;
    case FLOW_ICMP:
        if (pending(a) && icmp_aborts_syn(e)) {
            a->icmp_family = e->icmp_family;
            a->icmp_type = e->icmp_type;
            a->icmp_code = e->icmp_code;
            failed(c, d, cc->attempt, ATTEMPT_ICMP, &f->mark);
        }
        break;
    default:
        break;
    }
    return DIAL_WAITS;
}

/* ---- the end ---- */

/* Dialers give up after round times. 30 s is Go's default; the others are what people configure. */
static int64_t give_up_estimate(const struct exchange_attempt *a)
{
    static const int64_t usual_ms[] = {30000, 10000, 5000, 60000, 20000, 15000, 3000, 2000, 1000, 500};

    for (size_t i = 0; i < sizeof usual_ms / sizeof *usual_ms; i++) {
        int64_t at = a->syn.ts_ns + usual_ms[i] * 1000000;
        if (at > a->last_syn.ts_ns && at <= a->next_slot_ns)
            return at;
    }
    return a->last_syn.ts_ns + (a->next_slot_ns - a->last_syn.ts_ns) / 2;
}

void dial_time_out(struct exchange_attempt *a)
{
    if (!pending(a))
        return;
    a->result = ATTEMPT_TIMEOUT;
    a->next_slot_ns = next_slot(a);
    a->gave_up_ns = attempt_hit_kernel_limit(a) ? a->next_slot_ns : give_up_estimate(a);
}

int64_t dial_end_ns(const struct dial *d)
{
    int64_t end = 0;

    for (size_t i = 0; i < d->n; i++) {
        const struct exchange_attempt *a = &d->attempts[i];
        const struct packet_mark *marks[] = {&a->last_syn, &a->syn_ack, &a->ack, &a->failed};
        for (size_t k = 0; k < sizeof marks / sizeof *marks; k++)
            if (mark_set(marks[k]) && marks[k]->ts_ns > end)
                end = marks[k]->ts_ns;
        if (a->gave_up_ns > end)
            end = a->gave_up_ns;
    }
    return end;
}

/* The host named by the request decides between lookups that gave the same address. */
void dial_check_host(struct correlate *c, struct dial *d, struct slice host)
{
    const struct exchange_attempt *a = &d->attempts[d->winner >= 0 ? d->winner : 0];

    if (host.n == 0 || (d->lookup != NULL && lookup_answers_host(d->lookup, host)))
        return;
    struct lookup *right = lookup_for_syn(c, &a->client.ip, &a->server.ip, host, a->syn.ts_ns);
    if (d->lookup != NULL)
        detach_lookup(c, d, false);
    if (right != NULL)
        attach_lookup(c, d, right);
}

struct dial *dial_won_by(const struct cconn *cc)
{
    return cc->dial != NULL && cc->dial->winner == cc->attempt ? cc->dial : NULL;
}
