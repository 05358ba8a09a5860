/* The state behind struct correlate, as its files share it. What the things in it are, their own headers say. */
#ifndef P2T_CORRELATE_STATE_H
#define P2T_CORRELATE_STATE_H

#include "base/hash.h"
#include "base/slab.h"
#include "correlate/correlate.h"
#include "correlate/times.h"

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
    struct cconn *conns; /* those that a flow stands behind, the newest first */
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
    struct hmap carried;  /* connections that were read back and whose flow is not there yet, by their first packet */
    struct flow_tcp gone; /* stands for it */
    bool finishing;
    bool gathering; /* the input has ended: nothing is handed over before all of it is known */
};

#endif
