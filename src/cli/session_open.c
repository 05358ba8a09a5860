#include "cli/session_open.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/option_table.h"
#include "cli/report.h"
#include "cli/signals.h"

void cli_session_config(struct p2t_config *config, const struct cli_options *o)
{
    config->paths = o->captures;
    config->path_count = o->capture_count;
    config->recursive = o->recursive;
    config->filter = o->bpf;
    config->keylog = o->keylog;
    config->max_memory = o->max_memory;
    config->show_secrets = o->show_secrets;
    config->redact = o->redact;
    config->redact_count = o->redact_count;
    config->keep = o->keep;
    config->keep_count = o->keep_count;
    config->all |= o->all;
}

/* -f is the format in other programs, and a filter without its quotes is only its first word. */
static void say_filter_wrong(const struct cli_options *o, const char *error)
{
    const struct cli_option *format = cli_option_of('T', o->action);
    struct buf text = {0};

    buf_str(&text, error != NULL ? error : "the filter does not compile");
    if (o->bpf != NULL && format != NULL && cli_choice_index(format->choices, o->bpf) >= 0)
        buf_printf(&text, "; -f selects packets, did you mean '-T %s'?", o->bpf);
    else if (o->bpf != NULL && strchr(o->bpf, ' ') == NULL)
        buf_lit(&text, "; a filter of several words goes in quotes: -f 'host 10.0.0.1'");
    buf_putc(&text, '\0');
    report_line(o->bpf, text.failed ? "the filter does not compile" : (const char *)text.p);
    buf_fini(&text);
}

int cli_session_open(struct p2t_session **session, const struct cli_options *o, struct p2t_config config)
{
    char *error = NULL;

    cli_session_config(&config, o);
    int status = p2t_session_open(session, &config, &error);
    if (status == P2T_ERR_USAGE)
        say_filter_wrong(o, error);
    free(error);
    return status;
}

int cli_session_begin(struct p2t_session *session, struct filter *filter)
{
    struct p2t_counters counters;
    int more = p2t_session_step(session, 1);

    if (more > 0) {
        p2t_session_counters(session, &counters);
        filter->first_packet_ns = counters.earliest_ns;
    }
    return more;
}

int cli_session_read(struct p2t_session *session, struct filter *filter)
{
    enum { STEP_FRAMES = 65536 };
    int more = cli_session_begin(session, filter);

    while (more > 0) {
        if (signals_stop() != 0)
            return p2t_session_finish(session);
        more = p2t_session_step(session, STEP_FRAMES);
    }
    return more;
}

unsigned cli_jobs(const struct cli_options *o)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    if (o->jobs > 0)
        return o->jobs;
    return cores > 0 ? (unsigned)cores : 1;
}
