/* Facts in packet order, exchanges out in the order in which they are settled: each when nothing that may still come
 * can change its story.
 *
 * The one stage that looks across connections: it joins lookups, dials, connections and messages. It knows no
 * clock but the packets'. */
#ifndef P2T_CORRELATE_CORRELATE_H
#define P2T_CORRELATE_CORRELATE_H

#include "base/buf.h"
#include "correlate/exchange.h"

struct correlate;

/* Named limits, each with the attack it bounds. */
struct correlate_limits {
    size_t lookups;         /* names asked for at once, which no connection follows: random-subdomain floods */
    size_t pending_queries; /* queries without an answer */
    size_t header_bytes;    /* kept of one head: what is more is counted, not kept */
    struct budget *budget;  /* where what is held counts, or NULL */
};

extern const struct correlate_limits correlate_limits_default;

struct correlate_counters {
    uint64_t exchanges, lookups, dials;
    uint64_t open_stories; /* dials and lookups given up for lack of memory before they were certain */
    uint64_t lookups_evicted, queries_evicted;
    uint64_t dns_unsolicited; /* answers nobody asked for, late or forged */
};

/* Called for each exchange; it is valid during the call, unless it is kept. */
typedef void correlate_emit(void *ctx, struct exchange *e);

/* Called for each TCP connection when it is over; the record is the callee's, to be freed with free(). */
struct conn_record;
typedef void correlate_record(void *ctx, struct conn_record *record);

/* emit: gets each settled exchange. NULL when memory ran out. */
struct correlate *correlate_new(const struct correlate_limits *limits, correlate_emit *emit, void *ctx);
/* From now on connections are told, too. Call it before the first fact. */
void correlate_tell_records(struct correlate *c, correlate_record *record, void *ctx);
/* NULL is allowed. What is still open is emitted first. */
void correlate_free(struct correlate *c);
/* Takes the next fact, in the order of packets; nothing of it is kept by reference but its connection. */
void correlate_fact(struct correlate *c, const struct fact *fact);
/* The packet clock has come to ts_ns. Cheap; must be called before the facts of each frame: what the frame before it
 * settled is handed over, then timers that are due by ts_ns run. */
void correlate_clock(struct correlate *c, int64_t ts_ns);
/* No more frames for now: what the last one settled is handed over. */
void correlate_flush(struct correlate *c);
/* The input has ended: what is left is handed over sorted by start, when correlate_finish() is called. */
void correlate_ending(struct correlate *c);
/* No facts will come any more: everything open is decided and emitted. */
void correlate_finish(struct correlate *c);
/* From within the call: the exchange that it was called with, which is the caller's until it is given back, before
 * correlate_free. */
struct exchange *correlate_keep(struct correlate *c);
void correlate_give_back(struct correlate *c, struct exchange *e);
/* Counters so far; valid as long as correlate. */
const struct correlate_counters *correlate_counters(const struct correlate *c);

/* Appends all that it knows, and calls `evidence` for the file of each packet that this refers to. out->failed: memory
 * ran out. */
typedef void correlate_evidence(void *ctx, uint32_t file);
void correlate_save(struct correlate *c, struct buf *out, correlate_evidence *evidence, void *ctx);
/* Into one that knows nothing yet. 0, P2T_ERR_USAGE: it makes no sense, or P2T_ERR_MEMORY. */
int correlate_load(struct correlate *c, struct slice saved);
/* For each connection that is opened again, by the packet that opened it: false when it was not among what was read. Of
 * one that was, no facts are to be given that were given before. */
bool correlate_adopt(struct correlate *c, struct flow_conn *flow);
/* No others will be: what the rest of them was about ends here. */
void correlate_loaded(struct correlate *c);

#endif
