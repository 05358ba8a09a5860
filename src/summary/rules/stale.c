/* Whether DNS led to an address that does not work: for each dial, what the last answer of its client said. */
#include "summary/rules/dials.h"

struct answers {
    bool known, has; /* the last one of the client holds the address */
    bool any, was;   /* the last one of anybody did ... */
    unsigned turns;  /* ... and how often that changed: a name with many addresses may show others each time */
};

static bool holds(const struct question *q, const struct word *ip)
{
    for (size_t i = 0; i < q->addresses && i < P2T_QUESTION_ADDRESSES_MAX; i++)
        if (q->address[i] == ip)
            return true;
    return false;
}

static bool is_v6(const struct word *ip)
{
    return strchr(ip->text, ':') != NULL;
}

/* Answers for the name of the listener's family, until the dial. */
static struct answers answers_before(const struct listener *l, const struct conn *k)
{
    enum { TYPE_A = 1, TYPE_AAAA = 28 };
    struct answers a = {0};

    for (size_t i = 0; i < l->s->question_count && l->s->questions[i].asked_ns <= k->syn_ns; i++) {
        const struct question *q = &l->s->questions[i];
        if (q->name != l->ip->known_as || q->addresses == 0 || q->type != (is_v6(l->ip) ? TYPE_AAAA : TYPE_A) ||
            q->answered_ns > k->syn_ns)
            continue;
        bool has = holds(q, l->ip);
        a.turns += a.any && has != a.was;
        a.any = true;
        a.was = has;
        if (q->client != k->client_ip)
            continue;
        a.known = true;
        a.has = has;
    }
    return a;
}

void dials_tell_dns(struct listener *l, struct cause *c, unsigned ends)
{
    size_t stale = 0, changed = 0, all = 0;
    struct buf text = {0};

    if (l->ip->known_as == NULL)
        return;
    for (size_t i = 0; i < l->n && all < 64; i++) {
        const struct conn *k = l->conns[i].item;
        if ((ends & 1u << dial_end_of(l->s, k)) == 0)
            continue;
        struct answers a = answers_before(l, k);
        all++;
        stale += a.known && !a.was && a.turns == 1;
        changed += a.known && a.was && a.turns == 1;
    }
    if (stale * 2 <= all && changed * 2 <= all)
        return;
    bool left = stale * 2 > all;
    c->code = left ? P2T_CAUSE_DNS_STALE_TTL : P2T_CAUSE_DNS_CHANGED;
    c->side = left ? P2T_CAUSE_SIDE_CLIENT : P2T_CAUSE_SIDE_NAME_SERVICE;
    c->or_side = P2T_CAUSE_SIDE_COUNT;
    c->phase = left ? "connect" : "dns";
    if (left)
        c->client = l->first->client_ip;
    else
        c->kind = "name";
    if (left)
        buf_printf(&text, "%s no longer resolves to %s (DNS), but %s still dials it: ", l->ip->known_as->text,
                   l->ip->text, word_str(l->first->client_ip));
    else
        buf_printf(&text, "DNS resolves %s to another address, %s, which does not work: ", l->ip->known_as->text,
                   l->ip->text);
    buf_slice(&text, buf_view(&c->text));
    buf_fini(&c->text);
    c->text = text;
}
