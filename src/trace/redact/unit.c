#include "trace/redact/unit.h"

static int hex(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_25(struct slice s, size_t i)
{
    return i + 2 <= s.n && s.p[i] == '2' && s.p[i + 1] == '5';
}

struct unit unit_encoded(struct slice s, size_t i)
{
    size_t k = i + 1, level = 1;

    for (; is_25(s, k); k += 2)
        level++;
    int high = k < s.n ? hex(s.p[k]) : -1, low = k + 1 < s.n ? hex(s.p[k + 1]) : -1;
    if (high >= 0 && low >= 0)
        return (struct unit){(uint8_t)(high * 16 + low), level, k + 2 - i};
    return (struct unit){'%', level - 1, k - i};
}
