#include "cli/run_compare.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/compare/compare.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/session_open.h"
#include "cli/signals.h"
#include "input/source.h"
#include "pcap2trace/session.h"

enum { EXIT_AGREE, EXIT_DIFFER, EXIT_TROUBLE, EXIT_SIGNAL = 128, EXIT_PIPE = 141 };
enum { COMPLAINTS_MAX = 10, STEP_FRAMES = 4096 };

struct run {
    const struct cli_options *options;
    struct compare *compare;
    struct p2t_session *session;
    struct output output;
    uint64_t complaints; /* about live traces */
    bool trouble;
};

static void complain(struct run *r, const char *subject, const char *text)
{
    r->trouble = true;
    if (!r->options->quiet)
        report_line(subject, text);
}

/* ---- live traces ---- */

static void on_live_problem(void *ctx, struct slice file, uint64_t line, const char *text)
{
    struct run *r = ctx;
    struct buf subject = {0};

    r->trouble = true;
    if (++r->complaints > COMPLAINTS_MAX)
        return;
    buf_slice(&subject, file);
    buf_printf(&subject, ":%llu", (unsigned long long)line);
    buf_putc(&subject, '\0');
    complain(r, subject.failed ? NULL : (const char *)subject.p, text);
    buf_fini(&subject);
}

static ssize_t read_fd(void *ctx, void *p, size_t n)
{
    const int *fd = ctx;
    ssize_t got;

    do {
        got = read(*fd, p, n);
    } while (got < 0 && errno == EINTR && signals_stop() == 0);
    return got;
}

/* Plain or compressed. What was read before a fault is used. */
static void read_live_fd(struct run *r, const char *name, int fd)
{
    struct input_source source;
    struct live *live = compare_live(r->compare);
    const uint8_t *p;

    input_source_open(&source, read_fd, &fd);
    live_begin_file(live, slice_str(name));
    while (signals_stop() == 0 && (p = input_source_peek(&source, 1)) != NULL) {
        size_t n = input_source_left(&source);
        live_feed(live, slice_of(p, n));
        input_source_consume(&source, n);
    }
    live_end_file(live);
    if (source.state == SOURCE_NO_MEMORY)
        complain(r, name, "out of memory");
    else if (source.state == SOURCE_FAILED && signals_stop() == 0)
        complain(r, name, source.error);
    input_source_close(&source);
}

static void read_live_file(struct run *r, const char *name)
{
    bool is_stdin = strcmp(name, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        complain(r, name, strerror(errno));
    else
        read_live_fd(r, name, fd);
    if (fd >= 0 && !is_stdin)
        close(fd);
}

static void say_what_was_read(const struct run *r)
{
    size_t n;
    const struct live_source *s = live_sources(compare_live(r->compare), &n);
    struct live_counters c = live_counters(compare_live(r->compare));
    struct buf text = {0};

    for (size_t i = 0; i < n; i++)
        buf_printf(&text, "%s%llu %s", i > 0 ? ", " : "", (unsigned long long)s[i].traces, live_form_name(s[i].form));
    buf_printf(&text, " read, %llu unreadable, %llu other line%s", (unsigned long long)c.problems,
               (unsigned long long)c.plain_lines, c.plain_lines == 1 ? "" : "s");
    buf_putc(&text, '\0');
    if (!text.failed)
        report_line(NULL, (const char *)text.p);
    buf_fini(&text);
}

/* Also with -q: no result says it. */
static void say_nothing_compared(const struct run *r)
{
    static const char forms[] =
        ". It reads NDJSON with hooks (-T ndjson, or pcap2trace.live/1 of a client of your own), log lines with the "
        "times "
        "of a ClientTrace as a JSON object, OTLP/JSON of otelhttptrace, HAR, and what curl -w '%{json}' prints";
    const struct cli_options *o = r->options;
    struct live_counters c = live_counters(compare_live(r->compare));
    struct buf text = {0};

    buf_printf(&text, "--live found no live trace (%llu unreadable, %llu other line%s), nothing was compared",
               (unsigned long long)c.problems, (unsigned long long)c.plain_lines, c.plain_lines == 1 ? "" : "s");
    buf_str(&text, c.plain_lines > 0 ? forms : "");
    buf_putc(&text, '\0');
    report_line(o->live_count == 1 ? o->live[0] : NULL, text.failed ? "out of memory" : (const char *)text.p);
    buf_fini(&text);
}

static void say_how_many_more(const struct run *r)
{
    char text[64];

    if (r->complaints <= COMPLAINTS_MAX || r->options->quiet)
        return;
    snprintf(text, sizeof text, "%llu more such lines", (unsigned long long)(r->complaints - COMPLAINTS_MAX));
    report_line(NULL, text);
}

static void read_live(struct run *r)
{
    for (size_t i = 0; i < r->options->live_count; i++)
        read_live_file(r, r->options->live[i]);
    say_how_many_more(r);
    if (compare_live_count(r->compare) > 0 && !r->options->quiet)
        say_what_was_read(r);
}

/* ---- captures ---- */

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    struct run *r = ctx;

    return compare_exchange(r->compare, x, filter_keeps(&r->options->filter, x));
}

static void on_problem(void *ctx, const struct p2t_problem *p)
{
    complain(ctx, p->path, p->text);
}

static int read_captures(struct run *r)
{
    struct p2t_config config = {.ctx = r, .exchange = on_exchange, .problem = on_problem};
    int more = cli_session_open(&r->session, r->options, config);

    while (more == P2T_OK && signals_stop() == 0 && (more = p2t_session_step(r->session, STEP_FRAMES)) > 0)
        more = P2T_OK;
    if (more == P2T_OK && signals_stop() != 0 && r->session != NULL)
        more = p2t_session_finish(r->session);
    return more;
}

/* ---- the result ---- */

static int write_result(struct run *r)
{
    const struct cli_options *o = r->options;
    enum compare_format format = o->format == OUT_FORMAT_JSON  ? COMPARE_JSON
                                 : o->format == OUT_FORMAT_CSV ? COMPARE_CSV
                                                               : COMPARE_TEXT;
    if (format == COMPARE_TEXT)
        output_is_text(&r->output, !o->verbose);
    int status = compare_write(r->compare, format, &(struct out_sink){&r->output, output_write});

    return status == P2T_OK ? output_commit(&r->output) : status;
}

static int say_failure(struct run *r, int status)
{
    int error = r->output.error;

    output_abandon(&r->output);
    if (error == EPIPE)
        return EXIT_PIPE;
    if (status == P2T_ERR_MEMORY)
        report_line(NULL, "out of memory");
    else if (status == P2T_ERR_IO)
        report_line(r->options->output != NULL ? r->options->output : "standard output", strerror(error));
    return EXIT_TROUBLE;
}

static int compare_all(struct run *r)
{
    struct p2t_counters counters;
    int status = read_captures(r);
    if (status != P2T_OK)
        return status;
    p2t_session_counters(r->session, &counters);
    status = compare_finish(r->compare, counters.earliest_ns, counters.latest_ns);
    if (status != P2T_OK)
        return status;
    if (compare_is_partial(r->compare))
        complain(r, NULL, "more traces or hooks than can be compared: those beyond the limit were left out");
    return write_result(r);
}

/* Every exchange beside no trace at all would read as a difference. */
static int give_up(struct run *r)
{
    output_abandon(&r->output);
    if (signals_stop() != 0)
        return EXIT_SIGNAL + signals_stop();
    say_nothing_compared(r);
    return EXIT_TROUBLE;
}

static int verdict(const struct run *r)
{
    if (signals_stop() != 0)
        return EXIT_SIGNAL + signals_stop();
    if (r->options->verbose)
        report_counters(r->session);
    if (r->options->keylog != NULL && !r->options->quiet)
        report_keylog(r->session, r->options->keylog);
    if (r->trouble)
        return EXIT_TROUBLE;
    return compare_agrees(r->compare) ? EXIT_AGREE : EXIT_DIFFER;
}

static int run(struct run *r)
{
    const struct cli_options *o = r->options;
    struct compare_config config = {.tolerance_ns = o->tolerance_ns,
                                    .redact = {o->show_secrets, o->redact, o->redact_count, o->keep, o->keep_count},
                                    .differing = o->differing,
                                    .clients = o->clients,
                                    .client_count = o->client_count,
                                    .ctx = r,
                                    .problem = on_live_problem};

    if (output_open(&r->output, o->output) != P2T_OK) {
        report_line(o->output, strerror(errno));
        return EXIT_TROUBLE;
    }
    r->compare = compare_new(&config);
    if (r->compare == NULL)
        return say_failure(r, P2T_ERR_MEMORY);
    read_live(r);
    if (compare_live_count(r->compare) == 0)
        return give_up(r);
    int status = compare_all(r);
    return status == P2T_OK ? verdict(r) : say_failure(r, status);
}

int run_compare(const struct cli_options *o)
{
    struct run r = {.options = o, .output = {.fd = -1}};

    signals_install(cli_reads_stdin(o));
    int code = run(&r);
    p2t_session_free(r.session);
    compare_free(r.compare);
    return code;
}
