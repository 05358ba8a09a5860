/* A line for each hook of each pair; calls that only one side knows are lines without a hook. */
#include "analyze/compare/state.h"

#include "base/timefmt.h"
#include "write/csv/cell.h"
#include "write/json/json.h"

static void text_cell(struct buf *b, struct slice s)
{
    buf_putc(b, ',');
    csv_text(b, compare_text_of(s));
}

static void us_cell(struct buf *b, bool known, int64_t ns)
{
    buf_putc(b, ',');
    if (known)
        json_us(b, ns);
}

static void time_cell(struct buf *b, const struct record_event *e, bool relative)
{
    char text[TIME_TEXT_BYTES];

    buf_putc(b, ',');
    if (e == NULL || relative)
        return;
    time_rfc3339(e->time_ns, text);
    buf_put(b, text, sizeof text);
}

static void live_cells(struct buf *b, const struct compare *c, const struct record *r)
{
    if (r == NULL) {
        buf_lit(b, ",,,");
        return;
    }
    csv_text(b, compare_text_of(compare_source(c, r)->file));
    buf_printf(b, ",%llu,%u", (unsigned long long)r->origin.line, r->origin.attempt);
    text_cell(b, r->id_count > 0 ? r->ids[0] : (struct slice){NULL, 0});
}

static void id_cell(struct buf *b, const struct record *wire)
{
    buf_printf(b, ",%016llx", (unsigned long long)wire->wire.id);
}

static void subject_cells(struct buf *b, const struct record *subject)
{
    text_cell(b, subject->method);
    text_cell(b, subject->url);
}

static void verdict_cells(struct buf *b, const struct pair_row *row)
{
    bool both = row->live != NULL && row->wire != NULL;
    const struct record_event *w = row->wire;

    us_cell(b, both, row->difference_ns);
    buf_printf(b, ",%s", w != NULL ? p2t_basis_name((enum p2t_basis)w->basis) : "");
    us_cell(b, w != NULL && w->has_earliest, w != NULL ? w->earliest_ns - w->time_ns : 0);
    us_cell(b, w != NULL && w->has_latest, w != NULL ? w->latest_ns - w->time_ns : 0);
    buf_str(b, !both ? "," : row->in_bounds ? ",true" : ",false");
    us_cell(b, both, row->outside_ns);
    buf_str(b, both ? "," : row->live == NULL ? ",live" : ",wire");
    buf_printf(b, ",%s", both || row->excuse == PAIR_NO_EXCUSE ? "" : pair_excuse_text(row->excuse));
}

static void put_row(struct buf *b, const struct compare *c, const struct pair_row *row)
{
    const struct pair *p = &c->pair;

    live_cells(b, c, p->live);
    id_cell(b, p->wire);
    subject_cells(b, p->wire->url.n > 0 ? p->wire : p->live);
    buf_printf(b, ",%s", p2t_hook_name(pair_hook(row)));
    text_cell(b, pair_key(row));
    time_cell(b, row->live, p->live->relative);
    time_cell(b, row->wire, false);
    verdict_cells(b, row);
    text_cell(b, row->live != NULL ? row->live->detail->error : (struct slice){NULL, 0});
    text_cell(b, row->wire != NULL ? row->wire->detail->error : (struct slice){NULL, 0});
    buf_lit(b, "\r\n");
}

static void csv_begin(struct buf *b, const struct compare *c)
{
    (void)c;
    buf_lit(b,
            "live_file,live_line,attempt,trace_id,exchange_id,method,url,hook,key,live_time,wire_time,difference_us,"
            "basis,earliest_us,latest_us,in_bounds,outside_us,missing,excuse,live_error,wire_error\r\n");
}

static void csv_pair(struct buf *b, const struct compare *c, uint64_t index)
{
    (void)index;
    for (size_t i = 0; i < c->pair.n; i++)
        put_row(b, c, &c->pair.rows[i]);
}

static void one_side(struct buf *b, const struct record *r, const char *missing)
{
    struct slice none = {NULL, 0};
    const struct record_event *first = r->event_count > 0 ? &r->events[0] : NULL;
    bool live = missing[0] == 'w';

    buf_lit(b, ",,");
    time_cell(b, live ? first : NULL, r->relative);
    time_cell(b, live ? NULL : first, false);
    buf_printf(b, ",,,,,,,%s,", missing);
    text_cell(b, live ? r->error : none);
    text_cell(b, live ? none : r->error);
    buf_lit(b, "\r\n");
}

static void csv_live_only(struct buf *b, const struct compare *c, const struct record *r, uint64_t index)
{
    (void)index;
    live_cells(b, c, r);
    buf_putc(b, ',');
    subject_cells(b, r);
    one_side(b, r, "wire");
}

static void csv_wire_only(struct buf *b, const struct compare *c, const struct record *r, uint64_t index)
{
    (void)index;
    live_cells(b, c, NULL);
    id_cell(b, r);
    subject_cells(b, r);
    one_side(b, r, "live");
}

static void nothing(struct buf *b, const struct compare *c)
{
    (void)b;
    (void)c;
}

const struct compare_ops compare_csv = {csv_begin, csv_pair, nothing, csv_live_only, nothing, csv_wire_only, nothing};
