/* A growable byte buffer, made to be reused: buf_reset() keeps its memory. */
#ifndef P2T_BASE_BUF_H
#define P2T_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* A zeroed struct buf is empty and ready. The first failed allocation sets `failed`; appends may then do nothing, so the
 * owner checks once, at the end. */
struct buf {
    uint8_t *p;
    size_t n, cap; /* bytes in use, bytes allocated */
    bool failed;
};

/* Frees the memory; the buffer is empty and ready again. */
void buf_fini(struct buf *b);
/* Empties it and clears `failed`. */
static inline void buf_reset(struct buf *b)
{
    b->n = 0;
    b->failed = false;
}
/* buf_reserve()'s slow path. */
bool buf_grow(struct buf *b, size_t need);

/* Makes room for `need` more bytes at b->p + b->n, for the caller to fill and add to b->n; false when memory ran out. */
static inline bool buf_reserve(struct buf *b, size_t need)
{
    return b->cap - b->n >= need || buf_grow(b, need);
}

/* Each appends a copy of its argument. */
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
/* s: a string literal. */
#define buf_lit(b, s) buf_const((b), (s), sizeof(s) - 1)
/* buf_put() where n is a constant: no call is made to copy it. */
static inline __attribute__((always_inline)) void buf_const(struct buf *b, const char *s, size_t n)
{
    if (!buf_reserve(b, n))
        return;
    memcpy(b->p + b->n, s, n);
    b->n += n;
}

/* Little-endian integers, for state that reader_le32() and reader_le64() read back. */
void buf_le32(struct buf *b, uint32_t v);
void buf_le64(struct buf *b, uint64_t v);

/* "00" to "99". */
extern const char decimal_pairs[100][3];
/* The eight decimal digits of v < 10^8, one per byte, the leading digit in the lowest. Splits into two lanes of four
 * digits, then four lanes of two. */
static inline uint64_t eight_digits(uint32_t v)
{
    uint64_t halves = v / 10000 | (uint64_t)(v % 10000) << 32;
    uint64_t hundreds = (halves * 10486 >> 20) & 0x0000007f0000007f;
    uint64_t pairs = hundreds | (halves - hundreds * 100) << 16;
    uint64_t tens = (pairs * 103 >> 10) & 0x000f000f000f000f;

    return tens | (pairs - tens * 10) << 8;
}
/* The same as text: always eight characters, no NUL. */
void eight_digits_text(char out[8], uint32_t v);
enum { U64_TEXT_MAX = 20 };
/* u64_text() for v >= 100. */
char *u64_text_long(char *out, uint64_t v);
/* Writes v in decimal, no NUL, and returns the end of the text. `out` has room for U64_TEXT_MAX. */
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
/* Decimal numbers. */
void buf_u64(struct buf *b, uint64_t v);
void buf_i64(struct buf *b, int64_t v);
/* As printf(); the NUL is not appended. */
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The contents; valid until the next append. */
static inline struct slice buf_view(const struct buf *b)
{
    return slice_of(b->p, b->n);
}

#endif
