#include "proto/dns/dns.h"

#include "proto/dns/name.h"

enum {
    HEADER_BYTES = 12,
    QUESTION_BYTES_MIN = 5, /* root, type, class */
    CLASS_IN = 1,
    CLASS_CHAOS = 3,
    CLASS_ANY = 255,
    CACHE_FLUSH = 0x8000 /* RFC 6762 10.2; in questions 5.4's unicast bit */
};

/* One decoding: what it reads, and where it stands. */
struct decoding {
    struct slice message;
    struct reader r;
    struct dns_message *out;
    bool bad; /* a record made no sense, and its length led on to the next one */
};

struct record {
    uint16_t type, class;
    uint32_t ttl;
    struct reader data;
};

static void read_header(struct decoding *d)
{
    struct dns_message *out = d->out;

    if (d->r.left < HEADER_BYTES) {
        reader_fail(&d->r, READ_SHORT);
        return;
    }
    out->has_header = true;
    out->id = reader_be16(&d->r);
    uint16_t flags = reader_be16(&d->r);
    out->is_response = (flags & 0x8000) != 0;
    out->opcode = flags >> 11 & 0x0f;
    out->aa = (flags & 0x0400) != 0;
    out->tc = (flags & 0x0200) != 0;
    out->rd = (flags & 0x0100) != 0;
    out->ra = (flags & 0x0080) != 0;
    out->z = (flags & 0x0040) != 0;
    out->ad = (flags & 0x0020) != 0;
    out->cd = (flags & 0x0010) != 0;
    out->rcode = flags & 0x000f;
    out->question_count = reader_be16(&d->r);
    out->answer_count = reader_be16(&d->r);
    out->authority_count = reader_be16(&d->r);
    out->additional_count = reader_be16(&d->r);
}

static void read_question(struct decoding *d, bool first)
{
    struct dns_message *out = d->out;
    char unused[DNS_NAME_MAX];

    size_t n = dns_name_read(d->message, &d->r, first ? out->qname : unused);
    uint16_t type = reader_be16(&d->r), class = reader_be16(&d->r);
    if (!first || !reader_ok(&d->r))
        return;
    out->has_question = true;
    out->qname_len = (uint16_t)n;
    out->qtype = type;
    out->qclass = class;
}

/* False when the answer has no more room for text. */
static bool keep_text(struct dns_message *out, const void *p, size_t n, struct dns_span *span)
{
    if (n > (size_t)(DNS_TEXT_BYTES - out->text_used))
        return false;
    if (n > 0)
        memcpy(out->text + out->text_used, p, n);
    *span = (struct dns_span){out->text_used, (uint16_t)n};
    out->text_used = (uint16_t)(out->text_used + n);
    return true;
}

static bool same_text(const struct dns_message *out, struct dns_span span, const char *text, size_t n)
{
    return span.len == n && memcmp(out->text + span.at, text, n) == 0;
}

/* An owner is nearly always the owner or the target of the record before. */
static bool keep_owner(struct dns_message *out, const char *text, size_t n, struct dns_span *span)
{
    if (out->answers > 0) {
        const struct dns_answer *before = &out->answer[out->answers - 1];
        if (same_text(out, before->owner, text, n)) {
            *span = before->owner;
            return true;
        }
        if (same_text(out, before->target, text, n)) {
            *span = before->target;
            return true;
        }
    }
    return keep_text(out, text, n, span);
}

static bool read_target(struct decoding *d, struct record *rr, struct dns_answer *answer)
{
    char text[DNS_NAME_MAX];
    size_t n = dns_name_read(d->message, &rr->data, text);

    return n == 0 || keep_text(d->out, text, n, &answer->target);
}

/* RFC 9460 2.2: keys with values, of which a client's connection needs these. */
static bool read_service_parameters(struct dns_message *out, struct reader *r, struct dns_answer *answer)
{
    enum { ALPN = 1, PORT = 3 };
    bool room = true;

    while (r->left > 0) {
        uint16_t key = reader_be16(r), bytes = reader_be16(r);
        struct reader value = reader_child(r, bytes);
        if (key == PORT)
            answer->port = reader_be16(&value);
        else if (key == ALPN && reader_ok(&value))
            room = keep_text(out, value.p, value.left, &answer->alpn);
    }
    return room;
}

static bool read_service_binding(struct decoding *d, struct record *rr, struct dns_answer *answer)
{
    answer->priority = reader_be16(&rr->data);
    return read_target(d, rr, answer) && read_service_parameters(d->out, &rr->data, answer);
}

static bool read_srv(struct decoding *d, struct record *rr, struct dns_answer *answer)
{
    answer->priority = reader_be16(&rr->data);
    answer->weight = reader_be16(&rr->data);
    answer->port = reader_be16(&rr->data);
    return read_target(d, rr, answer);
}

static void read_address(struct reader *r, size_t bytes, struct ip_addr *addr)
{
    const uint8_t *p = reader_take(r, bytes);

    if (p != NULL)
        *addr = bytes == 4 ? ip_from_v4(p) : ip_from_v6(p);
}

/* False when the answer's names have no room. All of the data is to be used up, or it is malformed; types that are
 * not looked into are. */
static bool read_data(struct decoding *d, struct record *rr, struct dns_answer *answer)
{
    switch (rr->type) {
    case DNS_A:
        read_address(&rr->data, 4, &answer->addr);
        return true;
    case DNS_AAAA:
        read_address(&rr->data, 16, &answer->addr);
        return true;
    case DNS_NS:
    case DNS_CNAME:
    case DNS_PTR:
    case DNS_DNAME:
        return read_target(d, rr, answer);
    case DNS_SRV:
        return read_srv(d, rr, answer);
    case DNS_SVCB:
    case DNS_HTTPS:
        return read_service_binding(d, rr, answer);
    default:
        reader_skip(&rr->data, rr->data.left);
        return true;
    }
}

static void add_answer(struct decoding *d, const char *owner, size_t owner_len, struct record *rr)
{
    struct dns_message *out = d->out;
    struct dns_answer answer = {.type = rr->type, .class = rr->class, .ttl = rr->ttl};
    uint16_t text_used = out->text_used;

    bool room = out->answers < DNS_ANSWERS_MAX && keep_owner(out, owner, owner_len, &answer.owner);
    bool internet = (rr->class & ~CACHE_FLUSH) == CLASS_IN;
    if (!room || !internet)
        reader_skip(&rr->data, rr->data.left);
    else
        room = read_data(d, rr, &answer);
    bool malformed = !reader_ok(&rr->data) || rr->data.left > 0;
    if (out->min_ttl > rr->ttl || out->answers + out->answers_dropped == 0)
        out->min_ttl = rr->ttl;
    if (room && !malformed) {
        out->answer[out->answers++] = answer;
        return;
    }
    out->text_used = text_used;
    d->bad = d->bad || (room && malformed);
    out->answers_dropped += !room;
}

/* RFC 6891 6.1.3; a second one is an error (6.1.1). */
static void read_opt(struct decoding *d, const struct record *rr)
{
    struct dns_message *out = d->out;

    if (out->has_opt) {
        d->bad = true;
        return;
    }
    out->has_opt = true;
    out->opt_udp_size = rr->class;
    out->rcode |= (uint16_t)(rr->ttl >> 24 << 4);
}

enum section { ANSWER, AUTHORITY, ADDITIONAL };

static void read_record(struct decoding *d, enum section section)
{
    char owner[DNS_NAME_MAX];
    struct record rr;

    size_t owner_len = dns_name_read(d->message, &d->r, owner);
    rr.type = reader_be16(&d->r);
    rr.class = reader_be16(&d->r);
    rr.ttl = reader_be32(&d->r);
    rr.data = reader_child(&d->r, reader_be16(&d->r));
    if (!reader_ok(&d->r))
        return;
    if (section == ANSWER)
        add_answer(d, owner, owner_len, &rr);
    else if (section == AUTHORITY && rr.type == DNS_SOA)
        d->out->soa_in_authority = true;
    else if (section == ADDITIONAL && rr.type == DNS_OPT)
        read_opt(d, &rr);
}

/* Counts may lie; the loops end with the bytes, of which each record takes some. */
static void read_sections(struct decoding *d)
{
    const uint16_t counts[] = {d->out->answer_count, d->out->authority_count, d->out->additional_count};

    for (unsigned i = 0; i < d->out->question_count && reader_ok(&d->r); i++)
        read_question(d, i == 0);
    for (enum section s = ANSWER; s <= ADDITIONAL; s++)
        for (unsigned i = 0; i < counts[s] && reader_ok(&d->r); i++)
            read_record(d, s);
}

enum read_status dns_decode(struct slice bytes, uint32_t wire_len, struct dns_message *out)
{
    struct decoding d = {.message = bytes, .r = reader_of_slice(bytes), .out = out};

    /* The big arrays are filled up to their counts. */
    memset(out, 0, offsetof(struct dns_message, qname));
    out->qname[0] = '\0';
    read_header(&d);
    if (reader_ok(&d.r))
        read_sections(&d);
    out->trailing_bytes = (uint32_t)d.r.left;
    out->status = reader_status(&d.r);
    bool whole = bytes.n >= wire_len;
    if (d.bad || (out->status == READ_SHORT && whole))
        out->status = READ_BAD;
    return out->status;
}

static bool name_byte_plausible(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.' || c == '*' || c == '/';
}

/* NetBIOS name service speaks DNS's format on its own port, with names of this form (RFC 1001 14.1). */
static bool is_netbios_name(const struct dns_message *m)
{
    enum { ENCODED_NAME = 32 };

    if (m->qname_len < ENCODED_NAME || (m->qname_len > ENCODED_NAME && m->qname[ENCODED_NAME] != '.'))
        return false;
    for (size_t i = 0; i < ENCODED_NAME; i++)
        if (m->qname[i] < 'A' || m->qname[i] > 'P')
            return false;
    return true;
}

static bool name_plausible(const struct dns_message *m)
{
    if (is_netbios_name(m))
        return false;
    for (size_t i = 0; i < m->qname_len; i++)
        if (!name_byte_plausible(m->qname[i]))
            return false;
    return true;
}

/* Types that resolvers ask for: the registry's blocks up to now (RFC 6895 3.1). */
static bool type_plausible(uint16_t type)
{
    return (type >= 1 && type <= 64 + 1) || (type >= 99 && type <= 109) || (type >= 249 && type <= 261) ||
           type == 32768;
}

static bool class_plausible(uint16_t class)
{
    class = (uint16_t)(class & ~CACHE_FLUSH);
    return class == CLASS_IN || class == CLASS_CHAOS || class == CLASS_ANY;
}

/* A query answers nothing (RFC 1035 4.1.1). */
static bool direction_plausible(const struct dns_message *m)
{
    enum { ADDITIONAL_IN_QUERY_MAX = 2 }; /* OPT and TSIG */

    if (m->is_response)
        return true;
    return !m->aa && !m->tc && !m->ra && m->rcode == 0 && m->answer_count == 0 && m->authority_count == 0 &&
           m->additional_count <= ADDITIONAL_IN_QUERY_MAX;
}

/* A look at the header's fixed parts, before anything is spent on the rest. */
static bool header_plausible(struct slice bytes)
{
    return bytes.n >= HEADER_BYTES + QUESTION_BYTES_MIN && (bytes.p[2] & 0x78) == 0 && (bytes.p[3] & 0x40) == 0 &&
           bytes.p[4] == 0 && bytes.p[5] == 1;
}

bool dns_plausible(struct slice bytes)
{
    struct dns_message m;

    return header_plausible(bytes) && dns_decode(bytes, (uint32_t)bytes.n, &m) == READ_OK && m.trailing_bytes == 0 &&
           type_plausible(m.qtype) && class_plausible(m.qclass) && direction_plausible(&m) && name_plausible(&m);
}

/* The fixed parts of as many questions and records as the header names fit into the message. */
static bool counts_fit(const struct dns_message *m, uint32_t wire_len)
{
    enum { RECORD_BYTES_MIN = 11 };
    uint32_t records = (uint32_t)m->answer_count + m->authority_count + m->additional_count;

    return wire_len >= HEADER_BYTES + m->question_count * (uint32_t)QUESTION_BYTES_MIN + records * RECORD_BYTES_MIN;
}

bool dns_plausible_on_port(struct slice bytes, uint32_t wire_len)
{
    enum { OPCODE_MAX = 6, QUESTIONS_MAX = 16 };
    struct dns_message m;

    enum read_status status = dns_decode(bytes, wire_len, &m);
    if (!m.has_header || m.opcode > OPCODE_MAX || m.question_count > QUESTIONS_MAX)
        return false;
    /* A server that answers with an error may leave the question out. */
    if (m.question_count == 0)
        return m.is_response && status == READ_OK;
    if (m.has_question)
        return class_plausible(m.qclass);
    return status == READ_SHORT || (!m.z && direction_plausible(&m) && counts_fit(&m, wire_len));
}
