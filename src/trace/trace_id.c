/* The application's own name for a request, from its headers: what log lines can be joined by. */
#include "trace/build.h"

/* In order of preference: the W3C standard first. */
#define SOURCES(X)                                                                                                   \
    X("traceparent")                                                                                                 \
    X("x-request-id")                                                                                                \
    X("x-b3-traceid")                                                                                                \
    X("b3")                                                                                                          \
    X("uber-trace-id")                                                                                               \
    X("x-trace-id")                                                                                                  \
    X("x-amzn-trace-id")                                                                                             \
    X("x-correlation-id")                                                                                            \
    X("x-cloud-trace-context")                                                                                       \
    X("x-datadog-trace-id")

#define NAME(s) SLICE_INIT(s),
static const struct slice sources[] = {SOURCES(NAME)};
#undef NAME

/* traceparent: version "-" trace-id "-" ...; b3 and uber-trace-id: trace id first; X-Amzn: Root=...; */
static struct slice id_within(struct slice source, struct slice value)
{
    if (slice_eq(source, SLICE_LIT("traceparent")) && value.n >= 35 && value.p[2] == '-')
        return slice_of(value.p + 3, 32);
    if (slice_eq(source, SLICE_LIT("b3")))
        return slice_of(value.p, slice_find(value, '-'));
    if (slice_eq(source, SLICE_LIT("uber-trace-id")))
        return slice_of(value.p, slice_find(value, ':'));
    if (slice_eq(source, SLICE_LIT("x-cloud-trace-context")))
        return slice_of(value.p, slice_find(value, '/'));
    if (slice_eq(source, SLICE_LIT("x-amzn-trace-id")) && slice_istarts(value, SLICE_LIT("Root="))) {
        value = slice_of(value.p + 5, value.n - 5);
        return slice_of(value.p, slice_find(value, ';'));
    }
    return value;
}

/* What is redacted joins nothing. */
static void take(struct trace *t, struct slice source, struct slice value)
{
    if (shown_value(t, redact_field_of(t->redact, source), value).p != value.p)
        return;
    t->out.trace_id = text_of(id_within(source, value));
    t->out.trace_id_source = text_of(source);
}

static bool is_first_letter(uint8_t c)
{
    unsigned lower = c | 0x20u;

    return lower == 't' || lower == 'x' || lower == 'b' || lower == 'u';
}

/* By its length and first letter: most are not. */
static bool may_be_source(struct slice name)
{
    return name_length_in(name, 0 SOURCES(NAME_LENGTH_BIT)) && name.n > 0 && is_first_letter(name.p[0]);
}

/* Its place among the sources, or how many there are. */
static size_t source_of(struct slice name)
{
    size_t k = 0;

    while (k < sizeof sources / sizeof *sources && !slice_ieq(name, sources[k]))
        k++;
    return k;
}

void trace_id_fill(struct trace *t)
{
    const struct exchange_request *r = &t->e->request;
    size_t best = sizeof sources / sizeof *sources;
    struct slice value = {NULL, 0};

    for (size_t i = 0; i < r->header_count; i++) {
        size_t k = may_be_source(r->headers[i].name) ? source_of(r->headers[i].name) : best;
        if (k >= best || r->headers[i].value.n == 0)
            continue;
        best = k;
        value = r->headers[i].value;
    }
    if (value.n > 0)
        take(t, sources[best], value);
}
