#include "cli/run_extract.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/ending.h"
#include "cli/gather.h"
#include "cli/report.h"
#include "cli/signals.h"
#include "extract/extract.h"

struct run {
    const struct cli_options *options;
    struct gather gather;
    struct output output;
    struct extract_result result;
};

static int extract(struct run *r)
{
    const struct cli_options *o = r->options;
    const struct extract_config config = {.session = &r->gather.config,
                                          .subjects = &r->gather.subjects,
                                          .latest_ns = r->gather.counters.latest_ns,
                                          .minimal = o->extract.minimal,
                                          .with_secrets = o->extract.with_secrets,
                                          .stop = signals_asked,
                                          .write = output_write,
                                          .write_ctx = &r->output};

    if (output_open(&r->output, o->output) != P2T_OK) {
        r->output.error = errno;
        return P2T_ERR_IO;
    }
    int status = extract_run(&config, &r->result);
    if (status == P2T_OK)
        return output_commit(&r->output);
    if (status == P2T_ERR_IO && r->output.error == 0)
        r->output.error = errno;
    return status;
}

/* What is read again from the extract is not quite the same: better said than found out. */
static void say_odd(const struct run *r)
{
    char id[20], text[128];
    size_t others = r->gather.subjects.count - r->result.same - 1;

    if (r->result.odd == NULL || r->options->quiet)
        return;
    snprintf(id, sizeof id, "%016llx", (unsigned long long)r->result.odd_id);
    if (others > 0)
        snprintf(text, sizeof text, "when read again, the extract gives a different result (%s), as for %zu more",
                 r->result.odd, others);
    else
        snprintf(text, sizeof text, "when read again, the extract gives a different result (%s)", r->result.odd);
    report_line(id, text);
}

static int run(struct run *r)
{
    int status = gather_run(&r->gather, r->options, NULL);

    if (status == GATHER_NO_CAPTURES)
        return EXIT_TROUBLE;
    if (status != P2T_OK || signals_stop() != 0)
        return ending_failed(r->options, &r->output, status);
    bool missing = gather_say_missing(&r->gather);
    if (r->gather.subjects.count == 0)
        return EXIT_TROUBLE;
    status = extract(r);
    if (status != P2T_OK)
        return ending_failed(r->options, &r->output, status);
    say_odd(r);
    return missing || r->gather.counters.problems > 0 ? EXIT_TROUBLE : EXIT_OK;
}

int run_extract(const struct cli_options *o)
{
    struct run r = {.options = o, .output = {.fd = -1}};

    signals_install(false);
    int code = run(&r);
    gather_fini(&r.gather);
    return code;
}
