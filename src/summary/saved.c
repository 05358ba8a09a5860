#include "summary/saved.h"

#include <stdio.h>

#include "base/addr.h"
#include "summary/model.h"

static struct p2t_moment moment(int64_t ns)
{
    return (struct p2t_moment){ns, {0, ns != 0}};
}

static void take_client(char out[ENDPOINT_TEXT_MAX], const struct conn *k)
{
    const struct p2t_text ip = word_text(k->client_ip);
    const struct endpoint client = {ip_parse(slice_of(ip.p, ip.n)), k->client_port};

    endpoint_format(&client, out);
}

static struct p2t_connection_record record_of(const struct conn *k, const char *client)
{
    struct p2t_connection_record r = {.id = k->id,
                                      .client = client,
                                      .server = k->server->text,
                                      .first = moment(k->first_ns),
                                      .last = moment(k->last_ns),
                                      .syn = moment(k->syn_ns),
                                      .last_syn = moment(k->last_syn_ns),
                                      .syn_ack = moment(k->syn_ack_ns),
                                      .ack = moment(k->ack_ns),
                                      .refused = moment(k->refused_ns),
                                      .icmp = moment(k->icmp_ns),
                                      .side = {k->side[0], k->side[1]},
                                      .syns = k->syns,
                                      .syn_acks = k->syn_acks,
                                      .exchanges = k->exchanges,
                                      .vantage = k->vantage,
                                      .closer = k->closer,
                                      .input_ended = k->input_ended,
                                      .one_direction = k->one_direction};

    for (int i = 0; i < 2; i++) {
        r.side[i].fin = moment(k->fin_ns[i]);
        r.side[i].rst = moment(k->rst_ns[i]);
        r.side[i].last_bytes = moment(k->last_bytes_ns[i]);
    }
    return r;
}

void summary_keep_at_most(struct p2t_summary *s, size_t records)
{
    s->records_max = records;
}

uint64_t summary_calls(const struct p2t_summary *s, uint64_t *failed)
{
    *failed = s->calls_failed;
    return s->calls_seen;
}

static const struct word *place_of(const struct call *c)
{
    return c->host != NULL ? c->host : c->server;
}

/* The next failed call from `at` on; the count where there is none. */
static size_t next_failed(const struct p2t_summary *s, size_t at)
{
    while (at < s->call_count && !s->calls[at].failed)
        at++;
    return at;
}

static const struct word *how_failed(struct p2t_summary *s, const struct call *c)
{
    char text[32];

    if (c->outcome != P2T_OUTCOME_OK)
        return words_take(&s->words, slice_str(p2t_outcome_name(c->outcome)));
    if (c->status >= 500)
        snprintf(text, sizeof text, "status %d", c->status);
    else
        snprintf(text, sizeof text, "grpc-status %d", c->grpc_status);
    return words_take(&s->words, slice_str(text));
}

bool summary_worst(struct p2t_summary *s, const char **how, const char **where)
{
    struct groups g = {0};
    const struct keyed *worst = NULL;
    size_t at = 0, n, most = 0;
    const struct keyed *first;

    for (size_t i = next_failed(s, 0); i < s->call_count; i = next_failed(s, i + 1)) {
        struct call *c = &s->calls[i];
        groups_add(&g, (struct keyed){{place_of(c), how_failed(s, c)}, c->start_ns, c->id, c});
    }
    if (words_rank(&s->words) != 0)
        g.failed = true;
    groups_sort(&g);
    while ((first = groups_next(&g, &at, &n)) != NULL)
        if (n > most) {
            most = n;
            worst = first;
        }
    if (worst != NULL && !g.failed) {
        *where = word_str(worst->key[0]);
        *how = word_str(worst->key[1]);
    }
    bool found = worst != NULL && !g.failed;
    groups_fini(&g);
    return found;
}

int summary_connections(const struct p2t_summary *s, int (*one)(void *ctx, const struct p2t_connection_record *r),
                        void *ctx)
{
    char client[ENDPOINT_TEXT_MAX];
    int status = 0;

    for (size_t i = 0; i < s->conn_count && status == 0; i++) {
        take_client(client, &s->conns[i]);
        const struct p2t_connection_record r = record_of(&s->conns[i], client);
        status = one(ctx, &r);
    }
    return status;
}

int64_t summary_connection_start(const struct p2t_summary *s, uint64_t id)
{
    int64_t start_ns = 0;

    for (size_t i = 0; i < s->conn_count; i++)
        if (s->conns[i].id == id && (start_ns == 0 || s->conns[i].first_ns < start_ns))
            start_ns = s->conns[i].first_ns;
    return start_ns;
}

const struct p2t_counters *summary_counters(const struct p2t_summary *s)
{
    return &s->counters;
}
