/* A growable byte buffer that is reused: reset keeps its memory. */
#ifndef P2T_BASE_BUF_H
#define P2T_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* A failed allocation sticks in `failed`: later appends do nothing, and the owner checks once. */
struct buf {
    uint8_t *p;
    size_t n, cap;
    bool failed;
};

void buf_fini(struct buf *b);
static inline void buf_reset(struct buf *b)
{
    b->n = 0;
    b->failed = false;
}
bool buf_grow(struct buf *b, size_t need);

/* Room for `need` more bytes at b->p + b->n; false when memory ran out. */
static inline bool buf_reserve(struct buf *b, size_t need)
{
    return b->cap - b->n >= need || buf_grow(b, need);
}

static inline void buf_put(struct buf *b, const void *p, size_t n)
{
    if (n == 0 || !buf_reserve(b, n))
        return;
    memcpy(b->p + b->n, p, n);
    b->n += n;
}

static inline void buf_putc(struct buf *b, char c)
{
    if (buf_reserve(b, 1))
        b->p[b->n++] = (uint8_t)c;
}

static inline void buf_slice(struct buf *b, struct slice s)
{
    buf_put(b, s.p, s.n);
}

static inline void buf_str(struct buf *b, const char *s)
{
    buf_put(b, s, strlen(s));
}
#define buf_lit(b, s) buf_put((b), (s), sizeof(s) - 1)
extern const char decimal_pairs[100][3];
/* Of v < 10^8: each digit a byte, the first the lowest. Two lanes of four digits, then four of two. */
static inline uint64_t eight_digits(uint32_t v)
{
    uint64_t halves = v / 10000 | (uint64_t)(v % 10000) << 32;
    uint64_t hundreds = (halves * 10486 >> 20) & 0x0000007f0000007f;
    uint64_t pairs = hundreds | (halves - hundreds * 100) << 16;
    uint64_t tens = (pairs * 103 >> 10) & 0x000f000f000f000f;

    return tens | (pairs - tens * 10) << 8;
}
void eight_digits_text(char out[8], uint32_t v);
enum { U64_TEXT_MAX = 20 };
/* v >= 100 */
char *u64_text_long(char *out, uint64_t v);
/* Writes the decimal digits of v and returns where they end; room for U64_TEXT_MAX. */
static inline char *u64_text(char *out, uint64_t v)
{
    if (v < 10) {
        *out = (char)('0' + v);
        return out + 1;
    }
    if (v < 100) {
        memcpy(out, decimal_pairs[v], 2);
        return out + 2;
    }
    return u64_text_long(out, v);
}
void buf_u64(struct buf *b, uint64_t v);
void buf_i64(struct buf *b, int64_t v);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline struct slice buf_view(const struct buf *b)
{
    return slice_of(b->p, b->n);
}

#endif
