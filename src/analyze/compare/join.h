/* Finds which live trace belongs to which exchange, one to one. The result depends on the input only. */
#ifndef P2T_ANALYZE_COMPARE_JOIN_H
#define P2T_ANALYZE_COMPARE_JOIN_H

#include "analyze/clock.h"
#include "analyze/record.h"

enum { JOIN_NONE = UINT32_MAX };

enum join_by { JOIN_BY_HOST, JOIN_BY_URL, JOIN_BY_ADDRESS, JOIN_BY_ID, JOIN_WAYS };

struct join {
    struct clock clock;
    uint32_t *wire_of; /* of each live record: index of its exchange, or JOIN_NONE */
    uint32_t *live_of; /* of each exchange: index of its live record, or JOIN_NONE */
    uint8_t *by;       /* of each joined live record: the enum join_by that joined it */
};

/* least_ns: a difference of the clocks up to this is not applied. 0 or P2T_ERR_MEMORY; call join_fini() in any case. */
int join_run(struct join *j, const struct record_list *live, const struct record_list *wire, int64_t least_ns);
void join_fini(struct join *j);
const char *join_by_name(enum join_by by);

#endif
