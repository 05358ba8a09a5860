/* HAR 1.2: entries with the time they began and the milliseconds of each phase; -1 for one that did not take place.
 * The phases follow each other; ssl is inside connect. */
#include "analyze/live/forms.h"

struct phases {
    int64_t blocked, dns, connect, ssl, send, wait, receive; /* ns; negative: none */
};

static int64_t phase(const cJSON *timings, const char *name)
{
    int64_t ns;

    return live_duration(live_member(timings, name), 1e6, &ns) ? ns : -1;
}

static int64_t spent(int64_t ns)
{
    return ns > 0 ? ns : 0;
}

/* A hook at each end of a phase that took place; `at` moves on to its end. */
static void add_phase(struct live *l, int64_t *at, int64_t ns, enum p2t_hook first, enum p2t_hook last)
{
    if (ns < 0)
        return;
    if (first < P2T_HOOK_COUNT)
        (void)record_add_event(&l->draft, first, *at);
    *at += ns;
    if (last < P2T_HOOK_COUNT)
        (void)record_add_event(&l->draft, last, *at);
}

static void add_connect(struct live *l, int64_t *at, const struct phases *p)
{
    int64_t ssl = p->ssl >= 0 && p->ssl <= p->connect ? p->ssl : -1;

    add_phase(l, at, p->connect < 0 ? -1 : p->connect - spent(ssl), P2T_HOOK_CONNECT_START, P2T_HOOK_CONNECT_DONE);
    add_phase(l, at, ssl, P2T_HOOK_TLS_HANDSHAKE_START, P2T_HOOK_TLS_HANDSHAKE_DONE);
}

static void add_events(struct live *l, int64_t start, const cJSON *timings)
{
    const struct phases p = {phase(timings, "blocked"), phase(timings, "dns"),  phase(timings, "connect"),
                             phase(timings, "ssl"),     phase(timings, "send"), phase(timings, "wait"),
                             phase(timings, "receive")};
    int64_t at = start + spent(p.blocked);

    add_phase(l, &at, p.dns, P2T_HOOK_DNS_START, P2T_HOOK_DNS_DONE);
    add_connect(l, &at, &p);
    add_phase(l, &at, p.send, P2T_HOOK_COUNT, P2T_HOOK_WROTE_REQUEST);
    add_phase(l, &at, p.wait, P2T_HOOK_COUNT, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE);
    l->draft.record.has_end = p.receive >= 0;
    l->draft.record.end_ns = at + spent(p.receive);
}

static void take_headers(struct live *l, const cJSON *headers)
{
    const cJSON *h;

    cJSON_ArrayForEach(h, headers)
    {
        record_ids_in_header(&l->draft, l->config.pool, live_string_member(h, "name"),
                             live_string_member(h, "value"));
    }
}

static void take_entry(struct live *l, const cJSON *entry)
{
    const cJSON *request = live_member(entry, "request");
    struct record *r = &l->draft.record;
    struct slice error = live_string_member(live_member(entry, "response"), "_error");
    int64_t start;

    if (!live_time(live_member(entry, "startedDateTime"), &start)) {
        live_complain(l, "a HAR entry has no startedDateTime");
        return;
    }
    record_begin(&l->draft);
    r->method = record_text(l->config.pool, live_string_member(request, "method"));
    r->url = record_text(l->config.pool, live_string_member(request, "url"));
    r->error = record_text(l->config.pool, error);
    r->no_error_told = error.n == 0;
    r->late_clock = true;
    take_headers(l, live_member(request, "headers"));
    add_events(l, start, live_member(entry, "timings"));
    live_keep(l, LIVE_HAR,
              1u << P2T_HOOK_DNS_START | 1u << P2T_HOOK_DNS_DONE | 1u << P2T_HOOK_CONNECT_START |
                  1u << P2T_HOOK_CONNECT_DONE | 1u << P2T_HOOK_TLS_HANDSHAKE_START |
                  1u << P2T_HOOK_TLS_HANDSHAKE_DONE | 1u << P2T_HOOK_WROTE_REQUEST |
                  1u << P2T_HOOK_GOT_FIRST_RESPONSE_BYTE);
}

bool live_take_har(struct live *l, const cJSON *object)
{
    const cJSON *entries = live_member(live_member(object, "log"), "entries"), *entry;

    if (!cJSON_IsArray(entries) || cJSON_IsString(live_member(object, "schema")))
        return false;
    cJSON_ArrayForEach(entry, entries)
    {
        take_entry(l, entry);
    }
    return true;
}
