/* What the files of this folder share: a connection, and what all of them have in common. */
#ifndef P2T_PROTO_CONN_STATE_H
#define P2T_PROTO_CONN_STATE_H

#include "flow/table.h"
#include "proto/conn/conn.h"

enum { PREFIX_MAX = 32 }; /* more than is needed to recognise any protocol */

/* The first bytes of a direction, kept until they show which protocol it is. */
struct prefix {
    uint8_t n;
    uint8_t bytes[PREFIX_MAX];
    struct packet_mark mark;
};

/* What a decoder makes of first bytes. */
enum sniff {
    SNIFF_NO,
    SNIFF_MAYBE, /* wait for more bytes, if no other decoder is sure */
    SNIFF_WAIT,  /* wait for more bytes, whatever decoders after this one say */
    SNIFF_YES
};

struct decoder;

/* One layer of a connection: its own bytes, or what was decrypted of the layer around it. */
struct conn {
    struct flow_conn *flow;
    const struct decoder *decoder; /* that takes its bytes; NULL: not known, or none does */
    bool other;                    /* its bytes are of no protocol known here */
    bool mid_stream;               /* the first bytes may lie inside a message */
    bool client_unknown;           /* the client began with bytes of no protocol known here */
    bool server_first;             /* the server did, before the client said anything */
    uint8_t depth;                 /* layers around this one */
    bool over[2];                  /* outermost layer: all bytes of the direction came, and its FIN */
    uint32_t skipped;              /* exchanges before the first that is read */
    void *state[FACT_PROTO_OTHER]; /* of decoders, by enum fact_proto: a tunnel has several */
    struct conn *inner;            /* what its decrypted bytes are */
    struct prefix prefix[2];
};

/* Nothing more is to come in either direction. */
static inline bool conn_is_over(const struct conn *c)
{
    return c->over[FLOW_C2S] && c->over[FLOW_S2C];
}

/* What all connections of a worker share. */
struct proto {
    struct fact_sink sink;
    struct http1_env http1;
    struct http2_env http2;
    struct tls_env tls;
    struct tls_plain_sink plain; /* takes decrypted bytes into the layer inside */
    struct slab conns;
    struct budget *budget;
    struct proto_counters counters;
    struct dns_message message;
};

/* Reports a fact. */
static inline void proto_emit(struct proto *p, const struct fact *f)
{
    fact_emit(&p->sink, f);
}

/* The stream bytes of the chunk after its first `used`. */
static inline struct flow_chunk conn_chunk_after(const struct flow_chunk *chunk, uint64_t used)
{
    struct flow_chunk rest = flow_chunk_copy(chunk);
    size_t captured = used < chunk->bytes.n ? (size_t)used : chunk->bytes.n;

    rest.offset += used;
    rest.len -= used;
    rest.bytes = slice_of(captured < chunk->bytes.n ? chunk->bytes.p + captured : NULL, chunk->bytes.n - captured);
    return rest;
}

/* report.c */
/* Reports what the connection speaks, and gives its bytes to the decoder from now on; NULL: to none. */
void conn_set_decoder(struct proto *p, struct conn *c, const struct decoder *d, const struct packet_mark *mark);

/* sniff.c */
/* What the first bytes of dir are: SNIFF_YES with the decoder in *found, SNIFF_MAYBE: more of them are needed, or
 * SNIFF_NO; *found is NULL then. */
enum sniff conn_sniff(const struct conn *c, enum flow_dir dir, struct slice bytes, const struct decoder **found);
/* Keeps bytes that do not show the protocol yet until more come. False: there is no room for them. */
bool conn_keep(struct conn *c, const struct flow_chunk *chunk);
/* What is kept of the chunk's direction, and the chunk after it; valid as long as both and `joined`. */
struct slice conn_first_bytes(const struct conn *c, const struct flow_chunk *chunk, uint8_t joined[PREFIX_MAX]);
/* Swaps client and server, and the chunk's direction, where the first bytes prove that the roles were guessed wrong. */
void conn_mend_roles(struct conn *c, struct flow_chunk *chunk, const struct decoder *found, struct slice first);
/* True when a client of no known protocol said something: its server is to be heard first. */
bool conn_await_answer(struct conn *c, enum flow_dir dir);
/* The server spoke first, in no protocol known here: true when the client is to be heard before it is given up. */
bool conn_await_client(struct conn *c, const struct flow_chunk *chunk);

/* dns_decoder.c: struct flow_sink's udp and udp_error; ctx is a struct proto. */
void conn_on_udp(void *ctx, const struct flow_datagram *d);
void conn_on_udp_error(void *ctx, const struct flow_udp_error *error);

#endif
