#include "base/slice.h"

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

bool slice_starts(struct slice s, struct slice prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

static uint64_t eight_at(const uint8_t *p)
{
    uint64_t eight;

    memcpy(&eight, p, sizeof eight);
    return eight;
}

/* The bit of the case of each byte that is a letter. Bit 7 of a byte's low seven bits plus a number tells whether they reach
 * 'a', or pass 'z'. */
static uint64_t case_bits(uint64_t eight)
{
    const uint64_t each = 0x0101010101010101;
    uint64_t seven = (eight | each * 0x20) & each * 0x7f;
    uint64_t from_a = seven + each * (0x80 - 'a'), past_z = seven + each * (0x7f - 'z');

    return ((from_a ^ past_z) & ~eight & each * 0x80) >> 2;
}

/* Most that differ do so in more than the bit of the case. */
static bool same_eight(uint64_t a, uint64_t b)
{
    uint64_t differ = a ^ b;

    return differ == 0 || ((differ & ~UINT64_C(0x2020202020202020)) == 0 && (differ & ~case_bits(a)) == 0);
}

/* The first and the last four of four to seven bytes. */
static uint64_t four_and_four(const uint8_t *p, size_t n)
{
    uint32_t first, last;

    memcpy(&first, p, sizeof first);
    memcpy(&last, p + n - sizeof last, sizeof last);
    return (uint64_t)last << 32 | first;
}

static bool same_letters(const uint8_t *a, const uint8_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (lower(a[i]) != lower(b[i]))
            return false;
    return true;
}

bool slice_istarts_all(struct slice s, struct slice prefix)
{
    enum { EIGHT = sizeof(uint64_t) };
    size_t n = prefix.n, i = 0;

    if (s.n < n)
        return false;
    for (; n - i >= EIGHT; i += EIGHT)
        if (!same_eight(eight_at(s.p + i), eight_at(prefix.p + i)))
            return false;
    if (i > 0) /* the rest, with what was compared before it */
        return i == n || same_eight(eight_at(s.p + n - EIGHT), eight_at(prefix.p + n - EIGHT));
    if (n >= EIGHT / 2)
        return same_eight(four_and_four(s.p, n), four_and_four(prefix.p, n));
    return same_letters(s.p, prefix.p, n);
}

static bool is_ows(uint8_t c)
{
    return c == ' ' || c == '\t';
}

struct slice slice_trim(struct slice s)
{
    while (s.n > 0 && is_ows(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && is_ows(s.p[s.n - 1]))
        s.n--;
    return s;
}

size_t slice_find(struct slice s, uint8_t c)
{
    const uint8_t *hit = s.n > 0 ? memchr(s.p, c, s.n) : NULL;
    return hit != NULL ? (size_t)(hit - s.p) : s.n;
}

bool slice_list_has(struct slice list, struct slice token)
{
    while (list.n > 0) {
        size_t comma = slice_find(list, ',');
        if (slice_ieq(slice_trim(slice_of(list.p, comma)), token))
            return true;
        if (comma == list.n)
            return false;
        list = slice_of(list.p + comma + 1, list.n - comma - 1);
    }
    return false;
}

bool slice_u64(struct slice s, uint64_t *out)
{
    uint64_t v = 0;

    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned d = (unsigned)s.p[i] - '0';
        if (d > 9 || v > (UINT64_MAX - d) / 10)
            return false;
        v = v * 10 + d;
    }
    *out = v;
    return true;
}
