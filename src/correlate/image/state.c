/* All of correlate's state, written and read back: whoever goes on with it reports what this one would have reported. */
#include <stdlib.h>

#include "correlate/facts.h"
#include "correlate/image/image.h"
#include "correlate/links.h"
#include "correlate/open.h"
#include "pcap2trace/status.h"

/* ---- what there is ---- */

static void gather_pool(struct image *m, struct pool *p)
{
    image_add(m, IMAGE_POOL, p);
    for (struct list_link *at = p->dials.next; at != &p->dials; at = at->next)
        image_add(m, IMAGE_DIAL, list_entry(at, struct dial, waiting));
    for (struct list_link *at = p->unplaced.next; at != &p->unplaced; at = at->next)
        image_add(m, IMAGE_EXCHANGE, list_entry(at, struct exchange, unplaced));
}

static void gather_conn(struct image *m, struct cconn *cc)
{
    image_add(m, IMAGE_CONN, cc);
    image_add(m, IMAGE_DIAL, cc->dial);
    for (struct list_link *at = cc->open.next; at != &cc->open; at = at->next)
        image_add(m, IMAGE_EXCHANGE, list_entry(at, struct exchange, open));
    image_add(m, IMAGE_EXCHANGE, cc->settling);
}

static void gather_lookup(struct image *m, struct lookup *l)
{
    image_add(m, IMAGE_LOOKUP, l);
    for (struct list_link *at = l->dials.next; at != &l->dials; at = at->next)
        image_add(m, IMAGE_DIAL, list_entry(at, struct dial, of_lookup));
}

static void gather_timers(struct image *m, const struct correlate *c)
{
    for (size_t i = 0; i < c->timers.n; i++) {
        struct timer *t = heap_entry(c->timers.places[i].node, struct timer, node);
        if (t->kind == TIMER_DIAL)
            image_add(m, IMAGE_DIAL, heap_entry(t, struct dial, timer));
        else if (t->kind != TIMER_LOOKUP)
            image_add(m, IMAGE_EXCHANGE, heap_entry(t, struct exchange, timer));
    }
}

static void gather(struct image *m, const struct correlate *c)
{
    struct hmap_walk pools = hmap_walk(&c->pools);

    for (struct hmap_node *n; (n = hmap_step(&pools)) != NULL;)
        gather_pool(m, hmap_entry(n, struct pool, node));
    for (struct list_link *at = c->conns.next; at != &c->conns; at = at->next)
        gather_conn(m, list_entry(at, struct cconn, all));
    for (struct list_link *at = c->lookups.next; at != &c->lookups; at = at->next)
        gather_lookup(m, list_entry(at, struct lookup, all));
    gather_timers(m, c);
    for (size_t i = 0; i < m->sets[IMAGE_DIAL].n; i++)
        image_add(m, IMAGE_EXCHANGE, ((struct dial *)m->sets[IMAGE_DIAL].items[i])->claimed_by);
}

/* ---- what is the same either way ---- */

IMAGE_COVERS(struct recent, 64);
static void image_recents(struct image *m, struct correlate *c)
{
    c->recent_n = image_count(m, c->recent_n, RECENT_MAX);
    IMAGE(m, c->recent_next);
    if (c->recent_next >= RECENT_MAX)
        reader_fail(&m->in, READ_BAD);
    for (size_t i = 0; i < c->recent_n; i++) {
        struct recent *r = &c->recent[i];
        image_bool(m, &r->redirect);
        IMAGE(m, r->id);
        image_ns(m, &r->until_ns);
        image_ip(m, &r->client);
        IMAGE(m, r->key);
        image_link(m, IMAGE_EXCHANGE, &r->exchange);
    }
}

static void image_thing(struct image *m, enum image_kind kind, void *thing)
{
    switch (kind) {
    case IMAGE_POOL:
        image_pool(m, thing);
        break;
    case IMAGE_CONN:
        image_conn(m, thing);
        break;
    case IMAGE_LOOKUP:
        image_lookup(m, thing);
        break;
    case IMAGE_DIAL:
        image_dial(m, thing);
        break;
    default:
        image_exchange(m, thing);
        break;
    }
}

static void image_all(struct image *m, struct correlate *c)
{
    image_ns(m, &c->now_ns);
    IMAGE(m, c->serial);
    for (size_t i = 0; i < SUFFIXES_MAX; i++)
        IMAGE(m, c->suffixes[i]);
    IMAGE(m, c->suffix_next);
    for (size_t i = 0; i < FOLLOWED_MAX; i++)
        IMAGE(m, c->followed[i]);
    if (c->suffix_next >= SUFFIXES_MAX)
        reader_fail(&m->in, READ_BAD);
    for (enum image_kind kind = 0; kind < IMAGE_KINDS; kind++)
        for (size_t i = 0; i < m->sets[kind].n && image_ok(m); i++)
            image_thing(m, kind, m->sets[kind].items[i]);
    c->lookups_unused =
        image_list(m, &c->unused_lookups, IMAGE_LOOKUP, offsetof(struct lookup, unused), IMAGE_UNUSED);
    image_recents(m, c);
}

/* ---- writing ---- */

static void image_fini(struct image *m)
{
    for (int kind = 0; kind < IMAGE_KINDS; kind++) {
        free(m->sets[kind].items);
        free(m->sets[kind].places);
    }
    hmap_fini(&m->known);
    arena_fini(&m->nodes);
}

void correlate_save(struct correlate *c, struct buf *out, correlate_evidence *evidence, void *ctx)
{
    struct image m = {.correlate = c, .out = out, .evidence = evidence, .ctx = ctx};

    gather(&m, c);
    for (int kind = 0; kind < IMAGE_KINDS; kind++)
        IMAGE(&m, m.sets[kind].n);
    image_all(&m, c);
    image_put_index(&m);
    out->failed |= m.failed;
    image_fini(&m);
}

/* ---- reading ---- */

static struct lookup *make_lookup(struct correlate *c)
{
    struct lookup *l = slab_take(&c->lookup_slab);

    if (l != NULL) {
        arena_count_in(&l->arena, c->limits.budget);
        list_init(&l->dials);
    }
    return l;
}

static void *make(struct correlate *c, enum image_kind kind)
{
    switch (kind) {
    case IMAGE_POOL:
        return pool_take(c);
    case IMAGE_CONN:
        return conn_take(c);
    case IMAGE_LOOKUP:
        return make_lookup(c);
    case IMAGE_DIAL:
        return slab_take(&c->dial_slab);
    default:
        return exchange_take(c);
    }
}

/* A count without the bytes that so many take would have memory made in vain. */
static void make_all(struct image *m, struct correlate *c)
{
    static const size_t least_bytes[IMAGE_KINDS] = {
        [IMAGE_POOL] = 7, [IMAGE_CONN] = 90, [IMAGE_LOOKUP] = 90, [IMAGE_DIAL] = 30, [IMAGE_EXCHANGE] = 200};

    for (enum image_kind kind = 0; kind < IMAGE_KINDS; kind++) {
        struct image_set *s = &m->sets[kind];
        size_t n = image_count(m, 0, m->in.left / least_bytes[kind]);
        s->items = calloc(n + 1, sizeof(void *));
        s->places = calloc(n + 1, 1);
        m->failed |= s->items == NULL || s->places == NULL;
        while (!m->failed && s->n < n) {
            void *thing = make(c, kind);
            if (thing == NULL)
                m->failed = true;
            else
                s->items[s->n++] = thing;
        }
    }
}

static uint64_t ref_hash(struct packet_ref ref)
{
    const uint64_t key[2] = {ref.number, ref.file};

    return hash_bytes(key, sizeof key);
}

/* Its exchanges were linked before their numbers were known. */
static void index_open(struct correlate *c, struct cconn *cc)
{
    for (struct list_link *at = cc->open.next; at != &cc->open; at = at->next)
        open_index(c, cc, list_entry(at, struct exchange, open));
}

static void enlist(struct image *m, struct correlate *c)
{
    for (size_t i = 0; i < m->sets[IMAGE_POOL].n; i++)
        m->failed |= pool_enlist(c, m->sets[IMAGE_POOL].items[i]) != 0;
    for (size_t i = 0; i < m->sets[IMAGE_LOOKUP].n; i++)
        m->failed |= lookup_enlist(c, m->sets[IMAGE_LOOKUP].items[i]) != 0;
    for (size_t i = 0; i < m->sets[IMAGE_CONN].n; i++) {
        struct cconn *cc = m->sets[IMAGE_CONN].items[i];
        cc->flow = &c->gone;
        index_open(c, cc);
        m->failed |= hmap_insert(&c->carried, &cc->node, ref_hash(cc->view.first.ref)) != 0;
    }
}

static void discard_lookup(struct correlate *c, struct lookup *l)
{
    for (struct lookup_query *q = l->queries, *next; q != NULL; q = next) {
        next = q->next;
        slab_give(&c->query_slab, q);
    }
    for (struct lookup_addr *a = l->addrs, *next; a != NULL; a = next) {
        next = a->next;
        slab_give(&c->addr_slab, a);
    }
    arena_fini(&l->arena);
    slab_give(&c->lookup_slab, l);
}

static void discard_conn(struct correlate *c, struct cconn *cc)
{
    arena_fini(&cc->arena);
    if (cc->tls != NULL)
        slab_give(&c->tls_slab, cc->tls);
    slab_give(&c->conn_slab, cc);
}

static void discard_dial(struct correlate *c, struct dial *d)
{
    dial_free_attempts(c, d);
    slab_give(&c->dial_slab, d);
}

/* Half of it makes no whole: nothing of it is followed. */
static void discard_all(struct image *m, struct correlate *c)
{
    struct hmap *maps[] = {&c->pools,   &c->carried,       &c->lookups_by_label, &c->lookups_by_addr,
                           &c->queries, &c->query_sockets, &c->open_by_number};

    for (size_t i = 0; i < m->sets[IMAGE_POOL].n; i++)
        slab_give(&c->pool_slab, m->sets[IMAGE_POOL].items[i]);
    for (size_t i = 0; i < m->sets[IMAGE_CONN].n; i++)
        discard_conn(c, m->sets[IMAGE_CONN].items[i]);
    for (size_t i = 0; i < m->sets[IMAGE_LOOKUP].n; i++)
        discard_lookup(c, m->sets[IMAGE_LOOKUP].items[i]);
    for (size_t i = 0; i < m->sets[IMAGE_DIAL].n; i++)
        discard_dial(c, m->sets[IMAGE_DIAL].items[i]);
    for (size_t i = 0; i < m->sets[IMAGE_EXCHANGE].n; i++)
        exchange_drop(c, m->sets[IMAGE_EXCHANGE].items[i]);
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
        hmap_fini(maps[i]);
    c->timers.n = c->outbox.n = 0;
    list_init(&c->lookups);
    list_init(&c->unused_lookups);
    memset(c->suffixes, 0, sizeof c->suffixes);
    memset(c->followed, 0, sizeof c->followed);
    c->lookups_unused = c->recent_n = 0;
}

int correlate_load(struct correlate *c, struct slice saved)
{
    struct image m = {.correlate = c, .in = reader_of_slice(saved)};

    make_all(&m, c);
    if (image_ok(&m))
        image_all(&m, c);
    image_check(&m);
    if (image_ok(&m)) {
        enlist(&m, c);
        links_read_back(c);
    }
    if (image_ok(&m))
        image_get_index(&m);
    if (m.in.left > 0)
        reader_fail(&m.in, READ_BAD);
    int status = m.failed ? P2T_ERR_MEMORY : reader_ok(&m.in) ? P2T_OK : P2T_ERR_USAGE;
    if (status != P2T_OK)
        discard_all(&m, c);
    image_fini(&m);
    return status;
}

bool correlate_adopt(struct correlate *c, struct flow_conn *flow)
{
    const struct packet_ref *ref = &flow->first.ref;

    for (struct hmap_node *n = hmap_first(&c->carried, ref_hash(*ref)); n != NULL; n = hmap_next(n)) {
        struct cconn *cc = hmap_entry(n, struct cconn, node);
        if (!packet_ref_eq(cc->view.first.ref, *ref))
            continue;
        hmap_remove(&c->carried, n);
        conn_follow(c, cc, flow);
        return true;
    }
    return false;
}

static int by_first_packet(const void *a, const void *b)
{
    const struct packet_ref *x = &(*(struct cconn *const *)a)->view.first.ref;
    const struct packet_ref *y = &(*(struct cconn *const *)b)->view.first.ref;

    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* In an order of their own: the map's differs from run to run. */
void correlate_loaded(struct correlate *c)
{
    struct cconn **lost = malloc((c->carried.count + 1) * sizeof(struct cconn *));
    struct hmap_walk w = hmap_walk(&c->carried);
    size_t n = 0;

    for (struct hmap_node *node; (node = hmap_step(&w)) != NULL;) {
        struct cconn *cc = hmap_entry(node, struct cconn, node);
        if (lost != NULL)
            lost[n++] = cc;
        else
            conn_lost(c, cc);
    }
    if (n > 0)
        qsort(lost, n, sizeof *lost, by_first_packet);
    for (size_t i = 0; i < n; i++)
        conn_lost(c, lost[i]);
    free(lost);
    hmap_fini(&c->carried);
}
