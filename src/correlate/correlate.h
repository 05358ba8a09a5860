/* Facts in packet order, exchanges out in the order in which they end.
 *
 * The one stage that looks across connections: it joins lookups, dials, connections and messages. It knows no
 * clock but the packets'. */
#ifndef P2T_CORRELATE_CORRELATE_H
#define P2T_CORRELATE_CORRELATE_H

#include "correlate/exchange.h"

struct correlate;

/* Named limits, each with the attack it bounds. */
struct correlate_limits {
    size_t lookups;           /* names asked for at once, which no connection follows: random-subdomain floods */
    size_t pending_queries;   /* queries without an answer */
    size_t waiting_exchanges; /* ended, but held back so that output keeps its order ... */
    size_t waiting_bytes;     /* ... and their memory */
    size_t header_bytes;      /* kept of one head: what is more is counted, not kept */
    struct budget *budget;    /* where what is held counts, or NULL */
};

extern const struct correlate_limits correlate_limits_default;

struct correlate_counters {
    uint64_t exchanges, lookups, dials;
    uint64_t order_relaxed; /* exchanges whose end was learnt after a later one was handed over */
    uint64_t lookups_evicted, queries_evicted;
    uint64_t dns_unsolicited; /* answers nobody asked for, late or forged */
};

/* Called for each exchange; it is valid during the call, unless it is kept. */
typedef void correlate_emit(void *ctx, const struct exchange *e);

struct correlate *correlate_new(const struct correlate_limits *limits, correlate_emit *emit, void *ctx);
void correlate_free(struct correlate *c);
void correlate_fact(struct correlate *c, const struct fact *fact);
/* The packet clock has come to ts_ns. Cheap; meant to be called for every frame. */
void correlate_clock(struct correlate *c, int64_t ts_ns);
/* The input has ended: what its connections still tell comes in no order of time, and waits for each other. */
void correlate_ending(struct correlate *c);
/* No facts will come any more: everything open is decided and emitted. */
void correlate_finish(struct correlate *c);
/* From within the call: the exchange that it was called with, which is the caller's until it is given back, before
 * correlate_free. */
struct exchange *correlate_keep(struct correlate *c);
void correlate_give_back(struct correlate *c, struct exchange *e);
const struct correlate_counters *correlate_counters(const struct correlate *c);

/* What a decision that is still to be made rests on. */
struct correlate_need {
    uint64_t id;                    /* of the exchange, where it is one already; else 0 */
    struct endpoint client, server; /* server.ip.family 0: the packets of a lookup by client.ip */
    struct packet_mark first;       /* of its packets */
    int64_t last_ns;                /* of a lookup */
    bool other;                     /* of another connection than the exchange was sent on */
};

/* Every connection attempt and lookup that an exchange still to be handed over may tell of, in no order, and some of
 * them more than once. */
typedef void correlate_visit(void *ctx, const struct correlate_need *need);
void correlate_each_need(const struct correlate *c, correlate_visit *visit, void *ctx);

/* A place between two exchanges of a connection, from which on it can be told without what came before. */
struct correlate_place {
    uint32_t position;         /* of the exchange that begins there */
    struct slice dialled_host; /* valid during the call */
};

/* Right after the head of a request: true when nothing else is under way on the connection, and its own dial is told. */
bool correlate_place(const struct correlate *c, uint64_t conn, struct correlate_place *place);
/* Where the dial that made the connection was told of otherwise than by its own first request, when what told of it
 * began; 0: not so. */
int64_t correlate_dial_over_ns(const struct correlate *c, uint64_t conn);
/* While a session is rebuilt: right after such a connection's first SYN, its dial is done away with; and an exchange of
 * which fn says so takes no dial of another connection, for the one it had may be missing. fn NULL: that is over. */
void correlate_forget_dial(struct correlate *c, uint64_t conn);
typedef bool correlate_told(void *ctx, uint64_t id, int64_t start_ns);
void correlate_repeating(struct correlate *c, correlate_told *fn, void *ctx);
/* After flow_tcp_skip(). */
void correlate_skip(struct correlate *c, uint64_t conn, const struct correlate_place *place);

#endif
