#include "summary/cause.h"

#include <stdlib.h>

struct cause *cause_add(struct p2t_summary *s, enum p2t_cause_code code, enum p2t_cause_side side, const char *phase,
                        enum p2t_confidence confidence)
{
    static _Thread_local struct cause scratch;
    struct cause *c = &scratch;

    if (s->cause_count == s->cause_cap) {
        size_t cap = s->cause_cap > 0 ? s->cause_cap * 2 : 32;
        struct cause *all = realloc(s->causes, cap * sizeof *all);
        if (all != NULL) {
            s->causes = all;
            s->cause_cap = cap;
        }
    }
    if (s->cause_count < s->cause_cap) {
        c = &s->causes[s->cause_count++];
    } else {
        s->failed = true;
        buf_fini(&scratch.text);
        buf_fini(&scratch.folded);
        free(scratch.hit);
    }
    *c = (struct cause){.code = code,
                        .side = side,
                        .phase = phase,
                        .confidence = confidence,
                        .kind = "service",
                        .or_side = P2T_CAUSE_SIDE_COUNT};
    return c;
}

bool cause_room(struct p2t_summary *s)
{
    if (s->cause_count - s->causes_before < CAUSES_OF_RULE_MAX)
        return true;
    s->causes_cut = true;
    return false;
}

bool cause_look(struct p2t_summary *s)
{
    if (s->looks < LOOKS_OF_RULE_MAX) {
        s->looks++;
        return true;
    }
    s->causes_cut = true;
    return false;
}

bool cause_has_hit(const struct cause *c, const struct call *call)
{
    size_t low = 0, high = c->hit_count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (c->hit[middle] < call)
            low = middle + 1;
        else
            high = middle;
    }
    return low < c->hit_count && c->hit[low] == call;
}

/* Kept in the order of the calls, which is that of time. */
void cause_hit(struct p2t_summary *s, struct cause *c, struct call *call)
{
    size_t at = c->hit_count;

    if (call == NULL)
        return;
    while (at > 0 && c->hit[at - 1] > call)
        at--;
    if (at > 0 && c->hit[at - 1] == call)
        return;
    if (c->hit_count == c->hit_cap) {
        size_t cap = c->hit_cap > 0 ? c->hit_cap * 2 : 16;
        struct call **all = realloc(c->hit, cap * sizeof(struct call *));
        if (all == NULL) {
            s->failed = true;
            return;
        }
        c->hit = all;
        c->hit_cap = cap;
    }
    memmove(&c->hit[at + 1], &c->hit[at], (c->hit_count - at) * sizeof(struct call *));
    c->hit[at] = call;
    c->hit_count++;
    c->calls++;
    c->failed += call->failed;
    c->open += call->open;
    cause_prove(c, call->last_proof.packet != 0 ? call->last_proof : call->proof);
}

static bool all_are(const struct cause *c, enum p2t_kind kind)
{
    for (size_t i = 0; i < c->hit_count; i++)
        if (c->hit[i]->kind != kind || c->hit[i]->request_ns != 0)
            return false;
    return c->hit_count > 0;
}

const char *cause_counted(const struct cause *c)
{
    if (c->counted != NULL)
        return c->counted;
    return all_are(c, P2T_KIND_CONNECT) ? "dials" : all_are(c, P2T_KIND_LOOKUP) ? "lookups" : "calls";
}

void cause_span(struct cause *c, int64_t from_ns, int64_t to_ns)
{
    if (c->since_ns == 0 || from_ns < c->since_ns)
        c->since_ns = from_ns;
    if (max_ns(from_ns, to_ns) > c->until_ns)
        c->until_ns = max_ns(from_ns, to_ns);
}

void cause_prove(struct cause *c, struct proof proof)
{
    if (proof.packet == 0)
        return;
    for (size_t i = 0; i < c->proof_count; i++)
        if (c->proof[i].packet == proof.packet && c->proof[i].file == proof.file)
            return;
    if (c->proof_count < CAUSE_PROOFS_MAX)
        c->proof[c->proof_count++] = proof;
    else
        c->proofs_dropped++;
}

void cause_server(struct cause *c, const struct word *server, const struct word *server_ip)
{
    for (size_t i = 0; i < c->server_count; i++)
        if (c->servers[i] == server_ip)
            return;
    if (server_ip != NULL && c->server_count < SUBJECT_SERVERS_MAX)
        c->servers[c->server_count++] = server_ip;
    c->port_of = c->server_count == 1 ? server : NULL;
}

void cause_subject_service(struct cause *c, const struct word *server, const struct word *server_ip)
{
    c->kind = "service";
    c->address = server;
    c->name = service_name(server, server_ip);
    cause_server(c, server, server_ip);
}

void cause_clear(struct cause *c, const struct word *who)
{
    for (size_t i = 0; i < c->cleared_count; i++)
        if (c->cleared[i] == who)
            return;
    if (who != NULL && c->cleared_count < CLEARED_MAX)
        c->cleared[c->cleared_count++] = who;
}

const struct word *service_name(const struct word *server, const struct word *server_ip)
{
    if (server != NULL && server->known_as != NULL)
        return server->known_as;
    return server_ip != NULL ? server_ip->known_as : NULL;
}

void say_service(struct buf *b, const struct word *server, const struct word *server_ip)
{
    const struct word *name = service_name(server, server_ip);

    if (name == NULL) {
        buf_str(b, word_str(server != NULL ? server : server_ip));
        return;
    }
    buf_str(b, name->text);
    if (server != NULL && server->more_names > 0) {
        buf_lit(b, " and ");
        say_count(b, server->more_names, "more name");
    }
    buf_printf(b, " (%s)", word_str(server != NULL ? server : server_ip));
}

void say_time(struct buf *b, int64_t ns)
{
    int64_t us = ns / 1000;

    if (us < 1000)
        buf_printf(b, "%lld us", (long long)us);
    else if (us < 10000)
        buf_printf(b, "%.1f ms", (double)us / 1e3);
    else if (us < 999500)
        buf_printf(b, "%lld ms", (long long)(us + 500) / 1000);
    else if (us < 100000000)
        buf_printf(b, "%.1f s", (double)us / 1e6);
    else
        buf_printf(b, "%lld s", (long long)us / 1000000);
}

void say_count(struct buf *b, size_t n, const char *one)
{
    buf_printf(b, "%zu %s%s", n, one, n == 1 ? "" : "s");
}

void cause_say_hits(struct cause *c)
{
    const char *counted = cause_counted(c);

    buf_printf(&c->text, "%zu %.*s", c->calls, (int)strlen(counted) - (c->calls == 1), counted);
}

void cause_say_waited(struct cause *c)
{
    cause_say_hits(c);
    buf_str(&c->text, c->calls == 1 ? " waited " : " waited a total of ");
    say_time(&c->text, c->lost_ns);
}

/* Of a program that names itself nowhere, the protocol is all that is known. */
static bool is_kind(const struct word *agent)
{
    for (int i = 0; p2t_kind_name((enum p2t_kind)i)[0] != '\0'; i++)
        if (strcmp(agent->text, p2t_kind_name((enum p2t_kind)i)) == 0)
            return true;
    return false;
}

void say_client(struct buf *b, const struct word *agent, const struct word *client)
{
    if (agent != NULL && !is_kind(agent))
        buf_printf(b, "%s on ", agent->text);
    else if (client != NULL)
        buf_lit(b, "a client on ");
    buf_str(b, client != NULL ? client->text : "an unknown host");
}

bool word_list_has(const struct word_list *l, const struct word *w)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->word[i] == w)
            return true;
    return false;
}

void word_list_add(struct word_list *l, const struct word *w)
{
    if (w == NULL || word_list_has(l, w))
        return;
    l->total++;
    if (l->n < sizeof l->word / sizeof *l->word)
        l->word[l->n++] = w;
}

static int by_rank(const void *a, const void *b)
{
    const struct word *x = *(const struct word *const *)a, *y = *(const struct word *const *)b;

    return (x->rank > y->rank) - (x->rank < y->rank);
}

void say_words(struct buf *b, struct word_list *l, size_t max)
{
    size_t shown = l->n < max ? l->n : max;

    qsort(l->word, l->n, sizeof *l->word, by_rank);
    for (size_t i = 0; i < shown; i++)
        buf_printf(b, "%s%s", i == 0 ? "" : ", ", l->word[i]->text);
    if (l->total > shown)
        buf_printf(b, " and %zu more", l->total - shown);
}
