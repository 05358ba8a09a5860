/* What is wrong with the capture itself: it vetoes, or softens, what the other rules say. */
#include "summary/cause.h"
#include "summary/rules/rules.h"

/* A sequence number acknowledged without its bytes once is a FIN that was not captured. */
enum { UNSEEN_MIN = 5, UNSEEN_CONNS_MIN = 3 };

static void find_drops(struct p2t_summary *s)
{
    uint64_t times = 0, conns = 0;
    const struct conn *first = NULL, *last = NULL;

    for (size_t i = 0; i < s->conn_count; i++) {
        const struct conn *k = &s->conns[i];
        uint32_t unseen = k->side[0].unseen + k->side[1].unseen;
        if (unseen == 0 || k->one_direction)
            continue;
        first = first == NULL ? k : first;
        last = k;
        times += unseen;
        conns++;
    }
    s->lossy_capture = times >= UNSEEN_MIN && times * 500 > s->counters.frames;
    if (times < UNSEEN_MIN || conns < UNSEEN_CONNS_MIN || times * 1000 <= s->counters.frames)
        return;
    struct cause *c = cause_add(s, P2T_CAUSE_CAPTURE_DROPS, P2T_CAUSE_SIDE_CAPTURE, "capture", P2T_CERTAIN);
    c->kind = "capture";
    cause_span(c, first->first_ns, last->last_ns);
    c->calls = conns;
    c->of = s->conn_count;
    buf_printf(&c->text,
               "the capture lacks packets: bytes were acknowledged that it never saw, %llu times on %llu "
               "connections; that is "
               "not the network's loss",
               (unsigned long long)times, (unsigned long long)conns);
}

static void find_one_direction(struct p2t_summary *s)
{
    size_t half = 0, all = 0;

    for (size_t i = 0; i < s->conn_count; i++) {
        const struct conn *k = &s->conns[i];
        if (k->side[0].packets + k->side[1].packets <= 3)
            continue;
        all++;
        half += k->one_direction;
    }
    if (all == 0 || half * 10 <= all * 8)
        return;
    struct cause *c = cause_add(s, P2T_CAUSE_CAPTURE_ONE_DIRECTION, P2T_CAUSE_SIDE_CAPTURE, "capture", P2T_CERTAIN);
    c->kind = "capture";
    cause_span(c, s->first_ns, s->last_ns);
    c->calls = half;
    c->of = all;
    buf_printf(&c->text,
               "only one direction is in the capture (%zu of %zu connections): no waits and no losses can be told",
               half, all);
}

/* Less is what two interfaces of one capture differ by. */
static const int64_t CLOCK_BACK_US = 300000;

static void find_clock(struct p2t_summary *s)
{
    const struct conn *most = NULL;
    size_t n = 0;

    for (size_t i = 0; i < s->conn_count; i++) {
        const struct conn *k = &s->conns[i];
        if (k->clock_back_us < CLOCK_BACK_US)
            continue;
        n++;
        if (most == NULL || k->clock_back_us > most->clock_back_us)
            most = k;
    }
    if (n == 0)
        return;
    struct cause *c = cause_add(s, P2T_CAUSE_CAPTURE_CLOCK, P2T_CAUSE_SIDE_CAPTURE, "capture", P2T_CERTAIN);
    c->kind = "capture";
    cause_span(c, most->first_ns, most->last_ns);
    cause_prove(c, most->clock_back);
    c->calls = n;
    c->of = s->conn_count;
    c->lost_ns = most->clock_back_us * 1000;
    buf_lit(&c->text, "the capture's clock was set back by ");
    say_time(&c->text, c->lost_ns);
    buf_lit(&c->text, " while it ran: times across that moment are not comparable");
}

void rules_capture(struct p2t_summary *s)
{
    find_one_direction(s);
    find_drops(s);
    find_clock(s);
}
