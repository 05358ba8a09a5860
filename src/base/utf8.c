#include "base/utf8.h"

static bool tail(uint8_t c)
{
    return (c & 0xc0) == 0x80;
}

static size_t three(const uint8_t *p)
{
    if (!tail(p[1]) || !tail(p[2]) || (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f))
        return 0;
    return 3;
}

static size_t four(const uint8_t *p)
{
    if (!tail(p[1]) || !tail(p[2]) || !tail(p[3]) || (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return 4;
}

/* RFC 3629 4: overlong forms, surrogates and code points beyond U+10FFFF are not valid. */
size_t utf8_sequence(struct slice s)
{
    uint8_t c = s.p[0];

    if (c < 0x80)
        return 1;
    if (c >= 0xc2 && c <= 0xdf)
        return s.n >= 2 && tail(s.p[1]) ? 2 : 0;
    if (c >= 0xe0 && c <= 0xef)
        return s.n >= 3 ? three(s.p) : 0;
    return c >= 0xf0 && c <= 0xf4 && s.n >= 4 ? four(s.p) : 0;
}
