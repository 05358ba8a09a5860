/* The flow module's own: a connection's state, the table, and what the files of the module do for each other. */
#ifndef P2T_FLOW_INTERNAL_H
#define P2T_FLOW_INTERNAL_H

#include "base/slab.h"
#include "flow/half.h"
#include "flow/key.h"
#include "flow/table.h"

enum { FLOW_FRESH_SIZE = 256 };
enum { FLOW_PATHS_PER_PAIR = 64 }; /* keys of one pair of endpoints: the same packet under ever new tunnel ids */

/* FLOW_GONE: closed for a while; a late packet makes it FLOW_CLOSED again. */
enum flow_class { FLOW_HALF_OPEN, FLOW_OPEN, FLOW_CLOSED, FLOW_GONE, FLOW_CLASSES };

/* Sides stay as they are when roles are swapped; side 0 was the client when it was opened. */
struct flow_tcp {
    struct flow_conn head; /* the sink's pointer */
    uint32_t client_isn;   /* sequence number of the client's first byte seen, minus one, as known at tcp_open */
    uint8_t client_side;
    uint8_t class;
    uint8_t ttl;      /* of the first packet seen */
    bool handshake;   /* its SYN or SYN-ACK was seen */
    bool established; /* FLOW_ESTABLISHED was sent */
    bool in_syns;
    bool is_fresh; /* in the table's `fresh`, at fresh_at */
    uint8_t fresh_at;
    bool challenged; /* while half-open: its SYN was answered by an ACK, whose number is the server's `base` so far */
    bool keeps_syn_data;    /* the client's half holds what came with its SYN */
    bool sent_after_rst;    /* FLOW_SENT_AFTER_RST was sent */
    uint32_t first_payload; /* the client's, by time as flow_us() gives it; only once there is one */
    int64_t last_ns;        /* by the packet clock */
    int64_t before_ns;      /* when the packet before the last one came */
    int64_t newest_ns;      /* latest time of its own packets, as clock_ahead_ns has them */
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
    struct slab conns, aliases, helds, transports, troubles;
    struct list_link lru[FLOW_CLASSES]; /* least recently used first */
    size_t count[FLOW_CLASSES];
    int64_t deadline_ns[FLOW_CLASSES]; /* nothing of the class expires before */
    int64_t next_deadline_ns;          /* none of those comes before */
    struct list_link opened;           /* in the order of opening */
    struct list_link holding;          /* struct flow_held, the longest holding first */
    size_t held_bytes;
    struct flow_recent recent;
    struct flow_tcp *fresh[FLOW_FRESH_SIZE]; /* the last SYNs' connections, by what a NAT leaves as it was; or NULL */
    struct flow_nat *nat;                    /* NULL: no DNS question came so far */
};

/* now is never before then; unsigned, because captured times may be anything. */
static inline uint64_t flow_elapsed(int64_t now_ns, int64_t then_ns)
{
    return now_ns > then_ns ? (uint64_t)now_ns - (uint64_t)then_ns : 0;
}

/* In units of 1.024 us; differences are right up to 73 minutes. */
static inline uint32_t flow_us(int64_t ns)
{
    return (uint32_t)((uint64_t)ns >> 10);
}

/* What is held after holes was `before` bytes and is `now`. */
static inline void flow_holds(struct flow_table *t, size_t before, size_t now)
{
    t->held_bytes += now - before;
    budget_change(t->limits.budget, before, now);
}

static inline enum flow_dir flow_dir_of(const struct flow_tcp *c, unsigned side)
{
    return side == c->client_side ? FLOW_C2S : FLOW_S2C;
}

static inline bool flow_is_syn(const struct packet *p)
{
    return (p->tcp.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

static inline bool flow_is_syn_ack(const struct packet *p)
{
    return (p->tcp.flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
}

/* Hands the sink an event that `side` sent at `mark`. */
static inline void flow_emit(struct flow_table *t, struct flow_tcp *c, unsigned side, enum flow_event_kind kind,
                             struct packet_mark mark)
{
    struct flow_event e = {.kind = kind, .dir = flow_dir_of(c, side), .mark = mark};

    t->sink.tcp_event(t->sink.ctx, &c->head, &e);
}

/* lifecycle.c */
/* Opens the connection of a packet that belongs to none, after evicting another where the table is full; the packet is
 * not taken yet. The table owns the connection. NULL when memory ran out. */
struct flow_tcp *flow_tcp_open(struct flow_table *t, const struct flow_lookup *l, const struct packet *p);
/* Gives up its holes, tells the sink, and frees it. */
void flow_tcp_close(struct flow_table *t, struct flow_tcp *c, enum flow_end why);
/* Frees it without a word to the sink. */
void flow_tcp_free(struct flow_table *t, struct flow_tcp *c);
/* Closes the connections whose limit of idle time is over by the packet clock. */
void flow_expire(struct flow_table *t);

/* use.c: connections of each class in the order of their last use. */
/* Puts a new connection last in its class. */
void flow_use_add(struct flow_table *t, struct flow_tcp *c);
/* It leaves its class. */
void flow_use_remove(struct flow_table *t, struct flow_tcp *c);
/* It was used now: it becomes the last of its class. */
void flow_tcp_touch(struct flow_table *t, struct flow_tcp *c);
/* It becomes the last of another class. */
void flow_tcp_set_class(struct flow_table *t, struct flow_tcp *c, enum flow_class class);
/* NULL: the class is empty. */
struct flow_tcp *flow_least_recent(const struct flow_table *t, unsigned class);
/* How long a connection of the class may be idle. */
int64_t flow_class_limit_ns(const struct flow_table *t, unsigned class);
/* INT64_MAX instead of an overflow. */
int64_t flow_deadline_ns(int64_t from_ns, int64_t limit_ns);

/* alias.c: adds a key to the known connection that the packet belongs to under other addresses or another path. NULL:
 * there is none, or no room. */
struct flow_key_node *flow_alias(struct flow_table *t, const struct flow_lookup *l, const struct packet *p,
                                 struct flow_print print);

/* syns.c: connections by their client's endpoint and initial sequence number, the newest of each. */
/* Without memory it is just not found. */
void flow_syns_add(struct flow_table *t, struct flow_tcp *c);
/* Does nothing where it is not in. */
void flow_syns_remove(struct flow_table *t, struct flow_tcp *c);
/* NULL: none. */
struct flow_tcp *flow_syns_find(const struct flow_table *t, const struct endpoint *client, uint32_t isn);
/* The connection whose first SYN was this packet, under any addresses and within the last millisecond, or NULL. */
struct flow_tcp *flow_syns_fresh(const struct flow_table *t, struct flow_print print);
/* One of the last SYNs, by what a NAT leaves as it was; the one that had its place is known by that no more. */
void flow_syns_add_fresh(struct flow_table *t, struct flow_tcp *c, struct flow_print print);

/* clock.c */
/* The packet's time is not to be taken as it is: the capture's clock was set back since the connection began. */
bool flow_clock_differs(const struct flow_tcp *c, const struct packet *p);
/* Moves its time after those of the packets that must have come before it. */
void flow_clock_apply(struct flow_tcp *c, unsigned side, struct packet *p);

/* handshake.c */
/* A new connection began on these endpoints, and this packet belongs to it. */
bool flow_is_reuse(const struct flow_tcp *c, unsigned side, const struct packet *p);
/* Takes a SYN or SYN-ACK; false when the packet is not this connection's. */
bool flow_handshake(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p);
/* What a packet tells about where the streams begin. */
void flow_learn_base(struct flow_tcp *c, unsigned side, const struct packet *p);
/* A SYN-ACK answers this connection's SYN. */
bool flow_answers(const struct flow_tcp *c, unsigned side, const struct packet *p);

/* segment.c: takes one segment of `side`, header and bytes. 0, or P2T_ERR_MEMORY. */
int flow_segment(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet *p);

/* stream.c */
/* Takes the part's new bytes: delivers or holds them. 0, or P2T_ERR_MEMORY. */
int flow_stream_push(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct flow_part *part);
/* Bytes that came with the SYN (RFC 7413) are kept until it is known whether the server took them. 0, or P2T_ERR_MEMORY. */
int flow_stream_keep(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct flow_part *part);
/* It took them, at `mark` at the latest: delivers what is kept. */
void flow_stream_release(struct flow_table *t, struct flow_tcp *c, unsigned side, const struct packet_mark *mark);
/* It did not: they are sent again. */
void flow_stream_forget(struct flow_table *t, struct flow_tcp *c, unsigned side);
/* True when the part has a byte that was not seen before. */
bool flow_stream_is_new(const struct flow_half *h, const struct flow_part *part);
/* Counts a part that differs from what is held in its place. */
void flow_stream_compare(struct flow_table *t, const struct flow_half *h, const struct flow_part *part);
/* The peer acknowledged up to `acked` with this packet. */
void flow_stream_acked(struct flow_half *h, uint64_t acked, struct packet_mark mark);
/* Gives up holes whose patience is over. */
void flow_stream_expire(struct flow_table *t, struct flow_tcp *c, unsigned side);
/* Gives up every hole, also one after the last byte seen. */
void flow_stream_flush(struct flow_table *t, struct flow_tcp *c, unsigned side);
/* The side's stream ends at offset `fin`; the sink hears of it when all bytes before came. */
void flow_stream_fin(struct flow_table *t, struct flow_tcp *c, unsigned side, uint64_t fin, struct packet_mark mark);
/* Frees what the half holds after holes. */
void flow_stream_free(struct flow_table *t, struct flow_half *h);

/* nat.c: DNS datagrams that were captured on both sides of a NAT. */
/* A datagram to or from a name server, or an ICMP error about one. */
bool flow_nat_concerns(const struct packet *p);
/* Gives such a packet the addresses of the side that was captured first. True: it is a copy of a question seen just now. */
bool flow_nat_translate(struct flow_table *t, struct packet *p);

/* A NAT leaves a packet's own number as it was, and a router counts the hops: where the number says nothing, they must
 * differ. */
static inline bool flow_may_be_translated(bool numbered, uint8_t ttl_before, uint8_t ttl)
{
    enum { HOPS_MAX = 4 };
    int hops = ttl < ttl_before ? ttl_before - ttl : ttl - ttl_before;

    return hops <= HOPS_MAX && (numbered || hops > 0);
}

/* datagram.c */
/* Hands the sink a datagram, unless it is a copy; flow_icmp(): what an ICMP error says of a connection or a query. */
void flow_udp(struct flow_table *t, const struct packet *p);
void flow_icmp(struct flow_table *t, const struct packet *p);
/* True: the ICMP error quotes a SYN of no known connection, which *syn is then, with the error's own mark. */
bool flow_icmp_unseen(const struct flow_table *t, const struct packet *p, struct packet *syn);

#endif
