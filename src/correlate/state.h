/* The state of struct correlate, as its files share it. The parts are explained in their own headers. */
#ifndef P2T_CORRELATE_STATE_H
#define P2T_CORRELATE_STATE_H

#include "base/hash.h"
#include "base/list.h"
#include "base/slab.h"
#include "correlate/correlate.h"
#include "correlate/times.h"

struct lookup;
struct dial;
struct cconn;
struct pool;

enum { RECENT_MAX = 64 };
#define RECENT_ANY UINT32_MAX
/* Suffixes of search lists that are known at once. */
enum { SUFFIXES_MAX = 64 };
/* Names that clients are known to have connected to. */
enum { FOLLOWED_MAX = 1024 };

/* An exchange whose successor would be linked to it: a retry or a redirect. */
struct recent {
    bool redirect;
    uint32_t bytes; /* of what the key is made of; 0: not known */
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
    correlate_record *record; /* NULL: nobody asks for them */
    void *record_ctx;
    int64_t now_ns;
    uint64_t serial; /* tie-breaker: the order in which things were made */
    struct heap timers;
    struct heap outbox;       /* settled by the packet at hand */
    struct heap last_lookups; /* after the last packet: whose exchanges are still to be made, by start */
    struct list_link conns;   /* those whose flow is still there, the newest first */
    struct hmap lookups_by_label, lookups_by_addr, queries, query_sockets, pools;
    struct hmap open_by_number; /* exchanges, by connection and number */
    struct slab conn_slab, pool_slab, lookup_slab, dial_slab, query_slab, addr_slab, tls_slab;
    struct list_link lookups;        /* all, the oldest first */
    struct list_link unused_lookups; /* no dial follows them */
    size_t lookups_unused;
    uint64_t suffixes[SUFFIXES_MAX]; /* of search lists, hashed with their client */
    size_t suffix_next;
    uint64_t followed
        [FOLLOWED_MAX]; /* lookup/followed.c: by hash of client, name and family; a newer one may take its place */
    struct list_link free_exchanges;
    size_t free_count;
    struct exchange *emitting; /* NULL: it is kept */
    struct recent recent[RECENT_MAX];
    size_t recent_n, recent_next;
    uint32_t recent_bytes[RECENT_MAX]; /* of each, to be looked through at once; RECENT_ANY: not known */
    struct hmap carried; /* connections that were read back and whose flow is not there yet, by their first packet */
    struct flow_conn gone; /* stands for it */
    bool finishing;
    bool ending; /* the input has ended: what is left comes sorted as a whole */
};

#endif
