/* Sixteen bytes at once, in the vectors that GCC and Clang offer for every processor. A comparison gives 0xff for each byte
 * for which it holds, else 0. */
#ifndef P2T_BASE_SIXTEEN_H
#define P2T_BASE_SIXTEEN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/system.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { SIXTEEN = 16 };
typedef uint8_t sixteen __attribute__((vector_size(16)));
typedef int8_t sixteen_signed __attribute__((vector_size(16)));
typedef uint64_t sixteen_halves __attribute__((vector_size(16)));

/* There are sixteen bytes at p. */
static inline sixteen sixteen_at(const void *p)
{
    sixteen v;

    memcpy(&v, p, sizeof v);
    return v;
}

static inline sixteen sixteen_of(uint64_t first, uint64_t second)
{
    return (sixteen)(sixteen_halves){first, second};
}

/* c is ASCII: it is compared as signed. */
static inline sixteen sixteen_equal(sixteen v, char c)
{
    return (sixteen)((sixteen_signed)v == (int8_t)c);
}

/* Bytes from `first` to `last`, of whatever values. */
static inline sixteen sixteen_between(sixteen v, uint8_t first, uint8_t last)
{
    sixteen_signed moved = (sixteen_signed)(v + (uint8_t)(0x80 - first));

    return (sixteen)(moved < (int8_t)(last - first + 1 - 0x80));
}

static inline sixteen sixteen_printable(sixteen v)
{
    return sixteen_between(v, ' ', '~');
}

/* Of the result of a comparison: the place of the first byte for which it does not hold, SIXTEEN where it holds for all. */
static inline unsigned sixteen_first_not(sixteen held)
{
#ifdef __SSE2__
    return (unsigned)__builtin_ctz(~(unsigned)_mm_movemask_epi8((__m128i)held));
#else
    sixteen_halves h = (sixteen_halves)~held;
    uint64_t first = le64toh(h[0]), second = le64toh(h[1]);

    if (first != 0)
        return (unsigned)__builtin_ctzll(first) / 8;
    return second != 0 ? 8 + (unsigned)__builtin_ctzll(second) / 8 : SIXTEEN;
#endif
}

static inline bool sixteen_all(sixteen held)
{
#ifdef __SSE2__
    return _mm_movemask_epi8((__m128i)held) == 0xffff;
#else
    sixteen_halves h = (sixteen_halves)held;

    return (h[0] & h[1]) == UINT64_MAX;
#endif
}

static inline bool sixteen_same_short(const uint8_t *p, const uint8_t *q, size_t n)
{
    uint64_t eight[4];
    uint32_t four[4];

    if (n < 4)
        return n == 0 || (p[0] == q[0] && p[n / 2] == q[n / 2] && p[n - 1] == q[n - 1]);
    if (n < 8) {
        memcpy(&four[0], p, 4);
        memcpy(&four[1], q, 4);
        memcpy(&four[2], p + n - 4, 4);
        memcpy(&four[3], q + n - 4, 4);
        return four[0] == four[1] && four[2] == four[3];
    }
    memcpy(&eight[0], p, 8);
    memcpy(&eight[1], q, 8);
    memcpy(&eight[2], p + n - 8, 8);
    memcpy(&eight[3], q + n - 8, 8);
    return eight[0] == eight[1] && eight[2] == eight[3];
}

static inline bool sixteen_any(sixteen held)
{
    return !sixteen_all(~held);
}

/* memcmp() == 0 where both are short, so that a call would cost more than comparing them. */
static inline bool sixteen_same(const uint8_t *p, const uint8_t *q, size_t n)
{
    if (n >= SIXTEEN) {
        for (size_t i = 0; i < n - SIXTEEN; i += SIXTEEN)
            if (!sixteen_all((sixteen)(sixteen_at(p + i) == sixteen_at(q + i))))
                return false;
        return sixteen_all((sixteen)(sixteen_at(p + n - SIXTEEN) == sixteen_at(q + n - SIXTEEN)));
    }
    return sixteen_same_short(p, q, n);
}

#endif
