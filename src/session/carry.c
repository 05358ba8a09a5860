#include "session/carry.h"

#include <stdlib.h>

#include "pcap2trace/status.h"

struct carry *carry_new(struct budget *budget)
{
    struct carry *c = calloc(1, sizeof *c);

    if (c == NULL)
        return NULL;
    slab_init(&c->conn_slab, sizeof(struct carry_conn), budget);
    slab_init(&c->place_slab, sizeof(struct carry_place), budget);
    slab_init(&c->known_slab, sizeof(struct carry_known), budget);
    c->last_ns = INT64_MIN;
    return c;
}

static void conn_free(struct carry *c, struct carry_conn *cc)
{
    carry_places_free(c, cc);
    budget_sub(c->conn_slab.budget, cc->written_cap * sizeof *cc->written);
    free(cc->written);
    free(cc->host);
    slab_give(&c->conn_slab, cc);
}

static void free_conns(struct carry *c)
{
    for (size_t i = 0; c->conns.buckets != NULL && i <= c->conns.mask; i++)
        for (struct hmap_node *n = c->conns.buckets[i], *next; n != NULL; n = next) {
            next = n->next;
            conn_free(c, hmap_entry(n, struct carry_conn, node));
        }
    hmap_fini(&c->conns);
}

static void free_known(struct carry *c, struct hmap *map)
{
    for (size_t i = 0; map->buckets != NULL && i <= map->mask; i++)
        for (struct hmap_node *n = map->buckets[i], *next; n != NULL; n = next) {
            next = n->next;
            slab_give(&c->known_slab, hmap_entry(n, struct carry_known, node));
        }
    hmap_fini(map);
}

void carry_free(struct carry *c)
{
    if (c == NULL)
        return;
    free_conns(c);
    free_known(c, &c->ids);
    free_known(c, &c->undecided);
    free_known(c, &c->pending);
    slab_fini(&c->conn_slab);
    slab_fini(&c->place_slab);
    slab_fini(&c->known_slab);
    if (c->secrets.p != NULL)
        explicit_bzero(c->secrets.p, c->secrets.cap);
    buf_fini(&c->secrets);
    free(c);
}

/* ---- connections ---- */

uint64_t carry_hash(struct packet_ref ref)
{
    const uint64_t key[2] = {ref.number, ref.file};

    return hash_bytes(key, sizeof key);
}

struct carry_conn *carry_find(const struct carry *c, struct packet_ref first)
{
    for (struct hmap_node *n = hmap_first(&c->conns, carry_hash(first)); n != NULL; n = hmap_next(n)) {
        struct carry_conn *cc = hmap_entry(n, struct carry_conn, node);
        if (cc->first.number == first.number && cc->first.file == first.file)
            return cc;
    }
    return NULL;
}

struct carry_conn *carry_make(struct carry *c, struct packet_ref first)
{
    struct carry_conn *cc = carry_find(c, first);

    if (cc != NULL || (cc = slab_take(&c->conn_slab)) == NULL)
        return cc;
    cc->first = first;
    cc->budget = c->conn_slab.budget;
    if (hmap_insert(&c->conns, &cc->node, carry_hash(first)) == 0)
        return cc;
    slab_give(&c->conn_slab, cc);
    return NULL;
}

void carry_forget(struct carry *c, struct carry_conn *cc)
{
    hmap_remove(&c->conns, &cc->node);
    conn_free(c, cc);
}

void carry_conn_opened(struct carry *c, struct flow_tcp *conn)
{
    struct carry_conn *cc = carry_make(c, conn->first.ref);

    if (cc == NULL) {
        c->failed = true;
        return;
    }
    cc->flow = conn;
    cc->head_to = conn->first.ref;
}

/* What ended in quiet is told of completely by then. */
void carry_conn_closed(struct carry *c, const struct flow_tcp *conn, enum flow_end why)
{
    struct carry_conn *cc = carry_find(c, conn->first.ref);

    if (cc == NULL)
        return;
    if (why != FLOW_END_REUSED && why != FLOW_END_EVICTED) {
        carry_forget(c, cc);
        return;
    }
    cc->flow = NULL;
    cc->client = conn->client;
    cc->server = conn->server;
    cc->path = conn->path;
    cc->closed_ns = c->last_ns;
    if (c->closed_last != NULL)
        c->closed_last->closed_next = cc;
    else
        c->closed_first = cc;
    c->closed_last = cc;
}

void carry_clock(struct carry *c, int64_t now_ns, uint32_t file)
{
    if (now_ns > c->last_ns)
        c->last_ns = now_ns;
    if (file > c->last_file)
        c->last_file = file;
    while (c->closed_first != NULL && c->last_ns - c->closed_first->closed_ns > CARRY_CLOSED_NS) {
        struct carry_conn *cc = c->closed_first;
        c->closed_first = cc->closed_next;
        if (c->closed_first == NULL)
            c->closed_last = NULL;
        carry_forget(c, cc);
    }
}

/* ---- exchanges ---- */

static struct packet_ref first_packet(const struct exchange *e)
{
    if (e->kind == P2T_KIND_LOOKUP && e->lookup != NULL)
        return e->lookup->first_query.ref;
    if (e->conn.first.ref.number != 0)
        return e->conn.first.ref;
    return e->attempt_count > 0 ? e->attempts[0].syn.ref : (struct packet_ref){0, 0};
}

int carry_note(struct carry_conn *cc, struct carry_written w)
{
    if (cc->written_n == cc->written_cap) {
        size_t cap = cc->written_cap == 0 ? 4 : cc->written_cap * 2;
        struct carry_written *written = realloc(cc->written, cap * sizeof *written);
        if (written == NULL)
            return P2T_ERR_MEMORY;
        cc->written = written;
        budget_change(cc->budget, cc->written_cap * sizeof *written, cap * sizeof *written);
        cc->written_cap = cap;
    }
    cc->written[cc->written_n++] = w;
    return P2T_OK;
}

static bool was_told(const struct carry *c, uint64_t id)
{
    return hmap_first(&c->ids, id) != NULL;
}

bool carry_is_old(void *ctx, uint64_t id, int64_t start_ns)
{
    const struct carry *c = ctx;

    return c->loaded_to_ns - start_ns > CARRY_CONTEXT_NS && was_told(c, id);
}

static bool was_undecided(const struct carry *c, struct packet_ref first)
{
    for (struct hmap_node *n = hmap_first(&c->undecided, carry_hash(first)); n != NULL; n = hmap_next(n)) {
        const struct carry_known *k = hmap_entry(n, struct carry_known, node);
        if (k->first.number == first.number && k->first.file == first.file)
            return true;
    }
    return false;
}

/* It was handed over before, or comes of packets that are carried for something else and are not all of it, or are
 * without what it was told of together with. */
static bool repeats(const struct carry *c, const struct exchange *e, struct packet_ref first)
{
    if (!c->loaded)
        return false;
    if (c->loading && hmap_first(&c->pending, e->id) == NULL)
        return true;
    return was_told(c, e->id) || (first.file <= c->loaded_file && !was_undecided(c, first));
}

bool carry_admits(struct carry *c, const struct exchange *e)
{
    struct packet_ref first = first_packet(e);
    struct carry_conn *cc = carry_find(c, first);

    if (cc != NULL)
        carry_told(cc, e);
    if (repeats(c, e, first))
        return false;
    uint32_t position = e->kind == P2T_KIND_HTTP1 ? e->conn.position : CARRY_NO_POSITION;
    if (cc != NULL && carry_note(cc, (struct carry_written){e->id, position}) != P2T_OK)
        c->failed = true;
    return true;
}

/* Of what ever captures bring, this much is kept: captures that bring endless ones. */
void carry_secrets(struct carry *c, const struct input_secrets *secrets)
{
    enum { SECRETS_MAX = 64 << 20, TLS_KEY_LOG = 0x544c534b };
    struct slice data = secrets->data;

    if (secrets->type != TLS_KEY_LOG || data.n == 0 || c->secrets.n + data.n >= SECRETS_MAX ||
        (c->secrets.n > 0 && memmem(c->secrets.p, c->secrets.n, data.p, data.n) != NULL))
        return;
    buf_slice(&c->secrets, secrets->data);
    buf_putc(&c->secrets, '\n');
    c->failed |= c->secrets.failed;
}
