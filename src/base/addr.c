#include "base/addr.h"

#include <arpa/inet.h>

#include "base/buf.h"

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

size_t ip_format(const struct ip_addr *ip, char out[IP_TEXT_MAX])
{
    if (ip->family == 4)
        return format_v4(ip->bytes, out);
    if (ip->family != 6 || inet_ntop(AF_INET6, ip->bytes, out, IP_TEXT_MAX) == NULL)
        out[0] = '\0';
    return strlen(out);
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
