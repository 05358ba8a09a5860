/* What the commands that make a summary have in common, whatever they write of it. */
#ifndef P2T_CLI_SUMMING_H
#define P2T_CLI_SUMMING_H

#include "cli/add_up.h"
#include "cli/output.h"

/* The first member of a command's own run. */
struct summing {
    struct feed feed;
    struct p2t_summary *baseline; /* NULL: none was given */
    struct output output;
    uint64_t problems; /* of all captures read, the baseline's among them */
};

struct summing_work {
    int (*open)(struct summing *s);  /* after the baseline: makes feed.summary */
    int (*read)(struct summing *s);  /* fills and finishes it; adds to problems */
    int (*write)(struct summing *s); /* to the output */
    void (*told)(struct summing *s); /* the output is there; may be NULL */
};

/* Makes the output of the command, and gives the process's status. */
int summing_run(struct summing *s, const struct cli_options *o, const struct summing_work *work);

#endif
