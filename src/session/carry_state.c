/* The state saved beside the carried frames, as bytes: little-endian, read back with bounds checks. */
#include <stdlib.h>

#include "base/reader.h"
#include "base/saved_time.h"
#include "pcap2trace/status.h"
#include "proto/conn/conn.h"
#include "session/carry.h"

static int by_ref(const void *a, const void *b)
{
    const struct carry_conn *const *x = a, *const *y = b;

    if ((*x)->first.file != (*y)->first.file)
        return (*x)->first.file < (*y)->first.file ? -1 : 1;
    return (*x)->first.number < (*y)->first.number ? -1 : 1;
}

/* Sorted by name: the map's order differs from run to run. */
static const struct carry_conn **sorted(const struct carry *c, size_t *n)
{
    const struct carry_conn **all = malloc((c->conns.count + 1) * sizeof(struct carry_conn *));
    struct hmap_walk w = hmap_walk(&c->conns);

    *n = 0;
    if (all == NULL)
        return NULL;
    for (struct hmap_node *node; (node = hmap_step(&w)) != NULL;)
        all[(*n)++] = hmap_entry(node, struct carry_conn, node);
    qsort(all, *n, sizeof(struct carry_conn *), by_ref);
    return all;
}

void carry_save_secrets(const struct carry *c, struct buf *out)
{
    struct hmap_walk w = hmap_walk(&c->conns);

    for (struct hmap_node *n; (n = hmap_step(&w)) != NULL;) {
        const struct carry_conn *cc = hmap_entry(n, struct carry_conn, node);
        if (cc->flow != NULL)
            proto_save_secrets(cc->flow, out);
    }
}

void carry_save(const struct carry *c, int64_t flow_ns, struct buf *out, session_uses_fn *uses, void *ctx)
{
    size_t n;
    const struct carry_conn **all = sorted(c, &n);

    if (all == NULL) {
        out->failed = true;
        return;
    }
    buf_le64(out, (uint64_t)c->last_ns);
    buf_le64(out, (uint64_t)flow_ns);
    buf_le32(out, c->last_file);
    buf_le64(out, c->secrets.n);
    buf_slice(out, buf_view(&c->secrets));
    buf_le64(out, n);
    for (size_t i = 0; i < n; i++) {
        carry_put_ref(out, all[i]->first);
        carry_put_ref(out, all[i]->from);
        buf_le64(out, (uint64_t)(all[i]->flow != NULL ? flow_tcp_last_ns(all[i]->flow) : 0));
        carry_place_uses(all[i], uses, ctx);
    }
    free(all);
}

static int load_conn(struct carry *c, struct reader *r)
{
    struct packet_ref first = carry_get_ref(r), from = carry_get_ref(r);
    int64_t last_ns = saved_moment((int64_t)reader_le64(r));

    if (!reader_ok(r))
        return P2T_ERR_USAGE;
    struct carry_conn *cc = carry_make(c, first);
    if (cc == NULL)
        return P2T_ERR_MEMORY;
    cc->from = from;
    cc->last_ns = last_ns;
    return P2T_OK;
}

int carry_load(struct carry *c, struct reader *r)
{
    int status = P2T_OK;

    c->loading = true;
    c->loaded_to_ns = saved_moment((int64_t)reader_le64(r));
    c->loaded_flow_ns = saved_moment((int64_t)reader_le64(r));
    c->loaded_file = reader_le32(r);
    uint64_t secrets = reader_le64(r);
    if (!reader_ok(r) || secrets > r->left)
        return P2T_ERR_USAGE;
    buf_slice(&c->secrets, reader_slice(r, (size_t)secrets));
    uint64_t n = reader_le64(r);
    for (; status == P2T_OK && reader_ok(r) && n > 0; n--)
        status = load_conn(c, r);
    if (status == P2T_OK && !reader_ok(r))
        status = P2T_ERR_USAGE;
    return c->secrets.failed ? P2T_ERR_MEMORY : status;
}

void carry_loaded(struct carry *c)
{
    size_t n;
    const struct carry_conn **all = sorted(c, &n);

    c->loading = false;
    for (size_t i = 0; all != NULL && i < n; i++) {
        if (all[i]->flow == NULL)
            carry_forget(c, carry_find(c, all[i]->first));
        else if (all[i]->last_ns != 0)
            flow_tcp_used(all[i]->flow, all[i]->last_ns);
    }
    free(all);
}
