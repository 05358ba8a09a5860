/* The timeline: offset, basis, hook, packets, arguments; the longest wait marked. */
#include "write/escape.h"
#include "write/text/text.h"

/* One event, a run of WroteHeaderField events, or (count 0) the end of the exchange, which is no hook. */
struct row {
    size_t first, count;
    int64_t time_ns;
};

struct walk {
    const struct p2t_exchange *x;
    size_t at;
    bool end_due;
};

static struct walk walk_begin(const struct p2t_exchange *x)
{
    bool later = x->event_count > 0 && x->end_ns > x->events[x->event_count - 1].time_ns;

    return (struct walk){x, 0, x->event_count > 0 && x->kind != P2T_KIND_LOOKUP && (x->status > 0 || later)};
}

static bool walk_next(struct walk *w, struct row *r)
{
    const struct p2t_exchange *x = w->x;
    size_t i = w->at;

    if (w->end_due && (i == x->event_count || x->events[i].time_ns > x->end_ns)) {
        w->end_due = false;
        *r = (struct row){i, 0, x->end_ns};
        return true;
    }
    if (i == x->event_count)
        return false;
    *r = (struct row){i, 1, x->events[i].time_ns};
    while (x->events[i].hook == P2T_HOOK_WROTE_HEADER_FIELD && i + r->count < x->event_count &&
           x->events[i + r->count].hook == P2T_HOOK_WROTE_HEADER_FIELD)
        r->count++;
    w->at += r->count;
    return true;
}

static enum p2t_hook row_hook(const struct p2t_exchange *x, const struct row *r)
{
    return r->count > 0 ? x->events[r->first].hook : P2T_HOOK_COUNT;
}

struct gap {
    int64_t ns; /* 0: none */
    struct row before, after;
};

/* The gap before or after such an event is no wait that was seen: GetConn and GotConn leave no packet, so that their times
 * are estimates, and PutIdleConn after the end is bookkeeping. */
static bool is_wait(enum p2t_hook before)
{
    return before != P2T_HOOK_GET_CONN && before != P2T_HOOK_GOT_CONN && before != P2T_HOOK_COUNT;
}

static struct gap longest_gap(const struct p2t_exchange *x)
{
    struct walk w = walk_begin(x);
    struct gap longest = {0};
    struct row before, after;

    if (!walk_next(&w, &before))
        return longest;
    for (; walk_next(&w, &after); before = after) {
        int64_t ns = after.time_ns - before.time_ns;
        if (is_wait(row_hook(x, &before)) && ns > longest.ns)
            longest = (struct gap){ns, before, after};
    }
    if (longest.ns > 0)
        longest.ns = text_gap_ns(x, row_hook(x, &longest.before), row_hook(x, &longest.after), longest.ns);
    return longest;
}

struct layout {
    bool named; /* packets need their file's name */
    size_t time_width, evidence_width;
    struct gap gap;
};

static void row_evidence(struct buf *b, const struct p2t_exchange *x, const struct row *r, bool named)
{
    if (r->count > 0)
        text_evidence(b, x, x->events[r->first].evidence, x->events[r->first].evidence_count, named);
}

static struct layout layout_of(struct buf *b, const struct p2t_exchange *x)
{
    struct layout l = {.named = x->file_count > 1, .evidence_width = 4, .gap = longest_gap(x)};
    struct walk w = walk_begin(x);
    size_t from = b->n;
    struct row r;

    while (walk_next(&w, &r)) {
        row_evidence(b, x, &r, l.named);
        if (b->n - from > l.evidence_width)
            l.evidence_width = b->n - from;
        b->n = from;
        text_ms(b, r.time_ns - x->start_ns, 9);
        if (b->n - from > l.time_width)
            l.time_width = b->n - from;
        b->n = from;
    }
    return l;
}

static void pad(struct buf *b, size_t from, size_t width)
{
    if (b->n - from < width)
        text_spaces(b, width - (b->n - from));
}

/* Without keys there is no status; only that bytes came is known. */
static void estimated_end_args(struct buf *b, const struct p2t_exchange *x)
{
    if (x->response.body_bytes >= 0)
        buf_printf(b, "answered, %lld bytes, encrypted", (long long)x->response.body_bytes);
    else if (x->request.body_bytes >= 0)
        buf_lit(b, "no response");
}

static void end_args(struct buf *b, const struct p2t_exchange *x)
{
    if (x->kind == P2T_KIND_TLS) {
        estimated_end_args(b, x);
        return;
    }
    if (x->status > 0)
        buf_printf(b, "%d", x->status);
    else if (x->kind != P2T_KIND_CONNECT)
        buf_lit(b, "no response");
    if (x->response.body_bytes >= 0)
        buf_printf(b, ", body %lld bytes", (long long)x->response.body_bytes);
    if (x->response.content_type.n > 0) {
        buf_lit(b, ", ");
        escape_text(b, x->response.content_type);
    }
}

static void put_packets(struct buf *b, const struct out_options *o, const struct p2t_exchange *x, const struct row *r,
                        const struct layout *l)
{
    text_begin(b, o, TEXT_DIM);
    size_t from = b->n;
    row_evidence(b, x, r, l->named);
    size_t width = b->n - from;
    text_end(b, o);
    from = b->n;
    pad(b, from, l->evidence_width - width);
}

static void put_args(struct buf *b, const struct p2t_exchange *x, const struct row *r)
{
    size_t from = b->n;

    buf_lit(b, "  ");
    if (r->count > 0)
        text_args(b, x, &x->events[r->first]);
    else
        end_args(b, x);
    if (b->n == from + 2)
        b->n = from;
}

static char basis_mark(const struct p2t_exchange *x, const struct row *r)
{
    static const char marks[] = {' ', '~', '?'};

    return r->count > 0 ? marks[x->events[r->first].basis] : ' ';
}

static void put_gap(struct buf *b, const struct out_options *o, const struct p2t_exchange *x, const struct gap *g)
{
    buf_lit(b, "  ");
    text_begin(b, o, TEXT_YELLOW);
    buf_lit(b, "<- ");
    text_duration(b, g->ns);
    buf_putc(b, ' ');
    buf_str(b, text_gap_name(x, row_hook(x, &g->before), row_hook(x, &g->after)));
    text_end(b, o);
}

static void trim(struct buf *b)
{
    while (b->n > 0 && b->p[b->n - 1] == ' ')
        b->n--;
}

static bool is_gap_end(const struct gap *g, const struct row *r)
{
    return g->ns > 0 && r->first == g->after.first && r->count == g->after.count;
}

enum { HOOK_COLUMNS = sizeof "GotFirstResponseByte" - 1 + 2 };

static size_t args_column(const struct layout *l)
{
    return 2 + l->time_width + 3 + HOOK_COLUMNS + l->evidence_width + 2;
}

/* Where arguments that do not fit go on: below them, unless a narrow terminal leaves no room there. */
static size_t indent_of(const struct out_options *o, const struct layout *l)
{
    size_t column = args_column(l);

    return column + 24 > text_width(o) ? 12 : column;
}

static void put_left(struct buf *b, const struct out_options *o, const struct p2t_exchange *x, const struct row *r,
                     const struct layout *l)
{
    buf_lit(b, "  ");
    text_ms(b, r->time_ns - x->start_ns, l->time_width);
    buf_putc(b, ' ');
    buf_putc(b, basis_mark(x, r));
    buf_putc(b, ' ');
    size_t from = b->n;
    buf_str(b, r->count > 0 ? p2t_hook_name(x->events[r->first].hook) : "(end)");
    pad(b, from, HOOK_COLUMNS);
    put_packets(b, o, x, r, l);
}

static void put_row(struct buf *b, const struct out_options *o, const struct p2t_exchange *x, const struct row *r,
                    const struct layout *l)
{
    size_t line = b->n;

    put_left(b, o, x, r, l);
    size_t args = b->n;
    put_args(b, x, r);
    text_cut(b, o, line, args, 0);
    if (is_gap_end(&l->gap, r))
        put_gap(b, o, x, &l->gap);
    trim(b);
    text_fold(b, o, line, indent_of(o, l));
    buf_putc(b, '\n');
}

/* The second and later fields of a run, each below the first one. */
static void put_more_fields(struct buf *b, const struct out_options *o, const struct p2t_exchange *x,
                            const struct row *r, const struct layout *l)
{
    for (size_t i = 1; i < r->count; i++) {
        size_t line = b->n;
        text_spaces(b, indent_of(o, l));
        text_args(b, x, &x->events[r->first + i]);
        text_cut(b, o, line, line, 0);
        text_fold(b, o, line, indent_of(o, l) + 2);
        buf_putc(b, '\n');
    }
}

void text_rows(struct buf *b, const struct out_options *o, const struct p2t_exchange *x)
{
    struct layout l = layout_of(b, x);
    struct walk w = walk_begin(x);
    struct row r;

    while (walk_next(&w, &r)) {
        put_row(b, o, x, &r, &l);
        put_more_fields(b, o, x, &r, &l);
    }
}
