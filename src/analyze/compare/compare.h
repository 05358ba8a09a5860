/* Compares live traces with rebuilt exchanges: takes both, joins them one to one, and writes what differs.
 *
 * They agree if each live trace from the time of the capture has its exchange and each exchange its live trace, no hook is
 * missing on either side, every live time lies within the claimed bounds give or take the tolerance, and order, values and
 * error texts are the same.
 *
 * Order of calls: compare_new(); feed live files to compare_live() and exchanges to compare_exchange(); compare_finish();
 * then the others. */
#ifndef P2T_ANALYZE_COMPARE_COMPARE_H
#define P2T_ANALYZE_COMPARE_COMPARE_H

#include "analyze/live/live.h"
#include "write/writer.h"
#include "pcap2trace/exchange.h"

struct compare;

enum compare_format { COMPARE_TEXT, COMPARE_JSON, COMPARE_CSV };

struct compare_config {
    int64_t tolerance_ns;          /* how far outside of the bounds a live time still agrees */
    struct redact_options redact;  /* read by compare_new() only */
    bool differing;                /* write only pairs that differ */
    const struct ip_addr *clients; /* the traces are theirs; they outlive the comparison */
    size_t client_count;           /* 0: not known; the traces' own addresses tell */
    void *ctx;
    /* Something in a live file that could not be read; line: from 1. The texts are valid during the call. */
    void (*problem)(void *ctx, struct slice file, uint64_t line, const char *text);
};

/* NULL when memory ran out. */
struct compare *compare_new(const struct compare_config *config);
void compare_free(struct compare *c);
/* The reader to feed live files to; it belongs to c. */
struct live *compare_live(struct compare *c);
/* Copies what it needs of x. wanted: false for one that is filtered out; it may still be joined, but is not shown. 0 or
 * P2T_ERR_MEMORY. */
int compare_exchange(struct compare *c, const struct p2t_exchange *x, bool wanted);
/* Joins and compares everything taken. The times are those of the first and last packet. 0 or P2T_ERR_MEMORY. */
int compare_finish(struct compare *c, int64_t first_packet_ns, int64_t last_packet_ns);
/* Writes the comparison to the sink. 0, P2T_ERR_IO or P2T_ERR_MEMORY. */
int compare_write(struct compare *c, enum compare_format format, const struct out_sink *sink);
bool compare_agrees(const struct compare *c);
/* True if something was left out because a limit was reached. */
bool compare_is_partial(const struct compare *c);
/* How many live traces were read. */
size_t compare_live_count(const struct compare *c);

#endif
