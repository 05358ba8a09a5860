#include "summary/prepare.h"

#include <stdlib.h>

#include "base/parallel.h"
#include "summary/conn_index.h"
#include "summary/periods.h"

/* ---- order ---- */

static int in_order(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* Where a call is, and what orders it. */
struct place {
    int64_t start_ns;
    uint64_t id;
    size_t at;
};

static int places_by_start(const void *a, const void *b)
{
    const struct place *x = a, *y = b;

    return x->start_ns != y->start_ns ? in_order(x->start_ns, y->start_ns) : (x->id > y->id) - (x->id < y->id);
}

/* Puts at each place what the order says, one circle of moves after the other. */
static void move_calls(struct call *calls, struct place *order, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t to = i;
        if (order[i].at == i)
            continue;
        const struct call first = calls[i];
        while (order[to].at != i) {
            size_t from = order[to].at;
            calls[to] = calls[from];
            order[to].at = to;
            to = from;
        }
        calls[to] = first;
        order[to].at = to;
    }
}

static void sort_calls(struct p2t_summary *s)
{
    struct place *order = calloc(s->call_count + 1, sizeof *order);

    s->failed |= order == NULL;
    if (order == NULL)
        return;
    for (size_t i = 0; i < s->call_count; i++)
        order[i] = (struct place){s->calls[i].start_ns, s->calls[i].id, i};
    qsort(order, s->call_count, sizeof *order, places_by_start);
    move_calls(s->calls, order, s->call_count);
    free(order);
}

static int conns_by_start(const void *a, const void *b)
{
    const struct conn *x = a, *y = b;

    return x->first_ns != y->first_ns ? in_order(x->first_ns, y->first_ns) : (x->id > y->id) - (x->id < y->id);
}

static int questions_by_time(const void *a, const void *b)
{
    const struct question *x = a, *y = b;

    if (x->asked_ns != y->asked_ns)
        return in_order(x->asked_ns, y->asked_ns);
    if (x->asked.packet != y->asked.packet)
        return in_order((int64_t)x->asked.packet, (int64_t)y->asked.packet);
    return in_order(x->name != NULL ? x->name->rank : 0, y->name != NULL ? y->name->rank : 0);
}

static void sort_one(void *ctx, size_t which)
{
    struct p2t_summary *s = ctx;

    if (which == 0)
        sort_calls(s);
    else if (which == 1 && s->conn_count > 1)
        qsort(s->conns, s->conn_count, sizeof *s->conns, conns_by_start);
    else if (which == 2 && s->question_count > 1)
        qsort(s->questions, s->question_count, sizeof *s->questions, questions_by_time);
}

/* ---- connections and what they carried ---- */

static void join_conns(struct p2t_summary *s, const struct conn_index *index, struct call **places)
{
    for (size_t i = 0; i < s->call_count; i++) {
        struct call *c = &s->calls[i];
        c->conn = c->conn_id != 0 ? conn_index_find(index, c->conn_id) : NULL;
        if (c->conn != NULL)
            c->conn->call_count++;
    }
    for (size_t i = 0; i < s->conn_count; i++) {
        s->conns[i].calls = places;
        places += s->conns[i].call_count;
        s->conns[i].call_count = 0;
    }
    for (size_t i = 0; i < s->call_count; i++) {
        struct call *c = &s->calls[i];
        if (c->conn != NULL)
            c->conn->calls[c->conn->call_count++] = c;
    }
}

/* Calls of one connection come by their start; HTTP/2's run side by side. */
static void note_free(struct conn *k)
{
    int64_t free_ns = 0;

    for (size_t i = 0; i < k->call_count; i++) {
        k->calls[i]->free_ns = free_ns;
        free_ns = max_ns(free_ns, k->calls[i]->end_ns);
    }
}

static int join_all_conns(struct p2t_summary *s)
{
    struct conn_index index;
    int status = conn_index_init(&index, s->conns, s->conn_count);

    s->call_places = calloc(s->call_count + 1, sizeof(struct call *));
    if (status == 0 && s->call_places != NULL) {
        join_conns(s, &index, s->call_places);
        for (size_t i = 0; i < s->conn_count; i++)
            note_free(&s->conns[i]);
    }
    conn_index_fini(&index);
    return s->call_places != NULL ? status : -1;
}

/* ---- all ---- */

/* Where only the server's packets were captured, a RST alone is the answer to a SYN. */
static void infer_refusals(struct p2t_summary *s)
{
    for (size_t i = 0; i < s->conn_count; i++) {
        struct conn *k = &s->conns[i];
        const struct p2t_flow_record *client = &k->side[P2T_SIDE_CLIENT], *server = &k->side[P2T_SIDE_SERVER];
        if (k->syns > 0 || k->syn_acks > 0 || client->packets > 0 || server->bytes > 0 ||
            k->rst_ns[P2T_SIDE_SERVER] == 0 || server->packets > 2)
            continue;
        k->syns = 1;
        k->syn_ns = k->last_syn_ns = k->first_ns;
        k->refused_ns = k->rst_ns[P2T_SIDE_SERVER];
        k->refused = k->last_syn = k->rst[P2T_SIDE_SERVER];
    }
}

enum { PORTS = 65536 };

/* The dials of one client to one server, in order: where each port was last used, and what used it before each. */
struct ports {
    uint32_t *last;   /* by port: index + 1 of all dials */
    uint32_t *before; /* by index of all dials: index + 1 */
};

/* The same client dialled from the same port before: with a RST that was not the listener's, or with a SYN that it repeated
 * under another number. */
static void mark_going_on(const struct groups *g, struct ports *p, size_t first, size_t at)
{
    static const int64_t SOON_NS = 3 * SECOND_NS;
    enum { LOOKED_AT_MAX = 256 };
    const struct conn *k = g->all[at].item;
    bool answered = k->syns == 0 && (k->syn_ack_ns != 0 || k->side[P2T_SIDE_SERVER].bytes > 0);

    p->before[at] = p->last[k->client_port];
    p->last[k->client_port] = (uint32_t)at + 1;
    size_t b = p->before[at];
    for (int i = 0; i < LOOKED_AT_MAX && b > first && g->all[at].at_ns - g->all[b - 1].at_ns < SOON_NS; i++) {
        struct conn *before = g->all[b - 1].item;
        b = p->before[b - 1];
        if (before->syns > 0 && before->syn_ack_ns == 0)
            before->goes_on |= before->refused_ns != 0 ? answered : k->syns > 0;
    }
}

static void find_going_on(const struct groups *g)
{
    struct ports p = {calloc(PORTS, sizeof *p.last), calloc(g->n + 1, sizeof *p.before)};
    size_t at = 0, n;

    while (p.last != NULL && p.before != NULL && groups_next(g, &at, &n) != NULL)
        for (size_t i = at - n; i < at; i++)
            mark_going_on(g, &p, at - n, i);
    free(p.last);
    free(p.before);
}

static void find_dials_that_go_on(struct p2t_summary *s)
{
    struct groups g = {0};

    for (size_t i = 0; i < s->conn_count; i++) {
        struct conn *k = &s->conns[i];
        groups_add(&g, (struct keyed){{k->server, k->client_ip}, k->first_ns, k->id, k});
    }
    groups_sort(&g);
    find_going_on(&g);
    s->failed |= g.failed;
    groups_fini(&g);
}

static void set_window(struct p2t_summary *s)
{
    s->first_ns = s->counters.earliest_ns;
    s->last_ns = s->counters.latest_ns;
    s->small = s->call_count <= SMALL_CALLS_MAX && s->level[KEEP_CALLS] == 0;
}

int list_services(struct p2t_summary *s)
{
    for (size_t i = 0; i < s->call_count; i++) {
        struct call *c = &s->calls[i];
        if (call_is_request(c) || (c->kind == P2T_KIND_TLS && c->request_ns != 0))
            groups_add(&s->services, (struct keyed){{c->server}, c->request_ns, c->id, c});
    }
    groups_sort(&s->services);
    return s->services.failed ? -1 : 0;
}

/* Parts that have nothing to do with each other. */
static void find_one(void *ctx, size_t which)
{
    struct p2t_summary *s = ctx;

    if (which == 0) {
        find_dials_that_go_on(s);
        return;
    }
    join_legs(s);
    name_addresses(s);
    s->failed |= list_services(s) != 0;
}

int prepare(struct p2t_summary *s)
{
    if (words_rank(&s->words) != 0 || bound_times(s) != 0)
        return -1;
    parallel_for(s->config.jobs, 3, sort_one, s);
    set_window(s);
    if (s->failed || join_all_conns(s) != 0 || periods_find(s) != 0)
        return -1;
    for (size_t i = 0; i < s->call_count; i++)
        s->calls[i].failed &= !call_is_doubtful(&s->calls[i]);
    infer_refusals(s);
    parallel_for(s->config.jobs, 2, find_one, s);
    if (s->failed)
        return -1;
    name_services(s);
    return 0;
}
