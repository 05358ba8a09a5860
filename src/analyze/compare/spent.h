/* Divides a call's time among those it waited for, and finds where the live client saw more time pass than the packets
 * explain. */
#ifndef P2T_ANALYZE_COMPARE_SPENT_H
#define P2T_ANALYZE_COMPARE_SPENT_H

#include "analyze/compare/pair.h"
#include "base/buf.h"

#define SPENT_LIST(X)                                                                                                \
    X(POOL, "connection_wait", "waiting for a connection")                                                           \
    X(RESOLVER, "resolver", "the resolver or a cache")                                                               \
    X(CLIENT, "client", "the client's own delay")                                                                    \
    X(NETWORK, "network", "the network")                                                                             \
    X(SERVER, "server", "the server")

enum spent_where {
#define X(id, key, name) SPENT_##id,
    SPENT_LIST(X)
#undef X
        SPENT_WHERES
};

/* More passed live than on the wire, and why. */
struct spent_reason {
    enum spent_where where;
    int64_t ns;
    uint32_t first_row, last_row; /* the hooks that show it */
    uint32_t hooks;               /* how many of them */
    bool on_time_again;           /* a later hook was */
    bool without_packets;         /* a lookup that none shows */
};

enum { SPENT_REASONS_MAX = 8 };

struct spent {
    int64_t total_ns;               /* as the live client saw it; negative: not known */
    int64_t where_ns[SPENT_WHERES]; /* add up to the total */
    enum spent_where most;
    struct spent_reason reasons[SPENT_REASONS_MAX];
    size_t reason_count;
};

/* Fills *s. Differences up to tolerance_ns are no reason. */
void spent_find(struct spent *s, const struct pair *p, int64_t tolerance_ns);
/* Static: as JSON and as text have it. */
const char *spent_key(enum spent_where where);
const char *spent_name(enum spent_where where);
/* Appends a reason as a sentence. */
void spent_say(struct buf *b, const struct pair *p, const struct spent_reason *r);

#endif
