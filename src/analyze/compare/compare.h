/* Live traces against rebuilt exchanges: takes both, joins them, and writes what differs.
 *
 * Agreeing means: each live trace from the time of the capture has its exchange and each exchange its live trace, no hook is missing on either side,
 * every live time lies within the claimed bounds give or take the tolerance, and order, values and error texts are the
 * same. */
#ifndef P2T_ANALYZE_COMPARE_COMPARE_H
#define P2T_ANALYZE_COMPARE_COMPARE_H

#include "analyze/live/live.h"
#include "write/writer.h"
#include "pcap2trace/exchange.h"

struct compare;

enum compare_format { COMPARE_TEXT, COMPARE_JSON, COMPARE_CSV };

struct compare_config {
    int64_t tolerance_ns;
    struct redact_options redact; /* read by compare_new() only */
    bool differing; /* write only pairs that differ */
    void *ctx;
    /* What could not be understood in a live file. */
    void (*problem)(void *ctx, struct slice file, uint64_t line, const char *text);
};

/* NULL when memory ran out. */
struct compare *compare_new(const struct compare_config *config);
void compare_free(struct compare *c);
/* Where live files are fed to. */
struct live *compare_live(struct compare *c);
/* 0 or P2T_ERR_MEMORY. wanted: shown, and asked for; others may still be what a live trace tells of. */
int compare_exchange(struct compare *c, const struct p2t_exchange *x, bool wanted);
/* Everything was taken. The packets lay between the two times. 0 or P2T_ERR_MEMORY. */
int compare_finish(struct compare *c, int64_t first_packet_ns, int64_t last_packet_ns);
/* After that. 0, P2T_ERR_IO or P2T_ERR_MEMORY. */
int compare_write(struct compare *c, enum compare_format format, const struct out_sink *sink);
bool compare_agrees(const struct compare *c);
/* Something was left out: a limit was reached. */
bool compare_is_partial(const struct compare *c);
size_t compare_live_count(const struct compare *c);

#endif
