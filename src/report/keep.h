/* Keeps the page's tables in row groups, within a size when compressed: what was asked to be dropped first goes first, as
 * src/report/tier.h ranks it. Groups that are likely to be dropped are compressed at the end, if they are still there. */
#ifndef P2T_REPORT_KEEP_H
#define P2T_REPORT_KEEP_H

#include "report/columns.h"
#include "report/squeeze.h"
#include "report/tier.h"

enum { KEEP_GROUP_ROWS = 4096, KEEP_GROUP_BYTES = 1 << 20, KEEP_LANE_TIERS = 6 };

enum keep_kind { KEEP_ROWS, KEEP_DETAILS, KEEP_LANES, KEEP_KINDS };

/* A row group. */
struct keep_block {
    uint8_t *p;     /* NULL: dropped */
    size_t n, rows; /* n: bytes at p */
    size_t cost;    /* of `bytes` below: n, or where it is not compressed yet, what that will give */
    bool plain;     /* not compressed yet */
};

/* One tier's rows of one table. */
struct keep_table {
    struct pack pack; /* of the group that is being filled */
    unsigned columns;
    enum keep_kind kind;
    struct keep_block *block;
    size_t count, cap;
    uint64_t seen, kept; /* rows */
    bool dropped;
};

struct keep {
    struct keep_table rows[TIER_COUNT], details[TIER_COUNT], lanes[KEEP_LANE_TIERS];
    struct squeezer *squeezer; /* the owner's */
    size_t bytes, bytes_max;   /* compressed */
    struct buf scratch;
    size_t plain, plain_max; /* bytes of groups that are not compressed yet */
    struct {
        uint64_t plain, squeezed; /* bytes of those that are */
    } sum[KEEP_KINDS];
    unsigned given_up;     /* steps of dropping that were done */
    int64_t base_ns;       /* times count from here: the start of the first row, on a whole second */
    bool has_base, failed; /* failed: memory ran out */
};

/* plain_max: bytes that may wait to be compressed, at most twice bytes_max. */
void keep_init(struct keep *s, size_t bytes_max, size_t plain_max, struct squeezer *squeezer);
void keep_exchange(struct keep *s, unsigned tier, const struct p2t_exchange *x);
void keep_lane(struct keep *s, const struct p2t_connection_record *r);
/* Ends groups that are open, and compresses all that are not, on as many threads. */
void keep_finish(struct keep *s, unsigned threads);
void keep_fini(struct keep *s);

#endif
