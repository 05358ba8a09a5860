/* What goes beside the carried frames, as bytes: little-endian, read back with bounds checks. */
#include <stdlib.h>

#include "base/reader.h"
#include "pcap2trace/status.h"
#include "session/carry.h"

static void put32(struct buf *b, uint32_t v)
{
    const uint8_t p[4] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)};

    buf_put(b, p, sizeof p);
}

static void put64(struct buf *b, uint64_t v)
{
    put32(b, (uint32_t)v);
    put32(b, (uint32_t)(v >> 32));
}

static uint64_t get64(struct reader *r)
{
    uint64_t low = reader_le32(r);

    return (uint64_t)reader_le32(r) << 32 | low;
}

static int by_ref(const void *a, const void *b)
{
    const struct carry_conn *const *x = a, *const *y = b;

    if ((*x)->first.file != (*y)->first.file)
        return (*x)->first.file < (*y)->first.file ? -1 : 1;
    return (*x)->first.number < (*y)->first.number ? -1 : 1;
}

/* In an order of their own: the map's differs from run to run. */
static const struct carry_conn **sorted(const struct carry *c, size_t *n)
{
    const struct carry_conn **all = malloc((c->conns.count + 1) * sizeof(struct carry_conn *));

    *n = 0;
    if (all == NULL)
        return NULL;
    for (size_t i = 0; c->conns.buckets != NULL && i <= c->conns.mask; i++)
        for (struct hmap_node *node = c->conns.buckets[i]; node != NULL; node = node->next)
            all[(*n)++] = hmap_entry(node, struct carry_conn, node);
    qsort(all, *n, sizeof(struct carry_conn *), by_ref);
    return all;
}

static void save_conn(struct buf *out, const struct carry_conn *cc)
{
    put32(out, cc->first.file);
    put64(out, cc->first.number);
    put32(out, cc->from.file);
    put64(out, cc->from.number);
    put64(out, cc->written_n);
    for (size_t i = 0; i < cc->written_n; i++) {
        put64(out, cc->written[i].id);
        put64(out, (uint64_t)cc->written[i].end_ns);
    }
}

void carry_save(const struct carry *c, struct buf *out)
{
    size_t n;
    const struct carry_conn **all = sorted(c, &n);

    if (all == NULL) {
        out->failed = true;
        return;
    }
    put64(out, (uint64_t)c->last_ns);
    put32(out, c->any);
    put64(out, (uint64_t)c->high_ns);
    put64(out, c->high_id);
    put64(out, c->secrets.n);
    buf_slice(out, buf_view(&c->secrets));
    put64(out, n);
    for (size_t i = 0; i < n; i++)
        save_conn(out, all[i]);
    free(all);
}

static int add_past(struct carry *c, uint64_t id)
{
    struct carry_past *p = slab_take(&c->past_slab);

    if (p == NULL)
        return P2T_ERR_MEMORY;
    p->id = id;
    if (hmap_insert(&c->past, &p->node, id) == 0)
        return P2T_OK;
    slab_give(&c->past_slab, p);
    return P2T_ERR_MEMORY;
}

static int load_written(struct carry *c, struct carry_conn *cc, struct reader *r)
{
    uint64_t n = get64(r);

    if (!reader_ok(r) || n > r->left / 16)
        return P2T_ERR_USAGE;
    for (; n > 0; n--) {
        struct carry_written w;
        w.id = get64(r);
        w.end_ns = (int64_t)get64(r);
        if (carry_note(cc, w) != P2T_OK || add_past(c, w.id) != P2T_OK)
            return P2T_ERR_MEMORY;
    }
    return P2T_OK;
}

static int load_conn(struct carry *c, struct reader *r)
{
    struct packet_ref first, from;

    first.file = reader_le32(r);
    first.number = get64(r);
    from.file = reader_le32(r);
    from.number = get64(r);
    if (!reader_ok(r))
        return P2T_ERR_USAGE;
    struct carry_conn *cc = carry_make(c, first);
    if (cc == NULL)
        return P2T_ERR_MEMORY;
    cc->from = from;
    return load_written(c, cc, r);
}

int carry_load(struct carry *c, struct slice saved)
{
    struct reader r = reader_of_slice(saved);
    int status = P2T_OK;

    c->loaded = c->loading = true;
    c->loaded_to_ns = (int64_t)get64(&r);
    c->old_any = c->any = reader_le32(&r) != 0;
    c->old_high_ns = c->high_ns = (int64_t)get64(&r);
    c->old_high_id = c->high_id = get64(&r);
    uint64_t secrets = get64(&r);
    if (!reader_ok(&r) || secrets > r.left)
        return P2T_ERR_USAGE;
    buf_slice(&c->secrets, reader_slice(&r, (size_t)secrets));
    uint64_t n = get64(&r);
    for (; status == P2T_OK && reader_ok(&r) && n > 0; n--)
        status = load_conn(c, &r);
    if (status == P2T_OK && (!reader_ok(&r) || r.left > 0))
        status = P2T_ERR_USAGE;
    return c->secrets.failed ? P2T_ERR_MEMORY : status;
}

/* Connections that the carried frames did not bring back are gone for good. */
void carry_loaded(struct carry *c)
{
    size_t n;
    const struct carry_conn **all = sorted(c, &n);

    c->loading = false;
    for (size_t i = 0; all != NULL && i < n; i++)
        if (!all[i]->live)
            carry_forget(c, carry_find(c, all[i]->first));
    free(all);
}
