/* One object a trace, with its hook calls: what pcap2trace writes itself, and live clients in the same shape. */
#include <stdio.h>

#include "analyze/live/forms.h"

static const cJSON *arg_member(const cJSON *args, enum p2t_hook_arg arg)
{
    return live_member(args, p2t_hook_args[arg].name);
}

static struct slice arg_string(const cJSON *args, enum p2t_hook_arg arg)
{
    return live_string(arg_member(args, arg));
}

/* Arguments of a hook, under Go's names. */
static void take_args(struct live *l, struct record_event *e, const cJSON *args)
{
    static const enum p2t_hook_arg keys[] = {P2T_ARG_GET_CONN_HOST_PORT, P2T_ARG_DNS_START_HOST,
                                             P2T_ARG_CONNECT_START_ADDR, P2T_ARG_CONNECT_DONE_ADDR,
                                             P2T_ARG_WROTE_HEADER_FIELD_KEY};
    struct record_detail d = {.reused = -1};
    const cJSON *reused = arg_member(args, P2T_ARG_GOT_CONN_REUSED);
    const cJSON *code = arg_member(args, P2T_ARG_GOT_1XX_RESPONSE_CODE);

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (p2t_hook_args[keys[i]].hook == e->hook)
            e->key = record_text(l->config.pool, arg_string(args, keys[i]));
    if (e->hook == P2T_HOOK_GOT_1XX_RESPONSE && cJSON_IsNumber(code)) {
        char text[16];
        int n = snprintf(text, sizeof text, "%d", code->valueint);
        e->key = record_text(l->config.pool, slice_of(text, (size_t)n));
    }
    if (e->hook == P2T_HOOK_DNS_DONE)
        d.addresses = live_addresses(l, arg_member(args, P2T_ARG_DNS_DONE_ADDRS));
    if (e->hook == P2T_HOOK_GOT_CONN) {
        d.reused = cJSON_IsBool(reused) ? cJSON_IsTrue(reused) : -1;
        d.local = arg_string(args, P2T_ARG_GOT_CONN_LOCAL_ADDR);
        d.remote = arg_string(args, P2T_ARG_GOT_CONN_REMOTE_ADDR);
    }
    d.error = live_error(live_member(args, "err")); /* in any case of letters: some hooks have Err */
    e->detail = record_detail(l->config.pool, &d);
}

static void take_header_ids(struct live *l, const cJSON *args)
{
    const cJSON *value = arg_member(args, P2T_ARG_WROTE_HEADER_FIELD_VALUE);

    record_ids_in_header(&l->draft, l->config.pool, arg_string(args, P2T_ARG_WROTE_HEADER_FIELD_KEY),
                         live_string(cJSON_IsArray(value) ? value->child : value));
}

static void take_event(struct live *l, const cJSON *event)
{
    const cJSON *args = live_member(event, "args");
    enum p2t_hook hook;
    int64_t ns;

    if (!live_hook_by_name(live_string_member(event, "hook"), &hook)) {
        live_complain(l, "an event's hook is not one of net/http/httptrace's");
        return;
    }
    if (!live_time(live_member(event, "time"), &ns)) {
        live_complain(l, "an event has no time");
        return;
    }
    struct record_event *e = record_add_event(&l->draft, hook, ns);
    if (e != NULL)
        take_args(l, e, args);
    if (hook == P2T_HOOK_WROTE_HEADER_FIELD)
        take_header_ids(l, args);
}

/* "hooks": which ones were installed. Without it, all. */
static uint32_t installed(const cJSON *object)
{
    const cJSON *list = live_member(object, "hooks"), *item;
    uint32_t mask = 0;
    enum p2t_hook hook;

    if (!cJSON_IsArray(list))
        return ALL_HOOKS;
    cJSON_ArrayForEach(item, list)
    {
        if (live_hook_by_name(live_string(item), &hook))
            mask |= 1u << hook;
    }
    return mask;
}

static void take_subject(struct live *l, const cJSON *object)
{
    struct record_pool *p = l->config.pool;
    struct record *r = &l->draft.record;
    const cJSON *connection = live_member(object, "connection"), *error = live_member(object, "error");

    record_add_id(&l->draft, p, live_string_member(object, "trace_id"));
    if (slice_starts(live_string_member(object, "schema"), SLICE_LIT("pcap2trace.exchange/")))
        record_add_id(&l->draft, p, live_string_member(object, "id"));
    r->method = record_text(p, live_string_member(object, "method"));
    r->url = record_text(p, live_string_member(object, "url"));
    r->error = record_text(p, error == NULL || cJSON_IsNull(error) ? slice_of("", 0) : live_error(error));
    r->no_error_told = error == NULL;
    r->tells_hook_errors = true;
    r->client = record_endpoint(live_string_member(connection, "client"));
    r->server = record_endpoint(live_string_member(connection, "server"));
    r->has_end = live_time(live_member(object, "end"), &r->end_ns);
}

bool live_take_hooks(struct live *l, const cJSON *object)
{
    const cJSON *events = live_member(object, "events"), *event;
    struct slice schema = live_string_member(object, "schema");

    if (!cJSON_IsArray(events) ||
        (!slice_starts(schema, SLICE_LIT("pcap2trace.")) && live_member(events->child, "hook") == NULL))
        return false;
    record_begin(&l->draft);
    take_subject(l, object);
    cJSON_ArrayForEach(event, events)
    {
        take_event(l, event);
    }
    live_keep(l, LIVE_HOOKS, installed(object));
    return true;
}
