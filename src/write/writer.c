#include "write/writer.h"

#include <stdlib.h>
#include <string.h>

#include "write/format.h"

/* Large enough to make system calls rare, small enough to stay in the cache. */
enum { FLUSH_BYTES = 256 * 1024 };

struct out_writer {
    const struct out_format_ops *ops;
    struct out_options options;
    struct out_sink sink;
    struct buf buf;
    uint64_t count;
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
    return w;
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

int out_writer_exchange(struct out_writer *w, const struct p2t_exchange *x)
{
    begin(w);
    w->ops->exchange(&w->buf, &w->options, x, w->count++);
    return w->buf.n >= FLUSH_BYTES || w->buf.failed ? out_writer_flush(w) : P2T_OK;
}

int out_writer_finish(struct out_writer *w)
{
    begin(w);
    if (w->ops->end != NULL)
        w->ops->end(&w->buf, &w->options, w->count);
    return out_writer_flush(w);
}

void out_writer_free(struct out_writer *w)
{
    if (w == NULL)
        return;
    buf_fini(&w->buf);
    free(w);
}
