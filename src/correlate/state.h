/* What the files of this module share: the state behind struct correlate. */
#ifndef P2T_CORRELATE_STATE_H
#define P2T_CORRELATE_STATE_H

#include "base/hash.h"
#include "base/slab.h"
#include "correlate/correlate.h"

static const int64_t MS = 1000000, SECOND = 1000000000;

/* How long an ended exchange waits for what its connection does next (PutIdleConn's upper bound, a FIN). */
static const int64_t SETTLE_NS = 1000000000;
/* How long after a failure the next address, search name or retry may follow. */
static const int64_t FOLLOW_NS = 200000000;

struct lookup;
struct dial;
struct cconn;
struct pool;

enum { RECENT_MAX = 64 };

/* An exchange whose successor would be linked to it: a retry or a redirect. */
struct recent {
    bool redirect;
    uint64_t id;
    int64_t until_ns;
    struct ip_addr client;
    uint64_t key;              /* hash of what the successor asks for */
    struct exchange *exchange; /* still settling, or NULL */
};

struct correlate {
    struct correlate_limits limits;
    struct correlate_counters counters;
    correlate_emit *emit;
    void *emit_ctx;
    int64_t now_ns;
    int64_t emitted_ns; /* the latest end of those handed over */
    uint64_t serial;    /* tie-breaker: the order in which things were made */
    struct heap timers, outbox;
    struct cconn *conns; /* those followed, the newest first */
    struct hmap lookups_by_label, lookups_by_addr, queries, pools;
    struct slab conn_slab, pool_slab, lookup_slab, dial_slab, query_slab, addr_slab, tls_slab;
    struct lookup *lookup_oldest, *lookup_newest;
    size_t lookups_unused; /* no dial follows them */
    struct exchange *free_exchanges;
    size_t free_count;
    size_t waiting_bytes;
    struct exchange *emitting; /* NULL: it is kept */
    struct recent recent[RECENT_MAX];
    size_t recent_n, recent_next;
    struct hmap carried; /* connections that were read back and whose flow is not there yet, by their first packet */
    struct flow_conn gone; /* stands for it */
    bool finishing;
    bool gathering; /* the input has ended: nothing is handed over before all of it is known */
};

/* timers.c */
void timer_set(struct correlate *c, struct timer *t, enum timer_kind kind, int64_t due_ns);
void timer_stop(struct correlate *c, struct timer *t);
void timers_run(struct correlate *c, int64_t now_ns);

/* outbox.c */
struct exchange *exchange_take(struct correlate *c);
/* Of one that is in no list. */
void exchange_drop(struct correlate *c, struct exchange *e);
void outbox_hold(struct correlate *c, struct hold *h, int64_t end_ns);
void outbox_release(struct correlate *c, struct hold *h);
/* The exchange has ended, for all that can be told; it is emitted once it is final and nothing earlier is open. */
void outbox_put(struct correlate *c, struct exchange *e, bool final);
void outbox_final(struct correlate *c, struct exchange *e);
/* It was none: given back without a word. */
void outbox_discard(struct correlate *c, struct exchange *e);
void outbox_drain(struct correlate *c);
void outbox_flush(struct correlate *c);

/* dial.c */
struct dial {
    struct lookup *lookup; /* NULL: an address literal, or no lookup was captured */
    struct dial *next;     /* of the same lookup */
    struct exchange_attempt *attempts;
    struct cconn **conns; /* of each attempt; NULL once it is gone */
    size_t n, cap;
    struct exchange_attempt first_attempt; /* attempts and conns point here while there is no other */
    struct cconn *first_conn;
    int winner; /* index, or -1 */
    struct timer timer;
    struct hold hold;
    struct pool *pool;
    struct dial *pool_before, *pool_next;
    int64_t miss_ns;             /* when the request that dialled had found no connection */
    struct cconn *served_on;     /* this connection is promised to that request */
    struct exchange *claimed_by; /* that request, sent on another connection */
};

/* One more attempt fits; false: memory ran out. */
bool dial_make_room(struct correlate *c, struct dial *d);
void dial_free_attempts(struct correlate *c, struct dial *d);
void dial_copy_attempts(const struct dial *d, struct exchange *e);
void dial_syn(struct correlate *c, struct cconn *cc, const struct fact *f);
void dial_event(struct correlate *c, struct cconn *cc, const struct fact *f);
void dial_timer(struct correlate *c, struct dial *d);
/* Hands lookup and attempts over to the exchange; the dial is gone afterwards. host: the name that the connection's
 * first request gives, or empty where that says nothing about the lookup (proxies). */
void dial_into_exchange(struct correlate *c, struct cconn *cc, struct exchange *e, struct slice host);
/* The dial has come to its end, or the request that made it has been found: d->claimed_by tells of it. */
void dial_claimed(struct correlate *c, struct dial *d);
/* A side closed it: if no request came over it, none will. */
void dial_conn_closed(struct correlate *c, struct cconn *cc);
/* The connection is over. */
void dial_conn_gone(struct correlate *c, struct cconn *cc, enum flow_end why);
/* A dial that no request used, as an exchange of its own. orphan: the request it was for was served elsewhere. */
void dial_report(struct correlate *c, struct dial *d, bool quiet, bool orphan);

/* conn.c */
struct cconn {
    struct cconn *newer, *older; /* in correlate.conns */
    struct hmap_node node;       /* in correlate.carried */
    struct flow_conn *flow;      /* its `follower` is this one */
    struct exchange_conn view;
    struct dial *dial;
    int attempt;
    struct exchange *open_first, *open_last; /* under way, oldest first */
    struct exchange *found;                  /* the last one looked for, or NULL */
    struct exchange *settling;               /* ended; waits for what the connection does next */
    uint32_t positions;                      /* exchanges given out */
    struct conn_tls *tls;                    /* NULL: no TLS */
    bool is_dns;
    bool go_resolver; /* its lookup was made by Go's own resolver */
    struct pool *pool;
    struct dial *promised; /* the request that made this dial is the next on this connection */
    struct cconn *idle_newer, *idle_older;
    bool is_idle;
    int64_t free_ns; /* since when it could carry its next request */
    struct slice socks_error;
    struct arena arena; /* proxy target */
};

/* From now on, facts about the flow are about it. */
void conn_follow(struct correlate *c, struct cconn *cc, struct flow_conn *flow);
/* Its packets were not carried over: it is told of as far as it came. */
void conn_lost(struct correlate *c, struct cconn *cc);
void conn_fact(struct correlate *c, const struct fact *f);
void conn_snapshot(const struct cconn *cc, struct exchange *e);
/* When the connection was ready for its first request. */
const struct packet_mark *conn_ready_mark(const struct cconn *cc);

/* open.c */
struct exchange *open_find(struct cconn *cc, uint32_t number);
/* first: its first packet. NULL when memory ran out. */
struct exchange *open_begin(struct correlate *c, struct cconn *cc, enum p2t_kind kind,
                            const struct packet_mark *first);
/* It was none: given back without a word, and its position with it. */
void open_discard(struct correlate *c, struct exchange *e);
/* The connection's first request takes over the dial that made it. */
void open_take_own_dial(struct correlate *c, struct cconn *cc, struct exchange *e);
/* ... and so its first packet is the dial's. */
void open_begins_with_dial(struct exchange *e);
/* The name to check a lookup against: the host without its port; none where a proxy stands between. */
struct slice open_dialled_host(const struct exchange *e);
/* All is known of a settled exchange. */
void open_finish(struct correlate *c, struct exchange *e);
/* Provisional ... */
void open_may_have_ended(struct correlate *c, struct exchange *e, int64_t end_ns, int64_t wait_ns);
/* ... and taken back. */
void open_goes_on(struct correlate *c, struct exchange *e);
/* From here on it settles: it waits for what its connection does next. */
void open_has_ended(struct correlate *c, struct exchange *e, int64_t end_ns);
void open_settle(struct correlate *c, struct exchange *e);
void open_settle_previous(struct correlate *c, struct cconn *cc);
void open_timer(struct correlate *c, struct exchange *e);
void open_conn_event(struct correlate *c, struct cconn *cc, const struct fact *f);
void open_conn_gone(struct correlate *c, struct cconn *cc);

/* http.c */
void http_fact(struct correlate *c, struct cconn *cc, const struct fact *f);

/* tls.c */
struct conn_tls;
void tls_fact(struct correlate *c, struct cconn *cc, const struct fact *f);
/* Before open_conn_event and open_conn_gone: a handshake that ends with the connection failed. */
void tls_conn_event(struct correlate *c, struct cconn *cc, const struct fact *f);
void tls_conn_gone(struct correlate *c, struct cconn *cc);
/* More of the estimated response came since its end was last supposed: it is supposed anew. */
bool tls_still_flows(struct correlate *c, struct exchange *e);
void tls_snapshot(const struct cconn *cc, struct exchange *e);
/* NULL: no TLS, or memory ran out. */
struct exchange_tls *tls_copy(const struct cconn *cc, struct arena *a);
const struct packet_mark *tls_done_mark(const struct cconn *cc);
/* The exchange tells of the handshake, if none did yet. */
void tls_tell_in(struct cconn *cc, struct exchange *e);
/* True when a handshake was made that no exchange tells of yet: the caller's does. */
bool tls_tell(struct cconn *cc);

/* certificate.c */
/* What Go's verifier would say of it at ts_ns, in its words; n == 0: nothing, as far as the certificate shows. The
 * chain of trust is not looked at. */
struct slice certificate_problem(struct arena *a, const struct tls_certificate *cert, struct slice host,
                                 int64_t ts_ns);

/* links.c */
void links_ended(struct correlate *c, struct exchange *e);
void links_begun(struct correlate *c, struct exchange *e);
void links_settled(struct correlate *c, struct exchange *e);

#endif
