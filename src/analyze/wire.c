#include "analyze/wire.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "write/args.h"

static struct slice slice_of_text(struct p2t_text t)
{
    return slice_of(t.p, t.n);
}

static struct slice text_arg(const struct p2t_event *ev, enum p2t_hook_arg arg)
{
    return slice_of_text(args_text(ev, arg));
}

static int by_text(const void *a, const void *b)
{
    const struct slice *s = a, *t = b;
    int order = memcmp(s->p, t->p, s->n < t->n ? s->n : t->n);

    return order != 0 ? order : (s->n > t->n) - (s->n < t->n);
}

/* As live_addresses writes them. */
static struct slice addresses(struct record_pool *p, const struct p2t_value *list)
{
    enum { ADDRESSES_MAX = 256 };
    struct slice all[ADDRESSES_MAX];
    struct buf text = {0};
    size_t n = 0;

    if (list == NULL || list->kind != P2T_VALUE_LIST)
        return (struct slice){NULL, 0};
    for (size_t i = 0; i < list->as.list.n && n < ADDRESSES_MAX; i++)
        if (list->as.list.items[i].kind == P2T_VALUE_TEXT)
            all[n++] = slice_of_text(list->as.list.items[i].as.text);
    qsort(all, n, sizeof *all, by_text);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_putc(&text, ',');
        buf_slice(&text, all[i]);
    }
    p->failed |= text.failed;
    struct slice kept = record_text(p, n > 0 ? buf_view(&text) : slice_of("", 0));
    buf_fini(&text);
    return kept;
}

static struct slice key_of(const struct p2t_event *ev, char scratch[16])
{
    switch (ev->hook) {
    case P2T_HOOK_GET_CONN:
        return text_arg(ev, P2T_ARG_GET_CONN_HOST_PORT);
    case P2T_HOOK_DNS_START:
        return text_arg(ev, P2T_ARG_DNS_START_HOST);
    case P2T_HOOK_CONNECT_START:
        return text_arg(ev, P2T_ARG_CONNECT_START_ADDR);
    case P2T_HOOK_CONNECT_DONE:
        return text_arg(ev, P2T_ARG_CONNECT_DONE_ADDR);
    case P2T_HOOK_WROTE_HEADER_FIELD:
        return text_arg(ev, P2T_ARG_WROTE_HEADER_FIELD_KEY);
    case P2T_HOOK_GOT_1XX_RESPONSE:
        return slice_of(scratch,
                        (size_t)snprintf(scratch, 16, "%d", (int)args_int(ev, P2T_ARG_GOT_1XX_RESPONSE_CODE, 0)));
    default:
        return (struct slice){NULL, 0};
    }
}

static const struct record_detail *detail_of(struct record_pool *p, const struct p2t_event *ev)
{
    struct record_detail d = {.reused = -1};

    switch (ev->hook) {
    case P2T_HOOK_DNS_DONE:
        d.addresses = addresses(p, args_find(ev, P2T_ARG_DNS_DONE_ADDRS));
        d.error = text_arg(ev, P2T_ARG_DNS_DONE_ERR);
        break;
    case P2T_HOOK_GOT_CONN:
        d.reused = args_bool(ev, P2T_ARG_GOT_CONN_REUSED);
        d.local = text_arg(ev, P2T_ARG_GOT_CONN_LOCAL_ADDR);
        d.remote = text_arg(ev, P2T_ARG_GOT_CONN_REMOTE_ADDR);
        break;
    case P2T_HOOK_WROTE_REQUEST:
        d.error = text_arg(ev, P2T_ARG_WROTE_REQUEST_ERR);
        break;
    case P2T_HOOK_CONNECT_DONE:
        d.error = text_arg(ev, P2T_ARG_CONNECT_DONE_ERR);
        break;
    case P2T_HOOK_TLS_HANDSHAKE_DONE:
        d.error = text_arg(ev, P2T_ARG_TLS_HANDSHAKE_DONE_ERR);
        break;
    case P2T_HOOK_PUT_IDLE_CONN:
        d.error = text_arg(ev, P2T_ARG_PUT_IDLE_CONN_ERR);
        break;
    default:
        break;
    }
    return record_detail(p, &d);
}

static void take_header_ids(struct record_draft *d, struct record_pool *p, const struct p2t_event *ev)
{
    const struct p2t_value *value = args_find(ev, P2T_ARG_WROTE_HEADER_FIELD_VALUE);

    if (value == NULL || value->kind != P2T_VALUE_LIST || value->as.list.n == 0 ||
        value->as.list.items[0].kind != P2T_VALUE_TEXT)
        return;
    record_ids_in_header(d, p, text_arg(ev, P2T_ARG_WROTE_HEADER_FIELD_KEY),
                         slice_of_text(value->as.list.items[0].as.text));
}

static void take_event(struct record_draft *d, struct record_pool *p, const struct p2t_event *ev)
{
    char scratch[16];
    struct record_event *e = record_add_event(d, ev->hook, ev->time_ns);

    if (e == NULL)
        return;
    e->basis = (uint8_t)ev->basis;
    e->has_earliest = ev->has_earliest;
    e->has_latest = ev->has_latest;
    e->earliest_ns = ev->earliest_ns;
    e->latest_ns = ev->latest_ns;
    e->key = record_text(p, key_of(ev, scratch));
    e->detail = detail_of(p, ev);
    if (ev->hook == P2T_HOOK_WROTE_HEADER_FIELD)
        take_header_ids(d, p, ev);
}

static void take_findings(struct record_wire *w, const struct p2t_exchange *x)
{
    for (size_t i = 0; i < x->finding_count; i++) {
        enum p2t_finding_code code = x->findings[i].id;
        w->client_gave_up |=
            code == P2T_FINDING_CONN_CLOSED_BY_CLIENT || code == P2T_FINDING_CONN_CANCELED ||
            (code == P2T_FINDING_HTTP2_STREAM_RESET && x->findings[i].severity != P2T_SEVERITY_ERROR);
    }
}

static void take_subject(struct record_draft *d, struct record_pool *p, const struct p2t_exchange *x)
{
    struct record *r = &d->record;
    const struct p2t_connection *c = x->connection;

    r->method = record_text(p, slice_of_text(x->method));
    r->url = record_text(p, slice_of_text(x->url));
    r->error = record_text(p, x->error.p != NULL ? slice_of_text(x->error) : slice_of("", 0));
    r->host = record_lower(p, record_host_of(slice_of_text(x->host)));
    r->has_end = true;
    r->end_ns = x->end_ns;
    r->wire = (struct record_wire){.id = x->id,
                                   .rtt_ns = c != NULL ? c->rtt_ns : -1,
                                   .kind = x->kind,
                                   .outcome = x->outcome,
                                   .vantage = c != NULL ? c->vantage : P2T_VANTAGE_UNKNOWN};
    for (size_t i = 0; i < x->link_count; i++)
        if (strcmp(x->links[i].relation, "retry_of") == 0)
            r->wire.retry_of = x->links[i].id;
    if (x->file_count > 0)
        r->wire.file = record_text(p, slice_str(x->files[0]));
    if (c == NULL)
        return;
    r->client = record_endpoint(slice_of_text(c->client));
    r->server = record_endpoint(slice_of_text(c->server));
}

void wire_draft(struct record_draft *draft, struct record_pool *p, const struct p2t_exchange *x)
{
    char id[20];
    int n = snprintf(id, sizeof id, "%016llx", (unsigned long long)x->id);

    record_begin(draft);
    take_subject(draft, p, x);
    take_findings(&draft->record.wire, x);
    record_add_id(draft, p, slice_of_text(x->trace_id));
    record_add_id(draft, p, slice_of(id, (size_t)n));
    for (size_t i = 0; i < x->event_count; i++)
        take_event(draft, p, &x->events[i]);
}

void wire_keep(struct record_list *list, struct record_pool *p, struct record_draft *draft,
               const struct p2t_exchange *x)
{
    wire_draft(draft, p, x);
    record_keep(list, p, draft, 0, draft->record.event_count);
}
