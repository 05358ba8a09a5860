/* TLS handshakes that take longer than is usual: up to the ServerHello it is the server, from there on mostly the client. */
#include "summary/cause.h"
#include "summary/rules/handshakes.h"
#include "summary/usual.h"

static const int64_t LEAST_SLOWER_NS = 100 * (int64_t)MS;
enum { USUAL_OF_MIN = 8, SLOW_MIN = 4 };

struct handshakes {
    struct p2t_summary *s;
    struct groups good;
    struct sample all, hello; /* the whole, and the part up to the ServerHello */
    int64_t base_ns, hello_base_ns;
    bool by_baseline;
    struct keyed *run; /* the densest run of slow ones */
    size_t span;
    struct sample slow, late; /* of the slow ones: the whole, and the part after the ServerHello */
    int64_t lost_ns, stalled_ns, after_ns;
    bool split; /* each slow one is TLS 1.3 and shows its ServerHello */
};

static bool is_slow(const void *item)
{
    return ((const struct call *)item)->mark != 0;
}

static void take_all(struct handshakes *h, const struct keyed *calls, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct call *c = calls[i].item;
        if (c->outcome == P2T_OUTCOME_TLS_ERROR || c->tls_ns == 0)
            continue;
        groups_add(&h->good, calls[i]);
        sample_add(&h->all, c->tls_ns);
        sample_add(&h->hello, c->hello_ns);
    }
    int64_t before = baseline_quartile(h->s, USUAL_TLS, calls[0].key[0]);
    h->by_baseline = before >= 0;
    h->base_ns = h->by_baseline ? before : sample_at(&h->all, 250);
    h->hello_base_ns = sample_at(&h->hello, 250);
    for (size_t i = 0; i < h->good.n; i++) {
        struct call *c = h->good.all[i].item;
        c->mark = c->tls_ns > max_ns(3 * h->base_ns, h->base_ns + LEAST_SLOWER_NS);
    }
}

/* What was lost before its first request. */
static int64_t lost_in_handshake(const struct call *c)
{
    int64_t lost_ns = 0, until_ns = c->request_ns != 0 ? c->request_ns : c->end_ns;

    for (size_t i = 0; c->conn != NULL && i < c->conn->stall_count; i++) {
        const struct stall *x = &c->conn->stalls[i];
        bool lost = x->kind == P2T_STALL_LOST_AFTER || x->kind == P2T_STALL_LOST_BEFORE;
        add_ns(&lost_ns, lost && x->to_ns <= until_ns ? x->to_ns - x->from_ns : 0);
    }
    return lost_ns;
}

static void measure(struct handshakes *h)
{
    h->split = true;
    for (size_t i = 0; i < h->span; i++) {
        const struct call *c = h->run[i].item;
        if (c->mark == 0)
            continue;
        sample_add(&h->slow, c->tls_ns);
        sample_add(&h->late, c->tls_ns - c->hello_ns);
        add_ns(&h->lost_ns, c->tls_ns - h->base_ns);
        add_ns(&h->stalled_ns, c->stalled_ns + lost_in_handshake(c));
        add_ns(&h->after_ns, max_ns(0, c->tls_ns - c->hello_ns - max_ns(0, h->base_ns - h->hello_base_ns)));
        h->split &= c->hello_ns > 0 && c->tls_13;
    }
}

static bool is_convincing(const struct handshakes *h)
{
    const struct call *first = h->run[0].item;
    bool path = trouble_of(h->s, TROUBLE_SLOW_PATH, first->server_ip, first->start_ns, first->end_ns) != NULL;

    return h->slow.n >= SLOW_MIN && h->slow.n * 10 > h->span * 4 && !path && h->stalled_ns * 10 < h->lost_ns * 3;
}

/* In TLS 1.3 the server's flight is complete with its ServerHello: what is late after it, the client owes. */
static bool is_clients(const struct handshakes *h)
{
    return h->split && h->after_ns * 10 > h->lost_ns * 8;
}

/* It was quicker before: a process that has just begun is slow at first, as Java's is. */
static bool was_quick_before(const struct handshakes *h)
{
    const struct call *first = h->run[0].item;

    for (const struct keyed *k = h->good.all; k < h->run; k++) {
        const struct call *c = k->item;
        if (c->client == first->client && c->mark == 0)
            return true;
    }
    return h->by_baseline;
}

/* A dial goes on when its caller has left. */
static size_t count_unused(const struct handshakes *h)
{
    size_t n = 0;

    for (size_t i = 0; i < h->span; i++) {
        const struct call *c = h->run[i].item;
        n += c->mark != 0 && c->kind == P2T_KIND_CONNECT && c->request_ns == 0;
    }
    return n;
}

static void blame(struct handshakes *h)
{
    const struct call *first = h->run[0].item;
    bool client = is_clients(h);
    const struct word *agent = first->kind == P2T_KIND_TLS ? NULL : first->agent; /* not known without keys */
    struct cause *c = cause_add(h->s, client ? P2T_CAUSE_TLS_SLOW_CLIENT : P2T_CAUSE_TLS_SLOW_SERVER,
                                client ? P2T_CAUSE_SIDE_CLIENT : P2T_CAUSE_SIDE_SERVER, "tls", P2T_LIKELY);

    cause_subject_service(c, first->server, first->server_ip);
    if (client) {
        c->client = first->client;
        c->agent = agent;
    }
    for (size_t i = 0; i < h->span; i++)
        if (is_slow(h->run[i].item)) {
            struct call *x = h->run[i].item;
            cause_hit(h->s, c, x);
            cause_span(c, x->start_ns, x->end_ns);
        }
    c->of = h->span;
    c->lost_ns = h->lost_ns;
    if (client) {
        say_client(&c->text, agent, first->client);
        buf_lit(&c->text, " takes ");
        say_time(&c->text, sample_at(&h->late, 500));
        buf_lit(&c->text, " to finish TLS handshakes after the ServerHello of ");
        say_service(&c->text, first->server, first->server_ip);
        buf_lit(&c->text, "; the handshake as a whole takes ");
        say_time(&c->text, sample_at(&h->slow, 500));
    } else {
        buf_lit(&c->text, "TLS handshakes with ");
        say_service(&c->text, first->server, first->server_ip);
        buf_lit(&c->text, " take ");
        say_time(&c->text, sample_at(&h->slow, 500));
    }
    say_usual(&c->text, h->base_ns, h->by_baseline);
    buf_printf(&c->text, ", %zu of %zu", h->slow.n, h->span);
    size_t unused = count_unused(h);
    if (unused > 0)
        buf_printf(&c->text, "; %zu of these connections carried no request", unused);
}

void find_slow_handshakes(struct p2t_summary *s, struct keyed *calls, size_t n)
{
    struct handshakes h = {.s = s};
    size_t at = 0;

    take_all(&h, calls, n);
    if ((h.all.n >= USUAL_OF_MIN || h.by_baseline) && h.good.all != NULL &&
        densest_run(h.good.all, h.good.n, is_slow, &at, &h.span)) {
        h.run = &h.good.all[at];
        measure(&h);
        bool dear = !is_clients(&h) && h.lost_ns >= 2 * SECOND_NS;
        if (is_convincing(&h) && (dear || was_quick_before(&h)))
            blame(&h);
    }
    s->failed |= h.good.failed || h.all.failed || h.hello.failed || h.slow.failed || h.late.failed;
    groups_fini(&h.good);
    sample_fini(&h.all);
    sample_fini(&h.hello);
    sample_fini(&h.slow);
    sample_fini(&h.late);
}
