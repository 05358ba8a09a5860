#include "summary/usual.h"

#include <stdlib.h>

#include "summary/cause.h"

/* So many make a usual. */
enum { USUAL_MIN = 6 };

static uint64_t hash_of(enum usual_kind kind, const struct word *const key[KEY_WORDS])
{
    const uint64_t w[5] = {(uint64_t)(uintptr_t)key[0], (uint64_t)(uintptr_t)key[1], (uint64_t)(uintptr_t)key[2],
                           (uint64_t)(uintptr_t)key[3], kind};

    return hash_words(w);
}

static struct usual *find_row(const struct usuals *u, enum usual_kind kind, const struct word *const key[KEY_WORDS])
{
    struct hmap_node *n = hmap_first(&u->map, hash_of(kind, key));

    for (; n != NULL; n = hmap_next(n)) {
        struct usual *x = hmap_entry(n, struct usual, node);
        if (x->kind == kind && memcmp(x->key, key, sizeof x->key) == 0)
            return x;
    }
    return NULL;
}

static bool has_room(struct usuals *u)
{
    if (u->n < u->cap)
        return true;
    size_t cap = u->cap > 0 ? u->cap * 2 : 64;
    struct usual **more = realloc(u->row, cap * sizeof *more);
    if (more == NULL)
        return false;
    u->row = more;
    u->cap = cap;
    return true;
}

static struct usual *row_of(struct usuals *u, enum usual_kind kind, const struct word *const key[KEY_WORDS])
{
    struct usual *x = find_row(u, kind, key);

    if (x != NULL)
        return x;
    x = has_room(u) ? calloc(1, sizeof *x) : NULL;
    if (x == NULL || hmap_insert(&u->map, &x->node, hash_of(kind, key)) != 0) {
        free(x);
        u->failed = true;
        return NULL;
    }
    x->kind = kind;
    memcpy(x->key, key, sizeof x->key);
    x->wait_ns = -1;
    u->row[u->n++] = x;
    return x;
}

/* ---- filling ---- */

void usual_route_key(const struct call *c, const struct word *key[KEY_WORDS])
{
    key[0] = c->host != NULL ? c->host : c->server;
    key[1] = c->method;
    key[2] = c->route;
    key[3] = c->server_ip != NULL && c->server_ip->is_proxy ? c->server_ip : NULL;
}

static void add_route(struct usuals *u, const struct p2t_summary *s, const struct call *c)
{
    const struct word *key[KEY_WORDS];
    const int64_t times[USUAL_PHASES] = {c->total_ns, c->dns_ns,  c->connect_ns, c->tls_ns,
                                         c->send_ns,  c->wait_ns, c->receive_ns};

    if (c->quiet || c->streams)
        return;
    usual_route_key(c, key);
    struct usual *x = row_of(u, USUAL_ROUTE, key);
    if (x == NULL)
        return;
    x->calls += call_weight(s, c);
    x->failed += c->failed ? call_weight(s, c) : 0;
    if (c->usual_ns >= 0)
        x->wait_ns = c->usual_ns;
    for (int i = 0; i < USUAL_PHASES && !c->failed; i++)
        sample_add(&x->time[i], times[i]);
}

static void add_time(struct usuals *u, enum usual_kind kind, const struct word *of, int64_t ns)
{
    const struct word *const key[KEY_WORDS] = {of};
    struct usual *x = of != NULL ? row_of(u, kind, key) : NULL;

    if (x == NULL)
        return;
    x->calls++;
    sample_add(&x->time[USUAL_TOTAL], ns);
}

static int by_key(const void *a, const void *b)
{
    const struct usual *x = *(struct usual *const *)a, *y = *(struct usual *const *)b;

    for (int i = 0; i < KEY_WORDS; i++)
        if (x->key[i] != y->key[i])
            return (x->key[i] != NULL ? x->key[i]->rank : 0) < (y->key[i] != NULL ? y->key[i]->rank : 0) ? -1 : 1;
    return (x->kind > y->kind) - (x->kind < y->kind);
}

void usuals_fill(struct usuals *u, struct p2t_summary *from)
{
    u->words = &from->words;
    for (size_t i = 0; i < from->call_count; i++) {
        const struct call *c = &from->calls[i];
        add_route(u, from, c);
        if (c->tls_ns > 0 && c->outcome != P2T_OUTCOME_TLS_ERROR)
            add_time(u, USUAL_TLS, c->server, c->tls_ns);
    }
    for (size_t i = 0; i < from->question_count; i++) {
        const struct question *q = &from->questions[i];
        if (q->answered_ns != 0)
            add_time(u, USUAL_RESOLVER, q->server, max_ns(0, q->answered_ns - q->last_asked_ns));
    }
    for (size_t i = 0; i < from->conn_count; i++) {
        const struct conn *k = &from->conns[i];
        if (k->syns == 1 && k->syn_ack_ns > k->syn_ns && k->syn_ns != 0)
            add_time(u, USUAL_HANDSHAKE, k->server_ip, k->syn_ack_ns - k->syn_ns);
    }
    if (u->n > 1)
        qsort(u->row, u->n, sizeof *u->row, by_key);
    for (size_t i = 0; i < u->n; i++)
        u->failed |= u->row[i]->time[USUAL_TOTAL].failed;
}

void usuals_fini(struct usuals *u)
{
    for (size_t i = 0; i < u->n; i++) {
        for (int k = 0; k < USUAL_PHASES; k++)
            sample_fini(&u->row[i]->time[k]);
        free(u->row[i]);
    }
    free(u->row);
    hmap_fini(&u->map);
    *u = (struct usuals){0};
}

/* ---- asking ---- */

struct usual *usuals_find(const struct usuals *u, enum usual_kind kind, const struct word *const key[KEY_WORDS])
{
    const struct word *own[KEY_WORDS] = {0};

    for (int i = 0; i < KEY_WORDS && u->words != NULL; i++)
        if (key[i] != NULL && (own[i] = words_find(u->words, slice_of(key[i]->text, key[i]->n))) == NULL)
            return NULL;
    return find_row(u, kind, own);
}

int64_t baseline_wait(const struct p2t_summary *s, const struct call *c)
{
    const struct word *key[KEY_WORDS];

    if (s->baseline == NULL)
        return -1;
    usual_route_key(c, key);
    const struct usual *x = usuals_find(s->baseline, USUAL_ROUTE, key);
    return x != NULL && x->calls >= USUAL_MIN ? x->wait_ns : -1;
}

int64_t baseline_quartile(const struct p2t_summary *s, enum usual_kind kind, const struct word *of)
{
    const struct word *const key[KEY_WORDS] = {of};
    struct usual *x = s->baseline != NULL ? usuals_find(s->baseline, kind, key) : NULL;

    return x != NULL && x->time[USUAL_TOTAL].n >= USUAL_MIN ? sample_at(&x->time[USUAL_TOTAL], 250) : -1;
}

void say_usual(struct buf *b, int64_t usual_ns, bool by_baseline)
{
    buf_str(b, by_baseline ? " (in the baseline: " : " (usual: ");
    say_time(b, usual_ns);
    buf_putc(b, ')');
}
