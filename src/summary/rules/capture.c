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
    c->counted = "connections";
    c->calls = conns;
    c->of = s->conn_count;
    buf_lit(&c->text, "the capture lacks packets: bytes were acknowledged that it never saw, on at least ");
    say_count(&c->text, (size_t)conns, "connection");
    buf_lit(&c->text, "; that is not the network's loss");
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
    c->counted = "connections";
    c->calls = half;
    c->of = all;
    buf_printf(
        &c->text,
        "only one direction is in the capture (%zu of %zu connections): waiting times and losses are not known", half,
        all);
}

/* Less is what two interfaces of one capture differ by. */
static const int64_t CLOCK_BACK_US = 300000;
/* More is not told apart: forged times are cut (bounds.c). */
static const int64_t YEAR_NS = INT64_C(300) * 86400 * SECOND_NS;

static void tell_clock(struct p2t_summary *s, const struct conn *k, size_t n, int64_t at_ns, bool back)
{
    struct cause *c = cause_add(s, P2T_CAUSE_CAPTURE_CLOCK, P2T_CAUSE_SIDE_CAPTURE, "capture", P2T_CERTAIN);

    c->kind = "capture";
    cause_span(c, back ? k->clock_back_ns : at_ns - k->clock_jump_us * 1000, back ? k->last_ns : at_ns);
    cause_prove(c, back ? k->clock_back : k->clock_jumped);
    c->counted = "connections";
    c->calls = n;
    c->of = s->conn_count;
    c->lost_ns = (back ? k->clock_back_us : k->clock_jump_us) * 1000;
    buf_printf(&c->text, "the capture's times go %s by ", back ? "back" : "forward");
    if (c->lost_ns >= YEAR_NS)
        buf_lit(&c->text, "most of a year, or more");
    else
        say_time(&c->text, c->lost_ns);
    buf_str(&c->text, back ? ": its clock was set, or packets of two clocks were put together"
                           : ": its clock was set (the hosts' own clocks did not jump)");
    buf_lit(&c->text, "; times across that moment are not comparable");
}

static void find_clock_back(struct p2t_summary *s)
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
    if (n > 0)
        tell_clock(s, most, n, 0, true);
}

/* Several connections must say so, of one moment: a host that slept has a clock of timestamps that stood still, too. */
static void find_clock_forward(struct p2t_summary *s)
{
    const struct conn *least = NULL;
    struct word_list hosts = {0};
    size_t n = 0;

    for (size_t i = 0; i < s->conn_count; i++) {
        const struct conn *k = &s->conns[i];
        if (k->clock_jump_us == 0)
            continue;
        n++;
        word_list_add(&hosts, k->server_ip);
        if (least == NULL || k->clock_jump_us < least->clock_jump_us)
            least = k;
    }
    if (n < 2 || hosts.total < 2)
        return;
    for (size_t i = 0; i < s->conn_count; i++) {
        const struct conn *k = &s->conns[i];
        int64_t apart = k->clock_jumped_ns - least->clock_jumped_ns;
        if (k->clock_jump_us != 0 && (apart > 30 * SECOND_NS || apart < -30 * SECOND_NS))
            return;
    }
    s->clock_at_ns = least->clock_jumped_ns;
    s->clock_by_ns = least->clock_jump_us * 1000;
    tell_clock(s, least, n, least->clock_jumped_ns, false);
}

void rules_capture(struct p2t_summary *s)
{
    find_one_direction(s);
    find_drops(s);
    find_clock_back(s);
    find_clock_forward(s);
}
