/* SOCKS (RFC 1928, RFC 1929): who is asked for is kept, user names and passwords are not. */
#include "extract/scrub/talk.h"

enum { SOCKS_4 = 4, SOCKS_5 = 5, USERNAME = 2 };

static size_t read_some(const struct talk_side *s, uint8_t out[512])
{
    return stream_read(s->stream, s->pos, out, 512);
}

/* Address of a request or reply, behind its first four bytes. */
static size_t address_bytes(const uint8_t *b, size_t n)
{
    enum { IPV4 = 1, NAME = 3, IPV6 = 4 };

    if (n < 5)
        return 0;
    return b[3] == IPV4 ? 4 + 4 + 2u : b[3] == IPV6 ? 4 + 16 + 2u : b[3] == NAME ? 4 + 1 + b[4] + 2u : 0;
}

/* User name and host name end with a NUL each. */
static enum talk_found socks_4(struct talk *t)
{
    struct talk_side *c = &t->side[TALK_CLIENT], *s = &t->side[TALK_SERVER];
    uint8_t b[512];
    size_t n = read_some(c, b), at = 8;

    if (n < 9)
        return TALK_OVER;
    bool named = b[4] == 0 && b[5] == 0 && b[6] == 0 && b[7] != 0;
    while (at < n && b[at] != 0)
        at++;
    uint64_t user_end = c->pos + at;
    c->pos += 8;
    talk_drop(c, user_end);
    size_t name = named ? slice_find(slice_from(slice_of(b, n), at + 1), 0) + 1 : 0;
    c->pos += 1 + name;
    s->pos += 8;
    return TALK_TUNNEL;
}

static bool socks_5_user(struct talk_side *c)
{
    uint8_t b[512];
    size_t n = read_some(c, b);

    if (n < 2 || (size_t)b[1] + 2 >= n)
        return false;
    uint64_t password = c->pos + 2 + b[1] + 1, end = password + b[2 + b[1]];
    c->pos += 2;
    talk_drop(c, password - 1);
    c->pos = password;
    talk_drop(c, end);
    return true;
}

static enum talk_found socks_5(struct talk *t)
{
    struct talk_side *c = &t->side[TALK_CLIENT], *s = &t->side[TALK_SERVER];
    uint8_t b[512];

    if (read_some(c, b) < 2)
        return TALK_OVER;
    c->pos += 2u + b[1];
    if (read_some(s, b) < 2)
        return TALK_OVER;
    bool user = b[1] == USERNAME;
    s->pos += 2;
    if (user && !socks_5_user(c))
        return TALK_OVER;
    if (user)
        s->pos += 2;
    size_t request = address_bytes(b, read_some(c, b));
    c->pos += request;
    size_t reply = address_bytes(b, read_some(s, b));
    s->pos += reply;
    return request > 0 && reply > 0 && b[1] == 0 ? TALK_TUNNEL : TALK_OVER;
}

enum talk_found talk_socks(struct talk *t)
{
    uint8_t version = 0;

    (void)stream_read(t->side[TALK_CLIENT].stream, t->side[TALK_CLIENT].pos, &version, 1);
    return version == SOCKS_4 ? socks_4(t) : socks_5(t);
}
