/* Exchanges that no live trace is joined with, and that need none of their own. */
#ifndef P2T_ANALYZE_COMPARE_BELONG_H
#define P2T_ANALYZE_COMPARE_BELONG_H

#include "analyze/compare/join.h"

enum belong {
    BELONG_ALONE = 0,   /* it should have a live trace */
    BELONG_RETRY,       /* the transport sent the call of a joined one again: one call, two exchanges */
    BELONG_DIAL,        /* a dial that a live call began, and that outlived it */
    BELONG_OTHER_CLIENT /* of a client whose traces these are not */
};

struct belong_config {
    const struct ip_addr *clients; /* whose traces these are, as the user says */
    size_t client_count;           /* 0: those that the traces name, or whose exchanges are joined */
    int64_t tolerance_ns;
};

/* Sets of[i], for each exchange; there is room for all. 0 or P2T_ERR_MEMORY. */
int belong_find(uint8_t *of, const struct join *j, const struct record_list *live, const struct record_list *wire,
                const struct belong_config *config);

#endif
