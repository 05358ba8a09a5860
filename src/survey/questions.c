#include "survey/state.h"

#include <stdlib.h>

/* Without an answer for so long it has none; no resolver waits longer for one. */
static const int64_t LONGEST_WAIT_NS = 30000000000;
/* The same packet, captured twice. */
static const int64_t COPY_NS = 2000000;
struct questions *questions_new(const struct questions_config *config)
{
    struct questions *q = calloc(1, sizeof *q);

    if (q == NULL)
        return NULL;
    q->config = *config;
    list_init(&q->ages);
    slab_init(&q->slab, sizeof(struct question), NULL);
    return q;
}

static uint64_t key_hash(const struct endpoint *client, uint16_t id, uint16_t type)
{
    uint64_t w[5] = {0, 0, client->port, (uint64_t)id << 16 | type, client->ip.family};

    ip_words(&client->ip, w);
    return hash_words(w);
}

struct question *questions_add(struct questions *q, const struct endpoint *client, uint16_t id, uint16_t type)
{
    struct question *x = slab_take(&q->slab);

    if (x == NULL || hmap_insert(&q->map, &x->node, key_hash(client, id, type)) != 0) {
        slab_give(&q->slab, x);
        return NULL;
    }
    x->client = *client;
    x->id = id;
    x->type = type;
    list_append(&q->ages, &x->by_age);
    q->pending++;
    return x;
}

static void forget(struct questions *q, struct question *x)
{
    hmap_remove(&q->map, &x->node);
    list_remove(&x->by_age);
    slab_give(&q->slab, x);
    q->pending--;
}

/* ---- handing over ---- */

static struct p2t_packet packet_of(const struct questions *q, struct packet_ref ref)
{
    return (struct p2t_packet){q->config.file_path(q->config.ctx, (uint32_t)ref.file), ref.number};
}

static struct p2t_text lower_name(const struct question *x, char out[KEPT_NAME_MAX])
{
    for (size_t i = 0; i < x->name_len; i++)
        out[i] = (char)(x->name[i] >= 'A' && x->name[i] <= 'Z' ? x->name[i] + 32 : x->name[i]);
    return (struct p2t_text){out, x->name_len};
}

static void fill_answer(const struct questions *q, struct p2t_question *out, const struct fact *f,
                        char texts[P2T_QUESTION_ADDRESSES_MAX][IP_TEXT_MAX])
{
    const struct dns_message *m = f->as.dns.message;

    out->answered_ns = f->mark.ts_ns;
    out->answered = packet_of(q, f->mark.ref);
    out->rcode = m->rcode;
    out->truncated = m->tc;
    out->cut = m->status != READ_OK || f->as.dns.partial;
    out->referral = !m->aa && !m->ra && m->rcode == DNS_NOERROR;
    out->ttl = m->min_ttl;
    for (size_t i = 0; i < m->answers; i++) {
        if (m->answer[i].addr.family == 0)
            continue;
        if (out->addresses < P2T_QUESTION_ADDRESSES_MAX)
            out->address[out->addresses] =
                (struct p2t_text){texts[out->addresses], ip_format(&m->answer[i].addr, texts[out->addresses])};
        out->addresses++;
    }
}

/* answer: NULL where there was none. */
static void hand_over(struct questions *q, struct question *x, const struct fact *answer)
{
    char client[IP_TEXT_MAX], server[ENDPOINT_TEXT_MAX], name[KEPT_NAME_MAX];
    char addresses[P2T_QUESTION_ADDRESSES_MAX][IP_TEXT_MAX];
    struct p2t_question out = {.client = {client, ip_format(&x->client.ip, client)},
                               .client_port = x->client.port,
                               .server = {server, endpoint_format(&x->server, server)},
                               .name = lower_name(x, name),
                               .type = x->type,
                               .tries = x->tries,
                               .asked_ns = x->asked_ns,
                               .last_asked_ns = x->last_asked_ns,
                               .unreachable_ns = x->unreachable_ns,
                               .over_tcp = x->over_tcp,
                               .asked = packet_of(q, x->asked)};

    if (answer != NULL)
        fill_answer(q, &out, answer, addresses);
    q->config.question(q->config.ctx, &out);
    forget(q, x);
}

static void hand_over_old(struct questions *q, int64_t before_ns)
{
    while (!list_empty(&q->ages)) {
        struct question *x = list_entry(q->ages.next, struct question, by_age);
        if (x->last_asked_ns >= before_ns && q->pending < PENDING_MAX)
            return;
        hand_over(q, x, NULL);
    }
}

/* ---- facts ---- */

/* A server, NULL: any; of those, the newest. */
static struct question *find(const struct questions *q, const struct endpoint *client, const struct endpoint *server,
                             uint16_t id, uint16_t type)
{
    struct hmap_node *n = hmap_first(&q->map, key_hash(client, id, type));

    for (; n != NULL; n = hmap_next(n)) {
        struct question *x = hmap_entry(n, struct question, node);
        if (x->id == id && x->type == type && endpoint_eq(&x->client, client) &&
            (server == NULL || endpoint_eq(&x->server, server)))
            return x;
    }
    return NULL;
}

/* Both sides of a NAT before the name server, or the same packet on another interface. */
static bool is_copy(const struct question *x, const struct fact *f)
{
    return x != NULL && f->mark.ts_ns - x->last_asked_ns < COPY_NS &&
           (endpoint_eq(&x->server, &f->as.dns.dst) || x->path != f->as.dns.path);
}

static void ask(struct questions *q, const struct fact *f)
{
    const struct dns_message *m = f->as.dns.message;
    struct slice name = slice_of(m->qname, m->qname_len);
    struct question *x = find(q, &f->as.dns.src, &f->as.dns.dst, m->id, m->qtype);

    if (is_copy(find(q, &f->as.dns.src, NULL, m->id, m->qtype), f))
        return;
    if (x != NULL && slice_ieq(slice_of(x->name, x->name_len),
                               slice_of(name.p, name.n < KEPT_NAME_MAX ? name.n : KEPT_NAME_MAX))) {
        x->tries++;
        x->last_asked_ns = f->mark.ts_ns;
        list_remove(&x->by_age);
        list_append(&q->ages, &x->by_age);
        return;
    }
    x = questions_add(q, &f->as.dns.src, m->id, m->qtype);
    if (x == NULL)
        return;
    x->server = f->as.dns.dst;
    x->name_len = (uint16_t)(name.n < KEPT_NAME_MAX ? name.n : KEPT_NAME_MAX);
    memcpy(x->name, name.p, x->name_len);
    x->tries = 1;
    x->path = f->as.dns.path;
    x->asked_ns = x->last_asked_ns = f->mark.ts_ns;
    x->asked = f->mark.ref;
    x->over_tcp = f->as.dns.over_tcp;
}

/* A name server is one host. */
static bool is_group(const struct ip_addr *ip)
{
    return ip->family == 6 ? ip->bytes[0] == 0xff : ip->bytes[0] >= 224;
}

/* A capture of one direction has answers alone: each is taken for its question, too. */
static void hand_over_unasked(struct questions *q, const struct fact *answer)
{
    struct fact question = *answer;

    question.as.dns.src = answer->as.dns.dst;
    question.as.dns.dst = answer->as.dns.src;
    ask(q, &question);
    struct question *x = find(q, &question.as.dns.src, &question.as.dns.dst, answer->as.dns.message->id,
                              answer->as.dns.message->qtype);
    if (x != NULL)
        hand_over(q, x, answer);
}

static void on_message(struct questions *q, const struct fact *f)
{
    enum { MULTICAST_DNS = 5353, QUERY = 0 };
    const struct dns_message *m = f->as.dns.message;

    if (!m->has_question || m->opcode != QUERY || is_group(&f->as.dns.dst.ip) ||
        f->as.dns.src.port == MULTICAST_DNS || f->as.dns.dst.port == MULTICAST_DNS)
        return;
    hand_over_old(q, f->mark.ts_ns - LONGEST_WAIT_NS);
    if (!m->is_response) {
        q->asked = true;
        ask(q, f);
        return;
    }
    struct question *x = find(q, &f->as.dns.dst, &f->as.dns.src, m->id, m->qtype);
    /* A balancer in the socket asks another address than the one that answers here. */
    if (x == NULL)
        x = find(q, &f->as.dns.dst, NULL, m->id, m->qtype);
    if (x != NULL)
        hand_over(q, x, f);
    else if (!q->asked)
        hand_over_unasked(q, f);
}

static void on_error(struct questions *q, const struct fact *f)
{
    const struct dns_message *m = f->as.dns_error.quoted;
    const struct flow_udp_error *e = &f->as.dns_error.error;
    struct question *x =
        m != NULL && m->has_question ? find(q, &e->quoted_src, &e->quoted_dst, m->id, m->qtype) : NULL;

    if (x != NULL && x->unreachable_ns == 0)
        x->unreachable_ns = f->mark.ts_ns;
}

void questions_fact(struct questions *q, const struct fact *f)
{
    if (f->kind == FACT_DNS_MESSAGE)
        on_message(q, f);
    else if (f->kind == FACT_DNS_ERROR)
        on_error(q, f);
}

void questions_finish(struct questions *q)
{
    hand_over_old(q, INT64_MAX);
}

void questions_free(struct questions *q)
{
    if (q == NULL)
        return;
    while (!list_empty(&q->ages))
        forget(q, list_entry(q->ages.next, struct question, by_age));
    hmap_fini(&q->map);
    slab_fini(&q->slab);
    free(q);
}
