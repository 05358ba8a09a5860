/* The questions without an answer as bytes, for a run that goes on later. */
#include "base/saved_endpoint.h"
#include "base/saved_time.h"
#include "survey/state.h"

static void save(struct buf *out, const struct question *x)
{
    save_endpoint(out, &x->client);
    save_endpoint(out, &x->server);
    buf_le32(out, (uint32_t)x->id << 16 | x->type);
    buf_le32(out, x->tries);
    buf_le32(out, x->path);
    buf_le64(out, (uint64_t)x->asked_ns);
    buf_le64(out, (uint64_t)x->last_asked_ns);
    buf_le64(out, (uint64_t)x->unreachable_ns);
    buf_le64(out, x->asked.file);
    buf_le64(out, x->asked.number);
    buf_le32(out, x->over_tcp);
    buf_le32(out, x->name_len);
    buf_put(out, x->name, x->name_len);
}

void questions_save(const struct questions *q, struct buf *out, void (*uses)(void *ctx, uint32_t file), void *ctx)
{
    buf_le32(out, q->asked);
    buf_le64(out, q->pending);
    for (const struct list_link *l = q->ages.next; l != &q->ages; l = l->next) {
        const struct question *x = list_entry(l, struct question, by_age);
        save(out, x);
        uses(ctx, (uint32_t)x->asked.file);
    }
}

static int load(struct questions *q, struct reader *r)
{
    struct question read = {.client = saved_endpoint(r)};

    read.server = saved_endpoint(r);
    uint32_t key = reader_le32(r);
    read.tries = reader_le32(r);
    read.path = reader_le32(r);
    read.asked_ns = saved_moment((int64_t)reader_le64(r));
    read.last_asked_ns = saved_moment((int64_t)reader_le64(r));
    read.unreachable_ns = saved_moment((int64_t)reader_le64(r));
    uint64_t file = reader_le64(r);
    read.asked = packet_ref_of(reader_le64(r), file);
    read.over_tcp = reader_le32(r) != 0;
    uint32_t n = reader_le32(r);
    if (n > KEPT_NAME_MAX)
        reader_fail(r, READ_BAD);
    struct slice name = reader_slice(r, n);
    if (!reader_ok(r))
        return P2T_ERR_USAGE;
    struct question *x = questions_add(q, &read.client, (uint16_t)(key >> 16), (uint16_t)key);
    if (x == NULL)
        return P2T_ERR_MEMORY;
    x->server = read.server;
    x->tries = read.tries;
    x->path = read.path;
    x->asked_ns = read.asked_ns;
    x->last_asked_ns = read.last_asked_ns;
    x->unreachable_ns = read.unreachable_ns;
    x->asked = read.asked;
    x->over_tcp = read.over_tcp;
    x->name_len = (uint16_t)name.n;
    memcpy(x->name, name.p, name.n);
    return P2T_OK;
}

int questions_load(struct questions *q, struct reader *r)
{
    q->asked = reader_le32(r) != 0;
    uint64_t n = reader_le64(r);
    int status = !reader_ok(r) || n > PENDING_MAX ? P2T_ERR_USAGE : P2T_OK;

    for (; status == P2T_OK && n > 0; n--)
        status = load(q, r);
    return status;
}
