/* Adds up captures, or what batch wrote of them, to one summary. */
#ifndef P2T_CLI_ADD_UP_H
#define P2T_CLI_ADD_UP_H

#include "cli/feed.h"

/* Reads all that f->options name into f->summary, and finishes it. *problems is added to. 0 or a negative p2t_status. */
int add_up(struct feed *f, uint64_t *problems);
/* The same of captures, by a session of its own: feed_config(), or that with other callbacks. */
int add_up_captures(struct feed *f, struct p2t_config session, struct p2t_counters *counters, uint64_t *problems);
/* The first half of that; p2t_summary_finish() is the other. */
int add_up_session(struct feed *f, struct p2t_config session, struct p2t_counters *counters, uint64_t *problems);
/* The same of options->baseline, into *baseline, which the caller frees, also where this fails: NULL without such an option. The
 * choice of exchanges holds there, too, but for when they began. */
int add_up_baseline(const struct cli_options *options, struct p2t_summary **baseline, uint64_t *problems);

#endif
