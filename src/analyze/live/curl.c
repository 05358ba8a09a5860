/* What curl -w '%{json}' prints of a transfer: seconds from its start on, cumulative. No time of day. */
#include "analyze/live/forms.h"

static struct endpoint address(const cJSON *object, const char *ip, const char *port)
{
    struct endpoint ep = {.ip = ip_parse(live_string_member(object, ip))};
    const cJSON *number = live_member(object, port);

    if (ep.ip.family == 0 || !cJSON_IsNumber(number) || number->valueint <= 0 || number->valueint > UINT16_MAX)
        return (struct endpoint){0};
    ep.port = (uint16_t)number->valueint;
    return ep;
}

/* A phase that did not take place is 0. */
static void take_mark(struct live *l, const cJSON *object, const char *name, enum record_mark mark,
                      enum p2t_hook hook)
{
    int64_t ns;

    if (!live_duration(live_member(object, name), 1e9, &ns) || ns == 0)
        return;
    if (mark < RECORD_MARKS)
        l->draft.record.marks_ns[mark] = ns;
    if (hook < P2T_HOOK_COUNT)
        (void)record_add_event(&l->draft, hook, ns);
}

static void take_error(struct live *l, const cJSON *object)
{
    struct record *r = &l->draft.record;
    const cJSON *code = live_member(object, "exitcode");

    r->no_error_told = code == NULL;
    if (code != NULL && cJSON_IsNumber(code) && code->valueint != 0)
        r->error = record_text(l->config.pool, live_string_member(object, "errormsg"));
    else
        r->error = slice_of("", 0);
}

bool live_take_curl(struct live *l, const cJSON *object)
{
    const cJSON *connects = live_member(object, "num_connects");
    struct record *r = &l->draft.record;

    if (!cJSON_IsNumber(live_member(object, "time_total")) || live_member(object, "time_namelookup") == NULL)
        return false;
    record_begin(&l->draft);
    r->relative = true;
    r->url = record_text(l->config.pool, live_string_member(object, "url_effective"));
    if (r->url.p == NULL)
        r->url = record_text(l->config.pool, live_string_member(object, "url"));
    r->method = record_text(l->config.pool, live_string_member(object, "method"));
    r->client = address(object, "local_ip", "local_port");
    r->server = address(object, "remote_ip", "remote_port");
    take_error(l, object);
    /* On a connection that was there, curl gives the time at which it took it for all three. */
    if (!cJSON_IsNumber(connects) || connects->valueint > 0) {
        if (!record_is_address(record_host_of_url(r->url)))
            take_mark(l, object, "time_namelookup", RECORD_MARK_NAMELOOKUP, P2T_HOOK_DNS_DONE);
        take_mark(l, object, "time_connect", RECORD_MARK_CONNECT, P2T_HOOK_CONNECT_DONE);
        take_mark(l, object, "time_appconnect", RECORD_MARK_APPCONNECT, P2T_HOOK_TLS_HANDSHAKE_DONE);
    }
    take_mark(l, object, "time_pretransfer", RECORD_MARKS, P2T_HOOK_GOT_CONN);
    take_mark(l, object, "time_starttransfer", RECORD_MARK_STARTTRANSFER, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE);
    r->has_end = live_duration(live_member(object, "time_total"), 1e9, &r->end_ns);
    take_mark(l, object, "time_total", RECORD_MARK_TOTAL, P2T_HOOK_COUNT);
    live_keep(l, LIVE_CURL,
              1u << P2T_HOOK_DNS_DONE | 1u << P2T_HOOK_CONNECT_DONE | 1u << P2T_HOOK_TLS_HANDSHAKE_DONE |
                  1u << P2T_HOOK_GOT_CONN | 1u << P2T_HOOK_GOT_FIRST_RESPONSE_BYTE);
    return true;
}
