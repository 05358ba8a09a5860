#include <stdlib.h>

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
    row->phase = most->name;
    row->phase_p50 = sample_at(&most->times, 500);
    row->phase_p99 = sample_at(&most->times, 990);
}

static bool new_connection(const struct keyed *calls, size_t i)
{
    const struct call *c = calls[i].item;

    return c->conn != NULL && c->conn->call_count > 0 && c->conn->calls[0] == c;
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
        row->calls += weight;
        row->failed += c->failed ? weight : 0;
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

struct service_rows services_of(const struct p2t_summary *s)
{
    struct service_rows rows = {0};
    size_t at = 0, n, count = 0;
    struct keyed *first;

    while (groups_next(&s->services, &at, &n) != NULL)
        count++;
    rows.row = calloc(count + 1, sizeof *rows.row);
    rows.failed = rows.row == NULL;
    at = 0;
    while (!rows.failed && (first = groups_next(&s->services, &at, &n)) != NULL)
        if (first->key[0] != NULL)
            rows.failed = !fill_row(s, &rows.row[rows.n++], first, n);
    if (rows.n > 1)
        qsort(rows.row, rows.n, sizeof *rows.row, by_weight);
    return rows;
}
