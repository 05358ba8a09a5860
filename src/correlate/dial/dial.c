#include "correlate/dial/dial.h"

#include <stdlib.h>

#include "correlate/dial/schedule.h"
#include "correlate/lookup/lookup.h"
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

static void attach_lookup(struct correlate *c, struct dial *d, struct lookup *l)
{
    int64_t syn_ns = d->n > 0 ? d->attempts[0].syn.ts_ns : c->now_ns;

    d->lookup = l;
    d->cached = !lookup_is_fresh(l, syn_ns);
    list_append(&l->dials, &d->of_lookup);
    if (d->cached)
        lookup_hold(l);
    else
        lookup_use(c, l);
}

static void detach_lookup(struct correlate *c, struct dial *d, bool used)
{
    struct lookup *l = d->lookup;

    if (l == NULL)
        return;
    list_remove(&d->of_lookup);
    d->lookup = NULL;
    if (d->cached)
        lookup_release(c, l);
    else if (used)
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

/* Clients try the next address at once, or when their timer for it is due all the same (curl). */
static int64_t follows_until_ns(const struct exchange_attempt *failed)
{
    return later_ns(failed->failed.ts_ns, failed->syn.ts_ns + RACE_GO_NS) + FOLLOW_NS;
}

bool dial_goes_on_with(const struct dial *d, const struct cconn *cc, int64_t now)
{
    const struct exchange_attempt *last = &d->attempts[d->n - 1];

    if (d->winner >= 0 || d->n >= ATTEMPTS_MAX || last->server.port != cc->view.server.port || d->lookup == NULL ||
        tried(d, &cc->view.server.ip))
        return false;
    if (!lookup_gave(d->lookup, &cc->view.server.ip) && (pending(last) || !d->lookup->answer_cut))
        return false;
    if (pending(last))
        return now - last->syn.ts_ns >= RACE_MIN_NS;
    return now <= follows_until_ns(last);
}

/* Timers are late rather than early: a SYN is sent a little after its dial began. */
static int64_t off_ns(int64_t late)
{
    enum { EARLY_WEIGHS = 8 };

    return late < 0 ? -late * EARLY_WEIGHS : late;
}

/* How far from the time after which clients try the other family, or from a dial's time-out of whole seconds; INT64_MAX: too
 * far for a sign. */
static int64_t off_race_ns(const struct dial *d, int64_t now)
{
    static const int64_t after_ns[] = {RACE_CURL_NS, RACE_NS, RACE_GO_NS};
    int64_t since = now - d->attempts[d->n - 1].syn.ts_ns, best = INT64_MAX;

    if (dial_failed_last(d))
        best = now - dial_last_event_ns(d);
    for (int i = 0; i < 3; i++) {
        int64_t off = off_ns(since - after_ns[i]);
        if (off <= RACE_LATE_NS && off < best)
            best = off;
    }
    int64_t beyond = since % SECOND_NS;
    return since >= SECOND_NS && beyond <= RACE_LATE_NS && beyond < best ? beyond : best;
}

/* The one that is nearest to its time; else the one that has waited for the longest. */
static bool goes_on_rather(const struct dial *a, const struct dial *b, int64_t now)
{
    if (b == NULL)
        return true;
    int64_t off_a = off_race_ns(a, now), off_b = off_race_ns(b, now);
    return off_a != off_b ? off_a < off_b : dial_last_event_ns(a) < dial_last_event_ns(b);
}

static struct dial *going_on_of(const struct lookup *l, const struct cconn *cc, struct dial *best, int64_t now)
{
    const struct list_link *at = l->dials.next;

    for (int looked_at = 0; at != &l->dials && looked_at < LOOKUP_LOOKED_AT_MAX; at = at->next, looked_at++) {
        struct dial *d = list_entry(at, struct dial, of_lookup);
        if (dial_goes_on_with(d, cc, now) && goes_on_rather(d, best, now))
            best = d;
    }
    return best;
}

struct dial *dial_going_on_of_lookups(struct correlate *c, const struct lookup *l, const struct cconn *cc,
                                      int64_t now)
{
    const struct ip_addr *client = &cc->view.client.ip, *server = &cc->view.server.ip;
    struct hmap_node *n = lookup_first_of_addr(c, client, server);
    struct dial *best = going_on_of(l, cc, NULL, now);

    for (int looked_at = 0; n != NULL && looked_at < LOOKUP_LOOKED_AT_MAX; n = hmap_next(n), looked_at++) {
        const struct lookup_addr *a = hmap_entry(n, struct lookup_addr, node);
        if (a->lookup != l && ip_eq(&a->addr, server) && ip_eq(&a->lookup->client_ip, client))
            best = going_on_of(a->lookup, cc, best, now);
    }
    return best;
}

bool dial_failed_last(const struct dial *d)
{
    return !pending(&d->attempts[d->n - 1]);
}

int64_t dial_last_event_ns(const struct dial *d)
{
    const struct exchange_attempt *last = &d->attempts[d->n - 1];

    return pending(last) ? last->syn.ts_ns : last->failed.ts_ns;
}

static bool has_more_addresses(const struct dial *d)
{
    for (const struct lookup_addr *a = d->lookup != NULL ? d->lookup->addrs : NULL; a != NULL; a = a->next)
        if (!tried(d, &a->addr))
            return true;
    return false;
}

static void watch(struct correlate *c, struct dial *d, int64_t now)
{
    int64_t due = now + FOLLOW_NS;

    if (dial_failed_last(d) && has_more_addresses(d))
        due = later_ns(due, follows_until_ns(&d->attempts[d->n - 1]));
    for (size_t i = 0; i < d->n; i++) {
        struct exchange_attempt *a = &d->attempts[i];
        if (pending(a) || a->result == ATTEMPT_ICMP)
            due = later_ns(due, schedule_next_syn_ns(a) + SYN_LATE_NS);
    }
    timer_set(c, &d->timer, TIMER_DIAL, due);
}

/* Of one family, addresses are tried one after the other: the client has given up on the last. */
static void went_on(struct dial *d, const struct exchange_attempt *next)
{
    struct exchange_attempt *last = d->n > 0 ? &d->attempts[d->n - 1] : NULL;

    if (last == NULL || !pending(last) || last->server.ip.family != next->server.ip.family)
        return;
    last->result = ATTEMPT_TIMEOUT;
    last->followed = true;
    last->next_slot_ns = last->gave_up_ns = next->syn.ts_ns;
}

static void add_attempt(struct dial *d, struct cconn *cc, const struct packet_mark *syn)
{
    const struct exchange_attempt next = {
        .client = cc->view.client,
        .server = cc->view.server,
        .conn_id = cc->view.id,
        .syn = *syn,
        .last_syn = *syn,
        .syns = 1,
    };

    went_on(d, &next);
    cc->dial = d;
    cc->attempt = (int)d->n;
    d->conns[d->n] = cc;
    d->attempts[d->n++] = next;
}

struct dial *dial_first_syn(struct correlate *c, struct cconn *cc, const struct fact *f, struct dial *join,
                            struct lookup *l)
{
    struct dial *d = join != NULL ? join : dial_new(c);

    if (d == NULL)
        return NULL;
    if (!dial_make_room(c, d)) {
        if (d->n == 0)
            dial_free(c, d);
        return NULL;
    }
    if (join == NULL && l != NULL)
        attach_lookup(c, d, l);
    add_attempt(d, cc, &f->mark);
    watch(c, d, f->mark.ts_ns);
    return d;
}

/* Its client has not given up on it, after all: it tries several at a time. */
static void take_back_timeout(struct exchange_attempt *a)
{
    if (!a->followed)
        return;
    a->followed = false;
    a->result = ATTEMPT_PENDING;
}

/* Nor has its kernel, for an ICMP error: Linux keeps it in mind where it comes while the program is still in connect(), and
 * asks again (tcp_v4_err, tcp_v6_err: sock_owned_by_user). */
static void take_back_icmp(struct exchange_attempt *a)
{
    if (a->result != ATTEMPT_ICMP)
        return;
    a->result = ATTEMPT_PENDING;
    a->failed = (struct packet_mark){.ts_ns = 0};
}

void dial_syn_again(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    struct exchange_attempt *a = &cc->dial->attempts[cc->attempt];

    a->last_interval_ns = f->mark.ts_ns - a->last_syn.ts_ns;
    a->last_syn = f->mark;
    a->syns++;
    take_back_timeout(a);
    take_back_icmp(a);
    if (pending(a))
        watch(c, cc->dial, f->mark.ts_ns);
}

/* ---- results ---- */

static void lose_race(struct dial *d, const struct exchange_attempt *winner)
{
    for (size_t i = 0; i < d->n; i++) {
        struct exchange_attempt *a = &d->attempts[i];
        if (a == winner || !pending(a))
            continue;
        a->result = ATTEMPT_CANCELED;
        a->lost = true;
        a->failed = mark_set(&winner->syn_ack) ? winner->syn_ack : winner->ack;
    }
}

static bool established(struct correlate *c, struct dial *d, int index, const struct packet_mark *mark)
{
    struct exchange_attempt *a = &d->attempts[index];

    a->ack = *mark;
    if (d->winner < 0)
        take_back_timeout(a);
    if (!pending(a))
        return false;
    a->result = ATTEMPT_OK;
    if (a->syns == 1)
        a->challenges = 0; /* its client would have asked again */
    d->winner = index;
    if (d->lookup != NULL)
        lookup_note_followed(c, d->lookup, a->server.ip.family);
    lose_race(d, a);
    timer_stop(c, &d->timer);
    return true;
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

/* The client answers with a RST for the older connection's sake, and asks again. */
static void challenged(struct exchange_attempt *a, const struct fact *f)
{
    if (f->as.event->dir != FLOW_S2C)
        return;
    if (!mark_set(&a->challenged))
        a->challenged = f->mark;
    a->challenges++;
}

/* Linux gives up a SYN at once for an ICMP error, except for those that only slow it down (tcp_v4_err). */
static bool icmp_aborts_syn(const struct flow_event *e)
{
    return e->icmp_family == 6 ? e->icmp_type == 1 : e->icmp_type == 3 && e->icmp_code != 4;
}

/* While its client does not acknowledge it, a server repeats its answer after twice the time (RFC 6298 5.5): until the next
 * one is past due, the client may still do so. */
static void answered(struct correlate *c, struct dial *d, struct exchange_attempt *a, const struct packet_mark *mark)
{
    if (!mark_set(&a->syn_ack))
        a->syn_ack = *mark;
    a->syn_acks++;
    int64_t took = mark->ts_ns - a->syn_ack.ts_ns;
    if (pending(a) && took > 0 && took < SYN_ACKS_REPEATED_NS)
        watch(c, d, mark->ts_ns + took + SYN_FIRST_REPEAT_NS + SYN_LATE_NS);
}

bool dial_event(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    const struct flow_event *e = f->as.event;
    struct dial *d = cc->dial;

    if (d == NULL)
        return false;
    struct exchange_attempt *a = &d->attempts[cc->attempt];
    a->nat_server = cc->flow->nat_server;
    switch (e->kind) {
    case FLOW_SYN_ACK:
        answered(c, d, a, &f->mark);
        break;
    case FLOW_CHALLENGED:
        challenged(a, f);
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
    return false;
}

/* ---- the end ---- */

/* Answered, and not asked again: the client has the answer, and the capture lacks what it sent then. */
static bool was_answered(const struct exchange_attempt *a)
{
    return mark_set(&a->syn_ack) && a->syn_acks <= 1 && a->last_syn.ts_ns <= a->syn_ack.ts_ns;
}

void dial_time_out(struct exchange_attempt *a)
{
    if (!pending(a))
        return;
    if (was_answered(a)) {
        a->result = ATTEMPT_OK;
        return;
    }
    a->result = ATTEMPT_TIMEOUT;
    a->next_slot_ns = schedule_next_syn_ns(a);
    a->gave_up_ns = schedule_gave_up_ns(a);
}

bool dial_is_open(const struct dial *d)
{
    for (size_t i = 0; i < d->n; i++)
        if (pending(&d->attempts[i]))
            return true;
    return false;
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

/* Where the connection goes to another address than the answer's, name and time decide. */
static struct lookup *lookup_of_host(struct correlate *c, const struct exchange_attempt *a, struct slice host,
                                     bool *inferred)
{
    struct lookup *l = lookup_for_syn(c, &a->client.ip, &a->server.ip, host, a->syn.ts_ns);

    *inferred = l == NULL;
    return l != NULL ? l : lookup_by_name(c, &a->client.ip, host, a->syn.ts_ns);
}

void dial_check_host(struct correlate *c, struct dial *d, struct slice host, bool by_proxy)
{
    const struct exchange_attempt *a = &d->attempts[d->winner >= 0 ? d->winner : 0];
    bool inferred;

    if (host.n == 0 && by_proxy && d->lookup != NULL &&
        a->syn.ts_ns - d->lookup->info.last_answer.ts_ns > PROXY_LOOKUP_NS)
        detach_lookup(c, d, false);
    if (host.n == 0 || (d->lookup != NULL && lookup_answers_host(d->lookup, host)))
        return;
    struct lookup *right = lookup_of_host(c, a, host, &inferred);
    if (d->lookup != NULL)
        detach_lookup(c, d, false);
    if (right == NULL)
        return;
    right->info.inferred |= inferred;
    attach_lookup(c, d, right);
}

struct dial *dial_won_by(const struct cconn *cc)
{
    return cc->dial != NULL && cc->dial->winner == cc->attempt ? cc->dial : NULL;
}
