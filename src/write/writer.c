#include "write/writer.h"

#include <stdlib.h>
#include <string.h>

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

static int hold(struct out_writer *w, const struct p2t_exchange *x)
{
    buf_reset(&w->one);
    w->ops->exchange(&w->one, &w->options, x);
    int status = w->one.failed ? P2T_ERR_MEMORY : sorter_put(&w->sorter, x, buf_view(&w->one));
    while (status == P2T_OK && sorter_is_full(&w->sorter) && write_first(w, &status))
        ;
    return status;
}

int out_writer_exchange(struct out_writer *w, const struct p2t_exchange *x)
{
    if (w->seen.earliest_ns == 0 || x->start_ns < w->seen.earliest_ns)
        w->seen.earliest_ns = x->start_ns;
    if (w->options.sort_bytes > 0)
        return hold(w, x);
    lead(w);
    w->ops->exchange(&w->buf, &w->options, x);
    return flush_when_large(w);
}

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
