/* OTLP/JSON: an ExportTraceServiceRequest with otelhttptrace's spans, or with its events on one span. */
#include <stdlib.h>

#include "analyze/live/forms.h"

enum { SPANS_MAX = 4000000 };

#define PHASE_LIST(X)                                                                                                \
    X("http.getconn", GET_CONN, GOT_CONN)                                                                            \
    X("http.dns", DNS_START, DNS_DONE)                                                                               \
    X("http.connect", CONNECT_START, CONNECT_DONE)                                                                   \
    X("http.tls", TLS_HANDSHAKE_START, TLS_HANDSHAKE_DONE)                                                           \
    X("http.headers", COUNT, WROTE_HEADERS)                                                                          \
    X("http.send", COUNT, WROTE_REQUEST)                                                                             \
    X("http.receive", GOT_FIRST_RESPONSE_BYTE, PUT_IDLE_CONN)

static const struct {
    const char *name;
    enum p2t_hook first, last; /* P2T_HOOK_COUNT: another span has it */
} phases[] = {
#define X(name, first, last) {name, P2T_HOOK_##first, P2T_HOOK_##last},
    PHASE_LIST(X)
#undef X
};

enum { PHASES = sizeof phases / sizeof *phases };

struct span_event {
    int64_t time_ns;
    struct slice key;
    const struct record_detail *detail;
    enum p2t_hook hook;
};

struct span {
    struct slice trace_id, id, parent;
    struct slice method, url, error;
    struct span *above; /* the call that it is part of */
    struct span_event *events;
    size_t event_count;
    uint32_t recorded;
    uint64_t line;
    bool phase; /* one of the above, not the call itself */
};

/* ---- one span ---- */

static struct slice attribute(const cJSON *holder, const char *key)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, live_member(holder, "attributes"))
    {
        if (slice_eq(live_string_member(item, "key"), slice_str(key)))
            return live_string_member(live_member(item, "value"), "stringValue");
    }
    return (struct slice){NULL, 0};
}

static struct slice either(const cJSON *holder, const char *key, const char *old_key)
{
    struct slice s = attribute(holder, key);

    return s.p != NULL ? s : attribute(holder, old_key);
}

static int reused_attribute(const cJSON *holder)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, live_member(holder, "attributes"))
    {
        const cJSON *value = live_member(live_member(item, "value"), "boolValue");
        if (slice_eq(live_string_member(item, "key"), SLICE_LIT("http.conn.reused")) && cJSON_IsBool(value))
            return cJSON_IsTrue(value);
    }
    return -1;
}

/* "a,b", or "undefined". */
static struct slice address_attribute(struct live *l, const cJSON *holder)
{
    struct slice text = attribute(holder, "http.dns.addrs");
    cJSON *list = cJSON_CreateArray();

    if (text.p == NULL || slice_eq(text, SLICE_LIT("undefined")))
        text = (struct slice){NULL, 0};
    while (text.n > 0) {
        size_t n = slice_find(text, ',');
        struct slice one = record_text(l->config.pool, slice_trim(slice_of(text.p, n)));
        char address[IP_TEXT_MAX];
        size_t length = one.n < sizeof address ? one.n : sizeof address - 1;
        memcpy(address, one.p, length);
        address[length] = '\0';
        (void)cJSON_AddItemToArray(list, cJSON_CreateString(address));
        text = slice_from(text, n + 1);
    }
    struct slice all = cJSON_GetArraySize(list) > 0 ? live_addresses(l, list) : (struct slice){NULL, 0};
    cJSON_Delete(list);
    return all;
}

/* Full whenever the count is a power of two. */
static void append(struct live *l, struct span *s, const struct span_event *e)
{
    size_t n = s->event_count;

    if ((n & (n - 1)) == 0) {
        struct span_event *more = arena_alloc(&l->config.pool->arena, (n == 0 ? 1 : 2 * n) * sizeof *more);
        if (more == NULL) {
            l->config.pool->failed = true;
            return;
        }
        if (n > 0)
            memcpy(more, s->events, n * sizeof *more);
        s->events = more;
    }
    s->events[s->event_count++] = *e;
}

static void add_event(struct live *l, struct span *s, enum p2t_hook hook, const cJSON *holder, const cJSON *time,
                      struct slice error)
{
    struct span_event e = {.hook = hook};
    struct record_detail d = {.reused = -1, .error = error};

    s->recorded |= 1u << hook;
    if (!live_time(time, &e.time_ns))
        return;
    if (hook == P2T_HOOK_DNS_DONE)
        d.addresses = address_attribute(l, holder);
    if (hook == P2T_HOOK_GOT_CONN) {
        d.reused = reused_attribute(holder);
        d.local = attribute(holder, "http.local");
        d.remote = attribute(holder, "http.remote");
    }
    if (hook == P2T_HOOK_CONNECT_START || hook == P2T_HOOK_CONNECT_DONE)
        e.key = record_text(l->config.pool, either(holder, "http.conn.done.addr", "http.remote"));
    e.detail = record_detail(l->config.pool, &d);
    append(l, s, &e);
}

static int phase_by_name(struct slice name)
{
    for (int i = 0; i < PHASES; i++)
        if (slice_eq(name, slice_str(phases[i].name)))
            return i;
    /* One span for each address that was tried, in some versions. */
    return slice_starts(name, SLICE_LIT("http.connect.")) ? 2 : -1;
}

static struct slice status_error(const cJSON *span)
{
    const cJSON *status = live_member(span, "status"), *code = live_member(status, "code");
    bool failed =
        (cJSON_IsNumber(code) && code->valueint == 2) || slice_eq(live_string(code), SLICE_LIT("STATUS_CODE_ERROR"));

    return failed ? live_string_member(status, "message") : (struct slice){NULL, 0};
}

static void take_phase(struct live *l, struct span *s, int phase, const cJSON *span)
{
    const cJSON *start = live_member(span, "startTimeUnixNano"), *end = live_member(span, "endTimeUnixNano");

    s->phase = true;
    if (phases[phase].first != P2T_HOOK_COUNT)
        add_event(l, s, phases[phase].first, span, start, (struct slice){NULL, 0});
    if (phases[phase].last != P2T_HOOK_COUNT)
        add_event(l, s, phases[phase].last, span, end, status_error(span));
}

/* "http.dns.start", "http.dns.done"; and what http.receive and http.send note. */
static void take_note(struct live *l, struct span *s, const cJSON *event)
{
    static const struct {
        const char *name;
        enum p2t_hook hook;
    } notes[] = {
        {"GOT 100 - Continue", P2T_HOOK_GOT_100_CONTINUE},
        {"GOT 100 - Wait", P2T_HOOK_WAIT_100_CONTINUE},
        {"GOT 1xx", P2T_HOOK_GOT_1XX_RESPONSE},
    };
    struct slice name = live_string_member(event, "name");
    const cJSON *time = live_member(event, "timeUnixNano");

    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++)
        if (slice_eq(name, slice_str(notes[i].name)))
            add_event(l, s, notes[i].hook, event, time, (struct slice){NULL, 0});
    for (int i = 0; i < PHASES; i++) {
        size_t n = strlen(phases[i].name);
        if (!slice_starts(name, slice_str(phases[i].name)))
            continue;
        struct slice rest = slice_from(name, n);
        if (slice_eq(rest, SLICE_LIT(".start")) && phases[i].first != P2T_HOOK_COUNT)
            add_event(l, s, phases[i].first, event, time, (struct slice){NULL, 0});
        if (slice_eq(rest, SLICE_LIT(".done")) && phases[i].last != P2T_HOOK_COUNT)
            add_event(l, s, phases[i].last, event, time, attribute(event, "error"));
    }
}

static struct span *new_span(struct live *l)
{
    if (l->span_count == SPANS_MAX)
        return NULL;
    if (l->span_count == l->span_cap) {
        size_t cap = l->span_cap == 0 ? 64 : l->span_cap * 2;
        struct span *more = realloc(l->spans, cap * sizeof *more);
        if (more == NULL) {
            l->config.pool->failed = true;
            return NULL;
        }
        l->spans = more;
        l->span_cap = cap;
    }
    l->spans[l->span_count] = (struct span){.line = l->line};
    return &l->spans[l->span_count++];
}

static void take_span(struct live *l, const cJSON *span)
{
    struct record_pool *p = l->config.pool;
    int phase = phase_by_name(live_string_member(span, "name"));
    struct span *s = new_span(l);
    const cJSON *event;

    if (s == NULL)
        return;
    s->trace_id = record_text(p, live_string_member(span, "traceId"));
    s->id = record_text(p, live_string_member(span, "spanId"));
    s->parent = record_text(p, live_string_member(span, "parentSpanId"));
    s->method = record_text(p, either(span, "http.request.method", "http.method"));
    s->url = record_text(p, either(span, "url.full", "http.url"));
    if (phase >= 0)
        take_phase(l, s, phase, span);
    else
        s->error = record_text(p, status_error(span));
    cJSON_ArrayForEach(event, live_member(span, "events"))
    {
        take_note(l, s, event);
    }
}

bool live_take_otlp(struct live *l, const cJSON *object)
{
    const cJSON *resources = live_member(object, "resourceSpans"), *resource, *scope, *span;

    if (!cJSON_IsArray(resources))
        return false;
    cJSON_ArrayForEach(resource, resources)
    {
        cJSON_ArrayForEach(scope, live_member(resource, "scopeSpans"))
        {
            cJSON_ArrayForEach(span, live_member(scope, "spans"))
            {
                take_span(l, span);
            }
        }
    }
    return true;
}

/* ---- calls ---- */

static int text_order(struct slice a, struct slice b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n > 0 ? memcmp(a.p, b.p, n) : 0;

    return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

static int by_id(const void *a, const void *b)
{
    const struct span *s = *(const struct span *const *)a, *t = *(const struct span *const *)b;
    int order = text_order(s->trace_id, t->trace_id);

    if (order == 0)
        order = text_order(s->id, t->id);
    return order != 0 ? order : (s > t) - (s < t);
}

static struct span *find_span(struct span **sorted, size_t n, struct slice trace_id, struct slice id)
{
    size_t from = 0, to = n;

    while (from < to) {
        size_t mid = (from + to) / 2;
        int order = text_order(sorted[mid]->trace_id, trace_id);
        if (order == 0)
            order = text_order(sorted[mid]->id, id);
        if (order < 0)
            from = mid + 1;
        else
            to = mid;
    }
    bool found =
        from < n && text_order(sorted[from]->trace_id, trace_id) == 0 && text_order(sorted[from]->id, id) == 0;
    return found && id.n > 0 ? sorted[from] : NULL;
}

/* From one phase to the one it is part of, and on to the call; otelhttptrace nests two levels. */
static struct span *call_of(struct span **sorted, size_t n, struct span *s)
{
    for (int level = 0; level < 4 && s->phase; level++) {
        struct span *up = find_span(sorted, n, s->trace_id, s->parent);
        if (up == NULL || up == s)
            break;
        s = up;
    }
    return s;
}

/* Spans of one call next to each other. A phase whose parent is not in the file stands with its siblings. */
static int by_call(const void *a, const void *b)
{
    const struct span *s = *(const struct span *const *)a, *t = *(const struct span *const *)b;
    int order = text_order(s->trace_id, t->trace_id);

    if (order == 0)
        order = text_order(s->above->phase ? s->above->parent : s->above->id,
                           t->above->phase ? t->above->parent : t->above->id);
    return order != 0 ? order : (s > t) - (s < t);
}

static bool same_call(const struct span *s, const struct span *t)
{
    return text_order(s->trace_id, t->trace_id) == 0 &&
           text_order(s->above->phase ? s->above->parent : s->above->id,
                      t->above->phase ? t->above->parent : t->above->id) == 0;
}

static void add_span(struct live *l, const struct span *s)
{
    struct record *r = &l->draft.record;

    if (r->method.p == NULL)
        r->method = s->method;
    if (r->url.p == NULL)
        r->url = s->url;
    if (!s->phase && s->error.n > 0)
        r->error = s->error;
    for (size_t i = 0; i < s->event_count; i++) {
        struct record_event *e = record_add_event(&l->draft, s->events[i].hook, s->events[i].time_ns);
        if (e == NULL)
            return;
        e->key = s->events[i].key;
        e->detail = s->events[i].detail;
    }
}

static void keep_call(struct live *l, struct span **spans, size_t n)
{
    const struct span *call = spans[0]->above;
    uint32_t recorded = 0;

    record_begin(&l->draft);
    l->draft.record.no_error_told = true;
    for (size_t i = 0; i < n; i++) {
        add_span(l, spans[i]);
        recorded |= spans[i]->recorded;
    }
    if (l->draft.record.event_count == 0)
        return;
    record_add_id(&l->draft, l->config.pool, call->phase ? call->parent : call->id);
    record_add_id(&l->draft, l->config.pool, call->trace_id);
    l->line = spans[0]->line;
    live_keep(l, LIVE_OTLP, recorded);
}

void live_end_otlp(struct live *l)
{
    size_t n = l->span_count;
    struct span **sorted = n > 0 ? malloc(2 * n * sizeof(struct span *)) : NULL;

    if (n == 0)
        return;
    if (sorted == NULL) {
        l->config.pool->failed = true;
        return;
    }
    struct span **grouped = sorted + n;
    for (size_t i = 0; i < n; i++)
        sorted[i] = grouped[i] = &l->spans[i];
    qsort(sorted, n, sizeof *sorted, by_id);
    for (size_t i = 0; i < n; i++)
        l->spans[i].above = call_of(sorted, n, &l->spans[i]);
    qsort(grouped, n, sizeof *grouped, by_call);
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && same_call(grouped[from], grouped[to]);)
            to++;
        keep_call(l, grouped + from, to - from);
    }
    free(sorted);
    l->span_count = 0;
}
