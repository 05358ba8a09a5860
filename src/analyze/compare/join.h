/* Which live trace tells of which exchange. One to one; the same for the same input. */
#ifndef P2T_ANALYZE_COMPARE_JOIN_H
#define P2T_ANALYZE_COMPARE_JOIN_H

#include "analyze/clock.h"
#include "analyze/record.h"

enum { JOIN_NONE = UINT32_MAX };

enum join_by { JOIN_BY_HOST, JOIN_BY_URL, JOIN_BY_ADDRESS, JOIN_BY_ID, JOIN_WAYS };

struct join {
    struct clock clock;
    uint32_t *wire_of; /* of each live record: index of its exchange, or JOIN_NONE */
    uint32_t *live_of;
    uint8_t *by; /* of each live record: enum join_by */
};

/* 0 or P2T_ERR_MEMORY. least_ns: clock differences up to it are taken for none. */
int join_run(struct join *j, const struct record_list *live, const struct record_list *wire, int64_t least_ns);
void join_fini(struct join *j);
const char *join_by_name(enum join_by by);

#endif
