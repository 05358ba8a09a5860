/* The first of two passes over captures: finds the exchanges that were asked for. */
#ifndef P2T_CLI_GATHER_H
#define P2T_CLI_GATHER_H

#include "cli/options.h"
#include "extract/subject.h"
#include "pcap2trace/session.h"

struct p2t_summary;

struct gather {
    const struct cli_options *options;
    struct filter filter;
    struct p2t_session *session; /* open until gather_fini(): paths point into it */
    struct p2t_config config;    /* as it was opened */
    struct subjects subjects;
    struct p2t_counters counters;
    struct p2t_summary *summary; /* takes all exchanges, too; NULL: nobody asks */
    bool *found;                 /* of each id and trace id that was asked for */
    const char **paths;          /* of captures that batch read; NULL: the operands are captures */
    size_t path_count;
};

/* Captures are not there, or not what batch read; each was said. */
enum { GATHER_NO_CAPTURES = 1 };

/* Reads everything, or what batch wrote of it: then the captures are checked, too. 0, GATHER_NO_CAPTURES, or a negative p2t_status; what
 * is wrong with the captures is said on standard error. */
int gather_run(struct gather *g, const struct cli_options *options, struct p2t_summary *summary);
/* Says which of the ids that were asked for no exchange has. True: there was one. */
bool gather_say_missing(const struct gather *g);
void gather_fini(struct gather *g);

#endif
