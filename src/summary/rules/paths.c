/* Paths on which every round trip became longer: handshakes and acknowledgements tell them from slow servers. */
#include <stdlib.h>

#include "summary/cause.h"
#include "summary/rules/rules.h"
#include "summary/usual.h"

enum { BINS_MAX = 4096, BINS_MIN = 8, UP_MIN = 4 };
static const int64_t BIN_NS = SECOND_NS / 2;
static const int64_t LEAST_SLOWER_NS = 20 * (int64_t)MS;

struct trip {
    int64_t at_ns, ns;
    bool handshake;
    const struct word *end; /* the far end: a server's address, or a client's */
};

struct path {
    struct p2t_summary *s;
    const struct word *end;
    struct keyed *trips; /* struct trip, by time */
    size_t n;
    int64_t floor[BINS_MAX]; /* the shortest in each bin; 0: none */
    size_t bins;
    int64_t base_ns, up_ns, from_ns, to_ns;
    bool certain; /* handshakes say so */
};

static bool is_delayed_ack(int64_t ns)
{
    return (ns > 36 * (int64_t)MS && ns < 52 * (int64_t)MS) || (ns > 190 * (int64_t)MS && ns < 215 * (int64_t)MS);
}

static void fill_floor(struct path *p)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct trip *t = p->trips[i].item;
        int64_t at = (t->at_ns - p->s->first_ns) / BIN_NS;
        if (at < 0 || at >= BINS_MAX || t->ns <= 0)
            continue;
        p->bins = (size_t)at + 1 > p->bins ? (size_t)at + 1 : p->bins;
        if (p->floor[at] == 0 || t->ns < p->floor[at])
            p->floor[at] = t->ns;
    }
}

static bool is_up(const struct path *p, int64_t ns)
{
    return ns > 3 * p->base_ns && ns > p->base_ns + LEAST_SLOWER_NS;
}

/* From the first bin that is up to the last; false: it does not stay up in between. */
static bool find_rise(struct path *p)
{
    struct sample floors = {0}, ups = {0};
    size_t filled = 0, first = 0, last = 0, inside = 0;

    for (size_t i = 0; i < p->bins; i++)
        if (p->floor[i] > 0)
            sample_add(&floors, p->floor[i]);
    filled = floors.n;
    int64_t before = baseline_quartile(p->s, USUAL_HANDSHAKE, p->end);
    p->base_ns = before >= 0 ? before : sample_at(&floors, 250);
    for (size_t i = 0; i < p->bins; i++)
        if (is_up(p, p->floor[i])) {
            first = ups.n == 0 ? i : first;
            last = i;
            sample_add(&ups, p->floor[i]);
        }
    for (size_t i = first; i <= last && ups.n > 0; i++)
        inside += p->floor[i] > 0;
    p->up_ns = sample_at(&ups, 500);
    p->from_ns = p->s->first_ns + (int64_t)first * BIN_NS;
    p->to_ns = p->s->first_ns + (int64_t)(last + 1) * BIN_NS;
    bool risen = filled >= BINS_MIN && ups.n >= UP_MIN && ups.n * 10 >= inside * 7;
    p->s->failed |= floors.failed || ups.failed;
    sample_fini(&floors);
    sample_fini(&ups);
    return risen;
}

/* A handshake that is as quick as ever meanwhile: then it is no path. */
static bool handshakes_deny(struct path *p)
{
    bool quick = false;

    for (size_t i = 0; i < p->n; i++) {
        const struct trip *t = p->trips[i].item;
        if (!t->handshake || t->at_ns < p->from_ns + BIN_NS || t->at_ns > p->to_ns - BIN_NS)
            continue;
        p->certain = true;
        quick |= t->ns * 2 < 3 * p->base_ns + 10 * (int64_t)MS;
    }
    return quick;
}

/* Without handshakes: a server that thinks for long acknowledges first, a far one not long before it answers. */
static bool answers_come_first(const struct path *p)
{
    size_t slow = 0, acked = 0;

    for (size_t i = 0; i < p->s->call_count; i++) {
        const struct call *c = &p->s->calls[i];
        int64_t sent = c->sent_ns != 0 ? c->sent_ns : c->request_ns;
        if (c->server_ip != p->end || c->answer_ns == 0 || sent < p->from_ns || sent > p->to_ns ||
            c->answer_ns - sent < p->base_ns + 60 * (int64_t)MS)
            continue;
        slow++;
        acked += c->acked_ns >= 0 && c->acked_ns < (c->answer_ns - sent) / 2;
    }
    return slow >= 5 && acked * 5 <= slow;
}

struct found {
    const struct word *end[SUBJECT_SERVERS_MAX];
    int64_t base_ns[SUBJECT_SERVERS_MAX], up_ns[SUBJECT_SERVERS_MAX];
    size_t n;
    int64_t from_ns, to_ns;
};

static void note(struct found *f, const struct path *p)
{
    if (f->n == SUBJECT_SERVERS_MAX)
        return;
    f->end[f->n] = p->end;
    f->base_ns[f->n] = p->base_ns;
    f->up_ns[f->n++] = p->up_ns;
    f->from_ns = f->n == 1 ? p->from_ns : min_ns(f->from_ns, p->from_ns);
    f->to_ns = max_ns(f->to_ns, p->to_ns);
}

static bool leads_to(const struct found *f, const struct call *c, size_t *at)
{
    for (*at = 0; *at < f->n; ++*at)
        if (f->end[*at] == c->server_ip || f->end[*at] == c->client)
            return true;
    return false;
}

/* Where the snapshot length hides its bodies, its share of what its connection carried. */
static double bytes_of(const struct call *c)
{
    double own = (double)(c->request_bytes + c->response_bytes);
    const struct conn *k = c->conn;
    double share =
        k != NULL && k->call_count > 0 ? (double)(k->side[0].bytes + k->side[1].bytes) / (double)k->call_count : 0;

    return own > share ? own : share;
}

/* Bytes a second that the client's calls carried between two moments; of each call, as if they came evenly. */
static int64_t load_between(const struct p2t_summary *s, const struct word *client, int64_t from_ns, int64_t to_ns)
{
    double bytes = 0;

    for (size_t i = 0; i < s->call_count && to_ns > from_ns; i++) {
        const struct call *x = &s->calls[i];
        if (x->client != client || x->end_ns <= x->start_ns)
            continue;
        double share = (double)overlap_ns(x->start_ns, x->end_ns, from_ns, to_ns) / (double)(x->end_ns - x->start_ns);
        bytes += share * bytes_of(x);
    }
    return to_ns > from_ns ? (int64_t)(bytes / ((double)(to_ns - from_ns) / 1e9)) : 0;
}

static const struct word *only_client(const struct cause *c)
{
    for (size_t i = 1; i < c->hit_count; i++)
        if (c->hit[i]->client != c->hit[0]->client)
            return NULL;
    return c->hit_count > 0 ? c->hit[0]->client : NULL;
}

/* The client's paths got longer while much more was carried over them than at other times, and short again after that. */
static bool is_own_load(const struct p2t_summary *s, const struct found *f, const struct cause *c, int64_t *load)
{
    enum { LOAD_MIN = 50000, LOAD_TIMES = 5 };
    const struct word *client = only_client(c);

    if (client == NULL)
        return false;
    int64_t before = load_between(s, client, s->first_ns, f->from_ns);
    int64_t after = load_between(s, client, f->to_ns, s->last_ns);
    *load = load_between(s, client, f->from_ns, f->to_ns);
    return *load > LOAD_MIN && *load > LOAD_TIMES * max_ns(before, after) && f->from_ns - s->first_ns > SECOND_NS &&
           s->last_ns - f->to_ns > SECOND_NS;
}

static void blame(struct p2t_summary *s, const struct found *f, bool client)
{
    struct cause *c = cause_add(s, P2T_CAUSE_CONN_SLOW_PATH, P2T_CAUSE_SIDE_NETWORK, "connect", P2T_CERTAIN);
    struct word_list ends = {0};
    size_t at;

    c->kind = "path";
    c->wide = client || f->n > 1;
    c->name = f->end[0]->known_as;
    c->address = f->end[0];
    for (size_t i = 0; i < s->call_count; i++) {
        struct call *x = &s->calls[i];
        if (!leads_to(f, x, &at) || x->start_ns > f->to_ns || x->end_ns < f->from_ns)
            continue;
        cause_hit(s, c, x);
        add_ns(&c->lost_ns, f->up_ns[at] - f->base_ns[at]);
        if (client)
            cause_server(c, x->server, x->server_ip);
        else if (f->n == 1)
            c->port_of = x->server;
    }
    for (size_t i = 0; i < f->n; i++) {
        cause_server(c, NULL, f->end[i]);
        word_list_add(&ends, f->end[i]);
    }
    cause_span(c, f->from_ns, f->to_ns);
    buf_lit(&c->text, "every round trip to ");
    if (f->n == 1)
        say_service(&c->text, NULL, f->end[0]);
    else
        say_words(&c->text, &ends, 4);
    buf_lit(&c->text, " takes ");
    say_time(&c->text, f->up_ns[0]);
    buf_lit(&c->text, " instead of ");
    say_time(&c->text, f->base_ns[0]);
    buf_lit(&c->text, ", handshakes and acknowledgements alike: the path, not the servers");
    int64_t load;
    if (!is_own_load(s, f, c, &load))
        return;
    c->code = P2T_CAUSE_TCP_BUFFERBLOAT;
    c->confidence = P2T_LIKELY;
    buf_printf(
        &c->text,
        "; meanwhile %s transfers %lld kB/s, much more than before and after, which fits a full queue on a slow link",
        only_client(c)->text, (long long)load / 1000);
}

static void look_at(struct path *p, struct found *sure, struct found *maybe)
{
    fill_floor(p);
    if (!find_rise(p) || handshakes_deny(p) || !cause_look(p->s))
        return;
    if (p->certain || answers_come_first(p))
        note(sure, p);
    else
        note(maybe, p);
}

static void look_at_all(struct p2t_summary *s, struct groups *g, bool client)
{
    struct found sure = {0}, maybe = {0};
    struct path *p = calloc(1, sizeof *p);
    size_t at = 0, n;
    struct keyed *first;

    groups_sort(g);
    while (p != NULL && (first = groups_next(g, &at, &n)) != NULL) {
        *p = (struct path){.s = s, .end = first->key[0], .trips = first, .n = n};
        if (p->end != NULL)
            look_at(p, &sure, &maybe);
    }
    if (maybe.n + sure.n >= 3)
        for (size_t i = 0; i < maybe.n; i++)
            note(&sure, &(struct path){.end = maybe.end[i],
                                       .base_ns = maybe.base_ns[i],
                                       .up_ns = maybe.up_ns[i],
                                       .from_ns = maybe.from_ns,
                                       .to_ns = maybe.to_ns});
    for (size_t i = 0; i < sure.n; i++)
        trouble_note(s, (struct trouble){TROUBLE_SLOW_PATH, sure.end[i], sure.from_ns, sure.to_ns, sure.base_ns[i],
                                         sure.up_ns[i]});
    if (sure.n > 0)
        blame(s, &sure, client);
    s->failed |= p == NULL || g->failed;
    free(p);
}

void rules_paths(struct p2t_summary *s)
{
    struct groups servers = {0}, clients = {0};
    struct trip *trips = calloc(2 * s->conn_count + s->call_count + 1, sizeof *trips), *t = trips;

    for (size_t i = 0; trips != NULL && i < s->conn_count; i++) {
        const struct conn *k = &s->conns[i];
        if (k->syns != 1 || k->syn_ack_ns == 0)
            continue;
        *t = (struct trip){k->syn_ns, k->syn_ack_ns - k->syn_ns, true, k->server_ip};
        groups_add(&servers, (struct keyed){{t->end}, t->at_ns, k->id, t});
        t++;
        if (k->ack_ns == 0 || k->syn_acks != 1)
            continue;
        *t = (struct trip){k->syn_ack_ns, k->ack_ns - k->syn_ack_ns, true, k->client_ip};
        groups_add(&clients, (struct keyed){{t->end}, t->at_ns, k->id, t});
        t++;
    }
    for (size_t i = 0; trips != NULL && i < s->call_count; i++) {
        const struct call *c = &s->calls[i];
        if (c->acked_ns < 0 || is_delayed_ack(c->acked_ns) || c->server_ip == NULL)
            continue;
        *t = (struct trip){c->sent_ns != 0 ? c->sent_ns : c->request_ns, c->acked_ns, false, c->server_ip};
        groups_add(&servers, (struct keyed){{t->end}, t->at_ns, c->id, t});
        t++;
    }
    if (trips != NULL) {
        look_at_all(s, &servers, false);
        look_at_all(s, &clients, true);
    }
    s->failed |= trips == NULL;
    groups_fini(&servers);
    groups_fini(&clients);
    free(trips);
}
