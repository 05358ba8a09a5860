/* What fits a line: columns counted as a terminal does, long lines broken between words or cut. */
#include "base/utf8.h"
#include "write/escape.h"
#include "write/text/text.h"

enum { PIPE_COLUMNS = 100, LEAST_COLUMNS = 20 };

/* Unicode's East Asian Wide and Fullwidth, by blocks: such a character takes two columns. */
static const struct {
    uint32_t first, last;
} wide[] = {{0x1100, 0x115f},   {0x231a, 0x231b},   {0x23e9, 0x23ec},   {0x25fd, 0x25fe},   {0x2614, 0x2615},
            {0x2648, 0x2653},   {0x26a1, 0x26a1},   {0x26bd, 0x26be},   {0x26d4, 0x26d4},   {0x2705, 0x2705},
            {0x274c, 0x274c},   {0x2753, 0x2757},   {0x2795, 0x2797},   {0x2b1b, 0x2b1c},   {0x2b50, 0x2b55},
            {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xa960, 0xa97f},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},
            {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x16fe0, 0x18cff}, {0x1aff0, 0x1b2ff},
            {0x1f004, 0x1f004}, {0x1f0cf, 0x1f0cf}, {0x1f18e, 0x1f19a}, {0x1f200, 0x1f64f}, {0x1f680, 0x1f6fc},
            {0x1f7e0, 0x1f7f0}, {0x1f900, 0x1faff}, {0x20000, 0x3fffd}},
  /* Marks that join the character before them. */
    joined[] = {{0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},   {0x610, 0x61a},   {0x64b, 0x65f},
                {0x6d6, 0x6dc},   {0x93a, 0x93a},   {0x93c, 0x93c},   {0x941, 0x948},   {0x94d, 0x94d},
                {0xe31, 0xe31},   {0xe34, 0xe3a},   {0xe47, 0xe4e},   {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},
                {0x20d0, 0x20ff}, {0x3099, 0x309a}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}};

static size_t columns_of(uint32_t code)
{
    for (size_t i = 0; i < sizeof joined / sizeof *joined; i++)
        if (code >= joined[i].first && code <= joined[i].last)
            return 0;
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (code >= wide[i].first && code <= wide[i].last)
            return 2;
    return 1;
}

/* One character, or one of style.c's escapes, which take no column: its bytes. */
static size_t step(const uint8_t *p, size_t n, size_t *columns)
{
    *columns = 1;
    if (*p >= 0x20 && *p < 0x7f)
        return 1;
    if (*p == 0x1b) {
        size_t i = 1;
        *columns = 0;
        while (i < n && p[i] != 'm')
            i++;
        return i < n ? i + 1 : n;
    }
    size_t bytes = utf8_sequence(slice_of(p, n));
    if (bytes > 1)
        *columns = columns_of(escape_code_point(p, bytes));
    return bytes > 0 ? bytes : 1;
}

size_t text_columns(const uint8_t *p, size_t n)
{
    size_t sum = 0, columns;

    for (size_t i = 0; i < n;) {
        i += step(p + i, n - i, &columns);
        sum += columns;
    }
    return sum;
}

size_t text_width(const struct out_options *o)
{
    return o->width == 0 ? PIPE_COLUMNS : o->width < LEAST_COLUMNS ? LEAST_COLUMNS : o->width;
}

/* Appends what fits of one line; a cut line ends all decoration. */
static void put_cut(struct buf *b, const uint8_t *p, size_t n, size_t room)
{
    size_t i = 0, used = 0, columns, bytes;
    bool decorated = false;

    if (text_columns(p, n) <= room) {
        buf_put(b, p, n);
        return;
    }
    for (; i < n; i += bytes, used += columns) {
        bytes = step(p + i, n - i, &columns);
        if (used + columns + 1 > room)
            break;
        decorated |= p[i] == 0x1b;
    }
    buf_put(b, p, i);
    buf_lit(b, "…");
    if (decorated)
        buf_lit(b, "\x1b[0m");
}

/* What b has from `from` on, which is taken off it. */
static struct buf taken(struct buf *b, size_t from)
{
    struct buf copy = {0};

    if (!b->failed)
        buf_put(&copy, b->p + from, b->n - from);
    b->failed |= copy.failed;
    b->n = from;
    return copy;
}

void text_cut(struct buf *b, const struct out_options *o, size_t line, size_t from, size_t after)
{
    size_t width = text_width(o);

    if (!o->cut || b->failed)
        return;
    after += text_columns(b->p + line, from - line);
    size_t room = width > after + 1 ? width - after : 1;
    if (text_columns(b->p + from, b->n - from) <= room)
        return;
    struct buf copy = taken(b, from);
    put_cut(b, copy.p, copy.n, room);
    buf_fini(&copy);
}

void text_fit(struct buf *b, const struct out_options *o, size_t from)
{
    if (!o->cut || b->failed)
        return;
    struct buf copy = taken(b, from);
    for (size_t i = 0; i < copy.n;) {
        const uint8_t *end = memchr(copy.p + i, '\n', copy.n - i);
        size_t n = end != NULL ? (size_t)(end - copy.p) - i : copy.n - i;
        put_cut(b, copy.p + i, n, text_width(o));
        if (end != NULL)
            buf_putc(b, '\n');
        i += n + 1;
    }
    buf_fini(&copy);
}

void text_spaces(struct buf *b, size_t n)
{
    while (n-- > 0)
        buf_putc(b, ' ');
}

/* The spaces at p, and the word behind them. */
struct word {
    size_t spaces, bytes, columns;
};

static bool is_number(const uint8_t *p, size_t n)
{
    return n > 0 && p[n - 1] >= '0' && p[n - 1] <= '9';
}

/* " s" or " ms" behind a number, which no break should part from it. 0: there is none. */
static size_t unit_bytes(const uint8_t *p, size_t n)
{
    size_t at = n > 1 && p[1] == 'm' ? 2 : 1;

    if (n <= at || p[0] != ' ' || p[at] != 's')
        return 0;
    at++;
    return at == n || p[at] == ' ' || p[at] == ';' || p[at] == ',' || p[at] == ')' ? at : 0;
}

static struct word next_word(const uint8_t *p, size_t n)
{
    struct word w = {0};

    while (w.spaces < n && p[w.spaces] == ' ')
        w.spaces++;
    while (w.spaces + w.bytes < n && p[w.spaces + w.bytes] != ' ')
        w.bytes++;
    size_t end = w.spaces + w.bytes;
    if (is_number(p + w.spaces, w.bytes))
        w.bytes += unit_bytes(p + end, n - end);
    while (w.spaces + w.bytes < n && p[w.spaces + w.bytes] != ' ')
        w.bytes++;
    w.columns = text_columns(p + w.spaces, w.bytes);
    return w;
}

void text_fold(struct buf *b, const struct out_options *o, size_t from, size_t indent)
{
    size_t width = text_width(o), column = 0;

    if (b->failed || b->n - from <= width || text_columns(b->p + from, b->n - from) <= width)
        return;
    struct buf copy = taken(b, from);
    for (size_t i = 0; i < copy.n;) {
        struct word w = next_word(copy.p + i, copy.n - i);
        bool breaks = column > indent && column + w.spaces + w.columns > width && w.bytes > 0;
        if (breaks)
            buf_putc(b, '\n');
        text_spaces(b, breaks ? indent : w.spaces);
        buf_put(b, copy.p + i + w.spaces, w.bytes);
        column = (breaks ? indent : column + w.spaces) + w.columns;
        i += w.spaces + w.bytes;
    }
    buf_fini(&copy);
}

void text_end_line(struct buf *b, const struct out_options *o, size_t from)
{
    enum { CONTINUED = 6 };

    text_fold(b, o, from, CONTINUED);
    buf_putc(b, '\n');
}
