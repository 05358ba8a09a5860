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
    struct hmap conns, lookups_by_label, lookups_by_addr, queries;
    struct slab conn_slab, lookup_slab, dial_slab, query_slab, addr_slab;
    struct lookup *lookup_oldest, *lookup_newest;
    size_t lookup_count;
    struct exchange *free_exchanges;
    struct recent recent[RECENT_MAX];
    size_t recent_n, recent_next;
    bool finishing;
};

/* timers.c */
void timer_set(struct correlate *c, struct timer *t, enum timer_kind kind, int64_t due_ns);
void timer_stop(struct correlate *c, struct timer *t);
void timers_run(struct correlate *c, int64_t now_ns);

/* outbox.c */
struct exchange *exchange_take(struct correlate *c);
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
    int winner; /* index, or -1 */
    struct timer timer;
    struct hold hold;
};

void dial_syn(struct correlate *c, struct cconn *cc, const struct fact *f);
void dial_event(struct correlate *c, struct cconn *cc, const struct fact *f);
void dial_timer(struct correlate *c, struct dial *d);
/* Hands lookup and attempts over to the exchange; the dial is gone afterwards. host: the name that the connection's
 * first request gives, or empty where that says nothing about the lookup (proxies). */
void dial_into_exchange(struct correlate *c, struct cconn *cc, struct exchange *e, struct slice host);
/* A side closed it: if no request came over it, none will. */
void dial_conn_closed(struct correlate *c, struct cconn *cc);
/* The connection is over. */
void dial_conn_gone(struct correlate *c, struct cconn *cc, enum flow_end why);
/* A dial that no request used, as an exchange of its own. orphan: the request it was for was served elsewhere. */
void dial_report(struct correlate *c, struct dial *d, bool quiet, bool orphan);

/* conn.c */
struct cconn {
    struct hmap_node node;
    uint64_t number;
    struct flow_tcp *flow;
    struct exchange_conn view;
    struct dial *dial;
    int attempt;
    struct exchange *open_first, *open_last; /* under way, oldest first */
    struct exchange *settling;               /* ended; waits for what the connection does next */
    uint32_t positions;                      /* exchanges given out */
    bool is_dns;
    struct slice socks_error;
    struct arena arena; /* proxy target */
};

struct cconn *conn_find(struct correlate *c, uint64_t number);
void conn_fact(struct correlate *c, const struct fact *f);
void conn_snapshot(const struct cconn *cc, struct exchange *e);
void conn_settled(struct correlate *c, struct exchange *e);

/* http.c */
void http_fact(struct correlate *c, struct cconn *cc, const struct fact *f);
void http_conn_event(struct correlate *c, struct cconn *cc, const struct fact *f);
void http_conn_gone(struct correlate *c, struct cconn *cc);

/* outcome.c */
void outcome_judge(struct exchange *e);
void outcome_judge_lookup(struct exchange *e);
void outcome_judge_dial(struct exchange *e);

/* finding.c */
void finding_add(struct exchange *e, const char *code, enum p2t_severity severity, const struct packet_mark *a,
                 const struct packet_mark *b, const char *format, ...) __attribute__((format(printf, 6, 7)));
void finding_all(struct exchange *e);
struct slice text_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* links.c */
void links_ended(struct correlate *c, struct exchange *e);
void links_begun(struct correlate *c, struct exchange *e);
void links_settled(struct correlate *c, struct exchange *e);

#endif
