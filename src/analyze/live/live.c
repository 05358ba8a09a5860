#include "analyze/live/live.h"

#include <stdlib.h>

#include "analyze/compare/errors.h"
#include "analyze/live/forms.h"
#include "reread/exchange.h"

struct live *live_new(const struct live_config *config)
{
    struct live *l = calloc(1, sizeof *l);

    if (l == NULL)
        return NULL;
    l->config = *config;
    l->redact = redact_new(&config->redact);
    if (l->redact != NULL)
        return l;
    free(l);
    return NULL;
}

void live_free(struct live *l)
{
    if (l == NULL)
        return;
    buf_fini(&l->text.line);
    buf_fini(&l->text.value);
    free(l->sources);
    free(l->spans);
    redact_free(l->redact);
    reread_free(l->reread);
    buf_fini(&l->shown);
    free(l);
}

void live_complain(struct live *l, const char *why)
{
    l->counters.problems++;
    if (l->config.problem != NULL)
        l->config.problem(l->config.ctx, l->file, l->line, why);
}

const struct live_source *live_sources(const struct live *l, size_t *n)
{
    *n = l->source_count;
    return l->sources;
}

struct live_counters live_counters(const struct live *l)
{
    struct live_counters c = l->counters;

    c.events_refused = l->draft.events_refused;
    return c;
}

const char *live_form_name(enum live_form form)
{
    static const char *const names[] = {
#define X(id, name) name,
        LIVE_FORM_LIST(X)
#undef X
    };
    return names[form];
}

/* ---- traces ---- */

/* Finds or adds the source of this form in the current file. NULL when memory ran out. */
static struct live_source *source_of(struct live *l, enum live_form form)
{
    for (size_t i = l->file_first_source; i < l->source_count; i++)
        if (l->sources[i].form == form)
            return &l->sources[i];
    if (l->source_count == l->source_cap) {
        size_t cap = l->source_cap == 0 ? 8 : l->source_cap * 2;
        struct live_source *more = realloc(l->sources, cap * sizeof *more);
        if (more == NULL)
            return NULL;
        l->sources = more;
        l->source_cap = cap;
    }
    l->sources[l->source_count] = (struct live_source){.file = l->file, .form = form};
    return &l->sources[l->source_count++];
}

static bool on_a_connection(uint8_t hook)
{
    return hook == P2T_HOOK_GOT_CONN || hook == P2T_HOOK_WROTE_HEADERS || hook == P2T_HOOK_WROTE_REQUEST ||
           hook == P2T_HOOK_GOT_FIRST_RESPONSE_BYTE;
}

/* A retry or redirection begins with a GetConn after a connection was used. A GetConn before that belongs to the same
 * attempt: the request asked the pool twice. */
static size_t attempt_end(const struct record_draft *d, size_t from)
{
    bool under_way = false;
    size_t i = from;

    for (; i < d->record.event_count; i++) {
        if (d->events[i].hook == P2T_HOOK_GET_CONN && under_way)
            break;
        under_way |= on_a_connection(d->events[i].hook);
    }
    return i;
}

static struct slice host_of_event(const struct record_draft *d, enum p2t_hook hook, size_t from, size_t end)
{
    for (size_t i = from; i < end; i++)
        if (d->events[i].hook == hook && d->events[i].key.p != NULL)
            return record_host_of(d->events[i].key);
    return (struct slice){NULL, 0};
}

/* The host is the URL's; without a URL, as in later attempts that may be redirected, GetConn's or DNSStart's. */
static void set_host(struct live *l, size_t from, size_t end)
{
    struct record *r = &l->draft.record;
    struct slice host = record_host_of_url(r->url);

    if (host.n == 0)
        host = host_of_event(&l->draft, P2T_HOOK_GET_CONN, from, end);
    if (host.n == 0)
        host = host_of_event(&l->draft, P2T_HOOK_DNS_START, from, end);
    r->host = record_lower(l->config.pool, host);
}

static void set_connection(struct record_draft *d, size_t from, size_t end)
{
    for (size_t i = from; i < end; i++) {
        const struct record_detail *detail = d->events[i].detail;
        if (d->events[i].hook != P2T_HOOK_GOT_CONN)
            continue;
        if (detail->local.n > 0)
            d->record.client = record_endpoint(detail->local);
        if (detail->remote.n > 0)
            d->record.server = record_endpoint(detail->remote);
    }
}

/* Method and URL belong to the first attempt, end and error to the last: other attempts go without. */
static void keep_attempt(struct live *l, const struct record *whole, size_t from, size_t end)
{
    struct record *r = &l->draft.record;
    bool first = from == 0, last = end == whole->event_count;

    *r = *whole;
    if (!first)
        r->url = r->method = (struct slice){NULL, 0};
    if (!last) {
        r->has_end = false;
        r->error = (struct slice){NULL, 0};
        r->no_error_told = true;
        r->client = r->server = (struct endpoint){0};
    }
    set_host(l, from, end);
    set_connection(&l->draft, from, end);
    record_keep(l->config.records, l->config.pool, &l->draft, from, end - from);
}

/* ---- without secrets ---- */

static struct slice shown(struct live *l, enum redact_as as, struct slice s)
{
    struct slice text = redact_text(l->redact, as, s, &l->shown);

    if (text.p == s.p)
        return s;
    l->config.pool->failed |= l->shown.failed;
    return record_text(l->config.pool, text);
}

static const struct record_detail *shown_detail(struct live *l, const struct record_detail *from)
{
    struct record_detail d = *from;

    d.error = shown(l, REDACT_TEXT, from->error);
    d.addresses = shown(l, REDACT_TEXT, from->addresses);
    d.local = shown(l, REDACT_TEXT, from->local);
    d.remote = shown(l, REDACT_TEXT, from->remote);
    bool same = d.error.p == from->error.p && d.addresses.p == from->addresses.p && d.local.p == from->local.p &&
                d.remote.p == from->remote.p;
    return same ? from : record_detail(l->config.pool, &d);
}

/* An id that is redacted joins nothing, so it is none. */
static void clean_ids(struct live *l)
{
    struct record *r = &l->draft.record;
    uint8_t kept = 0;

    for (uint8_t i = 0; i < r->id_count; i++)
        if (shown(l, REDACT_TEXT, r->ids[i]).p == r->ids[i].p)
            r->ids[kept++] = r->ids[i];
    r->id_count = kept;
}

static enum redact_as key_of(uint8_t hook)
{
    return hook == P2T_HOOK_GET_CONN || hook == P2T_HOOK_DNS_START ? REDACT_HOST : REDACT_TEXT;
}

/* Brings all texts to the rebuilt side's form: without secrets, and without net/http's `Get "URL": `. */
static void clean(struct live *l)
{
    struct record *r = &l->draft.record;

    r->error = shown(l, REDACT_TEXT, error_unwrapped(r->error));
    r->url = shown(l, REDACT_URL, r->url);
    r->method = shown(l, REDACT_TEXT, r->method);
    clean_ids(l);
    for (uint32_t i = 0; i < r->event_count; i++) {
        struct record_event *e = &l->draft.events[i];
        e->key = shown(l, key_of(e->hook), e->key);
        e->detail = shown_detail(l, e->detail);
    }
}

void live_keep(struct live *l, enum live_form form, uint32_t recorded)
{
    struct live_source *source = source_of(l, form);
    size_t from = 0;

    if (source == NULL) {
        l->config.pool->failed = true;
        return;
    }
    source->recorded |= recorded;
    source->traces++;
    record_sort_events(&l->draft);
    clean(l);
    l->draft.record.origin = (struct record_origin){.source = (uint32_t)(source - l->sources), .line = l->line};
    struct record whole = l->draft.record;
    do {
        size_t end = attempt_end(&l->draft, from);
        keep_attempt(l, &whole, from, end);
        whole.origin.attempt++;
        from = end;
    } while (from < whole.event_count);
}
