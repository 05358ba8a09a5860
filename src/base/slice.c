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

/* Bit 7 of a byte's low seven bits plus a number tells whether they reach 'A', or pass 'Z'. */
static uint64_t lower_eight(uint64_t eight)
{
    const uint64_t each = 0x0101010101010101;
    uint64_t seven = eight & each * 0x7f, from_a = seven + each * (0x80 - 'A'), past_z = seven + each * (0x7f - 'Z');

    return eight | ((from_a ^ past_z) & ~eight & each * 0x80) >> 2;
}

/* Most that differ do so in more than the bit of the case. */
static bool same_eight(const uint8_t *p, const uint8_t *q)
{
    uint64_t a = eight_at(p), b = eight_at(q), differ = a ^ b;

    return differ == 0 || ((differ & ~UINT64_C(0x2020202020202020)) == 0 && lower_eight(a) == lower_eight(b));
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
        if (!same_eight(s.p + i, prefix.p + i))
            return false;
    if (i > 0) /* the rest, with what was compared before it */
        return same_eight(s.p + n - EIGHT, prefix.p + n - EIGHT);
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
