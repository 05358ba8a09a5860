/* What is usual, by a table of another summary: of each route, name server, and handshake. */
#ifndef P2T_SUMMARY_USUAL_H
#define P2T_SUMMARY_USUAL_H

#include "summary/model.h"

enum usual_kind {
    USUAL_ROUTE,     /* key: host (else server), method, route; of a proxy's own calls: its address, too */
    USUAL_RESOLVER,  /* key: its address; total: from the last question to the answer */
    USUAL_HANDSHAKE, /* key: the server's address; total: from the only SYN to its answer */
    USUAL_TLS        /* key: server; total: the handshake */
};

enum usual_phase {
    USUAL_TOTAL,
    USUAL_DNS,
    USUAL_CONNECT,
    USUAL_TLS_PHASE,
    USUAL_SEND,
    USUAL_WAIT,
    USUAL_RECEIVE,
    USUAL_PHASES
};

struct usual {
    struct hmap_node node;
    enum usual_kind kind;
    const struct word *key[KEY_WORDS];
    size_t calls, failed;             /* by their weights */
    int64_t wait_ns;                  /* of a route: what its server takes to answer; negative: not known */
    struct sample time[USUAL_PHASES]; /* of the calls that did not fail */
};

/* In the order of their keys' bytes. */
struct usuals {
    struct words *words; /* the keys' */
    struct hmap map;
    struct usual **row;
    size_t n, cap;
    bool failed; /* memory ran out */
};

/* Of a finished summary, or one whose waits are measured; it must stay. */
void usuals_fill(struct usuals *u, struct p2t_summary *from);
void usuals_fini(struct usuals *u);
/* The row with keys of the same texts; NULL: there is none. */
struct usual *usuals_find(const struct usuals *u, enum usual_kind kind, const struct word *const key[KEY_WORDS]);

/* The key of a call's route. */
void usual_route_key(const struct call *c, const struct word *key[KEY_WORDS]);

/* What the baseline says of it, in nanoseconds; negative: there is no baseline, or it has too few. */
int64_t baseline_wait(const struct p2t_summary *s, const struct call *c);
int64_t baseline_quartile(const struct p2t_summary *s, enum usual_kind kind, const struct word *of);
/* " (usual: 4.0 ms)", or " (in the baseline: 4.0 ms)". */
void say_usual(struct buf *b, int64_t usual_ns, bool by_baseline);

#endif
