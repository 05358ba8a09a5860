/* The flow module's own: a connection's state, the table, and what the files of the module do for each other. */
#ifndef P2T_FLOW_INTERNAL_H
#define P2T_FLOW_INTERNAL_H

#include "base/slab.h"
#include "flow/duplicate.h"
#include "flow/held.h"
#include "flow/key.h"
#include "flow/table.h"

enum {
    FLOW_REACH_BYTES = 1 << 30, /* the largest window there is (RFC 7323 2.3): nothing real lies further ahead */
    FLOW_SLACK_BYTES = 1 << 20, /* around what was seen: where a RST, an ICMP quote or a copy must lie */
    FLOW_GUESSED_SCALE = 7,     /* window scale where the SYN was not seen */
    FLOW_PATHS_PER_PAIR = 64    /* keys of one pair of endpoints: the same packet under ever new tunnel ids */
};

/* How a direction's first byte is known. */
enum flow_base {
    FLOW_BASE_NONE,
    FLOW_BASE_PEER_ACK, /* joined mid-stream: what the peer expects; bytes in flight may have passed already */
    FLOW_BASE_BARE,     /* joined mid-stream at a packet without bytes, maybe a keep-alive probe */
    FLOW_BASE_FIXED
};

enum flow_class { FLOW_HALF_OPEN, FLOW_OPEN, FLOW_CLOSED, FLOW_CLASSES };

/* One direction. Offsets count stream bytes from 0. What every packet needs comes first. */
struct flow_half {
    uint64_t next;          /* everything before was delivered */
    uint64_t high;          /* behind the last byte seen */
    uint64_t acked;         /* by the peer; never beyond the FIN */
    uint64_t watch_to;      /* above `next`: bytes before it were acknowledged at `watch` and are missing */
    struct flow_held *held; /* NULL most of the time */
    uint32_t base;          /* sequence number of offset 0 */
    uint16_t window;        /* last advertised */
    int8_t scale;           /* from the SYN; -1 unknown */
    uint8_t base_from;      /* enum flow_base */
    bool syn_seen, syn_ack_seen, fin_seen, fin_in_order, rst_seen, zero_window, ack_seen, data_after_close;
    struct flow_ring ring;
    struct packet_mark deliverable; /* of the last chunk */
    struct packet_mark watch;
    struct packet_mark acked_at; /* the last acknowledgement of bytes not seen */
    uint64_t fin;                /* offset; only with fin_seen */
    struct packet_mark fin_mark;
};

/* Sides stay as they are when roles are swapped; side 0 was the client when it was opened. */
struct flow_conn {
    struct flow_tcp pub; /* first: the sink's pointer is ours */
    uint8_t client_side;
    uint8_t class;
    bool handshake;   /* its SYN or SYN-ACK was seen */
    bool established; /* FLOW_ESTABLISHED was sent */
    bool in_syns;
    int64_t last_ns;
    struct list_link lru, opened;
    struct flow_key_node key;
    struct flow_half half[2];
    struct hmap_node syn;
};

struct flow_table {
    struct flow_limits limits;
    struct flow_sink sink;
    struct flow_counters counters;
    int64_t now_ns; /* the packet clock; never goes back */
    struct hmap keys;
    struct hmap syns; /* by client endpoint and ISN: the newest connection each */
    struct slab conns, aliases, helds;
    struct list_link lru[FLOW_CLASSES]; /* least recently used first */
    size_t count[FLOW_CLASSES];
    int64_t deadline_ns[FLOW_CLASSES]; /* nothing of the class expires before */
    int64_t next_deadline_ns;          /* none of those comes before */
    struct list_link opened;           /* in the order of opening */
    struct list_link holding;          /* struct flow_held, the longest holding first */
    size_t held_bytes;
    struct flow_recent recent;
};

/* now is never before then; unsigned, because captured times may be anything. */
static inline uint64_t flow_elapsed(int64_t now_ns, int64_t then_ns)
{
    return now_ns > then_ns ? (uint64_t)now_ns - (uint64_t)then_ns : 0;
}

/* What is held behind holes was `before` bytes and is `now`. */
static inline void flow_holds(struct flow_table *t, size_t before, size_t now)
{
    t->held_bytes += now - before;
    budget_change(t->limits.budget, before, now);
}

static inline enum flow_dir flow_dir_of(const struct flow_conn *c, unsigned side)
{
    return side == c->client_side ? FLOW_C2S : FLOW_S2C;
}

/* Offset of a sequence number, unwrapped around the next byte expected; negative before the first byte. */
static inline int64_t flow_offset(const struct flow_half *h, uint32_t seq)
{
    return (int64_t)h->next + (int32_t)(seq - (h->base + (uint32_t)h->next));
}

static inline bool flow_is_syn(const struct packet *p)
{
    return (p->tcp.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

static inline bool flow_is_syn_ack(const struct packet *p)
{
    return (p->tcp.flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
}

/* lifecycle.c: opening, use, expiry, eviction, closing. */
struct flow_conn *flow_conn_open(struct flow_table *t, const struct flow_lookup *l, const struct packet *p);
void flow_conn_close(struct flow_table *t, struct flow_conn *c, enum flow_end why);
void flow_conn_free(struct flow_table *t, struct flow_conn *c);
void flow_conn_touch(struct flow_table *t, struct flow_conn *c);
void flow_conn_set_class(struct flow_table *t, struct flow_conn *c, enum flow_class class);
void flow_expire(struct flow_table *t);

/* alias.c: another key of a known connection, or NULL. */
struct flow_key_node *flow_alias(struct flow_table *t, const struct flow_lookup *l, const struct packet *p,
                                 struct flow_print print);
void flow_syns_add(struct flow_table *t, struct flow_conn *c);
void flow_syns_remove(struct flow_table *t, struct flow_conn *c);

/* handshake.c */
/* A new connection began on these endpoints, and this packet belongs to it. */
bool flow_is_reuse(const struct flow_conn *c, unsigned side, const struct packet *p);
/* Takes a SYN or SYN-ACK; false when the packet is not this connection's. */
bool flow_handshake(struct flow_table *t, struct flow_conn *c, unsigned side, const struct packet *p);
/* What a packet tells about where the streams begin. */
void flow_learn_base(struct flow_conn *c, unsigned side, const struct packet *p);
/* A SYN-ACK answers this connection's SYN. */
bool flow_answers(const struct flow_conn *c, unsigned side, const struct packet *p);

/* segment.c */
int flow_segment(struct flow_table *t, struct flow_conn *c, unsigned side, const struct packet *p);
void flow_emit(struct flow_table *t, struct flow_conn *c, unsigned side, enum flow_event_kind kind,
               struct packet_mark mark);
/* seq lies near what was seen of this direction. */
bool flow_near(const struct flow_half *h, uint32_t seq);

/* stream.c */
/* Takes the part's new bytes: delivers or holds them. 0, or P2T_ERR_MEMORY. */
int flow_stream_push(struct flow_table *t, struct flow_conn *c, unsigned side, const struct flow_part *part);
/* True when the part has a byte that was not seen before. */
bool flow_stream_is_new(const struct flow_half *h, const struct flow_part *part);
/* Counts a part that differs from what is held in its place. */
void flow_stream_compare(struct flow_table *t, const struct flow_half *h, const struct flow_part *part);
/* The peer acknowledged up to `acked` with this packet. */
void flow_stream_acked(struct flow_half *h, uint64_t acked, struct packet_mark mark);
/* Gives up holes whose patience is over. */
void flow_stream_expire(struct flow_table *t, struct flow_conn *c, unsigned side);
/* Gives up every hole, also behind the last byte seen. */
void flow_stream_flush(struct flow_table *t, struct flow_conn *c, unsigned side);
void flow_stream_fin(struct flow_table *t, struct flow_conn *c, unsigned side, uint64_t fin, struct packet_mark mark);
void flow_stream_free(struct flow_table *t, struct flow_half *h);

/* datagram.c */
void flow_udp(struct flow_table *t, const struct packet *p);
void flow_icmp(struct flow_table *t, const struct packet *p);

#endif
