/* DNS messages: RFC 1035, EDNS(0) of RFC 6891, SRV of RFC 2782, SVCB and HTTPS of RFC 9460. */
#ifndef P2T_PROTO_DNS_DNS_H
#define P2T_PROTO_DNS_DNS_H

#include "base/addr.h"
#include "base/reader.h"

enum {
    DNS_NAME_MAX = 1012,  /* presentation form of 255 bytes, each escaped, and a NUL */
    DNS_ANSWERS_MAX = 64, /* more are counted in answers_dropped */
    DNS_TEXT_BYTES = 4096 /* names and ALPN lists of all answers; an answer whose names do not fit is dropped */
};

enum dns_type {
    DNS_A = 1,
    DNS_NS = 2,
    DNS_CNAME = 5,
    DNS_SOA = 6,
    DNS_PTR = 12,
    DNS_AAAA = 28,
    DNS_SRV = 33,
    DNS_DNAME = 39,
    DNS_OPT = 41,
    DNS_SVCB = 64,
    DNS_HTTPS = 65
};

enum dns_rcode { DNS_NOERROR = 0, DNS_FORMERR, DNS_SERVFAIL, DNS_NXDOMAIN, DNS_NOTIMP, DNS_REFUSED };

/* A piece of dns_message.text; read it with dns_text(). An offset, so that a message can be copied. */
struct dns_span {
    uint16_t at, len;
};

/* One record of the answer section. Names are in the form of dns_message.qname. */
struct dns_answer {
    struct dns_span owner;
    uint16_t type, class;
    uint32_t ttl;
    struct ip_addr addr;    /* A, AAAA; else family 0 */
    struct dns_span target; /* NS, CNAME, PTR, DNAME, SRV, SVCB, HTTPS; else len 0 */
    uint16_t priority;      /* SRV, SVCB, HTTPS */
    uint16_t weight;        /* SRV */
    uint16_t port;          /* SRV; SVCB and HTTPS when given; else 0 */
    struct dns_span alpn;   /* SVCB, HTTPS: the list as on the wire, RFC 9460 7.1.1; len 0 when not given */
};

struct dns_message {
    /* READ_SHORT: the capture cut it. READ_BAD: it makes no sense. What was read before that is here: the header
     * when has_header, the first question when has_question, and the answers up to there. */
    enum read_status status;
    bool has_header, has_question;

    uint16_t id;
    bool is_response, aa, tc, rd, ra, z, ad, cd;
    uint8_t opcode;
    uint16_t rcode; /* twelve bits when has_opt (RFC 6891 6.1.3) */
    uint16_t question_count, answer_count, authority_count, additional_count; /* as the header says */

    bool has_opt;
    uint16_t opt_udp_size;

    uint16_t qtype, qclass;
    uint16_t qname_len;

    bool soa_in_authority;    /* with no answers: NODATA or NXDOMAIN, RFC 2308 2 */
    uint16_t answers;         /* filled in `answer` */
    uint16_t answers_dropped; /* read and left out: a limit of this struct */
    uint32_t min_ttl;         /* of all answers read; 0 when there are none */
    uint32_t trailing_bytes;  /* after the last record */
    uint16_t text_used;

    /* First question, presentation form: case as on the wire, no dot at the end, root is ".". '.' and '\' inside a
     * label have a '\' before them, bytes that do not print are \DDD (RFC 4343 2.1). NUL follows. */
    char qname[DNS_NAME_MAX];
    struct dns_answer answer[DNS_ANSWERS_MAX];
    char text[DNS_TEXT_BYTES];
};

static inline struct slice dns_text(const struct dns_message *m, struct dns_span span)
{
    return slice_of(m->text + span.at, span.len);
}

/* Decodes the message of wire_len bytes of which `bytes` were captured. Returns out->status. Bytes after the last
 * record are no error. */
enum read_status dns_decode(struct slice bytes, uint32_t wire_len, struct dns_message *out);

/* Is this a whole DNS message, whatever the port? Strict, so that other protocols hardly ever pass. */
bool dns_plausible(struct slice bytes);

/* Same for DNS's own port: odd and cut messages pass, other protocols' bytes do not. */
bool dns_plausible_on_port(struct slice bytes, uint32_t wire_len);

#endif
