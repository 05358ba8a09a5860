/* Clients without a port for one more connection: every port of a range is in use, or closed by the client less than a minute
 * ago (TIME_WAIT, RFC 9293 3.6.1, 60 s in Linux). A call then fails before its SYN, so that only what does not come tells:
 * lookups that lead nowhere, or SYNs that end while the client goes on. */
#include <stdlib.h>

#include "summary/cause.h"
#include "summary/rules/rules.h"

static const int64_t TIME_WAIT_NS = 60 * SECOND_NS;
/* A lookup that is to lead to a connection does so by then. */
static const int64_t FOLLOWED_NS = SECOND_NS;
enum { PORTS_MIN = 16, LOST_MIN = 3, SILENCE_TIMES = 20 };

struct range {
    struct p2t_summary *s;
    struct keyed *conns; /* of one client to one listener, by their SYN */
    size_t n;
    const struct conn *first;
    size_t before;          /* connections up to the moment when no port was left ... */
    int64_t from_ns, to_ns; /* ... which lasted so long */
    size_t held, lost;      /* ports; lookups that led to no connection */
    uint16_t low, high;
    const struct question *question; /* the first of those */
    bool wrapped;                    /* ports came in no rising order: one that counts up has merely stopped */
    bool goes_on;                    /* the client does something else meanwhile */
};

/* When the kernel may lend the port again. */
static int64_t free_at(const struct conn *k)
{
    int64_t fin = k->fin_ns[P2T_SIDE_CLIENT], other = k->fin_ns[P2T_SIDE_SERVER];

    if (k->rst_ns[0] != 0 || k->rst_ns[1] != 0 || k->refused_ns != 0)
        return k->last_ns;
    if (fin == 0)
        return other != 0 ? k->last_ns : INT64_MAX;
    return other != 0 && other < fin ? k->last_ns : fin + TIME_WAIT_NS;
}

static int by_port(const void *a, const void *b)
{
    const uint16_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Distinct ports that are not free at that moment, of the connections before it. */
static void count_held(struct range *r)
{
    uint16_t *ports = calloc(r->before, sizeof *ports);
    size_t n = 0;

    if (ports == NULL) {
        r->s->failed = true;
        return;
    }
    for (size_t i = 0; i < r->before; i++) {
        const struct conn *k = r->conns[i].item;
        r->wrapped |= i > 0 && k->client_port < ((const struct conn *)r->conns[i - 1].item)->client_port;
        if (free_at(k) > r->from_ns + SECOND_NS)
            ports[n++] = k->client_port;
    }
    qsort(ports, n, sizeof *ports, by_port);
    r->held = 0;
    for (size_t i = 0; i < n; i++)
        r->held += i == 0 || ports[i] != ports[i - 1];
    r->low = n > 0 ? ports[0] : 0;
    r->high = n > 0 ? ports[n - 1] : 0;
    free(ports);
}

/* No SYN for a while: after connection `before`. */
static void set_gap(struct range *r, size_t before)
{
    r->before = before;
    r->from_ns = r->conns[before - 1].at_ns;
    r->to_ns = before < r->n ? r->conns[before].at_ns : r->s->last_ns;
}

static bool leads_there(const struct range *r, const struct question *q)
{
    for (size_t i = 0; i < q->addresses && i < P2T_QUESTION_ADDRESSES_MAX; i++)
        if (q->address[i] == r->first->server_ip)
            return q->client != NULL && q->answered_ns > r->from_ns + FOLLOWED_NS / 10 &&
                   q->answered_ns < r->to_ns - FOLLOWED_NS;
    return false;
}

/* The client's address, with whatever port it asks from. */
static bool is_of_client(const struct range *r, const struct question *q)
{
    return q->client == r->first->client_ip;
}

static void count_lost(struct range *r)
{
    for (size_t i = 0; i < r->s->question_count; i++) {
        const struct question *q = &r->s->questions[i];
        if (!is_of_client(r, q) || !leads_there(r, q))
            continue;
        r->question = r->lost++ == 0 ? q : r->question;
    }
}

static void look_around(struct range *r)
{
    for (size_t i = 0; i < r->s->call_count && !r->goes_on; i++) {
        const struct call *c = &r->s->calls[i];
        r->goes_on = c->client == r->first->client_ip && c->server != r->first->server &&
                     c->request_ns > r->from_ns + FOLLOWED_NS && c->request_ns < r->to_ns;
    }
}

/* Without lookups: there were connections all the time, and then none, while the client did something else. */
static bool ends_abruptly(const struct range *r)
{
    int64_t between = (r->from_ns - r->conns[0].at_ns) / (int64_t)r->before;

    return r->wrapped && r->goes_on && r->to_ns - r->from_ns > SILENCE_TIMES * between;
}

static void blame(struct range *r)
{
    const struct conn *k = r->first;
    struct cause *c = cause_add(r->s, P2T_CAUSE_CONN_PORT_EXHAUSTION, P2T_CAUSE_SIDE_CLIENT, "connect",
                                r->lost > 0 ? P2T_LIKELY : P2T_POSSIBLE);

    cause_subject_service(c, k->server, k->server_ip);
    c->kind = "client";
    c->client = k->client_ip;
    /* Each lookup was a call that did not come to be one. */
    c->calls = c->of = c->failed = r->lost;
    c->counted = "lookups";
    c->lookups_of = r->lost > 0 ? r->question->name : NULL;
    if (r->lost == 0)
        c->hurt = 1;
    cause_prove(c, r->lost > 0 ? r->question->answered : ((const struct conn *)r->conns[r->before - 1].item)->syn);
    cause_span(c, r->from_ns, r->to_ns);
    buf_printf(&c->text, "%s has no port left for ", word_str(k->client_ip));
    say_service(&c->text, k->server, k->server_ip);
    buf_printf(&c->text,
               ": all %zu from %u to %u are open, or were closed by it less than a minute ago (TIME_WAIT); ", r->held,
               r->low, r->high);
    if (r->lost > 0) {
        say_count(&c->text, r->lost, "lookup");
        buf_printf(&c->text, " of %s led to no SYN", word_str(r->question->name));
        return;
    }
    buf_lit(&c->text, "no SYN came for ");
    say_time(&c->text, r->to_ns - r->from_ns);
    buf_lit(&c->text, ", where there was one each ");
    say_time(&c->text, (r->from_ns - r->conns[0].at_ns) / (int64_t)r->before);
}

static void look_at(struct p2t_summary *s, struct keyed *conns, size_t n)
{
    struct range r = {.s = s, .conns = conns, .n = n, .first = conns[0].item};
    size_t longest = n;

    if (n < PORTS_MIN || !cause_look(s))
        return;
    set_gap(&r, n);
    for (size_t i = PORTS_MIN; i < n; i++)
        if (conns[i].at_ns - conns[i - 1].at_ns > r.to_ns - r.from_ns) {
            longest = i;
            set_gap(&r, i);
        }
    set_gap(&r, longest);
    if (r.to_ns - r.from_ns < 2 * FOLLOWED_NS)
        return;
    count_held(&r);
    if (r.held < PORTS_MIN || r.held * 100 < ((size_t)(r.high - r.low) + 1) * 97)
        return;
    count_lost(&r);
    look_around(&r);
    if (r.lost >= LOST_MIN || (r.lost == 0 && ends_abruptly(&r)))
        blame(&r);
}

void rules_ports(struct p2t_summary *s)
{
    struct groups g = {0};
    size_t at = 0, n;
    struct keyed *first;

    for (size_t i = 0; i < s->conn_count; i++) {
        struct conn *k = &s->conns[i];
        if (k->syn_ns != 0)
            groups_add(&g, (struct keyed){{k->client_ip, k->server}, k->syn_ns, k->id, k});
    }
    groups_sort(&g);
    /* Of thinned-out records nobody knows which ports are free. */
    while (s->level[KEEP_CONNS] == 0 && cause_room(s) && (first = groups_next(&g, &at, &n)) != NULL)
        look_at(s, first, n);
    s->failed |= g.failed;
    groups_fini(&g);
}
