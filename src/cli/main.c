#include <signal.h>
#include <stdio.h>

#include "cli/clash.h"
#include "cli/help.h"
#include "cli/list.h"
#include "cli/option_table.h"
#include "cli/options.h"
#include "cli/report.h"
#include "cli/run.h"
#include "cli/run_batch.h"
#include "cli/run_compare.h"
#include "cli/run_explain.h"
#include "cli/run_extract.h"
#include "cli/run_mcp.h"
#include "cli/run_report.h"
#include "cli/run_sqlite.h"
#include "cli/run_summary.h"
#include "cli/sqlite.h"
#include "pcap2trace/status.h"

static int usage_error(const struct cli_options *o, const char *complaint)
{
    const struct cli_command *command = cli_command_of(o->action);

    report_line(NULL, complaint);
    help_hint(stderr, command != NULL ? command : cli_command_of(CLI_TRACE));
    return 2;
}

/* Help that cannot be written is a failure: `pcap2trace -h > /dev/full`. */
static int printed(void)
{
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}

static int print_help(const struct cli_options *o)
{
    if (o->about != NULL)
        help_about(stdout, o->about);
    else
        help_full(stdout);
    return printed();
}

static int print_version(void)
{
    help_version(stdout);
    return printed();
}

static int perform(const struct cli_options *o)
{
    switch (o->action) {
    case CLI_HELP:
        return print_help(o);
    case CLI_LIST:
        return run_list(o->list);
    case CLI_VERSION:
        return print_version();
    case CLI_COMPARE:
        return run_compare(o);
    case CLI_SUMMARY:
    case CLI_DOCTOR:
        return run_summary(o);
    case CLI_REPORT:
        return run_report(o);
    case CLI_BATCH:
        return run_batch(o);
    case CLI_EXPLAIN:
        return run_explain(o);
    case CLI_EXTRACT:
        return run_extract(o);
    case CLI_MCP:
        return run_mcp(o);
    case CLI_PLAN:
        return run_plan(o);
    default:
        return o->database ? run_sqlite(o) : run_trace(o);
    }
}

int main(int argc, char **argv)
{
    struct cli_options options;
    struct buf complaint = {0};
    int status = cli_options_parse(&options, argc, argv, &complaint);
    int code;

    /* A file that may grow no more is an error like a full disk: what was begun is removed. */
    (void)signal(SIGXFSZ, SIG_IGN);
    buf_putc(&complaint, '\0');
    const char *input = status == P2T_OK ? clash_with_input(&options) : NULL;
    if (input != NULL) {
        report_line(input, "would be overwritten by the output, which is read from it: name another file");
        code = 2;
    } else if (status == P2T_OK)
        code = perform(&options);
    else if (status == P2T_ERR_USAGE)
        code = usage_error(&options, complaint.failed ? "usage" : (const char *)complaint.p);
    else
        code = 1;
    cli_options_free(&options);
    buf_fini(&complaint);
    return code;
}
