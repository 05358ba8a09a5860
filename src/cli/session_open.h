/* Opens a session as the command line asks for it. */
#ifndef P2T_CLI_SESSION_OPEN_H
#define P2T_CLI_SESSION_OPEN_H

#include "cli/options.h"
#include "pcap2trace/session.h"

/* Takes callbacks, ctx, jobs and (where it is set) all from config, and everything else from the options. 0 or a negative p2t_status; a filter that
 * does not compile was reported. */
int cli_session_open(struct p2t_session **session, const struct cli_options *o, struct p2t_config config);

/* Everything that the options say about a session. */
void cli_session_config(struct p2t_config *config, const struct cli_options *o);

/* Takes the first frame, and tells the filter its time. As p2t_session_step(). */
int cli_session_begin(struct p2t_session *session, struct filter *filter);

/* Takes all frames, or, once a signal says so, ends there. 0 or a negative p2t_status. */
int cli_session_read(struct p2t_session *session, struct filter *filter);

/* As many as asked for, else one for each core. */
unsigned cli_jobs(const struct cli_options *o);

#endif
