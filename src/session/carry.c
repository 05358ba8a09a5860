#include "session/carry.h"

#include <stdlib.h>

#include "pcap2trace/status.h"

struct carry *carry_new(void)
{
    struct carry *c = calloc(1, sizeof *c);

    if (c == NULL)
        return NULL;
    slab_init(&c->conn_slab, sizeof(struct carry_conn));
    slab_init(&c->past_slab, sizeof(struct carry_past));
    c->last_ns = INT64_MIN;
    return c;
}

static void free_conns(struct carry *c)
{
    for (size_t i = 0; c->conns.buckets != NULL && i <= c->conns.mask; i++)
        for (struct hmap_node *n = c->conns.buckets[i], *next; n != NULL; n = next) {
            struct carry_conn *cc = hmap_entry(n, struct carry_conn, node);
            next = n->next;
            free(cc->written);
            slab_give(&c->conn_slab, cc);
        }
}

static void free_past(struct carry *c)
{
    for (size_t i = 0; c->past.buckets != NULL && i <= c->past.mask; i++)
        for (struct hmap_node *n = c->past.buckets[i], *next; n != NULL; n = next) {
            next = n->next;
            slab_give(&c->past_slab, hmap_entry(n, struct carry_past, node));
        }
}

void carry_free(struct carry *c)
{
    if (c == NULL)
        return;
    free_conns(c);
    free_past(c);
    hmap_fini(&c->conns);
    hmap_fini(&c->past);
    slab_fini(&c->conn_slab);
    slab_fini(&c->past_slab);
    buf_fini(&c->secrets);
    free(c);
}

/* ---- connections ---- */

static uint64_t hash_ref(struct packet_ref ref)
{
    const uint64_t key[2] = {ref.number, ref.file};

    return hash_bytes(key, sizeof key);
}

struct carry_conn *carry_find(const struct carry *c, struct packet_ref first)
{
    for (struct hmap_node *n = hmap_first(&c->conns, hash_ref(first)); n != NULL; n = hmap_next(n)) {
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
    if (hmap_insert(&c->conns, &cc->node, hash_ref(first)) == 0)
        return cc;
    slab_give(&c->conn_slab, cc);
    return NULL;
}

void carry_forget(struct carry *c, struct carry_conn *cc)
{
    hmap_remove(&c->conns, &cc->node);
    free(cc->written);
    slab_give(&c->conn_slab, cc);
}

void carry_conn_opened(struct carry *c, const struct flow_tcp *conn)
{
    struct carry_conn *cc = carry_make(c, conn->first.ref);

    if (cc != NULL)
        cc->live = true;
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

void carry_clock(struct carry *c, int64_t now_ns)
{
    if (now_ns > c->last_ns)
        c->last_ns = now_ns;
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
        cc->written_cap = cap;
    }
    cc->written[cc->written_n++] = w;
    return P2T_OK;
}

static bool is_past(const struct carry *c, uint64_t id)
{
    return hmap_first(&c->past, id) != NULL;
}

static bool not_after(const struct exchange *e, int64_t high_ns, uint64_t high_id)
{
    return e->end_ns != high_ns ? e->end_ns < high_ns : e->id <= high_id;
}

/* Ids are kept of what belongs to a connection that is carried over whole. What comes out of frames carried for
 * something else, lookups for one, is told by its place in the order. */
static bool repeats(const struct carry *c, const struct exchange *e)
{
    if (!c->loaded)
        return false;
    if (is_past(c, e->id))
        return true;
    bool owned = first_packet(e).number != 0;
    return (c->loading || !owned) && c->old_any && not_after(e, c->old_high_ns, c->old_high_id);
}

bool carry_admits(struct carry *c, const struct exchange *e)
{
    struct carry_conn *cc = carry_find(c, first_packet(e));

    if (repeats(c, e))
        return false;
    if (cc != NULL && carry_note(cc, (struct carry_written){e->id, e->end_ns}) != P2T_OK)
        c->failed = true;
    if (!c->any || !not_after(e, c->high_ns, c->high_id)) {
        c->any = true;
        c->high_ns = e->end_ns;
        c->high_id = e->id;
    }
    return true;
}

/* Of what ever captures bring, this much is kept: captures that bring endless ones. */
void carry_secrets(struct carry *c, const struct input_secrets *secrets)
{
    enum { SECRETS_MAX = 64 << 20 };

    if (c->secrets.n + secrets->data.n >= SECRETS_MAX)
        return;
    buf_slice(&c->secrets, secrets->data);
    buf_putc(&c->secrets, '\n');
    c->failed |= c->secrets.failed;
}
