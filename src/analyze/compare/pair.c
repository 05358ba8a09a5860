#include "analyze/compare/pair.h"

#include <stdlib.h>

#include "analyze/compare/errors.h"

const char *pair_excuse_text(enum pair_excuse excuse)
{
    static const char *const texts[PAIR_EXCUSES] = {
        [PAIR_NOT_RECORDED] = "these traces do not record it",   [PAIR_AFTER_CAPTURE] = "after the last packet",
        [PAIR_BEFORE_CAPTURE] = "before the first packet",       [PAIR_ENCRYPTED] = "encrypted",
        [PAIR_STILL_OPEN] = "still open when the capture ended", [PAIR_NEVER_SENT] = "written, but never sent",
    };

    return texts[excuse];
}

/* ---- which hook is which ---- */

/* A failed lookup shows only the name on the wire, not the port. */
static bool same_key(const struct record_event *a, const struct record_event *b)
{
    if (a->key.p == NULL || b->key.p == NULL || slice_ieq(a->key, b->key))
        return true;
    return a->hook == P2T_HOOK_GET_CONN && slice_ieq(record_host_of(a->key), record_host_of(b->key));
}

/* A hook that fires many times and is matched by its key only. */
static bool needs_key(uint8_t hook)
{
    return hook == P2T_HOOK_WROTE_HEADER_FIELD || hook == P2T_HOOK_GOT_1XX_RESPONSE;
}

static struct pair_row *row_for(struct pair *p, const struct record_event *live, bool any_key)
{
    for (size_t i = 0; i < p->n; i++) {
        struct pair_row *row = &p->rows[i];
        if (row->live == NULL && row->wire->hook == live->hook &&
            (any_key ? !needs_key(live->hook) : same_key(live, row->wire)))
            return row;
    }
    return NULL;
}

/* Rows are in the wire's order; a hook that only the live side has is put after its predecessor there. */
static void insert_row(struct pair *p, const struct record_event *live)
{
    size_t at = 0;

    for (size_t i = 0; i < p->n; i++)
        if (p->rows[i].live != NULL && p->rows[i].live < live)
            at = i + 1;
    memmove(&p->rows[at + 1], &p->rows[at], (p->n - at) * sizeof *p->rows);
    p->rows[at] = (struct pair_row){.live = live};
    p->n++;
}

/* Matches by key first, and the rest by order: with DNAT, the same service has two addresses. */
static void match(struct pair *p)
{
    bool matched[RECORD_EVENTS_MAX] = {false};

    for (size_t i = 0; i < p->wire->event_count; i++)
        p->rows[p->n++] = (struct pair_row){.wire = &p->wire->events[i]};
    for (int any_key = 0; any_key < 2; any_key++)
        for (size_t i = 0; i < p->live->event_count; i++) {
            struct pair_row *row = matched[i] ? NULL : row_for(p, &p->live->events[i], any_key);
            if (row == NULL)
                continue;
            row->live = &p->live->events[i];
            matched[i] = true;
        }
    for (size_t i = 0; i < p->live->event_count; i++)
        if (!matched[i])
            insert_row(p, &p->live->events[i]);
}

/* ---- one row ---- */

static int64_t on_wire_clock(const struct pair *p, int64_t live_ns)
{
    return live_ns - p->offset_ns;
}

static int64_t outside(const struct record_event *wire, int64_t at)
{
    if (wire->has_earliest && at < wire->earliest_ns)
        return at - wire->earliest_ns;
    return wire->has_latest && at > wire->latest_ns ? at - wire->latest_ns : 0;
}

/* Only forms that record errors of hooks can differ: HAR and curl do not. */
static bool errors_differ(const struct pair *p, const struct pair_row *row)
{
    struct slice live = row->live->detail->error, wire = row->wire->detail->error;

    if (live.n == 0 && !p->live->tells_hook_errors)
        return false;
    if (error_same(live, wire) || (live.n > 0 && (error_is_hidden(wire) || (wire.n > 0 && error_is_foreign(live)))))
        return false;
    return !(live.n > 0 && wire.n > 0 && error_is_giving_up(live) && error_is_giving_up(wire));
}

static bool values_differ(const struct pair_row *row)
{
    const struct record_detail *live = row->live->detail, *wire = row->wire->detail;

    if (live->addresses.p != NULL && wire->addresses.p != NULL && !slice_eq(live->addresses, wire->addresses))
        return true;
    return live->reused >= 0 && wire->reused >= 0 && live->reused != wire->reused;
}

static void compare_row(struct pair *p, struct pair_row *row, const struct pair_config *c)
{
    int64_t at = on_wire_clock(p, row->live->time_ns);

    row->difference_ns = at - row->wire->time_ns;
    row->outside_ns = outside(row->wire, at);
    row->in_bounds = row->outside_ns >= -c->tolerance_ns && row->outside_ns <= c->tolerance_ns;
    row->errors_differ = errors_differ(p, row);
    row->values_differ = values_differ(row);
    p->outside += !row->in_bounds;
    p->error_differences += row->errors_differ;
    p->value_differences += row->values_differ;
}

/* Hooks that encryption hides. */
static bool is_hidden(enum p2t_hook hook)
{
    return hook == P2T_HOOK_WROTE_HEADER_FIELD || hook == P2T_HOOK_WAIT_100_CONTINUE ||
           hook == P2T_HOOK_GOT_100_CONTINUE || hook == P2T_HOOK_GOT_1XX_RESPONSE;
}

/* A failed dial or handshake: Go writes the request into a buffer, and learns of the failure before that is sent. */
static bool is_unsent_write(const struct pair *p, enum p2t_hook hook)
{
    return p->wire->wire.kind == P2T_KIND_CONNECT && p->wire->error.n > 0 &&
           (hook == P2T_HOOK_WROTE_HEADER_FIELD || hook == P2T_HOOK_WROTE_HEADERS ||
            hook == P2T_HOOK_WAIT_100_CONTINUE || hook == P2T_HOOK_WROTE_REQUEST);
}

static bool is_still_open(const struct record *wire, int64_t at)
{
    return wire->wire.outcome == P2T_OUTCOME_INCOMPLETE && wire->event_count > 0 &&
           at >= wire->events[wire->event_count - 1].time_ns;
}

static enum pair_excuse excuse_of(const struct pair *p, const struct pair_row *row, uint32_t recorded,
                                  const struct pair_config *c)
{
    if (row->live == NULL)
        return (recorded >> row->wire->hook & 1) == 0 ? PAIR_NOT_RECORDED : PAIR_NO_EXCUSE;
    if (p->wire->wire.kind == P2T_KIND_TLS && is_hidden((enum p2t_hook)row->live->hook))
        return PAIR_ENCRYPTED;
    if (is_unsent_write(p, (enum p2t_hook)row->live->hook))
        return PAIR_NEVER_SENT;
    if (p->live->relative)
        return PAIR_NO_EXCUSE;
    if (is_still_open(p->wire, on_wire_clock(p, row->live->time_ns)))
        return PAIR_STILL_OPEN;
    if (on_wire_clock(p, row->live->time_ns) > c->last_packet_ns)
        return PAIR_AFTER_CAPTURE;
    return on_wire_clock(p, row->live->time_ns) < c->first_packet_ns - c->tolerance_ns ? PAIR_BEFORE_CAPTURE
                                                                                       : PAIR_NO_EXCUSE;
}

static void compare_rows(struct pair *p, uint32_t recorded, const struct pair_config *c)
{
    for (size_t i = 0; i < p->n; i++) {
        struct pair_row *row = &p->rows[i];
        if (row->live != NULL && row->wire != NULL) {
            compare_row(p, row, c);
            continue;
        }
        row->excuse = excuse_of(p, row, recorded, c);
        p->missing_live += row->live == NULL && row->excuse == PAIR_NO_EXCUSE;
        p->missing_wire += row->wire == NULL && row->excuse == PAIR_NO_EXCUSE;
    }
}

/* ---- the calls' errors ---- */

static bool call_errors_differ(const struct pair *p)
{
    struct slice live = p->live->error, wire = p->wire->error;

    if (p->live->no_error_told || live.p == NULL || p->wire->wire.outcome == P2T_OUTCOME_INCOMPLETE)
        return false;
    /* Errors inside encryption, and why a client closed, are not on the wire: any two errors agree. */
    if ((p->wire->wire.kind == P2T_KIND_TLS || p->wire->wire.client_gave_up) && live.n > 0 && wire.n > 0)
        return false;
    /* curl, browsers and other languages word errors their own way. */
    if ((!p->live->tells_hook_errors || error_is_foreign(live)) && live.n > 0 && wire.n > 0)
        return false;
    /* An application that has read enough closes as well, without an error. */
    if (p->wire->wire.client_gave_up && p->wire->wire.outcome == P2T_OUTCOME_RESPONSE_ERROR && live.n == 0)
        return false;
    if ((live.n > 0 && error_is_hidden(wire)) || (error_is_giving_up(live) && error_is_giving_up(wire)))
        return false;
    return !error_same(live, wire);
}

/* ---- no time of day ---- */

static int by_value(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Finds a start of the call that puts its hooks within their bounds; if there is none, the median one. */
static int64_t anchor(const struct record *live, const struct record *wire)
{
    int64_t starts[P2T_HOOK_COUNT], least = INT64_MIN, most = INT64_MAX;
    size_t n = 0;

    for (int h = 0; h < P2T_HOOK_COUNT; h++) {
        const struct record_event *a = record_find(live, (enum p2t_hook)h);
        const struct record_event *b = record_find(wire, (enum p2t_hook)h);
        if (a == NULL || b == NULL)
            continue;
        starts[n++] = b->time_ns - a->time_ns;
        if (b->has_earliest && b->earliest_ns - a->time_ns > least)
            least = b->earliest_ns - a->time_ns;
        if (b->has_latest && b->latest_ns - a->time_ns < most)
            most = b->latest_ns - a->time_ns;
    }
    if (n == 0)
        return wire->event_count > 0 ? wire->events[0].time_ns : wire->end_ns;
    qsort(starts, n, sizeof *starts, by_value);
    int64_t start = starts[n / 2];
    if (least <= most)
        start = start < least ? least : start > most ? most : start;
    return start;
}

static int64_t offset_of(const struct record *live, const struct record *wire, const struct clock *clock)
{
    int64_t at = live->event_count > 0 ? live->events[0].time_ns : live->end_ns;

    return live->relative ? -anchor(live, wire) : at - clock_to_wire(clock, at);
}

int64_t pair_last_ns(const struct record *live)
{
    int64_t last = live->event_count > 0 ? live->events[live->event_count - 1].time_ns : live->end_ns;

    return live->has_end && live->end_ns > last ? live->end_ns : last;
}

/* The capture does not have all of it: nothing that is missing differs. */
static bool is_cut(const struct pair *p, const struct pair_config *c)
{
    enum { NOTABLE_NS = 10000000 }; /* a call's end is often noted a little after its last packet */

    return p->wire->wire.outcome == P2T_OUTCOME_INCOMPLETE ||
           (!p->live->relative && on_wire_clock(p, pair_last_ns(p->live)) > c->last_packet_ns + NOTABLE_NS);
}

void pair_make(struct pair *p, const struct record *live, const struct record *wire, const struct clock *clock,
               uint32_t recorded, const struct pair_config *config)
{
    p->live = live;
    p->wire = wire;
    p->n = p->order_count = 0;
    p->missing_live = p->missing_wire = p->outside = p->error_differences = p->value_differences = 0;
    p->offset_ns = offset_of(live, wire, clock);
    match(p);
    compare_rows(p, recorded, config);
    pair_check_order(p);
    p->errors_differ = call_errors_differ(p);
    p->cut = is_cut(p, config);
}

bool pair_agrees(const struct pair *p)
{
    return p->cut || pair_is_same(p);
}

bool pair_is_same(const struct pair *p)
{
    return p->missing_live + p->missing_wire + p->outside + p->error_differences + p->value_differences +
                   p->order_count ==
               0 &&
           !p->errors_differ;
}
