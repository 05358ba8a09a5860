#include "write/writer.h"

#include <stdlib.h>
#include <string.h>

#include "write/chunk.h"
#include "write/format.h"
#include "write/sorter.h"

/* Large enough to make system calls rare, small enough to stay in the cache. */
enum { FLUSH_BYTES = 256 * 1024 };

struct out_writer {
    const struct out_format_ops *ops;
    struct out_options options;
    struct out_sink sink;
    struct buf buf;
    struct sorter sorter;
    struct buf one; /* an exchange on its way into the sorter */
    struct out_seen seen;
    bool begun;
};

static const struct {
    const char *name;
    const struct out_format_ops *ops;
} formats[] = {
#define X(id, name, symbol) {name, &out_##symbol},
    OUT_FORMAT_LIST(X)
#undef X
};

bool out_format_parse(const char *name, enum out_format *format)
{
    for (size_t i = 0; i < OUT_FORMAT_COUNT; i++)
        if (strcmp(name, formats[i].name) == 0) {
            *format = (enum out_format)i;
            return true;
        }
    return false;
}

const char *out_format_name(enum out_format format)
{
    return formats[format].name;
}

struct out_writer *out_writer_new(enum out_format format, const struct out_options *options,
                                  const struct out_sink *sink)
{
    struct out_writer *w = calloc(1, sizeof *w);

    if (w == NULL)
        return NULL;
    w->ops = formats[format].ops;
    w->options = *options;
    w->sink = *sink;
    w->sorter.limit = options->sort_bytes;
    return w;
}

void out_writer_first_packet(struct out_writer *w, int64_t ns)
{
    w->options.first_packet_ns = ns;
}

bool out_writer_pending(const struct out_writer *w)
{
    return w->buf.n > 0;
}

int out_writer_flush(struct out_writer *w)
{
    if (w->buf.failed)
        return P2T_ERR_MEMORY;
    int status = w->buf.n > 0 ? w->sink.write(w->sink.ctx, w->buf.p, w->buf.n) : P2T_OK;
    buf_reset(&w->buf);
    return status;
}

static void begin(struct out_writer *w)
{
    if (!w->begun && w->ops->begin != NULL)
        w->ops->begin(&w->buf, &w->options);
    w->begun = true;
}

static void lead(struct out_writer *w)
{
    begin(w);
    if (w->ops->lead != NULL)
        w->ops->lead(&w->buf, w->seen.count);
    w->seen.count++;
}

static int flush_when_large(struct out_writer *w)
{
    return w->buf.n >= FLUSH_BYTES || w->buf.failed ? out_writer_flush(w) : P2T_OK;
}

/* False: none is held. */
static bool write_first(struct out_writer *w, int *status)
{
    struct slice text;

    if (!sorter_take(&w->sorter, &text)) {
        *status = w->sorter.text.failed ? P2T_ERR_MEMORY : P2T_OK;
        return false;
    }
    lead(w);
    buf_slice(&w->buf, text);
    *status = flush_when_large(w);
    return *status == P2T_OK;
}

static int hold(struct out_writer *w, int64_t start_ns, uint64_t id, struct slice text)
{
    int status = sorter_put(&w->sorter, start_ns, id, text);

    while (status == P2T_OK && sorter_is_full(&w->sorter) && write_first(w, &status))
        ;
    return status;
}

static void see(struct out_writer *w, int64_t start_ns)
{
    if (w->seen.earliest_ns == 0 || start_ns < w->seen.earliest_ns)
        w->seen.earliest_ns = start_ns;
}

static int write_and_hold(struct out_writer *w, const struct p2t_exchange *x)
{
    buf_reset(&w->one);
    w->ops->exchange(&w->one, &w->options, x);
    return w->one.failed ? P2T_ERR_MEMORY : hold(w, x->start_ns, x->id, buf_view(&w->one));
}

int out_writer_exchange(struct out_writer *w, const struct p2t_exchange *x)
{
    see(w, x->start_ns);
    if (w->options.sort_bytes > 0)
        return write_and_hold(w, x);
    lead(w);
    w->ops->exchange(&w->buf, &w->options, x);
    return flush_when_large(w);
}

/* ---- chunks ---- */

/* Neither is anything put between exchanges, nor are they sorted. */
static bool is_plain(const struct out_writer *w)
{
    return w->ops->lead == NULL && w->options.sort_bytes == 0;
}

void out_chunk_exchange(struct out_chunk *c, const struct out_writer *w, const struct p2t_exchange *x)
{
    w->ops->exchange(&c->text, &w->options, x);
    if (!is_plain(w))
        buf_put(&c->marks, &(struct out_mark){x->start_ns, x->id, c->text.n}, sizeof(struct out_mark));
    if (c->count++ == 0 || x->start_ns < c->earliest_ns)
        c->earliest_ns = x->start_ns;
}

/* All of it at once, straight to the sink. */
static int write_whole(struct out_writer *w, const struct out_chunk *c)
{
    begin(w);
    w->seen.count += c->count;
    int status = out_writer_flush(w);
    return status == P2T_OK ? w->sink.write(w->sink.ctx, c->text.p, c->text.n) : status;
}

static int write_one(struct out_writer *w, const struct out_mark *m, struct slice text)
{
    if (w->options.sort_bytes > 0)
        return hold(w, m->start_ns, m->id, text);
    lead(w);
    buf_slice(&w->buf, text);
    return flush_when_large(w);
}

static int write_each(struct out_writer *w, const struct out_chunk *c)
{
    size_t from = 0;
    int status = P2T_OK;

    for (size_t at = 0; at < c->marks.n && status == P2T_OK; at += sizeof(struct out_mark)) {
        struct out_mark m;
        memcpy(&m, c->marks.p + at, sizeof m);
        status = write_one(w, &m, slice_of(c->text.p + from, m.end - from));
        from = m.end;
    }
    return status;
}

/* There may be many chunks, and one large exchange now and then. */
static void keep_little(struct buf *b)
{
    if (b->cap > FLUSH_BYTES)
        buf_fini(b);
    buf_reset(b);
}

int out_writer_chunk(struct out_writer *w, struct out_chunk *c)
{
    int status = P2T_OK;

    if (c->text.failed || c->marks.failed)
        status = P2T_ERR_MEMORY;
    else if (c->count > 0) {
        see(w, c->earliest_ns);
        status = is_plain(w) ? write_whole(w, c) : write_each(w, c);
    }
    keep_little(&c->text);
    buf_reset(&c->marks);
    c->count = 0;
    return status;
}

void out_chunk_fini(struct out_chunk *c)
{
    buf_fini(&c->text);
    buf_fini(&c->marks);
}

/* ---- the end ---- */

int out_writer_finish(struct out_writer *w)
{
    int status = P2T_OK;

    while (write_first(w, &status))
        ;
    if (status != P2T_OK)
        return status;
    begin(w);
    if (w->ops->end != NULL)
        w->ops->end(&w->buf, &w->options, &w->seen);
    return out_writer_flush(w);
}

uint64_t out_writer_runs(const struct out_writer *w)
{
    return w->sorter.runs;
}

void out_writer_free(struct out_writer *w)
{
    if (w == NULL)
        return;
    sorter_fini(&w->sorter);
    buf_fini(&w->one);
    buf_fini(&w->buf);
    free(w);
}
