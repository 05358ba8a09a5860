#include "base/slice.h"

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

bool slice_starts(struct slice s, struct slice prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

bool slice_istarts(struct slice s, struct slice prefix)
{
    if (s.n < prefix.n)
        return false;
    for (size_t i = 0; i < prefix.n; i++)
        if (lower(s.p[i]) != lower(prefix.p[i]))
            return false;
    return true;
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
