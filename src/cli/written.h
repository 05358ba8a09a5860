/* Folders that batch wrote to, as the input of summary, report, explain and extract. */
#ifndef P2T_CLI_WRITTEN_H
#define P2T_CLI_WRITTEN_H

#include "cli/options.h"
#include "pcap2trace/summary.h"

/* How many of the operands are such folders. */
size_t written_count(const struct cli_options *o);
/* Why the options do not fit them; NULL: they do, or there are none. */
const char *written_unfit(const struct cli_options *o);

struct written {
    const struct cli_options *options; /* whose captures are the folders */
    struct filter *filter;             /* of the exchanges; learns when the first packet was */
    struct p2t_summary *summary;       /* takes the windows' states; what the filter does not keep is left out */
    void *ctx;
    int (*exchange)(void *ctx, const struct p2t_exchange *x); /* those that the filter keeps; NULL: nobody asks */
    bool few;           /* the filter asks for ids: others need not be read, and the summary takes all */
    const char *folder; /* of the current window */
    uint64_t problems;  /* that were said */
    uint64_t windows;
    uint64_t open; /* runs that nobody told yet that no file follows: they hold back what is open */
};

/* Reads all windows. Where exchanges are chosen, or exchange() is wanted, the NDJSON is read, too. 0 or a negative p2t_status;
 * P2T_ERR_STOPPED: a signal asks to stop. */
int written_read(struct written *w);
/* On standard error, where a run may go on: what is missing until it is told that no file follows. */
void written_say_open(const struct written *w);

#endif
