#include "extract/scrub/scrub.h"

#include <stdlib.h>

#include "base/system.h"
#include "base/hash.h"
#include "extract/names.h"
#include "extract/scrub/checksum.h"
#include "extract/scrub/place.h"
#include "extract/scrub/talk.h"
#include "packet/decode.h"
#include "pcap2trace/status.h"

enum { PORT_DNS = 53, WAITING_MAX = 256, FILLER = 'x' };

/* A connection: two ends, and the SYN it began with. */
struct course {
    struct hmap_node node;
    struct course *older; /* of the same ends */
    struct endpoint client, server;
    struct stream streams[2];
    bool has_syn, newest;
    uint32_t syn_seq;
};

/* Bytes of a frame whose checksum is to follow them. */
struct covered {
    uint8_t *p, *checksum;
    size_t n;
    uint16_t before;
};

/* A fragment of a datagram that is not whole. */
struct piece {
    struct ip_addr src, dst;
    uint16_t ip_id;
    bool used;
    struct place_ip at;
};

struct scrub {
    struct spool *spool;
    struct packet_decoder *decoder;
    struct scrub_text text;
    struct hmap courses; /* the newest of each pair of ends */
    struct course **all;
    size_t count, cap;
    struct covered *covered;
    size_t covered_count, covered_cap;
    struct piece pieces[WAITING_MAX];
    size_t piece_next;
    int status;
};

/* ---- connections ---- */

static struct course *find_course(const struct scrub *s, const struct endpoint *a, const struct endpoint *b)
{
    for (struct hmap_node *n = hmap_first(&s->courses, endpoint_pair_hash(a, b)); n != NULL; n = hmap_next(n)) {
        struct course *c = hmap_entry(n, struct course, node);
        if (c->newest && ((endpoint_eq(&c->client, a) && endpoint_eq(&c->server, b)) ||
                          (endpoint_eq(&c->client, b) && endpoint_eq(&c->server, a))))
            return c;
    }
    return NULL;
}

static struct course *add_course(struct scrub *s, const struct endpoint *client, const struct endpoint *server)
{
    if (s->count == s->cap) {
        size_t cap = s->cap < 16 ? 16 : s->cap * 2;
        struct course **all = reallocarray(s->all, cap, sizeof(struct course *));
        if (all == NULL)
            return NULL;
        s->all = all;
        s->cap = cap;
    }
    struct course *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    *c = (struct course){.client = *client, .server = *server, .newest = true};
    if (hmap_insert(&s->courses, &c->node, endpoint_pair_hash(client, server)) != 0) {
        free(c);
        return NULL;
    }
    return s->all[s->count++] = c;
}

/* Where the packet's bytes belong. A SYN with another sequence number begins another connection. */
static struct course *course_of(struct scrub *s, const struct packet *p)
{
    struct course *c = find_course(s, &p->src, &p->dst);
    bool syn = (p->tcp.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;

    if (syn && c != NULL && (!c->has_syn || c->syn_seq != p->tcp.seq)) {
        c->newest = false;
        c = NULL;
    }
    if (c == NULL) {
        bool answer = (p->tcp.flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
        bool from_server = answer || (!syn && p->src.port < p->dst.port);
        c = from_server ? add_course(s, &p->dst, &p->src) : add_course(s, &p->src, &p->dst);
    }
    if (c != NULL && syn) {
        c->has_syn = true;
        c->syn_seq = p->tcp.seq;
    }
    return c;
}

/* ---- what is changed along with its checksum ---- */

static void cover(struct scrub *s, uint8_t *p, size_t n, uint8_t *checksum)
{
    if (checksum == NULL || n == 0)
        return;
    if (s->covered_count == s->covered_cap) {
        size_t cap = s->covered_cap < 64 ? 64 : s->covered_cap * 2;
        struct covered *covered = reallocarray(s->covered, cap, sizeof *covered);
        if (covered == NULL) {
            s->status = P2T_ERR_MEMORY;
            return;
        }
        s->covered = covered;
        s->covered_cap = cap;
    }
    s->covered[s->covered_count++] = (struct covered){p, checksum, n, checksum_sum(p, n)};
}

static void renew_checksums(const struct scrub *s)
{
    for (size_t i = 0; i < s->covered_count; i++) {
        const struct covered *c = &s->covered[i];
        uint16_t after = checksum_sum(c->p, c->n);
        if (after != c->before)
            checksum_change(c->checksum, c->before, after);
    }
}

/* ---- packets ---- */

static uint64_t begin_of(struct stream *stream, const struct packet *p)
{
    return stream_place(stream, p->tcp.seq + ((p->tcp.flags & TCP_SYN) != 0));
}

/* Of a datagram that never became whole, or whose place was needed: nobody knows what it is. */
static void drop_piece(struct piece *x)
{
    enum { TCP_LEAST = 20 };
    size_t kept = x->at.offset == 0 ? TCP_LEAST : 0;

    if (!x->used && x->at.payload_n > kept)
        memset(x->at.payload + kept, FILLER, x->at.payload_n - kept);
    x->used = true;
}

static void keep_piece(struct scrub *s, const struct packet *p, uint8_t *frame, size_t n)
{
    struct piece *x = &s->pieces[s->piece_next % WAITING_MAX];
    struct place_ip at = place_ip(p, frame, n);

    if (at.payload == NULL)
        return;
    if (s->piece_next++ >= WAITING_MAX)
        drop_piece(x);
    *x = (struct piece){p->src.ip, p->dst.ip, p->ip_id, false, at};
}

/* The datagram came in several frames: each has a piece of it. stream NULL: they stay as they are. */
static void use_pieces(struct scrub *s, const struct packet *p, struct stream *stream, uint64_t pos, size_t header)
{
    for (size_t i = 0; i < WAITING_MAX && i < s->piece_next; i++) {
        struct piece *x = &s->pieces[i];
        if (x->used || x->ip_id != p->ip_id || !ip_eq(&x->src, &p->src.ip) || !ip_eq(&x->dst, &p->dst.ip))
            continue;
        size_t skip = x->at.offset < header ? header - x->at.offset : 0;
        x->used = true;
        if (stream != NULL && skip < x->at.payload_n)
            stream_add(stream, pos + x->at.offset + skip - header, x->at.payload + skip, x->at.payload_n - skip);
    }
}

static void take_tcp(struct scrub *s, const struct packet *p, uint8_t *frame, size_t n)
{
    struct course *c = course_of(s, p);

    if (c == NULL) {
        s->status = P2T_ERR_MEMORY;
        return;
    }
    struct stream *stream = &c->streams[endpoint_eq(&p->src, &c->client) ? TALK_CLIENT : TALK_SERVER];
    uint64_t pos = begin_of(stream, p);
    if (p->payload.n == 0)
        return;
    if (p->payload.p < frame || p->payload.p >= frame + n) {
        size_t header = place_tcp_header(p);
        keep_piece(s, p, frame, n);
        if (header > 0)
            use_pieces(s, p, stream, pos, header);
        return;
    }
    uint8_t *payload = frame + (p->payload.p - frame);
    cover(s, payload, p->payload.n, place_checksum(p, frame, n));
    stream_add(stream, pos, payload, p->payload.n);
}

/* On any port: resolvers in sidecars have others. */
static bool is_dns(struct slice message)
{
    char name[NAMES_TEXT_MAX];
    size_t n;

    return names_asked(message, name, &n);
}

static void take_udp(struct scrub *s, const struct packet *p, uint8_t *frame, size_t n)
{
    bool inside = p->payload.p >= frame && p->payload.p < frame + n;
    bool dns = is_dns(p->payload);

    if (!inside || (p->partial && !dns))
        keep_piece(s, p, frame, n);
    if (!inside && dns)
        use_pieces(s, p, NULL, 0, 0);
    if (!inside || p->partial || dns)
        return;
    uint8_t *payload = frame + (p->payload.p - frame);
    cover(s, payload, p->payload.n, place_checksum(p, frame, n));
    memset(payload, FILLER, p->payload.n);
}

static void take_icmp(struct scrub *s, const struct packet *p, uint8_t *frame, size_t n)
{
    const struct packet_icmp *icmp = &p->icmp;
    struct place_quote quote = place_quote(p, frame, n);

    if (quote.n == 0 || (icmp->quoted_kind == PACKET_UDP && is_dns(slice_of(quote.p, quote.n))))
        return;
    cover(s, quote.p, quote.n, quote.checksum);
    struct course *c = icmp->quoted_kind == PACKET_TCP ? find_course(s, &icmp->quoted_src, &icmp->quoted_dst) : NULL;
    if (c == NULL) {
        memset(quote.p, FILLER, quote.n);
        return;
    }
    struct stream *stream = &c->streams[endpoint_eq(&icmp->quoted_src, &c->client) ? TALK_CLIENT : TALK_SERVER];
    uint32_t seq = icmp->quoted_seq + ((icmp->quoted_flags & TCP_SYN) != 0);
    stream_add_copy(stream, stream_place(stream, seq), quote.p, quote.n);
}

static void take_frame(struct scrub *s, struct spool_frame *kept)
{
    struct input_frame f = kept->frame;
    uint8_t *bytes = spool_bytes(s->spool, kept);
    struct packet p;

    f.bytes = bytes;
    enum packet_drop why = packet_decode(s->decoder, &f, &p);
    if (why == PACKET_DROP_FRAGMENT)
        keep_piece(s, &p, bytes, f.cap_len);
    if (why != PACKET_DECODED)
        return;
    if (p.kind == PACKET_TCP)
        take_tcp(s, &p, bytes, f.cap_len);
    else if (p.kind == PACKET_UDP)
        take_udp(s, &p, bytes, f.cap_len);
    else
        take_icmp(s, &p, bytes, f.cap_len);
}

/* ---- all ---- */

/* RFC 1035 4.2.2: a length stands before each message. */
static bool is_dns_stream(struct stream *stream)
{
    enum { LOOKED_AT = 512, LENGTH_BYTES = 2 };
    uint8_t b[LOOKED_AT];
    char name[NAMES_TEXT_MAX];
    size_t n = stream_read(stream, stream_next(stream, 0), b, sizeof b), name_n;

    return n > LENGTH_BYTES && names_asked(slice_of(b + LENGTH_BYTES, n - LENGTH_BYTES), name, &name_n);
}

static void scrub_course(struct scrub *s, struct course *c)
{
    struct talk t = {.text = &s->text};

    for (int who = 0; who < 2; who++) {
        struct stream *stream = &c->streams[who];
        uint64_t first = stream_next(stream, 0);
        bool dns = c->server.port == PORT_DNS && is_dns_stream(stream);
        t.side[who] = (struct talk_side){stream, stream->based ? STREAM_BEGIN : first, !c->has_syn};
        if (first < t.side[who].pos)
            t.side[who].pos = first;
        if (dns)
            t.side[who].pos = UINT64_MAX;
    }
    talk_scrub(&t);
    for (int who = 0; who < 2; who++)
        stream_finish(&c->streams[who]);
}

static void fini(struct scrub *s)
{
    for (size_t i = 0; i < s->count; i++) {
        stream_fini(&s->all[i]->streams[TALK_CLIENT]);
        stream_fini(&s->all[i]->streams[TALK_SERVER]);
        free(s->all[i]);
    }
    free(s->all);
    free(s->covered);
    hmap_fini(&s->courses);
    scrub_text_fini(&s->text);
    packet_decoder_free(s->decoder);
}

int scrub_frames(struct spool *spool, const struct redact_options *options)
{
    struct scrub s = {.spool = spool, .decoder = packet_decoder_new(NULL)};

    s.status = scrub_text_init(&s.text, options);
    if (s.decoder == NULL)
        s.status = P2T_ERR_MEMORY;
    for (size_t i = 0; i < spool->count && s.status == P2T_OK; i++)
        if (!spool->frames[i].dropped)
            take_frame(&s, &spool->frames[i]);
    for (size_t i = 0; i < s.count && s.status == P2T_OK; i++)
        scrub_course(&s, s.all[i]);
    for (size_t i = 0; i < WAITING_MAX && i < s.piece_next; i++)
        drop_piece(&s.pieces[i]);
    if (s.status == P2T_OK)
        renew_checksums(&s);
    int status = s.status;
    fini(&s);
    return status;
}
