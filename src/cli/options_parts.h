/* What the files that parse the command line share. */
#ifndef P2T_CLI_OPTIONS_PARTS_H
#define P2T_CLI_OPTIONS_PARTS_H

#include "cli/options.h"

enum {
    OPT_HOST = 256,
    OPT_METHOD,
    OPT_STATUS,
    OPT_SLOWER_THAN,
    OPT_FAILED,
    OPT_PROBLEMS,
    OPT_INCOMPLETE,
    OPT_PATH,
    OPT_TRACE_ID,
    OPT_SERVER,
    OPT_PORT,
    OPT_KIND,
    OPT_SINCE,
    OPT_UNTIL,
    OPT_ID,
    OPT_ALL,
    OPT_SHOW_SECRETS,
    OPT_REDACT,
    OPT_KEEP,
    OPT_KEYLOG,
    OPT_LIVE,
    OPT_TOLERANCE,
    OPT_DIFFERING,
    OPT_CLIENT,
    OPT_OUT,
    OPT_STATE,
    OPT_POINT_FROM,
    OPT_SETTLE,
    OPT_FOLLOW,
    OPT_FINAL,
    OPT_ZSTD,
    OPT_ALERT,
    OPT_MANIFEST,
    OPT_SHARD,
    OPT_MAX_MEMORY,
    OPT_TOP,
    OPT_BASELINE,
    OPT_CAPTURES,
    OPT_MINIMAL,
    OPT_WITH_SECRETS,
    OPT_TITLE,
    OPT_COLOR,
    OPT_COMPACT,
    OPT_STATS,
    OPT_PROGRESS,
    OPT_TIME,
    OPT_LIST,
    OPT_VERSION
};

/* options_values.c: takes one option with its value. 0, P2T_ERR_MEMORY, or P2T_ERR_USAGE with a complaint. */
int options_take(struct cli_options *o, int option, char *value, struct buf *complaint);
/* Of compare: takes the addresses that --client gave for the filter. */
int options_take_clients(struct cli_options *o, struct buf *complaint);
/* Says what is wrong with an option's value: P2T_ERR_USAGE. */
int options_wrong(struct buf *complaint, const char *option, const char *value, const char *wanted);
/* The same where the status is P2T_ERR_USAGE; returns it. */
int options_named(int status, struct buf *complaint, const char *option, const char *value, const char *wanted);
/* options_filter.c: one that chooses exchanges. 0, P2T_ERR_MEMORY, or P2T_ERR_USAGE with a complaint. */
int options_take_filter(struct filter *f, int option, const char *value, struct buf *complaint);
/* options_ending.c: where -T was not given, the format by the ending of the output's name. 0, or P2T_ERR_USAGE with a complaint. */
int options_take_ending(struct cli_options *o, struct buf *complaint);
/* options_check.c: rejects options that do not fit the command. 0, or P2T_ERR_USAGE with a complaint. */
int options_check(const struct cli_options *o, struct buf *complaint);

#endif
