/* Connections that are opened for one call each. */
#include "summary/cause.h"
#include "summary/rules/rules.h"

struct habit {
    struct p2t_summary *s;
    struct keyed *calls; /* of one process to one host, by time */
    size_t n;
    size_t alone, server_closes, client_closes,
        hidden_closes; /* hidden: by the server, asked for by whom TLS hides */
    int64_t cost_ns, total_ns, from_ns, to_ns;
    struct sample handshake;
    const struct call *first;
};

/* The only one of a connection whose beginning is in the capture. */
static bool is_alone(const struct call *c)
{
    return c->conn != NULL && c->conn->call_count == 1 && c->conn->exchanges <= 1 && c->conn->syn_ns != 0 &&
           c->conn->syn_ack_ns != 0 && (c->kind == P2T_KIND_HTTP1 || c->kind == P2T_KIND_TLS) && !c->streams;
}

static void measure(struct habit *h)
{
    for (size_t i = 0; i < h->n; i++) {
        const struct call *c = h->calls[i].item;
        if (!is_alone(c))
            continue;
        h->first = h->alone++ == 0 ? c : h->first;
        h->from_ns = h->from_ns == 0 ? c->start_ns : h->from_ns;
        h->to_ns = max_ns(h->to_ns, c->end_ns);
        h->server_closes += c->response_closes;
        h->hidden_closes += c->kind == P2T_KIND_TLS && c->conn->closer == P2T_CLOSER_SERVER_FIN;
        h->client_closes += c->request_closes;
        add_ns(&h->cost_ns, c->dns_ns + c->connect_ns + c->tls_ns);
        add_ns(&h->total_ns, c->total_ns);
        /* To both ends, wherever the capture was taken. */
        sample_add(&h->handshake, max_ns(c->conn->syn_ack_ns, c->conn->ack_ns) - c->conn->syn_ns);
    }
}

static bool told_of_walk(const struct habit *h)
{
    for (size_t i = 0; i < h->s->cause_count; i++)
        if (h->s->causes[i].code == P2T_CAUSE_DNS_SEARCH_LIST && h->s->causes[i].name == h->first->name)
            return true;
    return false;
}

/* The server answers others more than once on a connection. */
static bool keeps_others(const struct habit *h)
{
    for (size_t i = 0; i < h->s->conn_count; i++) {
        const struct conn *k = &h->s->conns[i];
        if (k->server == h->first->server && k->call_count > 1)
            return true;
    }
    return false;
}

static const char *who_closes(const struct habit *h, struct cause *c)
{
    if (h->client_closes * 2 > h->alone)
        return "the client asks for that: Connection: close";
    if (h->server_closes * 2 > h->alone) {
        c->side = P2T_CAUSE_SIDE_SERVER;
        return "the server closes after each answer";
    }
    if ((h->hidden_closes + h->server_closes) * 2 <= h->alone)
        return "the client closes after each answer";
    c->confidence = P2T_LIKELY;
    if (keeps_others(h))
        return "the server closes after each answer, and keeps connections of others: most likely the client asks "
               "for that";
    c->side = P2T_CAUSE_SIDE_SERVER;
    c->or_side = P2T_CAUSE_SIDE_CLIENT;
    return "the server closes after each answer; TLS hides whether the client asked for that";
}

static void blame(struct habit *h)
{
    struct cause *c = cause_add(h->s, P2T_CAUSE_CONN_CHURN, P2T_CAUSE_SIDE_CLIENT, "connect", P2T_CERTAIN);

    cause_subject_service(c, h->first->server, h->first->server_ip);
    c->client = h->first->client;
    c->agent = h->first->agent;
    for (size_t i = 0; i < h->n; i++)
        if (is_alone(h->calls[i].item))
            cause_hit(h->s, c, h->calls[i].item);
    cause_span(c, h->from_ns, h->to_ns);
    c->of = h->n;
    c->failed = 0;
    c->lost_ns = h->cost_ns;
    buf_printf(&c->text, "no keep-alive: %zu of %zu calls of ", h->alone, h->n);
    say_client(&c->text, h->first->agent, h->first->client);
    buf_lit(&c->text, " to ");
    say_service(&c->text, h->first->server, h->first->server_ip);
    buf_printf(&c->text, " open a connection each (%s); lookup and handshakes take %lld%% of their time",
               who_closes(h, c), (long long)(h->total_ns > 0 ? h->cost_ns * 100 / h->total_ns : 0));
}

static void look_at(struct habit *h)
{
    measure(h);
    bool often = h->alone >= 20 && h->alone * 10 >= h->n * 8;
    bool dear = h->cost_ns * 4 >= h->total_ns && sample_at(&h->handshake, 500) >= 5 * (int64_t)MS;
    /* Less than two a second is a probe, or a program that runs and ends. */
    bool busy = (h->to_ns - h->from_ns) / SECOND_NS < (int64_t)h->alone / 2 + 1;

    if (often && dear && busy && !told_of_walk(h))
        blame(h);
    h->s->failed |= h->handshake.failed;
    sample_fini(&h->handshake);
}

void rules_connections(struct p2t_summary *s)
{
    struct groups g = {0};
    size_t at = 0, n;
    struct keyed *first;

    for (size_t i = 0; i < s->call_count; i++) {
        struct call *c = &s->calls[i];
        if (c->request_ns != 0)
            groups_add(&g, (struct keyed){{c->client, c->agent, c->host}, c->request_ns, c->id, c});
    }
    groups_sort(&g);
    while (cause_room(s) && (first = groups_next(&g, &at, &n)) != NULL) {
        struct habit h = {.s = s, .calls = first, .n = n};
        look_at(&h);
    }
    s->failed |= g.failed;
    groups_fini(&g);
}
