#include <stdlib.h>

#include "summary/cause.h"
#include "summary/tell.h"

struct phase {
    const char *name;
    struct sample times;
    int64_t sum;
};

enum { PHASES = 6 };

static void add_phase(struct phase *p, int64_t ns)
{
    sample_add(&p->times, ns);
    p->sum += ns;
}

static void fill_phase(struct service_row *row, struct phase *phases)
{
    struct phase *most = &phases[0];

    for (int i = 1; i < PHASES; i++)
        if (phases[i].sum > most->sum)
            most = &phases[i];
    row->phase = row->requests > 0 ? most->name : NULL;
    row->phase_p50 = sample_at(&most->times, 500);
    row->phase_p99 = sample_at(&most->times, 990);
}

static bool new_connection(const struct keyed *calls, size_t i)
{
    const struct call *c = calls[i].item;

    return c->conn != NULL && c->conn->call_count > 0 && c->conn->calls[0] == c;
}

static bool has_request(const struct call *c)
{
    return call_is_request(c) || (c->kind == P2T_KIND_TLS && c->request_ns != 0);
}

static void count_call(const struct p2t_summary *s, struct service_row *row, const struct call *c)
{
    size_t weight = call_weight(s, c);

    row->calls += weight;
    row->failed += c->failed ? weight : 0;
}

static bool fill_row(const struct p2t_summary *s, struct service_row *row, const struct keyed *calls, size_t n)
{
    struct phase phases[PHASES] = {{.name = "dns"},  {.name = "connect"}, {.name = "tls"},
                                   {.name = "send"}, {.name = "wait"},    {.name = "receive"}};
    struct sample total = {0};
    bool failed = false;

    *row = (struct service_row){.server = calls[0].key[0]};
    for (size_t i = 0; i < n; i++) {
        const struct call *c = calls[i].item;
        row->server_ip = c->server_ip;
        size_t weight = call_weight(s, c);
        count_call(s, row, c);
        if (!has_request(c))
            continue;
        row->requests += weight;
        row->reused += c->reused ? weight : 0;
        row->connections += new_connection(calls, i) ? weight : 0;
        sample_add(&total, c->total_ns);
        add_phase(&phases[0], c->dns_ns);
        add_phase(&phases[1], c->connect_ns);
        add_phase(&phases[2], c->tls_ns);
        add_phase(&phases[3], c->send_ns);
        add_phase(&phases[4], c->wait_ns);
        add_phase(&phases[5], c->receive_ns);
    }
    row->p50 = sample_at(&total, 500);
    row->p90 = sample_at(&total, 900);
    row->p99 = sample_at(&total, 990);
    row->max = sample_at(&total, 1000);
    fill_phase(row, phases);
    for (int i = 0; i < PHASES; i++) {
        failed |= phases[i].times.failed;
        sample_fini(&phases[i].times);
    }
    failed |= total.failed;
    sample_fini(&total);
    return !failed;
}

static int by_weight(const void *a, const void *b)
{
    const struct service_row *x = a, *y = b;

    if (x->failed != y->failed)
        return x->failed > y->failed ? -1 : 1;
    if (x->calls != y->calls)
        return x->calls > y->calls ? -1 : 1;
    return (x->server->rank > y->server->rank) - (x->server->rank < y->server->rank);
}

/* Counts at its service what has to do with one: not the connections that were opened and closed for nothing. */
static bool is_of_service(const struct call *c)
{
    return has_request(c) || c->kind == P2T_KIND_HTTP1 || c->kind == P2T_KIND_HTTP2 || c->failed || c->open;
}

/* Those that reached for a server, by server, and lookups in vain, by name. */
static void sort_calls(const struct p2t_summary *s, struct groups *by_server, struct groups *by_name)
{
    for (size_t i = 0; i < s->call_count; i++) {
        struct call *c = &s->calls[i];
        if (!is_of_service(c))
            continue;
        if (c->server != NULL)
            groups_add(by_server, (struct keyed){{c->server}, c->start_ns, c->id, c});
        else if (c->name != NULL)
            groups_add(by_name, (struct keyed){{c->name}, c->start_ns, c->id, c});
    }
    groups_sort(by_server);
    groups_sort(by_name);
}

/* The rows by the names that they go by. */
static void sort_names(const struct service_rows *rows, struct groups *names)
{
    for (size_t i = 0; i < rows->n; i++) {
        const struct word *name = service_name(rows->row[i].server, rows->row[i].server_ip);
        if (name != NULL)
            groups_add(names, (struct keyed){{name}, 0, i, &rows->row[i]});
    }
    groups_sort(names);
}

/* A lookup in vain belongs to the one service of that name; where there are several, or none, the name has its own row. */
static void add_lookups(const struct p2t_summary *s, struct service_rows *rows, const struct groups *by_name,
                        const struct groups *names)
{
    size_t at = 0, n, names_at = 0, same = 0;
    struct keyed *calls, *row = groups_next(names, &names_at, &same);

    while ((calls = groups_next(by_name, &at, &n)) != NULL) {
        const struct word *name = calls[0].key[0];
        while (row != NULL && row->key[0]->rank < name->rank)
            row = groups_next(names, &names_at, &same);
        struct service_row *to = &rows->row[rows->n];
        if (row != NULL && row->key[0] == name && same == 1)
            to = row->item;
        else
            rows->row[rows->n++] = (struct service_row){.server = name};
        for (size_t i = 0; i < n; i++)
            count_call(s, to, calls[i].item);
    }
}

static size_t count_groups(const struct groups *g)
{
    size_t at = 0, n, count = 0;

    while (groups_next(g, &at, &n) != NULL)
        count++;
    return count;
}

static void fill_rows(const struct p2t_summary *s, struct service_rows *rows, const struct groups *by_server,
                      const struct groups *by_name)
{
    struct groups names = {0};
    size_t at = 0, n;
    struct keyed *first;

    while (!rows->failed && (first = groups_next(by_server, &at, &n)) != NULL)
        rows->failed = !fill_row(s, &rows->row[rows->n++], first, n);
    sort_names(rows, &names);
    rows->failed |= names.failed;
    if (!rows->failed)
        add_lookups(s, rows, by_name, &names);
    groups_fini(&names);
}

struct service_rows services_of(const struct p2t_summary *s)
{
    struct service_rows rows = {0};
    struct groups by_server = {0}, by_name = {0};

    sort_calls(s, &by_server, &by_name);
    rows.row = calloc(count_groups(&by_server) + count_groups(&by_name) + 1, sizeof *rows.row);
    rows.failed = rows.row == NULL || by_server.failed || by_name.failed;
    if (!rows.failed)
        fill_rows(s, &rows, &by_server, &by_name);
    if (rows.n > 1)
        qsort(rows.row, rows.n, sizeof *rows.row, by_weight);
    groups_fini(&by_server);
    groups_fini(&by_name);
    return rows;
}
