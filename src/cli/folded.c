#include "cli/folded.h"

#include "write/text/text.h"

enum { DEEPER = 4 };

static void put_line(const struct folded *f, const uint8_t *p, size_t n, struct buf *out)
{
    const struct out_options options = {.width = f->columns, .cut = f->cut};
    size_t from = out->n, indent = 0;

    while (indent < n && indent < f->columns / 2 && p[indent] == ' ')
        indent++;
    buf_put(out, p, n);
    text_fold(out, &options, from, indent + DEEPER);
    text_fit(out, &options, from);
}

void folded_take(struct folded *f, const void *text, size_t n, struct buf *out)
{
    size_t done = 0;

    buf_put(&f->line, text, n);
    for (const uint8_t *end; (end = memchr(f->line.p + done, '\n', f->line.n - done)) != NULL;) {
        size_t length = (size_t)(end - f->line.p) - done;
        put_line(f, f->line.p + done, length, out);
        buf_putc(out, '\n');
        done += length + 1;
    }
    out->failed |= f->line.failed;
    if (done > 0)
        memmove(f->line.p, f->line.p + done, f->line.n - done);
    f->line.n -= done;
}

void folded_end(struct folded *f, struct buf *out)
{
    if (f->line.n > 0)
        put_line(f, f->line.p, f->line.n, out);
    buf_fini(&f->line);
}
