/* What names a connection in the table: both endpoints, whichever of them sent the packet. */
#ifndef P2T_FLOW_KEY_H
#define P2T_FLOW_KEY_H

#include "base/hash.h"
#include "packet/packet.h"

struct flow_tcp;

/* The lower endpoint comes first. Words: they are written, hashed and compared for each packet. */
struct flow_key {
    uint64_t ip[2][2];
    uint64_t ports_family;
};

/* One key of a connection. The path is compared, not hashed: all paths of one pair of endpoints share a chain,
 * which is where copies of one connection on another path are found. */
struct flow_key_node {
    struct hmap_node node;
    struct flow_key key;
    uint32_t path;
    unsigned flip; /* the connection's side that the lower endpoint is */
    struct flow_tcp *conn;
    struct flow_key_node *next; /* the connection's other keys */
};

/* A packet's key, hashed once. */
struct flow_lookup {
    struct flow_key key;
    uint64_t hash;
    unsigned src_high; /* 1: the packet's source is the higher endpoint */
};

/* src: the sender's. */
void flow_lookup_init(struct flow_lookup *l, const struct endpoint *src, const struct endpoint *dst);

/* First node of these endpoints on any path; walk on with flow_key_next. */
struct flow_key_node *flow_key_first(const struct hmap *keys, const struct flow_lookup *l);
/* NULL: there is none on another path. */
struct flow_key_node *flow_key_next(const struct flow_key_node *n, const struct flow_lookup *l);
/* NULL: there is none on that path. */
struct flow_key_node *flow_key_find(const struct hmap *keys, const struct flow_lookup *l, uint32_t path);

/* The connection's side that sent the packet looked up. */
static inline unsigned flow_key_side(const struct flow_key_node *n, const struct flow_lookup *l)
{
    return l->src_high ^ n->flip;
}

#endif
