#include "session/carry.h"

#include <stdlib.h>

#include "base/system.h"

struct carry *carry_new(struct budget *budget)
{
    struct carry *c = calloc(1, sizeof *c);

    if (c == NULL)
        return NULL;
    slab_init(&c->conn_slab, sizeof(struct carry_conn), budget);
    slab_init(&c->place_slab, sizeof(struct carry_place), budget);
    c->last_ns = INT64_MIN;
    return c;
}

static void free_places(struct carry *c, struct carry_conn *cc)
{
    struct carry_place *all[] = {cc->idle, cc->next, cc->ready, cc->used};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i] != NULL)
            slab_give(&c->place_slab, all[i]);
}

static void conn_free(struct carry *c, struct carry_conn *cc)
{
    free_places(c, cc);
    slab_give(&c->conn_slab, cc);
}

static void free_conns(struct carry *c)
{
    struct hmap_walk w = hmap_walk(&c->conns);

    for (struct hmap_node *n; (n = hmap_step(&w)) != NULL;)
        conn_free(c, hmap_entry(n, struct carry_conn, node));
    hmap_fini(&c->conns);
}

void carry_free(struct carry *c)
{
    if (c == NULL)
        return;
    free_conns(c);
    slab_fini(&c->conn_slab);
    slab_fini(&c->place_slab);
    if (c->secrets.p != NULL)
        explicit_bzero(c->secrets.p, c->secrets.cap);
    buf_fini(&c->secrets);
    free(c);
}

/* ---- connections ---- */

static uint64_t hash_of(struct packet_ref ref)
{
    const uint64_t key[2] = {ref.number, ref.file};

    return hash_bytes(key, sizeof key);
}

struct carry_conn *carry_find(const struct carry *c, struct packet_ref first)
{
    for (struct hmap_node *n = hmap_first(&c->conns, hash_of(first)); n != NULL; n = hmap_next(n)) {
        struct carry_conn *cc = hmap_entry(n, struct carry_conn, node);
        if (packet_ref_eq(cc->first, first))
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
    if (hmap_insert(&c->conns, &cc->node, hash_of(first)) == 0)
        return cc;
    slab_give(&c->conn_slab, cc);
    return NULL;
}

void carry_forget(struct carry *c, struct carry_conn *cc)
{
    hmap_remove(&c->conns, &cc->node);
    conn_free(c, cc);
}

void carry_conn_opened(struct carry *c, struct flow_conn *conn)
{
    struct carry_conn *cc = carry_make(c, conn->first.ref);

    if (cc == NULL) {
        c->failed = true;
        return;
    }
    cc->flow = conn;
    cc->head_to = conn->first.ref;
}

void carry_conn_closed(struct carry *c, const struct flow_conn *conn)
{
    struct carry_conn *cc = carry_find(c, conn->first.ref);

    if (cc != NULL)
        carry_forget(c, cc);
}

void carry_clock(struct carry *c, int64_t now_ns, struct packet_ref frame)
{
    const uint32_t file = (uint32_t)frame.file;

    c->disordered |= frame.file == c->last_frame.file && frame.number < c->last_frame.number;
    c->last_frame = frame;
    if (now_ns > c->last_ns)
        c->last_ns = now_ns;
    if (file > c->last_file)
        c->last_file = file;
}

/* The limit bounds captures that bring endless secrets. */
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
