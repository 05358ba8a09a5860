/* Quoted strings, and the room that what is written with a pen needs. */
#include "base/sixteen.h"
#include "base/utf8.h"
#include "write/escape.h"
#include "write/json/pen.h"

/* 1: the byte is copied as it is. 0: it may need an escape. */
static const uint8_t plain[256] = {
    ['\t'] = 0,
#define ROW(a) [a] = 1, [a + 1] = 1, [a + 2] = 1, [a + 3] = 1, [a + 4] = 1, [a + 5] = 1, [a + 6] = 1, [a + 7] = 1
    [' '] = 1,  ['!'] = 1, ['#'] = 1, ['$'] = 1, ['%'] = 1, ['&'] = 1, ['\''] = 1, ROW(0x28), ROW(0x30), ROW(0x38),
    ROW(0x40),  ROW(0x48), ROW(0x50), ['X'] = 1, ['Y'] = 1, ['Z'] = 1, ['['] = 1,  [']'] = 1, ['^'] = 1, ['_'] = 1,
    ROW(0x60),  ROW(0x68), ROW(0x70), ['x'] = 1, ['y'] = 1, ['z'] = 1, ['{'] = 1,  ['|'] = 1, ['}'] = 1, ['~'] = 1,
#undef ROW
};

static void put_unicode(struct buf *b, unsigned code)
{
    static const char hex[] = "0123456789abcdef";
    const char text[] = {'\\', 'u', hex[code >> 12 & 15], hex[code >> 8 & 15], hex[code >> 4 & 15], hex[code & 15]};

    buf_put(b, text, sizeof text);
}

/* Beyond 16 bits as two surrogates (RFC 8259 7). */
static void put_code_point(struct buf *b, uint32_t code)
{
    if (code <= 0xffff) {
        put_unicode(b, code);
        return;
    }
    put_unicode(b, 0xd800 + ((code - 0x10000) >> 10));
    put_unicode(b, 0xdc00 + ((code - 0x10000) & 0x3ff));
}

static void escape_ascii(struct buf *b, uint8_t c)
{
    switch (c) {
    case '"':
    case '\\':
        buf_putc(b, '\\');
        buf_putc(b, (char)c);
        break;
    case '\n':
        buf_lit(b, "\\n");
        break;
    case '\r':
        buf_lit(b, "\\r");
        break;
    case '\t':
        buf_lit(b, "\\t");
        break;
    default:
        put_unicode(b, c);
    }
}

/* Appends one character that is not in plain[]; returns how many bytes of s it took. */
static size_t put_odd(struct buf *b, struct slice rest)
{
    size_t n = utf8_sequence(rest);

    if (n == 0) {
        buf_lit(b, "\\ufffd");
        return 1;
    }
    if (n == 1) {
        escape_ascii(b, rest.p[0]);
        return n;
    }
    uint32_t code = escape_code_point(rest.p, n);
    if (escape_is_unseen(code)) /* terminals obey some, people are deceived by others */
        put_code_point(b, code);
    else
        buf_put(b, rest.p, n);
    return n;
}

/* True if one of the bytes may need an escape: as plain[] says, and all bytes above ASCII. */
static inline bool any_odd(sixteen v)
{
    return !sixteen_all(sixteen_printable(v) & ~(sixteen_equal(v, '"') | sixteen_equal(v, '\\')));
}

/* Copies n bytes, of 4 to 16, where none may need an escape; false, and nothing is copied: one may. */
static inline bool copy_short(uint8_t *w, const uint8_t *p, size_t n)
{
    uint64_t first = 0, last = 0;

    if (n >= sizeof first) {
        memcpy(&first, p, sizeof first);
        memcpy(&last, p + n - sizeof last, sizeof last);
        if (any_odd(sixteen_of(first, last)))
            return false;
        memcpy(w, &first, sizeof first);
        memcpy(w + n - sizeof last, &last, sizeof last);
        return true;
    }
    const uint64_t spaces = 0x2020202020202020;
    uint32_t begin, end;
    memcpy(&begin, p, sizeof begin);
    memcpy(&end, p + n - sizeof end, sizeof end);
    if (any_odd(sixteen_of((uint64_t)end << 32 | begin, spaces)))
        return false;
    memcpy(w, &begin, sizeof begin);
    memcpy(w + n - sizeof end, &end, sizeof end);
    return true;
}

/* Copies bytes up to the first sixteen of which one may need an escape; returns how many. There is room for all of s. */
static inline size_t copy_plain(uint8_t *w, const uint8_t *p, size_t n)
{
    size_t i = 0;

    if (n >= 4 && n <= SIXTEEN)
        return copy_short(w, p, n) ? n : 0;
    for (; n - i >= SIXTEEN; i += SIXTEEN) {
        sixteen v = sixteen_at(p + i);
        if (any_odd(v))
            return i;
        memcpy(w + i, &v, sizeof v);
    }
    if (i > 0 && i < n) { /* the rest, with what was copied before it */
        sixteen v = sixteen_at(p + n - SIXTEEN);
        if (any_odd(v))
            return i;
        memcpy(w + n - SIXTEEN, &v, sizeof v);
        return n;
    }
    for (; i < n && plain[p[i]]; i++)
        w[i] = p[i];
    return i;
}

/* The buffer's own functions write what begins at w, behind its contents. Returns how much it contained before. */
static size_t hand_over(struct buf *b, const char *w)
{
    size_t before = b->n;

    pen_end(b, w);
    return before;
}

static char *take_back(struct buf *b, size_t before)
{
    char *w = (char *)b->p + b->n;

    b->n = before;
    return pen_room(b, w, 0);
}

char *pen_more_room(struct buf *b, char *w, size_t need)
{
    size_t at = (size_t)((uint8_t *)w - b->p);

    if (!buf_grow(b, at - b->n + need + PEN_ROOM))
        at = b->n;
    return (char *)b->p + at;
}

char *pen_apart(struct buf *b, char *w, void (*fn)(struct buf *, const struct p2t_exchange *),
                const struct p2t_exchange *x)
{
    size_t before = hand_over(b, w);

    fn(b, x);
    return take_back(b, before);
}

/* From the first byte on that may need an escape, and the closing quote. */
static __attribute__((noinline)) char *put_rest(struct buf *b, char *w, const uint8_t *p, size_t n)
{
    size_t before = hand_over(b, w);

    for (size_t i = 0; i < n;) {
        size_t from = i;
        while (i < n && plain[p[i]])
            i++;
        buf_put(b, p + from, i - from);
        if (i < n)
            i += put_odd(b, slice_of(p + i, n - i));
    }
    buf_putc(b, '"');
    return take_back(b, before);
}

static __attribute__((noinline)) char *string_in_more_room(struct buf *b, char *w, struct p2t_text s)
{
    w = pen_more_room(b, w, s.n + 2);
    return b->failed ? w : pen_string(b, w, s);
}

/* What is rare is called last, so that nothing is to be kept over a call. */
char *pen_string(struct buf *b, char *w, struct p2t_text s)
{
    const uint8_t *p = (const uint8_t *)s.p;

    if ((size_t)(b->p + b->cap - (uint8_t *)w) < s.n + 2 + PEN_ROOM)
        return string_in_more_room(b, w, s);
    *w++ = '"';
    size_t i = copy_plain((uint8_t *)w, p, s.n);
    if (i < s.n)
        return put_rest(b, w + i, p + i, s.n - i);
    w[i] = '"';
    return w + i + 1;
}

/* The opening quote takes the place of what is before the closing one, for as long as this is written. */
char *pen_string_more(struct buf *b, char *w, struct p2t_text s)
{
    if (b->failed)
        return w;
    size_t at = (size_t)((uint8_t *)w - b->p) - 2;
    uint8_t before = b->p[at];
    w = pen_string(b, w - 2, s);
    if (!b->failed)
        b->p[at] = before;
    return w;
}

void json_string(struct buf *b, struct p2t_text s)
{
    char *w = pen_begin(b);

    if (w != NULL)
        pen_end(b, pen_string(b, w, s));
}

void json_text(struct buf *b, struct p2t_text s)
{
    if (s.p == NULL)
        buf_lit(b, "null");
    else
        json_string(b, s);
}
