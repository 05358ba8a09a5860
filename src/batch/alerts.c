#include "batch/alerts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/timefmt.h"
#include "batch/state.h"
#include "batch/states.h"
#include "summary/saved.h"
#include "write/escape.h"

/* Of a kind, of the windows before: only their numbers are needed. */
enum { RECORDS_BEFORE = 64 };

static const int64_t WAITS_NS = 30000000000;

/* ---- the windows before ---- */

struct reading {
    const struct point *point;
    struct states states;
    struct rollup_walk walk;
};

static void told_before(void *ctx, const char *path, const char *text)
{
    (void)ctx;
    (void)path;
    (void)text;
}

static int on_window(void *ctx, const struct outputs_window *w)
{
    static const struct outputs_sink silent = {.problem = told_before};
    struct reading *r = ctx;
    struct slice state;

    if (w->number >= r->point->sequence)
        return P2T_OK;
    int status = rollup_walk_next(&r->walk, &r->states, w, r->point->sequence - 1, &silent, &state);
    if (status == P2T_OK && state.p != NULL)
        status = summary_load_chosen(r->point->alerts.before, state, NULL);
    return status == P2T_ERR_USAGE ? P2T_OK : status;
}

/* After a start, from what was written. A state that is missing makes what is usual less sure, and nothing wrong. */
static int read_before(struct point *p)
{
    struct reading r = {.point = p};
    const struct outputs_sink sink = {&r, on_window, told_before};
    int status = p2t_summary_new(&p->alerts.before, &(struct p2t_summary_config){0});

    if (status != P2T_OK)
        return status;
    summary_keep_at_most(p->alerts.before, RECORDS_BEFORE);
    status = states_init(&r.states);
    if (status == P2T_OK && p->sequence > 1)
        status = outputs_read(p->out_dir, &sink);
    states_fini(&r.states);
    rollup_walk_fini(&r.walk);
    return status;
}

/* ---- the line ---- */

static void put_time(struct buf *b, int64_t ns)
{
    char text[TIME_TEXT_BYTES];

    time_rfc3339(ns, text);
    buf_put(b, text, strlen("2026-01-02T03:04:05"));
    buf_putc(b, 'Z');
}

static void put_text(struct buf *b, const char *text)
{
    escape_text(b, (struct p2t_text){text, strlen(text)});
}

/* When, and which window. One of --final has no packets of its own: what was open ended with the last ones. */
static void put_window(struct buf *b, const struct point *p)
{
    int64_t last_ns = p->sums.last_ns != 0 ? p->sums.last_ns : p->last_ns;

    if (last_ns != 0) {
        put_time(b, last_ns);
        buf_putc(b, ' ');
    }
    if (*p->name != '\0') {
        put_text(b, p->name);
        buf_putc(b, '/');
    }
    put_text(b, p->output);
}

/* What a window has is what was settled in it: others of the same moment are in the windows behind it. So this is how many
 * failed, and how most of them did. */
static void put_failures(struct buf *b, struct p2t_summary *s, const struct p2t_summary *before)
{
    const char *how, *where;
    uint64_t failed, failed_before, calls = summary_calls(s, &failed),
                                    calls_before = summary_calls(before, &failed_before);

    buf_printf(b, ": %" PRIu64 " of %" PRIu64 " calls failed (before: %" PRIu64 " of %" PRIu64 ")", failed, calls,
               failed_before, calls_before);
    if (!summary_worst(s, &how, &where))
        return;
    buf_printf(b, ", most: %s at ", how);
    put_text(b, where);
}

/* The first cause that the window's calls show by themselves, unless it is only possible. Its kind alone: the numbers and
 * details of its text would be those of a piece. */
static int put_cause(struct buf *b, struct p2t_summary *s)
{
    struct p2t_call_cause cause;
    int status = p2t_summary_finish(s, &(struct p2t_counters){0});

    if (status != P2T_OK || !p2t_summary_cause(s, 0, &cause) || cause.confidence == P2T_POSSIBLE)
        return status;
    buf_printf(b, "; %s (%s)", p2t_cause_name(cause.code), p2t_cause_text(cause.code));
    return P2T_OK;
}

static void put_waits(struct buf *b, const struct correlate_waits *w, const char *what, const char *to)
{
    char server[ENDPOINT_TEXT_MAX];

    if (w->n == 0)
        return;
    endpoint_format(&w->server, server);
    buf_printf(b, ": %" PRIu64 " %s%s without an answer for over 30 s, the first%s %s since ", w->n, what,
               w->n == 1 ? "" : "s", to, server);
    put_time(b, w->since_ns);
}

/* Half of all calls failed, or clearly more of them than before: some lookups fail everywhere, and nobody minds. */
static bool is_in_trouble(const struct p2t_summary *s, const struct p2t_summary *before)
{
    enum { FAILED_LEAST = 3, ONE_OF = 20 };
    uint64_t failed, failed_before, calls = summary_calls(s, &failed),
                                    calls_before = summary_calls(before, &failed_before);

    if (failed < FAILED_LEAST || failed < calls / ONE_OF)
        return false;
    return failed >= calls - failed ||
           (calls_before > 0 && (double)failed / (double)calls >= 2.5 * (double)failed_before / (double)calls_before);
}

static int tell(const struct point *p, struct p2t_summary *s)
{
    struct correlate_waits dials, lookups;
    struct buf line = {0};
    bool trouble = is_in_trouble(s, p->alerts.before);
    int status = P2T_OK;

    session_feed_waiting(p->session, WAITS_NS, &dials, &lookups);
    if (!trouble && dials.n == 0 && lookups.n == 0)
        return P2T_OK;
    put_window(&line, p);
    if (trouble) {
        put_failures(&line, s, p->alerts.before);
        status = put_cause(&line, s);
    }
    put_waits(&line, &dials, "dial", " to");
    put_waits(&line, &lookups, "lookup", " at");
    if (!line.failed && status == P2T_OK)
        p->config->alert(p->config->ctx, (const char *)line.p, line.n);
    buf_fini(&line);
    return status;
}

/* ---- a window ---- */

int alerts_window(struct point *p, struct slice state)
{
    struct p2t_summary *s = NULL;
    int status = p->alerts.before == NULL ? read_before(p) : P2T_OK;

    if (status == P2T_OK)
        status = p2t_summary_new(&s, &(struct p2t_summary_config){0});
    if (status == P2T_OK)
        status = summary_load_chosen(s, state, NULL);
    if (status == P2T_OK)
        status = tell(p, s);
    if (status == P2T_OK)
        status = summary_load_chosen(p->alerts.before, state, NULL);
    p2t_summary_free(s);
    return status;
}

void alerts_fini(struct alerts *a)
{
    p2t_summary_free(a->before);
    a->before = NULL;
}
