/* What the files behind struct proto share. */
#ifndef P2T_PROTO_CONN_STATE_H
#define P2T_PROTO_CONN_STATE_H

#include "proto/conn/conn.h"
#include "proto/dns/stream.h"
#include "proto/socks.h"

enum { DNS = 53, LLMNR = 5355 };
enum { PREFIX_MAX = 32 }; /* more than any first line needs to be told */

/* The first bytes of a direction, kept until they tell what they are. */
struct prefix {
    uint8_t n;
    uint8_t bytes[PREFIX_MAX];
    struct packet_mark mark;
};

struct conn {
    struct flow_tcp *flow;
    enum fact_proto proto;
    bool mid_stream;     /* the first bytes may lie inside a message */
    bool client_unknown; /* the client began with bytes of no protocol known here */
    struct http1 *http1;
    struct http2 *http2;
    struct tls *tls;
    struct prefix prefix[2];
    struct socks *socks;
    struct dns_stream *dns;
    struct conn *inner; /* what its decrypted bytes are */
    uint8_t depth;      /* connections around this one */
    uint32_t skipped;   /* exchanges before the first that is read */
    bool over[2];       /* all bytes of the direction came, and its FIN */
};

struct proto {
    struct fact_sink sink;
    struct http1_env http1;
    struct http2_env http2;
    struct tls_env tls;
    struct slab conns;
    struct budget *budget;
    struct proto_counters counters;
    struct dns_message message;
};

static inline void proto_emit(struct proto *p, const struct fact *f)
{
    fact_emit(&p->sink, f);
}

/* sniff.c */
/* What the first bytes of dir are. *wait: more of them are needed. */
enum fact_proto conn_told_by(const struct conn *c, enum flow_dir dir, struct slice b, bool *wait);
/* Bytes that do not tell yet are kept until more come. */
bool conn_keep(struct conn *c, const struct flow_chunk *chunk);
/* What is kept of the chunk's direction, and the chunk behind it. */
struct slice conn_first_bytes(const struct conn *c, const struct flow_chunk *chunk, uint8_t joined[PREFIX_MAX]);
void conn_mend_roles(struct conn *c, struct flow_chunk *chunk, struct slice first);
/* True when the other side is to be heard first. */
bool conn_await_answer(struct conn *c, enum flow_dir dir, enum fact_proto proto);

/* dns.c */
void conn_dns_chunk(struct proto *p, struct conn *c, const struct flow_chunk *chunk);
/* struct flow_sink's udp and udp_error; ctx is a struct proto. */
void conn_on_udp(void *ctx, const struct flow_datagram *d);
void conn_on_udp_error(void *ctx, const struct flow_udp_error *error);

#endif
