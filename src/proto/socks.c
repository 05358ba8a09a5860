#include "proto/socks.h"

#include "base/reader.h"

/* A greeting fills its segment exactly: version 5, a count of methods, and that many; or a version 4 CONNECT. */
bool socks_looks_like(struct slice b)
{
    if (b.n >= 3 && b.p[0] == 5)
        return b.p[1] > 0 && b.n == (size_t)b.p[1] + 2;
    return b.n >= 9 && b.p[0] == 4 && b.p[1] == 1 && b.p[b.n - 1] == 0;
}

static enum flow_dir speaker(enum socks_state state)
{
    return state == SOCKS_METHOD || state == SOCKS_AUTH_REPLY || state == SOCKS_REPLY ? FLOW_S2C : FLOW_C2S;
}

static struct fact fact_of(enum fact_kind kind, struct flow_conn *conn, const struct packet_mark *mark)
{
    return (struct fact){.kind = kind, .conn = conn, .mark = *mark};
}

struct run {
    const struct fact_sink *sink;
    struct flow_conn *conn;
    const struct packet_mark *mark;
};

static void emit_request(const struct run *run, uint8_t version, struct slice host, uint16_t port)
{
    struct fact f = fact_of(FACT_SOCKS_REQUEST, run->conn, run->mark);

    f.as.socks_request.version = version;
    f.as.socks_request.host = host;
    f.as.socks_request.port = port;
    fact_emit(run->sink, &f);
}

static void emit_ip_request(const struct run *run, uint8_t version, struct ip_addr ip, uint16_t port)
{
    char text[IP_TEXT_MAX];
    size_t n = ip_format(&ip, text);

    emit_request(run, version, slice_of(text, n), port);
}

static bool read_v4_request(struct reader *r, const struct run *run)
{
    reader_skip(r, 2);
    uint16_t port = reader_be16(r);
    struct slice ip = reader_slice(r, 4);
    while (reader_ok(r) && reader_u8(r) != 0)
        continue;
    if (!reader_ok(r) || ip.p == NULL)
        return false;
    if (ip.p[0] != 0 || ip.p[1] != 0 || ip.p[2] != 0 || ip.p[3] == 0) {
        emit_ip_request(run, 4, ip_from_v4(ip.p), port);
        return true;
    }
    struct slice host = slice_of(r->p, slice_find(slice_of(r->p, r->left), 0));
    reader_skip(r, host.n + 1);
    if (reader_ok(r))
        emit_request(run, 4, host, port);
    return reader_ok(r);
}

/* RFC 1928 4: the address forms of requests and replies. */
static bool read_v5_address(struct reader *r, struct slice *name, struct ip_addr *ip, uint16_t *port)
{
    uint8_t type = reader_u8(r);

    *ip = (struct ip_addr){0};
    *name = slice_of(NULL, 0);
    struct slice raw = reader_slice(r, type == 1 ? 4 : type == 4 ? 16 : type == 3 ? reader_u8(r) : SIZE_MAX);
    *port = reader_be16(r);
    if (!reader_ok(r))
        return false;
    if (type == 3)
        *name = raw;
    else
        *ip = type == 1 ? ip_from_v4(raw.p) : ip_from_v6(raw.p);
    return true;
}

static bool read_v5_request(struct reader *r, const struct run *run)
{
    struct slice name;
    struct ip_addr ip;
    uint16_t port;

    reader_skip(r, 3);
    if (!read_v5_address(r, &name, &ip, &port))
        return false;
    if (name.p != NULL)
        emit_request(run, 5, name, port);
    else
        emit_ip_request(run, 5, ip, port);
    return true;
}

static void emit_reply(const struct run *run, uint8_t version, uint8_t code)
{
    struct fact f = fact_of(FACT_SOCKS_REPLY, run->conn, run->mark);

    f.as.socks_reply.version = version;
    f.as.socks_reply.code = code;
    fact_emit(run->sink, &f);
}

static bool read_reply(struct reader *r, const struct run *run, uint8_t version, uint8_t *code)
{
    struct slice name;
    struct ip_addr ip;
    uint16_t port;

    reader_skip(r, 1);
    *code = reader_u8(r);
    if (version == 4) {
        reader_skip(r, 6);
        *code = *code == 90 ? 0 : *code;
    } else {
        reader_skip(r, 1);
        (void)read_v5_address(r, &name, &ip, &port);
    }
    if (reader_ok(r))
        emit_reply(run, version, *code);
    return reader_ok(r);
}

/* One message of the negotiation; the reader is failed when it is not whole. */
static enum socks_progress advance(struct socks *s, struct reader *r, const struct run *run)
{
    uint8_t b;

    switch (s->state) {
    case SOCKS_GREETING:
        s->version = r->left > 0 ? r->p[0] : 0;
        if (s->version == 4) {
            s->state = read_v4_request(r, run) ? SOCKS_REPLY : s->state;
            return SOCKS_MORE;
        }
        reader_skip(r, 1);
        reader_skip(r, reader_u8(r));
        s->state = reader_ok(r) ? SOCKS_METHOD : s->state;
        return SOCKS_MORE;
    case SOCKS_METHOD:
        reader_skip(r, 1);
        b = reader_u8(r);
        if (!reader_ok(r))
            return SOCKS_MORE;
        s->state = b == 2 ? SOCKS_AUTH : SOCKS_REQUEST;
        return b == 0 || b == 2 ? SOCKS_MORE : SOCKS_OVER;
    case SOCKS_AUTH: /* RFC 1929 2 */
        reader_skip(r, 1);
        reader_skip(r, reader_u8(r));
        reader_skip(r, reader_u8(r));
        s->state = reader_ok(r) ? SOCKS_AUTH_REPLY : s->state;
        return SOCKS_MORE;
    case SOCKS_AUTH_REPLY:
        reader_skip(r, 2);
        s->state = reader_ok(r) ? SOCKS_REQUEST : s->state;
        return SOCKS_MORE;
    case SOCKS_REQUEST:
        s->state = read_v5_request(r, run) ? SOCKS_REPLY : s->state;
        return SOCKS_MORE;
    case SOCKS_REPLY:
        if (!read_reply(r, run, s->version, &b))
            return SOCKS_MORE;
        return b == 0 ? SOCKS_TUNNEL : SOCKS_OVER;
    }
    return SOCKS_OVER;
}

static bool hold(struct socks *s, enum flow_dir dir, uint8_t byte)
{
    if (s->held_n[dir] == sizeof s->held[dir])
        return false;
    s->held[dir][s->held_n[dir]++] = byte;
    return true;
}

/* Negotiations are a few dozen bytes: taken one by one, so that any segmentation gives the same. */
enum socks_progress socks_feed(struct socks *s, const struct fact_sink *sink, struct flow_conn *conn,
                               enum flow_dir dir, struct slice bytes, const struct packet_mark *mark, size_t *used)
{
    const struct run run = {sink, conn, mark};

    for (*used = 0; *used < bytes.n;) {
        if (speaker(s->state) != dir || !hold(s, dir, bytes.p[(*used)++]))
            return SOCKS_OVER;
        struct reader r = reader_of(s->held[dir], s->held_n[dir]);
        enum socks_progress progress = advance(s, &r, &run);
        if (!reader_ok(&r))
            continue;
        s->held_n[dir] = 0;
        if (progress != SOCKS_MORE)
            return progress;
    }
    return SOCKS_MORE;
}
