/* Segments of one direction that wait for missing bytes before them: copies, sorted, without overlap. */
#ifndef P2T_FLOW_HELD_H
#define P2T_FLOW_HELD_H

#include "base/list.h"
#include "packet/packet.h"

struct flow_tcp;

/* Stream bytes [off, end) of one packet; fewer captured bytes than that where the capture cut it. */
struct flow_part {
    uint64_t off, end;
    struct slice bytes;
    struct packet_mark mark;
};

struct flow_held_segment {
    uint64_t off, end;
    struct packet_mark mark;
    uint32_t captured;
    uint8_t bytes[];
};

struct flow_held {
    struct list_link link; /* all directions that hold something, the longest holding first */
    struct flow_tcp *conn;
    unsigned side;
    struct flow_held_segment **segments; /* the used ones are segments[first] to segments[first + n - 1] */
    uint32_t first, n, cap;
    size_t bytes; /* memory of the segments, headers included */
};

/* What a part leaves between `off` and `end`; off and end lie inside it. */
struct flow_part flow_part_cut(const struct flow_part *p, uint64_t off, uint64_t end);
size_t flow_part_cost(const struct flow_part *p);

static inline struct flow_held_segment *flow_held_first(const struct flow_held *h)
{
    return h != NULL && h->n > 0 ? h->segments[h->first] : NULL;
}

/* Index (from the first used one) of the first segment that ends after off. */
uint32_t flow_held_search(const struct flow_held *h, uint64_t off);
/* Copies the part to that index. 0, or -1 when memory ran out. */
int flow_held_insert(struct flow_held *h, uint32_t at, const struct flow_part *p);
/* Takes the first one out; the caller frees it. */
struct flow_held_segment *flow_held_pop(struct flow_held *h);
/* Drops the bytes from `end` on; returns how many stream bytes those were. */
uint64_t flow_held_truncate(struct flow_held *h, uint64_t end);
/* True when both hold a byte of the same place and the bytes differ. */
bool flow_held_conflicts(const struct flow_held_segment *s, const struct flow_part *p);

#endif
