#include "base/addr.h"

#include <arpa/inet.h>

#include "base/buf.h"
#include "base/hash.h"

struct ip_addr ip_from_v4(const uint8_t b[4])
{
    struct ip_addr a = {.family = 4};
    memcpy(a.bytes, b, 4);
    return a;
}

struct ip_addr ip_from_v6(const uint8_t b[16])
{
    struct ip_addr a = {.family = 6};
    memcpy(a.bytes, b, 16);
    return a;
}

struct ip_addr ip_parse(struct slice text)
{
    char s[IP_TEXT_MAX];
    uint8_t b[16];

    if (text.n == 0 || text.n >= sizeof s)
        return (struct ip_addr){0};
    memcpy(s, text.p, text.n);
    s[text.n] = '\0';
    if (inet_pton(AF_INET, s, b) == 1)
        return ip_from_v4(b);
    if (inet_pton(AF_INET6, s, b) == 1)
        return ip_from_v6(b);
    return (struct ip_addr){0};
}

static size_t format_v4(const uint8_t b[4], char *out)
{
    char *w = out;

    for (int i = 0; i < 4; i++) {
        if (i > 0)
            *w++ = '.';
        w = u64_text(w, b[i]);
    }
    *w = '\0';
    return (size_t)(w - out);
}

enum { GROUPS = 8 };

/* RFC 5952 4.2: the longest run of at least two zero groups, the first of such. */
static int longest_zeros(const uint16_t g[GROUPS], int *from)
{
    int best = 1;

    *from = GROUPS;
    for (int i = 0, n = 0; i < GROUPS; i++) {
        n = g[i] == 0 ? n + 1 : 0;
        if (n > best) {
            best = n;
            *from = i + 1 - n;
        }
    }
    return best;
}

static char *group_text(char *w, unsigned v)
{
    static const char hex[] = "0123456789abcdef";

    for (int shift = v > 0xfff ? 12 : v > 0xff ? 8 : v > 0xf ? 4 : 0; shift >= 0; shift -= 4)
        *w++ = hex[v >> shift & 15];
    return w;
}

/* Addresses that hold one of IPv4 show it so, as inet_ntop() does: ::ffff:10.0.0.1. */
static bool holds_v4(const uint16_t g[GROUPS], int from, int zeros)
{
    return from == 0 && (zeros == 6 || (zeros == 5 && g[5] == 0xffff));
}

static size_t format_v6(const uint8_t b[16], char *out)
{
    uint16_t g[GROUPS];
    int from;
    char *w = out;

    for (int i = 0; i < GROUPS; i++)
        g[i] = (uint16_t)(b[2 * i] << 8 | b[2 * i + 1]);
    int zeros = longest_zeros(g, &from), groups = holds_v4(g, from, zeros) ? GROUPS - 2 : GROUPS;
    for (int i = 0; i < groups; i++) {
        if (i > 0 || from == 0)
            *w++ = ':';
        if (i == from)
            i += zeros - 1;
        else
            w = group_text(w, g[i]);
    }
    if (groups < GROUPS || from + zeros == GROUPS)
        *w++ = ':';
    if (groups < GROUPS)
        w += format_v4(b + 12, w);
    *w = '\0';
    return (size_t)(w - out);
}

size_t ip_format(const struct ip_addr *ip, char out[IP_TEXT_MAX])
{
    if (ip->family == 4)
        return format_v4(ip->bytes, out);
    if (ip->family == 6)
        return format_v6(ip->bytes, out);
    out[0] = '\0';
    return 0;
}

size_t endpoint_format(const struct endpoint *ep, char out[ENDPOINT_TEXT_MAX])
{
    bool v6 = ep->ip.family == 6;
    size_t n = 0;

    if (v6)
        out[n++] = '[';
    n += ip_format(&ep->ip, out + n);
    if (v6)
        out[n++] = ']';
    out[n++] = ':';
    char *end = u64_text(out + n, ep->port);
    *end = '\0';
    return (size_t)(end - out);
}

uint64_t endpoint_pair_hash(const struct endpoint *a, const struct endpoint *b)
{
    uint64_t x[2], y[2];

    ip_words(&a->ip, x);
    ip_words(&b->ip, y);
    const uint64_t w[5] = {x[0] ^ y[0], x[1] ^ y[1], x[0] + y[0], x[1] + y[1],
                           (uint64_t)(a->port ^ b->port) << 32 | (uint64_t)(a->port + b->port)};
    return hash_words(w);
}
