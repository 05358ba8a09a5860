/* Receivers that allow little on its way: a long body then takes a round trip for each window, whatever the path could carry. */
#include "summary/cause.h"
#include "summary/rules/rules.h"

/* Wider ones are in order, and shorter times not worth a word. */
enum { NARROW = 128 << 10, CALLS_MIN = 3, UNSCALED = UINT16_MAX };
static const int64_t LEAST_NS = 300 * (int64_t)MS;

struct bound {
    struct p2t_summary *s;
    struct keyed *calls; /* of one client at one server */
    size_t n;
    bool sending;
    size_t bound, free; /* free: others as long whose window did not bound them */
    struct sample took, bytes;
    const struct call *first;
    uint32_t window;
};

static int64_t length_of(const struct call *c, bool sending)
{
    return sending ? c->send_ns : c->receive_ns;
}

static uint64_t bytes_of(const struct call *c, bool sending)
{
    return sending ? c->request_bytes : c->response_bytes;
}

static bool is_bound(const struct call *c, bool sending)
{
    return c->window > 0 && c->window <= NARROW && sending == (c->send_ns > c->receive_ns) &&
           length_of(c, sending) >= LEAST_NS && length_of(c, sending) * 2 > c->total_ns;
}

static void measure(struct bound *b)
{
    for (size_t i = 0; i < b->n; i++) {
        const struct call *c = b->calls[i].item;
        if (!is_bound(c, b->sending))
            continue;
        b->first = b->bound++ == 0 ? c : b->first;
        b->window = c->window > b->window ? c->window : b->window;
        sample_add(&b->took, length_of(c, b->sending));
        sample_add(&b->bytes, (int64_t)min_ns((int64_t)bytes_of(c, b->sending), INT64_MAX));
    }
    int64_t median = sample_at(&b->bytes, 500);
    for (size_t i = 0; i < b->n; i++) {
        const struct call *c = b->calls[i].item;
        b->free += c->window == 0 && !c->failed && bytes_of(c, b->sending) >= (uint64_t)median;
    }
}

/* One end offered no scale in its SYN: 64 KB is the most then. */
static bool is_unscaled(const struct bound *b)
{
    const struct conn *k = b->first->conn;

    return k != NULL && b->window > UNSCALED / 2 && b->window <= UNSCALED && k->syn_ns != 0 && k->syn_ack_ns != 0 &&
           (k->side[0].scale == 0 || k->side[1].scale == 0);
}

static void blame(struct bound *b)
{
    const struct call *first = b->first;
    struct cause *c =
        cause_add(b->s, P2T_CAUSE_TCP_WINDOW_LIMITED, b->sending ? P2T_CAUSE_SIDE_SERVER : P2T_CAUSE_SIDE_CLIENT,
                  b->sending ? "send" : "receive", P2T_LIKELY);

    cause_subject_service(c, first->server, first->server_ip);
    c->client = first->client;
    for (size_t i = 0; i < b->n; i++) {
        struct call *x = b->calls[i].item;
        if (!is_bound(x, b->sending))
            continue;
        cause_hit(b->s, c, x);
        cause_span(c, x->request_ns, x->end_ns);
        add_ns(&c->lost_ns, length_of(x, b->sending) - x->rtt_ns);
    }
    if (!b->sending) {
        c->kind = "client";
        c->agent = first->agent;
        say_client(&c->text, first->agent, first->client);
    } else {
        say_service(&c->text, first->server, first->server_ip);
    }
    buf_printf(&c->text, " allows at most %u bytes in flight, a round trip takes ", b->window);
    say_time(&c->text, first->rtt_ns);
    buf_printf(&c->text, ", and bodies %s ", b->sending ? "of" : "from");
    if (b->sending)
        buf_str(&c->text, word_str(first->client));
    else
        say_service(&c->text, first->server, first->server_ip);
    buf_lit(&c->text, " come no faster: ");
    say_count(&c->text, b->bound, "call");
    buf_printf(&c->text, " %s ", b->bound == 1 ? "takes" : "take");
    say_time(&c->text, sample_at(&b->took, 500));
    buf_lit(&c->text, " for it; nothing was lost");
    if (is_unscaled(b))
        buf_lit(&c->text, "; the ends agreed on no window scaling, so that no more than 64 KB can be announced");
}

static void look_at(struct p2t_summary *s, struct keyed *calls, size_t n, bool sending)
{
    struct bound b = {.s = s, .calls = calls, .n = n, .sending = sending};

    measure(&b);
    if (b.bound >= at_least(s, CALLS_MIN) && b.free * 2 <= b.bound)
        blame(&b);
    s->failed |= b.took.failed || b.bytes.failed;
    sample_fini(&b.took);
    sample_fini(&b.bytes);
}

void rules_narrow(struct p2t_summary *s)
{
    struct groups g = {0};
    size_t at = 0, n;
    struct keyed *first;

    for (size_t i = 0; i < s->call_count; i++) {
        struct call *c = &s->calls[i];
        if (c->server != NULL && c->request_ns != 0 && !c->streams)
            groups_add(&g, (struct keyed){{c->client, c->server}, c->request_ns, c->id, c});
    }
    groups_sort(&g);
    while (cause_room(s) && (first = groups_next(&g, &at, &n)) != NULL) {
        look_at(s, first, n, false);
        look_at(s, first, n, true);
    }
    s->failed |= g.failed;
    groups_fini(&g);
}
