/* DNS datagrams captured on both sides of a NAT: a question that comes again at once under other addresses is the same one,
 * and what answers it is reported under the addresses that were captured first. */
#include <stdlib.h>

#include "flow/internal.h"

enum { SLOTS = 1024, COPY_NS = 2000000, DNS_PORT = 53 };

/* A question seen just now. */
struct question {
    uint64_t content; /* hash */
    int64_t seen_ns;
    struct endpoint src, dst; /* src.ip.family 0: none */
    uint16_t ip_id;
    uint8_t ttl;
};

/* What client and server are called on the other side, and what they were called first. */
struct mapping {
    struct endpoint client, server; /* client.ip.family 0: none */
    struct endpoint first_client, first_server;
};

/* Of those that share a slot the latest stays. */
struct flow_nat {
    struct question questions[SLOTS];
    struct mapping mappings[SLOTS];
};

static bool is_question(const struct packet *p)
{
    return p->kind == PACKET_UDP && p->dst.port == DNS_PORT && p->payload.n > 2 && (p->payload.p[2] & 0x80) == 0;
}

/* Slots must be the same in every run. */
static struct mapping *mapping_slot(struct flow_nat *nat, const struct endpoint *client,
                                    const struct endpoint *server)
{
    uint64_t c[2], s[2];

    ip_words(&client->ip, c);
    ip_words(&server->ip, s);
    uint64_t h = flow_mix(flow_mix(flow_mix(flow_mix(client->port, c[0]), c[1]), s[0]), s[1]);
    return &nat->mappings[h % SLOTS];
}

static const struct mapping *mapping_of(struct flow_nat *nat, const struct endpoint *client,
                                        const struct endpoint *server)
{
    const struct mapping *m = mapping_slot(nat, client, server);
    return endpoint_eq(&m->client, client) && endpoint_eq(&m->server, server) ? m : NULL;
}

static bool is_translated(const struct flow_table *t, const struct question *q, const struct packet *p)
{
    if (flow_elapsed(t->now_ns, q->seen_ns) > COPY_NS || q->ip_id != p->ip_id ||
        (ip_eq(&q->src.ip, &p->src.ip) && ip_eq(&q->dst.ip, &p->dst.ip)))
        return false;
    return flow_may_be_translated(p->ip_id != 0, q->ttl, p->ttl);
}

static uint64_t content_of(const struct packet *p)
{
    uint64_t h = flow_mix(p->payload_len, p->payload.n), word;
    size_t at = 0;

    for (; at + sizeof word <= p->payload.n; at += sizeof word) {
        memcpy(&word, p->payload.p + at, sizeof word);
        h = flow_mix(h, word);
    }
    for (; at < p->payload.n; at++)
        h = flow_mix(h, p->payload.p[at]);
    return h;
}

/* True: it was there a moment ago, under other addresses. */
static bool take_question(const struct flow_table *t, const struct packet *p)
{
    uint64_t content = content_of(p);
    struct question *q = &t->nat->questions[content % SLOTS];
    struct mapping *m = mapping_slot(t->nat, &p->src, &p->dst);

    if (q->src.ip.family != 0 && q->content == content && is_translated(t, q, p)) {
        *m = (struct mapping){p->src, p->dst, q->src, q->dst};
        return true;
    }
    if (mapping_of(t->nat, &p->src, &p->dst) != NULL)
        *m = (struct mapping){.client.port = 0}; /* these addresses are another one's now */
    *q = (struct question){content, t->now_ns, p->src, p->dst, p->ip_id, p->ttl};
    return false;
}

static void translate_answer(struct flow_nat *nat, struct packet *p)
{
    const struct mapping *m = mapping_of(nat, &p->dst, &p->src);

    if (m == NULL)
        return;
    p->src = m->first_server;
    p->dst = m->first_client;
}

static void translate_quote(struct flow_nat *nat, struct packet *p)
{
    const struct mapping *m = mapping_of(nat, &p->icmp.quoted_src, &p->icmp.quoted_dst);

    if (m == NULL)
        return;
    p->icmp.quoted_src = m->first_client;
    p->icmp.quoted_dst = m->first_server;
    p->dst.ip = m->first_client.ip;
}

bool flow_nat_translate(struct flow_table *t, struct packet *p)
{
    if (is_question(p)) {
        if (t->nat == NULL)
            t->nat = calloc(1, sizeof *t->nat);
        return t->nat != NULL && take_question(t, p);
    }
    if (t->nat == NULL)
        return false;
    if (p->kind == PACKET_UDP)
        translate_answer(t->nat, p);
    else
        translate_quote(t->nat, p);
    return false;
}

bool flow_nat_concerns(const struct packet *p)
{
    if (p->kind == PACKET_UDP)
        return p->src.port == DNS_PORT || p->dst.port == DNS_PORT;
    return p->icmp.quoted_kind == PACKET_UDP && p->icmp.quoted_dst.port == DNS_PORT;
}
