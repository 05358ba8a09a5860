/* Captures that were read, kept until others take their place: the least recently used ones go first. */
#ifndef P2T_CLI_MCP_HELD_H
#define P2T_CLI_MCP_HELD_H

#include "cli/mcp/root.h"
#include "cli/mcp/rows.h"
#include "cli/options.h"
#include "pcap2trace/summary.h"

struct held {
    char *key; /* the files, with their sizes and times, and the choice */
    uint64_t used;
    struct p2t_summary *summary; /* finished */
    struct rows rows;
    int64_t first_packet_ns;
    struct buf notes; /* what was said while they were read, a line each */
};

/* Nothing could be read, and the notes say why. */
static inline bool held_is_empty(const struct held *h)
{
    return h->first_packet_ns == 0 && h->notes.n > 0;
}

enum { HELD_MAX = 4 };

struct shelf {
    const struct root *root; /* below which the files are */
    struct held *item[HELD_MAX];
    size_t n;
    uint64_t clock;
};

/* What the options' captures hold, from the shelf, or read now. It stays until the next call. 0 or a negative p2t_status;
 * *held is NULL when reading was stopped. */
int shelf_take(struct shelf *s, const struct cli_options *o, const struct held **held);
/* The same, but only of exchanges that the options choose, for captures that hold more than can be kept. choice: a text that is
 * the same for the same options. */
int shelf_take_chosen(struct shelf *s, const struct cli_options *o, const char *choice, const struct held **held);
/* The options choose this exchange. filter: theirs, which knows the first packet. */
bool held_is_chosen(const struct cli_options *o, const struct filter *filter, const struct p2t_exchange *x);
void shelf_fini(struct shelf *s);

#endif
