/* Times in which nothing comes from a listener: neither answers to SYNs nor acknowledgements of what open connections send.
 * A full accept queue keeps acknowledging, and a lossy path lets something through. */
#include "summary/prepare.h"
#include "summary/rules/dials.h"

enum { UNANSWERED = 1u << DIAL_SILENT | 1u << DIAL_REPEATED };

static const int64_t LEAST_NS = 2 * SECOND_NS;
/* What was under way when it began may still arrive. */
static const int64_t UNDER_WAY_NS = 300 * (int64_t)MS;
/* A kernel that hears nothing has repeated a segment three times by then. */
static const int64_t STUCK_NS = SECOND_NS;
static const int64_t HELD_NS = 2 * SECOND_NS;

struct blackout {
    struct listener *l;
    int64_t from_ns, to_ns; /* to_ns: the next sign of life, or the end of the capture */
    size_t dials, late;     /* late: those that were answered when it was over */
    size_t stuck,
        held; /* open connections whose data nothing acknowledged; requests acknowledged before, and not answered */
};

static bool is_stuck(const struct blackout *b, const struct stall *x)
{
    return (x->kind == P2T_STALL_LOST_AFTER || x->kind == P2T_STALL_LOST_BEFORE) &&
           x->to_ns - x->from_ns >= STUCK_NS && x->from_ns < b->to_ns && x->to_ns > b->from_ns;
}

static bool is_unanswered(const struct blackout *b, const struct conn *k)
{
    return (UNANSWERED & 1u << dial_end_of(b->l->s, k)) != 0 && k->syn_ns >= b->from_ns && k->syn_ns < b->to_ns;
}

/* A process that takes up no connection leaves requests unanswered that its kernel has acknowledged. */
static bool is_held(const struct blackout *b, const struct call *c)
{
    return c->server == b->l->server && c->acked_ns >= 0 && c->request_ns > b->from_ns - HELD_NS &&
           c->request_ns <= b->from_ns + UNDER_WAY_NS && (c->answer_ns == 0 || c->answer_ns >= b->to_ns);
}

static void live(struct blackout *b, int64_t at_ns)
{
    if (at_ns > b->from_ns + UNDER_WAY_NS)
        b->to_ns = min_ns(b->to_ns, at_ns);
}

/* Of bytes that belong to no call only the last ones are known: there were others before, as far as anybody can tell. */
static void live_in_between(struct blackout *b, int64_t first_ns, int64_t last_ns)
{
    if (first_ns <= b->from_ns + UNDER_WAY_NS && last_ns > b->from_ns + UNDER_WAY_NS)
        live(b, b->from_ns + UNDER_WAY_NS + 1);
    live(b, first_ns);
}

static bool is_answering(const struct call *c)
{
    return c->answer_ns != 0 && c->stalled_ns < STUCK_NS;
}

static void find_end(struct blackout *b)
{
    const struct p2t_summary *s = b->l->s;

    b->to_ns = s->last_ns;
    for (size_t i = 0; i < s->conn_count; i++) {
        const struct conn *k = &s->conns[i];
        if (k->server != b->l->server)
            continue;
        live(b, k->syn_ack_ns);
        live(b, k->refused_ns);
        live(b, k->rst_ns[1]);
        live(b, k->fin_ns[1]);
        if (k->call_count == 0)
            live_in_between(b, k->first_ns, k->last_bytes_ns[1]);
    }
    for (size_t i = 0; i < s->call_count; i++)
        if (s->calls[i].server == b->l->server) {
            live(b, s->calls[i].answer_ns);
            if (is_answering(&s->calls[i]))
                live_in_between(b, s->calls[i].answer_ns, s->calls[i].end_ns);
        }
}

static void count(struct blackout *b)
{
    const struct p2t_summary *s = b->l->s;

    for (size_t i = 0; i < b->l->n; i++) {
        const struct conn *k = b->l->conns[i].item;
        b->dials += is_unanswered(b, k);
        b->late += is_unanswered(b, k) && k->syn_ack_ns != 0;
    }
    for (size_t i = 0; i < s->call_count; i++)
        b->held += is_held(b, &s->calls[i]);
    for (size_t i = 0; i < s->conn_count; i++) {
        const struct conn *k = &s->conns[i];
        bool stuck = false;
        for (size_t n = 0; n < k->stall_count && k->server == b->l->server; n++)
            stuck |= is_stuck(b, &k->stalls[n]);
        b->stuck += stuck;
    }
}

static void hit_stuck_calls(struct blackout *b, struct cause *c)
{
    struct p2t_summary *s = b->l->s;

    for (size_t i = 0; i < s->call_count; i++) {
        struct call *x = &s->calls[i];
        if (x->server != b->l->server || x->stalled_ns < STUCK_NS || x->start_ns >= b->to_ns ||
            x->end_ns <= b->from_ns)
            continue;
        cause_hit(s, c, x);
        add_ns(&c->lost_ns, x->stalled_ns);
    }
}

static bool is_seen_at_server(const struct blackout *b)
{
    size_t at_server = 0, elsewhere = 0;

    for (size_t i = 0; i < b->l->n; i++) {
        enum p2t_vantage where = ((const struct conn *)b->l->conns[i].item)->vantage;
        at_server += where == P2T_VANTAGE_SERVER;
        elsewhere += where == P2T_VANTAGE_CLIENT || where == P2T_VANTAGE_MIDDLE;
    }
    return at_server > 2 * elsewhere;
}

static bool in_between(const struct blackout *b, int64_t at_ns)
{
    return at_ns > b->from_ns + UNDER_WAY_NS && at_ns < b->to_ns;
}

/* Another port of it took a connection, or answered a call. */
static bool host_lives(const struct blackout *b)
{
    const struct p2t_summary *s = b->l->s;

    for (size_t i = 0; i < s->conn_count; i++)
        if (s->conns[i].server_ip == b->l->ip && s->conns[i].server != b->l->server &&
            (in_between(b, s->conns[i].syn_ack_ns) || in_between(b, s->conns[i].last_bytes_ns[1])))
            return true;
    for (size_t i = 0; i < s->call_count; i++)
        if (s->calls[i].server_ip == b->l->ip && s->calls[i].server != b->l->server &&
            in_between(b, s->calls[i].answer_ns))
            return true;
    return false;
}

static void tell(struct blackout *b)
{
    struct listener *l = b->l;
    bool others = (listener_find_siblings(l), l->siblings.total > 0);
    struct cause *c = listener_blame(l, others ? P2T_CAUSE_CONN_ONE_ADDRESS_DEAD : P2T_CAUSE_CONN_NO_ANSWER,
                                     P2T_CAUSE_SIDE_SERVER, P2T_LIKELY, UNANSWERED);

    hit_stuck_calls(b, c);
    c->kind = "address";
    cause_span(c, b->from_ns, b->to_ns);
    say_service(&c->text, l->server, l->ip);
    buf_lit(&c->text, " sends nothing for ");
    say_time(&c->text, b->to_ns - b->from_ns);
    buf_lit(&c->text, ": no answer to ");
    say_count(&c->text, b->dials, "dial");
    if (b->stuck > 0) {
        buf_lit(&c->text, ", no acknowledgement on ");
        say_count(&c->text, b->stuck, "open connection");
    }
    say_siblings(l, c, "answers", "answer");
    if (is_seen_at_server(b)) {
        buf_lit(&c->text, "; their packets came as far as this capture, so the host dropped them or stood still");
        return;
    }
    buf_str(&c->text, host_lives(b) ? ", while its host answers on other ports, which fits a filter"
                                    : "; the packets do not show whether the host is down or the path is cut");
    c->or_side = P2T_CAUSE_SIDE_NETWORK;
}

static bool is_long(struct blackout *b)
{
    find_end(b);
    b->dials = b->late = b->stuck = b->held = 0;
    if (b->to_ns - b->from_ns - clock_part(b->l->s, b->from_ns, b->to_ns) < LEAST_NS)
        return false;
    count(b);
    return b->dials >= 2 && (b->stuck > 0 || (b->late > 0 && b->held == 0));
}

bool dials_find_blackout(struct listener *l)
{
    struct blackout b = {.l = l};

    for (size_t i = 0; i < l->n; i++) {
        const struct conn *k = l->conns[i].item;
        b.from_ns = k->syn_ns;
        if (k->syn_ns < b.to_ns ||
            !is_unanswered(&(struct blackout){.l = l, .from_ns = k->syn_ns, .to_ns = INT64_MAX}, k))
            continue;
        if (!cause_look(l->s))
            return false;
        if (is_long(&b)) {
            l->siblings = (struct word_list){0};
            (void)listener_count(l, UNANSWERED);
            tell(&b);
            return true;
        }
    }
    return false;
}
