/* Connections as this stage knows them: what stands around the exchanges on each. */
#ifndef P2T_CORRELATE_CONN_H
#define P2T_CORRELATE_CONN_H

#include "correlate/state.h"

/* What only its record tells, once it is over: record.c */
struct conn_notes {
    struct packet_mark last_syn, last_late_syn_ack, challenged, icmp;
    struct ip_addr icmp_sender;
    uint8_t icmp_family, icmp_type, icmp_code;
    uint32_t late_syn_acks;
    uint32_t filled[2], reordered[2]; /* holes, by dir: by a repeat, or because packets had changed places */
    struct flow_stall *stalls;        /* the first ones, P2T_STALLS_MAX at most; in its arena */
    uint32_t stall_count, stall_cap, stalls_dropped;
};

/* conn.c */
struct cconn {
    struct list_link all;   /* in correlate.conns */
    struct hmap_node node;  /* in correlate.carried */
    struct flow_conn *flow; /* its `follower` is this one */
    struct exchange_conn view;
    struct dial *dial;
    int attempt;
    struct list_link open;     /* exchanges under way, oldest first */
    struct exchange *found;    /* the last one looked for, or NULL */
    struct exchange *settling; /* ended; waits for what the connection does next */
    uint32_t positions;        /* exchanges given out */
    struct conn_tls *tls;      /* NULL: no TLS */
    bool is_dns;
    bool go_resolver; /* its lookup was made by Go's own resolver */
    struct pool *pool;
    struct dial *promised; /* the request that made this dial is the next on this connection */
    struct list_link idle; /* among the idle connections of its pool */
    bool is_idle;
    int64_t free_ns; /* since when it could carry its next request */
    struct conn_notes notes;
    uint64_t told[2];          /* stream offsets up to which messages are told ... */
    uint32_t told_segments[2]; /* ... and the segments until then */
    struct slice socks_error;
    struct arena arena; /* proxy target */
};

/* Of the exchanges that are under way on the connection; NULL when there is none. */
static inline struct exchange *conn_oldest_open(const struct cconn *cc)
{
    return list_empty(&cc->open) ? NULL : list_entry(cc->open.next, struct exchange, open);
}

static inline struct exchange *conn_newest_open(const struct cconn *cc)
{
    return list_empty(&cc->open) ? NULL : list_entry(cc->open.prev, struct exchange, open);
}

/* A connection without a flow, in no list. NULL when memory ran out. */
struct cconn *conn_take(struct correlate *c);
/* A connection was opened: NULL when memory ran out. */
struct cconn *conn_open(struct correlate *c, const struct fact *f);
/* From now on, facts about the flow are about it. */
void conn_follow(struct correlate *c, struct cconn *cc, struct flow_conn *flow);
/* Its flow is given up, and it is freed. It must be in no pool. */
void conn_free(struct correlate *c, struct cconn *cc);
/* Both ends as the flow has them now: who is the client may be learnt from bytes only. What was noted of the sides until
 * then goes with them. */
void conn_take_endpoints(struct cconn *cc);
/* Keeps the moments of the connection's own events. */
void conn_note_event(struct cconn *cc, const struct fact *f);
/* The connection leads to a SOCKS proxy: its target, and what the proxy replied, are kept. */
void conn_socks_request(struct cconn *cc, const struct fact *f);
void conn_socks_reply(struct cconn *cc, const struct fact *f);
/* Copies what is known of the connection so far into the exchange; the exchange's own place on it stays. */
void conn_snapshot(const struct cconn *cc, struct exchange *e);
/* When the connection was ready for its first request: its handshake's end, or its TLS handshake's. */
const struct packet_mark *conn_ready_mark(const struct cconn *cc);

#endif
