/* A comparison, as its writers see it. */
#ifndef P2T_ANALYZE_COMPARE_STATE_H
#define P2T_ANALYZE_COMPARE_STATE_H

#include "analyze/compare/compare.h"
#include "analyze/compare/totals.h"
#include "base/buf.h"

struct compare {
    struct compare_config config;
    struct record_pool pool;
    struct record_list live, wire;
    struct record_draft draft; /* of exchanges */
    struct live *reader;
    struct join join;
    struct totals totals;
    struct pair_config pair_config;
    struct pair pair; /* the current one: compare_look_at() */
    struct spent spent;
    size_t live_only, outside, wire_only; /* records; outside: live ones from before or after the capture */
};

/* compare.c: which records an output shows, by their index in c->live or c->wire. */

/* Compares the live record, which is joined, with its exchange: fills c->pair and c->spent. */
void compare_look_at(struct compare *c, size_t live);
bool compare_is_wanted_pair(const struct compare *c, size_t live);
/* Has no exchange, though packets of its time were captured. */
bool compare_is_live_only(const struct compare *c, size_t live);
/* A wanted exchange without a live trace. */
bool compare_is_wire_only(const struct compare *c, size_t wire);

/* The parts of an output, in the order in which they are written; each appends to b. */
struct compare_ops {
    void (*begin)(struct buf *b, const struct compare *c);
    /* c->pair and c->spent describe the live record and its exchange. */
    void (*pair)(struct buf *b, const struct compare *c, uint64_t index);
    void (*middle)(struct buf *b, const struct compare *c);
    void (*live_only)(struct buf *b, const struct compare *c, const struct record *live, uint64_t index);
    void (*between)(struct buf *b, const struct compare *c);
    void (*wire_only)(struct buf *b, const struct compare *c, const struct record *wire, uint64_t index);
    void (*end)(struct buf *b, const struct compare *c);
};

extern const struct compare_ops compare_text, compare_json, compare_csv;

static inline const struct live_source *compare_source(const struct compare *c, const struct record *live)
{
    size_t n;

    return &live_sources(c->reader, &n)[live->origin.source];
}

static inline struct p2t_text compare_text_of(struct slice s)
{
    return (struct p2t_text){(const char *)s.p, s.n};
}

/* "ip:port"; nothing for none. */
static inline struct p2t_text compare_endpoint_text(const struct endpoint *ep, char out[ENDPOINT_TEXT_MAX])
{
    if (ep->ip.family == 0)
        return (struct p2t_text){NULL, 0};
    return (struct p2t_text){out, endpoint_format(ep, out)};
}

#endif
