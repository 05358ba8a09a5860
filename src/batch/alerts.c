#include "batch/alerts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/timefmt.h"
#include "batch/state.h"
#include "batch/states.h"
#include "summary/saved.h"
#include "write/escape.h"

/* Of a kind, of the windows before: what is usual needs no more, and each window is held against it. */
enum { RECORDS_BEFORE = 4096 };

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

/* A finished copy: what is finished takes no more. NULL with P2T_OK: there is nothing to compare with. */
static int finished_copy(struct p2t_summary *of, struct p2t_summary **copy)
{
    const struct p2t_counters none = {0};
    uint64_t failed;
    size_t n;

    *copy = NULL;
    if (summary_calls(of, &failed) == 0)
        return P2T_OK;
    uint8_t *bytes = p2t_summary_save(of, &none, &n);
    int status = bytes != NULL ? p2t_summary_new(copy, &(struct p2t_summary_config){0}) : P2T_ERR_MEMORY;
    if (status == P2T_OK)
        status = p2t_summary_load(*copy, bytes, n);
    if (status == P2T_OK)
        status = p2t_summary_finish(*copy, &none);
    free(bytes);
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

/* When, and which window. */
static void put_window(struct buf *b, const struct point *p)
{
    if (p->sums.last_ns != 0) {
        put_time(b, p->sums.last_ns);
        buf_putc(b, ' ');
    }
    if (*p->name != '\0') {
        put_text(b, p->name);
        buf_putc(b, '/');
    }
    put_text(b, p->output);
}

static void put_causes(struct buf *b, const struct p2t_summary *s)
{
    struct p2t_call_cause first, other;
    uint64_t failed, calls = summary_calls(s, &failed);
    size_t n = 1;

    if (!p2t_summary_cause(s, 0, &first))
        return;
    while (p2t_summary_cause(s, n, &other))
        n++;
    buf_printf(b, ": %" PRIu64 " of %" PRIu64 " calls failed: %s, %s, %s: ", failed, calls,
               p2t_cause_name(first.code), p2t_cause_side_name(first.side), p2t_confidence_name(first.confidence));
    escape_text(b, first.text);
    if (n > 1)
        buf_printf(b, " (and %zu more)", n - 1);
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

static void tell(const struct point *p, const struct p2t_summary *s)
{
    struct correlate_waits dials, lookups;
    struct p2t_call_cause cause;
    struct buf line = {0};

    session_feed_waiting(p->session, WAITS_NS, &dials, &lookups);
    if (!p2t_summary_cause(s, 0, &cause) && dials.n == 0 && lookups.n == 0)
        return;
    put_window(&line, p);
    put_causes(&line, s);
    put_waits(&line, &dials, "dial", " to");
    put_waits(&line, &lookups, "lookup", " at");
    if (!line.failed)
        p->config->alert(p->config->ctx, (const char *)line.p, line.n);
    buf_fini(&line);
}

/* ---- a window ---- */

static int look_at(struct point *p, struct slice state, struct p2t_summary *before)
{
    const struct p2t_counters none = {0};
    struct p2t_summary *s;
    int status = p2t_summary_new(&s, &(struct p2t_summary_config){.baseline = before});

    if (status == P2T_OK)
        status = summary_load_chosen(s, state, NULL);
    if (status == P2T_OK)
        status = p2t_summary_finish(s, &none);
    if (status == P2T_OK)
        tell(p, s);
    p2t_summary_free(s);
    return status;
}

int alerts_window(struct point *p, struct slice state)
{
    struct p2t_summary *before = NULL;
    int status = p->alerts.before == NULL ? read_before(p) : P2T_OK;

    if (status == P2T_OK)
        status = finished_copy(p->alerts.before, &before);
    if (status == P2T_OK)
        status = look_at(p, state, before);
    if (status == P2T_OK)
        status = summary_load_chosen(p->alerts.before, state, NULL);
    p2t_summary_free(before);
    return status;
}

void alerts_fini(struct alerts *a)
{
    p2t_summary_free(a->before);
    a->before = NULL;
}
