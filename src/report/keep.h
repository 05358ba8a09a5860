/* Keeps the page's tables, compressed in row groups, within a size: what was asked to be dropped first goes first, as
 * src/report/tier.h ranks it. */
#ifndef P2T_REPORT_KEEP_H
#define P2T_REPORT_KEEP_H

#include "report/columns.h"
#include "report/tier.h"

enum { KEEP_GROUP_ROWS = 4096, KEEP_GROUP_BYTES = 1 << 20, KEEP_LANE_TIERS = 6 };

/* A compressed row group. */
struct keep_block {
    uint8_t *p; /* NULL: dropped */
    size_t n, rows;
};

/* One tier's rows of one table. */
struct keep_table {
    struct pack pack; /* of the group that is being filled */
    unsigned columns;
    struct keep_block *block;
    size_t count, cap;
    uint64_t seen, kept; /* rows */
    bool dropped;
};

struct keep {
    struct keep_table rows[TIER_COUNT], details[TIER_COUNT], lanes[KEEP_LANE_TIERS];
    size_t bytes, bytes_max; /* compressed */
    unsigned given_up;       /* steps of dropping that were done */
    int64_t base_ns;         /* times count from here: the start of the first row, on a whole second */
    bool has_base, failed;   /* failed: memory ran out */
};

void keep_init(struct keep *s, size_t bytes_max);
void keep_exchange(struct keep *s, unsigned tier, const struct p2t_exchange *x);
void keep_lane(struct keep *s, const struct p2t_connection_record *r);
/* Compresses what is still open. */
void keep_finish(struct keep *s);
void keep_fini(struct keep *s);

#endif
