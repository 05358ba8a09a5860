#include "cli/summing.h"

#include <errno.h>
#include <string.h>

#include "cli/ending.h"
#include "cli/report.h"
#include "cli/signals.h"
#include "cli/written.h"
#include "pcap2trace/session.h"

enum { GIVEN_UP = 1 };

/* No capture among the operands, each of which was said to be none: the output would speak of captures. */
static bool nothing_was_read(const struct summing *s)
{
    struct p2t_counters counters = {0};

    if (s->feed.session == NULL || signals_stop() != 0)
        return false;
    p2t_session_counters(s->feed.session, &counters);
    return counters.files == 0 && counters.problems > 0;
}

static int make(struct summing *s, const struct summing_work *work)
{
    int status = add_up_baseline(s->feed.options, &s->baseline, &s->problems);

    if (status == P2T_OK)
        status = signals_stop() == 0 ? work->open(s) : P2T_ERR_STOPPED;
    if (status == P2T_OK)
        status = work->read(s);
    if (status == P2T_OK && nothing_was_read(s))
        return GIVEN_UP;
    if (status == P2T_OK)
        status = work->write(s);
    return status == P2T_OK ? output_commit(&s->output) : status;
}

static int end(struct summing *s, const struct summing_work *work)
{
    if (signals_stop() != 0 && s->feed.session != NULL)
        report_interrupted(s->feed.session);
    if (work->told != NULL)
        work->told(s);
    if (signals_stop() != 0)
        return EXIT_SIGNAL + signals_stop();
    return s->problems > 0 ? EXIT_TROUBLE : EXIT_OK;
}

static int run(struct summing *s, const struct summing_work *work)
{
    const char *unfit = written_unfit(s->feed.options);

    if (unfit != NULL) {
        report_line(NULL, unfit);
        return EXIT_USAGE;
    }
    if (output_open(&s->output, s->feed.options->output) != P2T_OK) {
        report_line(s->feed.options->output, strerror(errno));
        return EXIT_TROUBLE;
    }
    int status = make(s, work);
    if (status == GIVEN_UP) {
        output_abandon(&s->output);
        return EXIT_TROUBLE;
    }
    return status == P2T_OK ? end(s, work) : ending_failed(s->feed.options, &s->output, status);
}

int summing_run(struct summing *s, const struct cli_options *o, const struct summing_work *work)
{
    s->feed.options = o;
    s->feed.filter = o->filter;
    s->output.fd = -1;
    signals_install(cli_reads_stdin(o));
    int code = run(s, work);
    feed_fini(&s->feed);
    p2t_summary_free(s->baseline);
    return code;
}
