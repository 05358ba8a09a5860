/* Writes a finished comparison: pairs, then what only the live side has, then what only the wire has. */
#include "analyze/compare/state.h"

enum { FLUSH_BYTES = 256 * 1024 };

struct writing {
    struct buf b;
    const struct out_sink *sink;
    int status;
};

static void flush(struct writing *w, size_t least)
{
    if (w->b.failed)
        w->status = P2T_ERR_MEMORY;
    if (w->status == P2T_OK && w->b.n >= least && w->b.n > 0)
        w->status = w->sink->write(w->sink->ctx, w->b.p, w->b.n);
    if (w->b.n >= least)
        buf_reset(&w->b);
}

static void write_pairs(struct compare *c, const struct compare_ops *ops, struct writing *w)
{
    uint64_t index = 0;

    for (size_t i = 0; i < c->live.n && w->status == P2T_OK; i++) {
        if (!compare_is_wanted_pair(c, i))
            continue;
        compare_look_at(c, i);
        if (c->config.differing && pair_agrees(&c->pair))
            continue;
        ops->pair(&w->b, c, index++);
        flush(w, FLUSH_BYTES);
    }
}

static void write_live_only(struct compare *c, const struct compare_ops *ops, struct writing *w)
{
    uint64_t index = 0;

    for (size_t i = 0; i < c->live.n && w->status == P2T_OK; i++)
        if (compare_is_live_only(c, i)) {
            ops->live_only(&w->b, c, &c->live.records[i], index++);
            flush(w, FLUSH_BYTES);
        }
}

static void write_wire_only(struct compare *c, const struct compare_ops *ops, struct writing *w)
{
    uint64_t index = 0;

    for (size_t i = 0; i < c->wire.n && w->status == P2T_OK; i++)
        if (compare_is_wire_only(c, i)) {
            ops->wire_only(&w->b, c, &c->wire.records[i], index++);
            flush(w, FLUSH_BYTES);
        }
}

int compare_write(struct compare *c, enum compare_format format, const struct out_sink *sink)
{
    static const struct compare_ops *const formats[] = {&compare_text, &compare_json, &compare_csv};
    const struct compare_ops *ops = formats[format];
    struct writing w = {.sink = sink};

    ops->begin(&w.b, c);
    write_pairs(c, ops, &w);
    ops->middle(&w.b, c);
    write_live_only(c, ops, &w);
    ops->between(&w.b, c);
    write_wire_only(c, ops, &w);
    ops->end(&w.b, c);
    flush(&w, 0);
    buf_fini(&w.b);
    return w.status;
}
