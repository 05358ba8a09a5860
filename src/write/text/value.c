#include <stdio.h>

#include "base/utf8.h"
#include "write/escape.h"
#include "write/text/text.h"

void text_duration(struct buf *b, int64_t ns)
{
    if (ns < 10000000)
        buf_printf(b, "%.3f ms", (double)ns / 1e6);
    else if (ns < 1000000000)
        buf_printf(b, "%.1f ms", (double)ns / 1e6);
    else
        buf_printf(b, "%.2f s", (double)ns / 1e9);
}

/* Without printf: with a double it would take most of this format's time. */
void text_ms(struct buf *b, int64_t ns, size_t width)
{
    uint64_t us = ((ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns) + 500) / 1000;
    char text[24];
    size_t k = sizeof text;

    for (int i = 0; i < 4 || us > 0; i++) {
        if (i == 3)
            text[--k] = '.';
        text[--k] = (char)('0' + us % 10);
        us /= 10;
    }
    if (ns < 0)
        text[--k] = '-';
    for (size_t n = sizeof text - k; n < width; n++)
        buf_putc(b, ' ');
    buf_put(b, text + k, sizeof text - k);
}

static size_t whole_characters(struct p2t_text s, size_t max)
{
    size_t n = 0;

    while (n < s.n) {
        size_t step = utf8_sequence(slice_of(s.p + n, s.n - n));
        if (step == 0)
            step = 1;
        if (n + step > max)
            break;
        n += step;
    }
    return n;
}

void text_shortened(struct buf *b, struct p2t_text s, size_t max)
{
    size_t n = s.n <= max ? s.n : whole_characters(s, max - 3);

    escape_text(b, (struct p2t_text){s.p, n});
    if (n < s.n)
        buf_lit(b, "...");
}

void text_align_right(struct buf *b, size_t from, size_t columns)
{
    size_t n = b->n - from;

    if (n >= columns || !buf_reserve(b, columns - n))
        return;
    memmove(b->p + from + columns - n, b->p + from, n);
    memset(b->p + from, ' ', columns - n);
    b->n += columns - n;
}

const char *text_file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

void text_evidence(struct buf *b, const struct p2t_exchange *x, const struct p2t_evidence *e, size_t n, bool named)
{
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_putc(b, ',');
        if (i == 0 || e[i].file != e[i - 1].file) {
            const char *name = named && e[i].file < x->file_count ? text_file_name(x->files[e[i].file]) : "";
            escape_text(b, (struct p2t_text){name, strlen(name)});
            buf_putc(b, '#');
        }
        buf_u64(b, e[i].packet);
    }
}

void text_files(struct buf *b, const struct p2t_exchange *x)
{
    for (size_t i = 0; i < x->file_count; i++) {
        const char *name = text_file_name(x->files[i]);
        buf_str(b, i == 0 ? " in " : " and ");
        escape_text(b, (struct p2t_text){name, strlen(name)});
    }
}
