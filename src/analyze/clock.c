#include "analyze/clock.h"

#include <stdlib.h>

static const int64_t SPAN_FOR_DRIFT_NS = 10000000000;
static const int64_t MODE_WINDOW_NS = 100000000;
enum { SAMPLES_FOR_DRIFT = 20 };
/* A larger drift is no clock's, but an error. */
static const double DRIFT_MAX = 0.1;

static int by_value(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static int64_t median(int64_t *v, size_t n)
{
    qsort(v, n, sizeof *v, by_value);
    return n % 2 == 1 ? v[n / 2] : v[n / 2 - 1] + (v[n / 2] - v[n / 2 - 1]) / 2;
}

/* ---- one pair ---- */

/* Differences of the hooks in `mask`, at most one each; with `observed`, only of those that a packet times. */
static size_t differences(const struct record *live, const struct record *wire, uint32_t mask, bool observed,
                          int64_t out[P2T_HOOK_COUNT])
{
    size_t n = 0;

    for (int h = 0; h < P2T_HOOK_COUNT; h++) {
        if ((mask >> h & 1) == 0)
            continue;
        const struct record_event *a = record_find(live, (enum p2t_hook)h);
        const struct record_event *b = record_find(wire, (enum p2t_hook)h);
        if (a != NULL && b != NULL && (!observed || b->basis == P2T_OBSERVED))
            out[n++] = a->time_ns - b->time_ns;
    }
    return n;
}

static const uint32_t before_packets = 1u << P2T_HOOK_DNS_START | 1u << P2T_HOOK_CONNECT_START |
                                       1u << P2T_HOOK_TLS_HANDSHAKE_START | 1u << P2T_HOOK_WROTE_HEADERS |
                                       1u << P2T_HOOK_WROTE_REQUEST;
static const uint32_t after_packets = 1u << P2T_HOOK_DNS_DONE | 1u << P2T_HOOK_CONNECT_DONE |
                                      1u << P2T_HOOK_TLS_HANDSHAKE_DONE | 1u << P2T_HOOK_GOT_FIRST_RESPONSE_BYTE;

/* A capture point away from the client sees sent packets late and received ones early: take the middle of both. */
bool clock_sample(const struct record *live, const struct record *wire, struct clock_sample *out)
{
    int64_t sent[P2T_HOOK_COUNT], received[P2T_HOOK_COUNT];
    size_t ns = differences(live, wire, before_packets, true, sent);
    size_t nr = differences(live, wire, after_packets, true, received);
    bool elsewhere = wire->wire.vantage == P2T_VANTAGE_SERVER || wire->wire.vantage == P2T_VANTAGE_MIDDLE;

    if (ns + nr == 0 || live->relative)
        return false;
    out->live_ns = live->events[0].time_ns;
    if (ns > 0 && nr > 0 && elsewhere)
        out->difference_ns = median(sent, ns) / 2 + median(received, nr) / 2;
    else
        out->difference_ns = ns > 0 ? median(sent, ns) : median(received, nr);
    return true;
}

bool clock_difference(const struct record *live, const struct record *wire, int64_t *ns)
{
    const struct record_event *get = NULL, *other = NULL;

    for (size_t i = 0; i < live->event_count; i++) {
        const struct record_event *e = &live->events[i];
        other = record_find(wire, (enum p2t_hook)e->hook);
        if (other != NULL && e->hook != P2T_HOOK_GET_CONN) {
            *ns = e->time_ns - other->time_ns;
            return true;
        }
        get = other != NULL ? e : get;
    }
    if (get != NULL)
        *ns = get->time_ns - record_find(wire, P2T_HOOK_GET_CONN)->time_ns;
    return get != NULL;
}

/* ---- many ---- */

int64_t clock_mode(int64_t *v, size_t n)
{
    size_t best = 0, best_n = 0;

    qsort(v, n, sizeof *v, by_value);
    for (size_t from = 0, to = 0; from < n; from++) {
        while (to < n && v[to] - v[from] <= MODE_WINDOW_NS)
            to++;
        if (to - from > best_n || (to - from == best_n && llabs(v[from]) < llabs(v[best]))) {
            best = from;
            best_n = to - from;
        }
    }
    return best_n > 0 ? v[best + best_n / 2] : 0;
}

static int by_time(const void *a, const void *b)
{
    const struct clock_sample *x = a, *y = b;

    if (x->live_ns != y->live_ns)
        return x->live_ns < y->live_ns ? -1 : 1;
    return (x->difference_ns > y->difference_ns) - (x->difference_ns < y->difference_ns);
}

static int by_double(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Theil's incomplete method: the median slope between each sample and the one half the list further on. */
static double slope(const struct clock_sample *s, size_t n, double *scratch)
{
    size_t half = n / 2, m = 0;

    for (size_t i = 0; i + half < n; i++) {
        double run = (double)(s[i + half].live_ns - s[i].live_ns);
        if (run > 0)
            scratch[m++] = (double)(s[i + half].difference_ns - s[i].difference_ns) / run;
    }
    qsort(scratch, m, sizeof *scratch, by_double);
    return m > 0 ? scratch[m / 2] : 0;
}

/* The median distance of the samples from the offset. */
static int64_t spread(const int64_t *v, size_t n, int64_t middle, int64_t *scratch)
{
    for (size_t i = 0; i < n; i++)
        scratch[i] = llabs(v[i] - middle);
    return median(scratch, n);
}

/* Uses a line if it moves by more than least_ns and halves the median distance of the samples. */
static void fit_line(struct clock *c, const struct clock_sample *s, size_t n, int64_t least_ns, int64_t *v[3],
                     double *slopes)
{
    double drift = slope(s, n, slopes), moved = drift * (double)(s[n - 1].live_ns - s[0].live_ns);
    int64_t *flat = v[0], *line = v[1], *scratch = v[2];

    if ((moved <= (double)least_ns && moved >= -(double)least_ns) || drift > DRIFT_MAX || drift < -DRIFT_MAX)
        return;
    for (size_t i = 0; i < n; i++) {
        flat[i] = s[i].difference_ns;
        line[i] = s[i].difference_ns - (int64_t)(drift * (double)(s[i].live_ns - c->reference_ns));
    }
    int64_t offset = median(line, n);
    if (2 * spread(line, n, offset, scratch) > spread(flat, n, c->offset_ns, scratch))
        return;
    c->drift = drift;
    c->drifts = c->applied = true;
    c->offset_ns = offset;
}

struct clock clock_fit(struct clock_sample *s, size_t n, int64_t least_ns)
{
    struct clock c = {.samples = n};
    int64_t *v = n > 0 ? malloc(3 * n * sizeof *v) : NULL;
    double *slopes = n > 0 ? malloc(n * sizeof *slopes) : NULL;

    if (v != NULL && slopes != NULL) {
        for (size_t i = 0; i < n; i++)
            v[i] = s[i].difference_ns;
        qsort(s, n, sizeof *s, by_time);
        c.reference_ns = s[n / 2].live_ns;
        c.offset_ns = median(v, n);
        c.applied = llabs(c.offset_ns) > least_ns;
        if (n >= SAMPLES_FOR_DRIFT && s[n - 1].live_ns - s[0].live_ns >= SPAN_FOR_DRIFT_NS)
            fit_line(&c, s, n, least_ns, (int64_t *[]){v, v + n, v + 2 * n}, slopes);
    }
    free(v);
    free(slopes);
    return c;
}

int64_t clock_to_wire(const struct clock *c, int64_t live_ns)
{
    if (!c->applied)
        return live_ns;
    return live_ns - c->offset_ns - (int64_t)(c->drift * (double)(live_ns - c->reference_ns));
}
