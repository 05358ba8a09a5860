#include "explain/packet.h"

#include "base/icmp.h"
#include "base/reader.h"
#include "extract/arp.h"
#include "extract/names.h"
#include "write/escape.h"

enum { PORT_DNS = 53 };

/* ---- who ---- */

static bool is_client(const struct subject *s, const struct ip_addr *ip)
{
    for (size_t i = 0; i < s->client_count; i++)
        if (ip_eq(&s->clients[i], ip))
            return true;
    return false;
}

/* Client and server may share an address: then the port tells. */
static bool is_client_end(const struct subject *s, const struct endpoint *e)
{
    for (size_t i = 0; i < s->pair_count; i++) {
        if (endpoint_eq(&s->pairs[i].client, e))
            return true;
        if (endpoint_eq(&s->pairs[i].server, e))
            return false;
    }
    return is_client(s, &e->ip) && e->port != PORT_DNS;
}

void packet_ends(const struct described *d, char from[ENDPOINT_TEXT_MAX], char to[ENDPOINT_TEXT_MAX])
{
    from[0] = to[0] = '\0';
    if (d->why != PACKET_DECODED)
        return;
    if (d->packet.kind == PACKET_ICMP_ERROR) {
        (void)ip_format(&d->packet.src.ip, from);
        (void)ip_format(&d->packet.dst.ip, to);
    } else {
        (void)endpoint_format(&d->packet.src, from);
        (void)endpoint_format(&d->packet.dst, to);
    }
}

/* ---- DNS ---- */

static const char *type_name(uint16_t type)
{
    return type == 1    ? "A"
           : type == 28 ? "AAAA"
           : type == 65 ? "HTTPS"
           : type == 5  ? "CNAME"
           : type == 33 ? "SRV"
                        : NULL;
}

static const char *rcode_name(unsigned rcode)
{
    static const char *const names[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};

    return rcode < sizeof names / sizeof *names ? names[rcode] : NULL;
}

static uint16_t question_type(struct slice m, size_t name_n)
{
    enum { HEADER_BYTES = 12 };
    struct reader r = reader_of_slice(m);

    reader_skip(&r, HEADER_BYTES + name_n + 2);
    return reader_be16(&r);
}

static bool describe_dns(struct buf *b, const struct described *d, struct slice m)
{
    char name[NAMES_TEXT_MAX];
    struct buf shown = {0};
    size_t n;

    if (!names_asked(m, name, &n))
        return false;
    bool answer = (m.p[2] & 0x80) != 0;
    uint16_t type = question_type(m, n);
    buf_str(b, answer ? "DNS answer " : "DNS question ");
    if (type_name(type) != NULL)
        buf_str(b, type_name(type));
    else
        buf_printf(b, "TYPE%u", (unsigned)type);
    buf_putc(b, ' ');
    struct slice text = redact_text(d->redact, REDACT_HOST, slice_of(name, n), &shown);
    escape_text(b, (struct p2t_text){(const char *)text.p, text.n});
    buf_fini(&shown);
    if (!answer)
        return true;
    unsigned rcode = m.p[3] & 0x0f, records = (unsigned)(m.p[6] << 8 | m.p[7]);
    if (rcode_name(rcode) != NULL)
        buf_printf(b, ": %s", rcode_name(rcode));
    else
        buf_printf(b, ": code %u", rcode);
    buf_printf(b, ", %u record%s", records, records == 1 ? "" : "s");
    if ((m.p[2] & 0x02) != 0)
        buf_lit(b, ", truncated");
    return true;
}

/* ---- what a segment begins with ---- */

static const char *handshake_name(uint8_t type)
{
    return type == 1    ? "ClientHello"
           : type == 2  ? "ServerHello"
           : type == 11 ? "Certificate"
           : type == 12 ? "ServerKeyExchange"
           : type == 14 ? "ServerHelloDone"
           : type == 16 ? "ClientKeyExchange"
                        : "handshake";
}

static bool describe_tls(struct buf *b, struct slice s)
{
    enum { CHANGE_CIPHER_SPEC = 20, ALERT, HANDSHAKE, DATA, ALERT_BYTES = 2 };

    if (s.n < 6 || s.p[0] < CHANGE_CIPHER_SPEC || s.p[0] > DATA || s.p[1] != 3 || s.p[2] > 4)
        return false;
    unsigned bytes = (unsigned)(s.p[3] << 8 | s.p[4]);
    if (s.p[0] == HANDSHAKE)
        buf_printf(b, "TLS %s", handshake_name(s.p[5]));
    else if (s.p[0] == ALERT && bytes == ALERT_BYTES && s.n > 6)
        buf_printf(b, "TLS alert %u", (unsigned)s.p[6]);
    else
        buf_printf(b, "TLS %s", s.p[0] == DATA ? "data" : s.p[0] == ALERT ? "alert, encrypted" : "ChangeCipherSpec");
    return true;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* Of an answer only what cannot be a secret: "HTTP/1.1 200". */
static bool describe_status(struct buf *b, struct slice s)
{
    if (s.n < 12 || !slice_starts(s, SLICE_LIT("HTTP/1.")) || !is_digit(s.p[7]) || s.p[8] != ' ' ||
        !is_digit(s.p[9]) || !is_digit(s.p[10]) || !is_digit(s.p[11]))
        return false;
    buf_put(b, s.p, 12);
    return true;
}

static bool describe_request(struct buf *b, struct slice s)
{
    size_t n = 0;

    while (n < s.n && n < 16 && s.p[n] >= 'A' && s.p[n] <= 'Z')
        n++;
    if (n < 3 || n + 1 >= s.n || s.p[n] != ' ' || (s.p[n + 1] != '/' && s.p[n + 1] != 'h' && s.p[n + 1] != '*'))
        return false;
    buf_slice(b, slice_of(s.p, n));
    buf_lit(b, " request");
    return true;
}

/* ---- TCP ---- */

static struct progress_of *progress_at(struct described *d)
{
    for (int i = 0; i < SENDERS_MAX; i++) {
        struct progress_of *p = &d->sent[i];
        if (p->src.ip.family == 0) {
            *p = (struct progress_of){d->packet.src, d->packet.dst, d->packet.tcp.seq, false};
            return p;
        }
        if (endpoint_eq(&p->src, &d->packet.src) && endpoint_eq(&p->dst, &d->packet.dst))
            return p;
    }
    return NULL;
}

/* Whether everything of the segment came before. */
static bool comes_again(struct described *d)
{
    struct progress_of *p = progress_at(d);
    bool syn = (d->packet.tcp.flags & TCP_SYN) != 0;

    if (p == NULL)
        return false;
    if (syn) {
        bool again = p->syn && p->next == d->packet.tcp.seq + 1;
        p->syn = true;
        p->next = d->packet.tcp.seq + 1;
        return again;
    }
    uint32_t end = d->packet.tcp.seq + d->packet.payload_len;
    bool again = d->packet.payload_len > 0 && (int32_t)(end - p->next) <= 0;
    if ((int32_t)(end - p->next) > 0)
        p->next = end;
    return again;
}

static void describe_flags(struct buf *b, struct described *d)
{
    uint8_t flags = d->packet.tcp.flags;

    if ((flags & TCP_SYN) != 0)
        buf_str(b, (flags & TCP_ACK) != 0 ? "SYN-ACK" : "SYN");
    else if ((flags & TCP_RST) != 0)
        buf_lit(b, "RST");
    else if ((flags & TCP_FIN) != 0)
        buf_lit(b, "FIN");
    else if (d->packet.payload_len == 0)
        buf_lit(b, "ACK");
    d->plain = (flags & (TCP_SYN | TCP_RST | TCP_FIN)) == 0;
    if ((flags & (TCP_SYN | TCP_RST)) == 0 && d->packet.tcp.window == 0) {
        buf_lit(b, ", its window shut");
        d->plain = false;
    }
}

static void describe_payload(struct buf *b, struct described *d, const struct subject *s)
{
    struct slice payload = d->packet.payload;
    bool dns = d->packet.src.port == PORT_DNS || d->packet.dst.port == PORT_DNS;

    if (d->packet.payload_len == 0)
        return;
    if ((d->packet.tcp.flags & (TCP_SYN | TCP_RST | TCP_FIN)) != 0)
        buf_lit(b, ", ");
    bool known = false;
    if (d->head && s->url.n > 0) {
        escape_text(b, (struct p2t_text){(const char *)s->method.p, s->method.n});
        buf_putc(b, ' ');
        escape_text(b, (struct p2t_text){(const char *)s->url.p, s->url.n});
        known = true;
    } else if (dns) {
        known = describe_dns(b, d, slice_from(payload, 2));
    }
    known = known || describe_tls(b, payload) || describe_status(b, payload) || describe_request(b, payload);
    buf_printf(b, "%s%u byte%s", known ? ", " : "", (unsigned)d->packet.payload_len,
               d->packet.payload_len == 1 ? "" : "s");
    d->plain &= !known;
}

static void describe_tcp(struct buf *b, struct described *d, const struct subject *s)
{
    bool again = comes_again(d);

    describe_flags(b, d);
    describe_payload(b, d, s);
    if (again) {
        buf_lit(b, ", again");
        d->plain = false;
    }
}

/* ---- the others ---- */

/* What the kinds of errors that routers send mean. */
static const char *icmp_words(bool v6, unsigned type, unsigned code)
{
    switch (type) {
    case 1:
        return v6 ? icmp_unreachable_name(6, code) : "error";
    case 2:
        return v6 ? "packet too big" : "error";
    case 3:
        return v6 ? "hop limit exceeded" : icmp_unreachable_name(4, code);
    case 4:
        return v6 ? "parameter problem" : "source quench";
    case 11:
        return v6 ? "error" : "time exceeded";
    case 12:
        return v6 ? "error" : "parameter problem";
    default:
        return "error";
    }
}

static void describe_icmp(struct buf *b, const struct described *d)
{
    const struct packet_icmp *i = &d->packet.icmp;
    char from[ENDPOINT_TEXT_MAX], to[ENDPOINT_TEXT_MAX];

    (void)endpoint_format(&i->quoted_src, from);
    (void)endpoint_format(&i->quoted_dst, to);
    bool v6 = d->packet.src.ip.family == 6;
    buf_printf(b, "ICMP%s %s (type %u code %u) about %s -> %s", v6 ? "v6" : "",
               icmp_words(v6, (unsigned)i->type, (unsigned)i->code), (unsigned)i->type, (unsigned)i->code, from, to);
}

static void describe_other(struct buf *b, const struct input_frame *frame)
{
    struct ip_addr sender, target;
    char from[IP_TEXT_MAX], to[IP_TEXT_MAX];

    if (frame->cap_len == 0 || !arp_read(frame, &sender, &target)) {
        buf_lit(b, "a packet that is not TCP, UDP or an ICMP error, or is only part of one");
        return;
    }
    (void)ip_format(&sender, from);
    (void)ip_format(&target, to);
    buf_printf(b, "ARP of %s about %s", from, to);
}

void packet_describe(struct buf *b, struct described *d, const struct subject *s, const struct input_frame *frame)
{
    d->plain = d->from_client = d->to_client = false;
    if (d->why != PACKET_DECODED) {
        describe_other(b, frame);
        return;
    }
    d->from_client = is_client_end(s, &d->packet.src);
    d->to_client = !d->from_client && is_client_end(s, &d->packet.dst);
    if (d->packet.kind == PACKET_TCP)
        describe_tcp(b, d, s);
    else if (d->packet.kind == PACKET_ICMP_ERROR)
        describe_icmp(b, d);
    else if (!describe_dns(b, d, d->packet.payload))
        buf_printf(b, "UDP, %u bytes", (unsigned)d->packet.payload_len);
}
