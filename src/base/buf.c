#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/system.h"

void buf_fini(struct buf *b)
{
    free(b->p);
    *b = (struct buf){0};
}

bool buf_grow(struct buf *b, size_t need)
{
    if (b->failed)
        return false;
    size_t cap = b->cap < 256 ? 256 : b->cap;
    while (cap - b->n < need) {
        if (cap > SIZE_MAX / 2) {
            b->failed = true;
            return false;
        }
        cap *= 2;
    }
    uint8_t *p = realloc(b->p, cap);
    if (p == NULL) {
        b->failed = true;
        return false;
    }
    b->p = p;
    b->cap = cap;
    return true;
}

#define TEN(t)                                                                                                       \
    {t "0"}, {t "1"}, {t "2"}, {t "3"}, {t "4"}, {t "5"}, {t "6"}, {t "7"}, {t "8"},                                 \
    {                                                                                                                \
        t "9"                                                                                                        \
    }
const char decimal_pairs[100][3] = {TEN("0"), TEN("1"), TEN("2"), TEN("3"), TEN("4"),
                                    TEN("5"), TEN("6"), TEN("7"), TEN("8"), TEN("9")};
#undef TEN

void eight_digits_text(char out[8], uint32_t v)
{
    uint64_t text = htole64(eight_digits(v) + 0x3030303030303030);

    memcpy(out, &text, sizeof text);
}

/* v without its leading zeros: they are shifted out of the eight digits. v > 0. */
static char *leading_text(char *out, uint32_t v)
{
    uint64_t digits = eight_digits(v);
    unsigned zeros = (unsigned)__builtin_ctzll(digits) / 8;
    uint64_t text = htole64((digits + 0x3030303030303030) >> 8 * zeros);

    memcpy(out, &text, sizeof text);
    return out + 8 - zeros;
}

char *u64_text_long(char *out, uint64_t v)
{
    enum { FOUR = 10000, EIGHT = 100000000 };

    if (v < FOUR) {
        const char *pair = decimal_pairs[v / 100];
        *out = pair[0];
        out += v >= 1000;
        *out = pair[1];
        memcpy(out + 1, decimal_pairs[v % 100], 2);
        return out + 3;
    }
    if (v >= EIGHT) {
        out = v / EIGHT >= 100 ? u64_text_long(out, v / EIGHT) : u64_text(out, v / EIGHT);
        eight_digits_text(out, (uint32_t)(v % EIGHT));
        return out + 8;
    }
    return leading_text(out, (uint32_t)v);
}

void buf_le32(struct buf *b, uint32_t v)
{
    uint32_t le = htole32(v);

    buf_put(b, &le, sizeof le);
}

void buf_le64(struct buf *b, uint64_t v)
{
    uint64_t le = htole64(v);

    buf_put(b, &le, sizeof le);
}

void buf_u64(struct buf *b, uint64_t v)
{
    if (buf_reserve(b, U64_TEXT_MAX))
        b->n = (size_t)((uint8_t *)u64_text((char *)b->p + b->n, v) - b->p);
}

void buf_i64(struct buf *b, int64_t v)
{
    if (v < 0)
        buf_putc(b, '-');
    buf_u64(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0 || !buf_reserve(b, (size_t)n + 1))
        return;
    va_start(args, format);
    (void)vsnprintf((char *)b->p + b->n, (size_t)n + 1, format, args);
    va_end(args);
    b->n += (size_t)n;
}
