/* Processes that stand still again and again, at even intervals: garbage collection, a CPU quota, a job. Calls that came at
 * different times wait, and are answered together; the kernel goes on acknowledging, so that the path is not to blame. */
#include <stdlib.h>

#include "summary/cause.h"
#include "summary/prepare.h"
#include "summary/rules/rules.h"

/* A shorter silence is scheduling. */
static const int64_t LEAST_NS = 80 * (int64_t)MS;
enum { PAUSES_MAX = 256, PAUSES_MIN = 3 };

struct pause {
    int64_t from_ns, to_ns; /* the last answer before it, and the first after */
    size_t held, acked,
        tested; /* calls that waited for its end; of those sent inside: acknowledged at once, of all */
    int64_t first_sent_ns, last_sent_ns, answered_ns; /* answered_ns: the last of them */
};

struct host {
    struct p2t_summary *s;
    struct keyed *calls; /* by the time of their answer */
    size_t n;
    struct pause pause[PAUSES_MAX];
    size_t pauses, acked, tested;
    int64_t period_ns, length_ns, lost_ns;
    struct word_list services;
};

static int64_t sent_ns(const struct call *c)
{
    return max_ns(c->sent_ns, c->request_ns);
}

/* What it works off once it goes on. */
static int64_t burst_end(const struct pause *p)
{
    return p->to_ns + max_ns(50 * (int64_t)MS, (p->to_ns - p->from_ns) / 2);
}

static bool is_held(const struct pause *p, const struct call *c)
{
    int64_t at = answer_or_end(c);

    return c->slow && at >= p->to_ns && at <= burst_end(p) && sent_ns(c) < p->to_ns - LEAST_NS / 2;
}

static void count_held(struct pause *p, const struct call *c)
{
    int64_t waited = p->to_ns - sent_ns(c);

    p->first_sent_ns = p->held == 0 ? sent_ns(c) : min_ns(p->first_sent_ns, sent_ns(c));
    p->last_sent_ns = max_ns(p->last_sent_ns, sent_ns(c));
    p->answered_ns = max_ns(p->answered_ns, answer_or_end(c));
    p->held++;
    if (sent_ns(c) <= p->from_ns || c->acked_ns < 0)
        return;
    p->tested++;
    p->acked += c->acked_ns * 2 < waited;
}

/* Calls of one batch begin together, and each takes its time: only what was sent at different times, and answered at one,
 * was held up. */
static bool is_pause(const struct pause *p)
{
    int64_t sent = p->last_sent_ns - p->first_sent_ns, answered = p->answered_ns - p->to_ns;

    return p->held >= 2 && sent >= 20 * (int64_t)MS && sent > 2 * answered;
}

/* The server was busy: the answer that ends the silence is of a call that takes about as long by itself. */
static bool is_work(const struct pause *p, const struct call *ends)
{
    return !ends->slow && ends->own_ns * 10 > (p->to_ns - p->from_ns) * 7;
}

static void find_pauses(struct host *h)
{
    for (size_t i = 1; i < h->n && h->pauses < PAUSES_MAX; i++) {
        struct pause p = {.from_ns = h->calls[i - 1].at_ns, .to_ns = h->calls[i].at_ns};
        if (p.to_ns - p.from_ns - clock_part(h->s, p.from_ns, p.to_ns) < LEAST_NS || is_work(&p, h->calls[i].item))
            continue;
        for (size_t k = i; k < h->n && h->calls[k].at_ns <= burst_end(&p); k++)
            if (is_held(&p, h->calls[k].item))
                count_held(&p, h->calls[k].item);
        if (!is_pause(&p))
            continue;
        h->pause[h->pauses++] = p;
    }
}

/* Pauses from one on that end at even intervals; some may lack where nothing was under way. */
struct chain {
    size_t begin, count;
    int64_t period_ns;
    int64_t slots; /* intervals from its first pause to its last */
};

static int64_t intervals(int64_t ns, int64_t period_ns, int64_t off_ns)
{
    enum { LEFT_OUT_MAX = 3 };
    int64_t n = (ns + period_ns / 2) / period_ns;

    return n >= 1 && n <= 1 + LEFT_OUT_MAX && llabs(ns - n * period_ns) <= off_ns ? n : 0;
}

/* Walks it; with `kept`, its pauses are copied there. */
static struct chain follow(const struct host *h, size_t begin, int64_t period_ns, struct pause *kept)
{
    struct chain c = {.begin = begin, .count = 1, .period_ns = period_ns};
    /* Of few intervals, chance makes some alike. */
    int64_t off_ns = period_ns / (h->pauses > PAUSES_MIN ? 10 : 20), last_ns = h->pause[begin].to_ns;

    if (kept != NULL)
        kept[0] = h->pause[begin];
    for (size_t i = begin + 1; i < h->pauses; i++) {
        int64_t n = intervals(h->pause[i].to_ns - last_ns, period_ns, off_ns);
        if (n == 0)
            continue;
        if (kept != NULL)
            kept[c.count] = h->pause[i];
        c.slots += n;
        c.count++;
        last_ns = h->pause[i].to_ns;
    }
    return c;
}

/* The chain with most of them. */
static struct chain longest_chain(const struct host *h)
{
    enum { AHEAD = 3 };
    struct chain best = {0};

    for (size_t i = 0; i < h->pauses; i++)
        for (size_t k = i + 1; k < h->pauses && k <= i + AHEAD; k++) {
            struct chain c = follow(h, i, h->pause[k].to_ns - h->pause[i].to_ns, NULL);
            best = c.count > best.count ? c : best;
        }
    return best;
}

static void measure_pauses(struct host *h)
{
    struct sample lengths = {0};

    for (size_t i = 0; i < h->pauses; i++) {
        const struct pause *p = &h->pause[i];
        sample_add(&lengths, p->to_ns - max_ns(p->from_ns, p->first_sent_ns));
        h->acked += p->acked;
        h->tested += p->tested;
    }
    h->length_ns = sample_at(&lengths, 500);
    h->s->failed |= lengths.failed;
    sample_fini(&lengths);
}

/* Leaves those that come at even intervals, if these are most. */
static bool keep_even(struct host *h)
{
    struct chain c = longest_chain(h);
    struct pause kept[PAUSES_MAX];

    /* Of four, chance makes three alike. */
    if (c.count < PAUSES_MIN || c.count * 4 < h->pauses * 3 || (c.count == PAUSES_MIN && h->pauses > PAUSES_MIN))
        return false;
    follow(h, c.begin, c.period_ns, kept);
    h->pauses = c.count;
    memcpy(h->pause, kept, c.count * sizeof *kept);
    h->period_ns = (kept[c.count - 1].to_ns - kept[0].to_ns) / c.slots;
    measure_pauses(h);
    return true;
}

static void hit_all(struct host *h, struct cause *c)
{
    size_t at = 0;

    for (size_t i = 0; i < h->n; i++) {
        struct call *x = h->calls[i].item;
        while (at < h->pauses && burst_end(&h->pause[at]) < h->calls[i].at_ns)
            at++;
        if (at == h->pauses || !is_held(&h->pause[at], x))
            continue;
        cause_prove(c, x->asked);
        cause_prove(c, x->answered);
        cause_hit(h->s, c, x);
        add_ns(&c->lost_ns, x->own_ns - max_ns(x->usual_ns, 0));
        word_list_add(&h->services, x->server);
    }
}

static void blame(struct host *h)
{
    const struct pause *last = &h->pause[h->pauses - 1];
    struct cause *c = cause_add(h->s, P2T_CAUSE_TIME_PERIODIC, P2T_CAUSE_SIDE_SERVER, "wait", P2T_LIKELY);

    hit_all(h, c);
    const struct call *first = c->hit[0];
    const struct word *port = h->services.total == 1 ? first->server : NULL;
    cause_subject_service(c, port, first->server_ip);
    if (port == NULL) {
        c->kind = "address";
        c->address = first->server_ip;
    }
    cause_span(c, h->pause[0].from_ns, last->to_ns);
    for (size_t i = 0; i < h->n; i++)
        c->of += h->calls[i].at_ns >= c->since_ns && h->calls[i].at_ns <= burst_end(last);
    say_service(&c->text, port, first->server_ip);
    buf_lit(&c->text, " stops for ");
    say_time(&c->text, h->length_ns);
    buf_lit(&c->text, " every ");
    say_time(&c->text, h->period_ns);
    buf_printf(&c->text, ", %zu times: ", h->pauses);
    say_count(&c->text, c->calls, "call");
    if (h->services.total > 1)
        buf_printf(&c->text, " to its %zu services", h->services.total);
    buf_lit(&c->text, " waited and were answered together, while its kernel acknowledged requests, which fits a "
                      "process that pauses (garbage collection, a CPU quota, a job)");
}

static void look_at(struct p2t_summary *s, struct keyed *calls, size_t n)
{
    struct host *h = n >= 2 * PAUSES_MIN ? calloc(1, sizeof *h) : NULL;

    if (h == NULL)
        return;
    h->s = s;
    h->calls = calls;
    h->n = n;
    find_pauses(h);
    /* Without acknowledgements it may have been the path that was cut. */
    if (h->pauses >= PAUSES_MIN && keep_even(h) && h->acked >= h->pauses && h->acked * 10 > h->tested * 7)
        blame(h);
    free(h);
}

static void for_each(struct p2t_summary *s, bool by_port)
{
    struct groups g = {0};
    size_t at = 0, n;
    struct keyed *first;

    for (size_t i = 0; i < s->call_count; i++) {
        struct call *c = &s->calls[i];
        if (c->server != NULL && c->request_ns != 0 && !c->streams && (c->answer_ns != 0 || c->late_ns != 0) &&
            !is_proxy(s, c->server_ip))
            groups_add(&g, (struct keyed){{by_port ? c->server : c->server_ip}, answer_or_end(c), c->id, c});
    }
    groups_sort(&g);
    while (cause_room(s) && (first = groups_next(&g, &at, &n)) != NULL)
        look_at(s, first, n);
    s->failed |= g.failed;
    groups_fini(&g);
}

void rules_pauses(struct p2t_summary *s)
{
    size_t before = s->cause_count;

    for_each(s, false);
    /* One process of several on its host. */
    if (s->cause_count == before)
        for_each(s, true);
}
