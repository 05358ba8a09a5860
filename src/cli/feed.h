/* Captures that feed a summary. */
#ifndef P2T_CLI_FEED_H
#define P2T_CLI_FEED_H

#include "cli/options.h"
#include "pcap2trace/summary.h"

/* The first member of whatever is the session's ctx. */
struct feed {
    const struct cli_options *options;
    struct filter filter; /* the options', which knows the first packet */
    struct p2t_summary *summary;
    struct p2t_session *session;
};

/* Callbacks of the session; ctx begins with a struct feed. What the filter does not keep is left out. */
int feed_exchange(void *ctx, const struct p2t_exchange *x);
int feed_connection(void *ctx, const struct p2t_connection_record *record);
void feed_question(void *ctx, const struct p2t_question *q);
void feed_problem(void *ctx, const struct p2t_problem *p);

/* What a summary may take beside the session, which has --max-memory for itself: all that it can use by default, and less in
 * proportion. */
size_t feed_summary_memory(const struct cli_options *o);
/* A session's config with these callbacks, quiet exchanges among them; some may be replaced. */
struct p2t_config feed_config(struct feed *f);
void feed_fini(struct feed *f);

#endif
