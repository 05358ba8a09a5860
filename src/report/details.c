#include "report/columns.h"
#include "write/json/json.h"

enum { ITEMS_MAX = 64 }; /* of a list in an argument */

static void put_shown(struct buf *b, struct p2t_text text)
{
    struct buf shown = {0};

    if (text.n <= PACK_TEXT_MAX) {
        json_text(b, text);
        return;
    }
    pack_show(&shown, text);
    json_string(b, (struct p2t_text){(const char *)shown.p, shown.n});
    b->failed |= shown.failed;
    buf_fini(&shown);
}

static void put_items(struct buf *b, const struct p2t_value *v)
{
    size_t n = v->as.list.n < ITEMS_MAX ? v->as.list.n : ITEMS_MAX;

    buf_putc(b, '[');
    for (size_t i = 0; i < n; i++) {
        const struct p2t_value *item = &v->as.list.items[i];
        buf_str(b, i > 0 ? "," : "");
        if (item->kind == P2T_VALUE_TEXT)
            put_shown(b, item->as.text);
        else
            json_value(b, item);
    }
    if (n < v->as.list.n)
        buf_printf(b, ",\"... (%zu more)\"", v->as.list.n - n);
    buf_putc(b, ']');
}

/* Header fields of interim responses: of each the name and its values. */
static void put_fields(struct buf *b, const struct p2t_value *v)
{
    size_t n = v->as.object.n < ITEMS_MAX ? v->as.object.n : ITEMS_MAX;

    buf_putc(b, '{');
    for (size_t i = 0; i < n; i++) {
        buf_str(b, i > 0 ? "," : "");
        put_shown(b, v->as.object.args[i].name);
        buf_putc(b, ':');
        if (v->as.object.args[i].value.kind == P2T_VALUE_LIST)
            put_items(b, &v->as.object.args[i].value);
        else
            json_value(b, &v->as.object.args[i].value);
    }
    buf_putc(b, '}');
}

/* Arguments of one hook are alike, those of one header field more so. Two fields in one part cost time only. */
static unsigned part_of(const struct p2t_event *ev)
{
    struct p2t_text name = ev->args[0].value.as.text;

    if (ev->hook != P2T_HOOK_WROTE_HEADER_FIELD || ev->args[0].value.kind != P2T_VALUE_TEXT || name.n == 0)
        return ev->hook;
    return P2T_HOOK_COUNT + (unsigned)name.n * 5 + (uint8_t)name.p[0] + (uint8_t)name.p[name.n - 1];
}

static void put_args(struct pack *p, const struct p2t_event *ev)
{
    struct buf *b = &p->scratch;

    if (ev->arg_count == 0) {
        pack_number(p, REPORT_DETAIL_ARGS, 0);
        return;
    }
    buf_reset(b);
    for (size_t i = 0; i < ev->arg_count; i++) {
        const struct p2t_value *v = &ev->args[i].value;
        buf_str(b, i > 0 ? ",\"" : "{\"");
        buf_put(b, ev->args[i].name.p, ev->args[i].name.n);
        buf_lit(b, "\":");
        if (v->kind == P2T_VALUE_TEXT)
            put_shown(b, v->as.text);
        else if (v->kind == P2T_VALUE_LIST)
            put_items(b, v);
        else if (v->kind == P2T_VALUE_OBJECT)
            put_fields(b, v);
        else
            json_value(b, v);
    }
    buf_putc(b, '}');
    p->failed |= b->failed;
    pack_part_text(p, REPORT_DETAIL_ARGS, part_of(ev), buf_view(b));
}

static void put_packets(struct pack *p, enum report_detail_column count, const struct p2t_evidence *e, size_t n)
{
    pack_number(p, count, n);
    for (size_t i = 0; i < n; i++) {
        pack_number(p, count + 1, e[i].file);
        pack_delta(p, count + 2, (int64_t)e[i].packet);
    }
}

static void put_moment(struct pack *p, const struct p2t_event *ev)
{
    pack_delta(p, REPORT_DETAIL_TIME, ev->time_ns);
    pack_number(p, REPORT_DETAIL_EARLIEST, ev->has_earliest ? (uint64_t)ev->time_ns - (uint64_t)ev->earliest_ns : 0);
    pack_number(p, REPORT_DETAIL_LATEST, ev->has_latest ? (uint64_t)ev->latest_ns - (uint64_t)ev->time_ns : 0);
    put_packets(p, REPORT_DETAIL_EVENT_PACKETS, ev->evidence, ev->evidence_count);
}

/* Header fields leave at one moment: it is put once. */
static void put_event(struct pack *p, const struct p2t_event *ev, const struct p2t_event *before)
{
    bool same = before != NULL && json_same_moment(before, ev);

    pack_number(p, REPORT_DETAIL_HOOK,
                (unsigned)ev->hook | (unsigned)same << 5 | (unsigned)ev->basis << 6 |
                    (unsigned)ev->has_earliest << 8 | (unsigned)ev->has_latest << 9);
    put_args(p, ev);
    if (!same)
        put_moment(p, ev);
}

static void put_findings(struct pack *p, const struct p2t_exchange *x)
{
    pack_number(p, REPORT_DETAIL_FINDINGS, x->finding_count);
    for (size_t i = 0; i < x->finding_count; i++) {
        const struct p2t_finding *f = &x->findings[i];
        pack_str(p, REPORT_DETAIL_CODE, f->code);
        pack_number(p, REPORT_DETAIL_SEVERITY, f->severity);
        pack_text(p, REPORT_DETAIL_TEXT, f->text);
        put_packets(p, REPORT_DETAIL_FINDING_PACKETS, f->evidence, f->evidence_count);
    }
}

static void put_messages(struct pack *p, const struct p2t_exchange *x)
{
    pack_known(p, REPORT_DETAIL_REQUEST_HEADER, x->request.header_bytes);
    pack_known(p, REPORT_DETAIL_REQUEST_BODY, x->request.body_bytes);
    pack_text(p, REPORT_DETAIL_REQUEST_TYPE, x->request.content_type);
    pack_text(p, REPORT_DETAIL_REQUEST_PROTO, x->request_proto);
    pack_known(p, REPORT_DETAIL_RESPONSE_HEADER, x->response.header_bytes);
    pack_text(p, REPORT_DETAIL_RESPONSE_TYPE, x->response.content_type);
    pack_text(p, REPORT_DETAIL_RESPONSE_PROTO, x->response_proto);
}

static void put_tls(struct pack *p, const struct p2t_tls *t)
{
    static const struct p2t_tls none;

    pack_number(p, REPORT_DETAIL_TLS_FLAGS, t == NULL ? 0 : 1u | (t->resumed ? 2u : 0) | (t->decrypted ? 4u : 0));
    t = t != NULL ? t : &none;
    pack_text(p, REPORT_DETAIL_TLS_VERSION, t->version);
    pack_text(p, REPORT_DETAIL_TLS_CIPHER, t->cipher);
    pack_text(p, REPORT_DETAIL_TLS_ALPN, t->alpn);
    pack_text(p, REPORT_DETAIL_TLS_NAME, t->server_name);
}

static void put_connection(struct pack *p, const struct p2t_connection *c)
{
    static const struct p2t_connection none = {.exchange = -1, .rtt_ns = -1};

    c = c != NULL ? c : &none;
    pack_known(p, REPORT_DETAIL_POSITION, c->exchange);
    pack_text(p, REPORT_DETAIL_NAT_SERVER, c->nat_server);
    pack_text(p, REPORT_DETAIL_NAT_CLIENT, c->nat_client);
    pack_text(p, REPORT_DETAIL_PROXY, c->proxy);
    pack_str(p, REPORT_DETAIL_VANTAGE, p2t_vantage_name(c->vantage));
    pack_known(p, REPORT_DETAIL_RTT, c->rtt_ns);
    put_tls(p, c->tls);
}

/* The members that json writes after a comma become an object of their own. */
static void put_more(struct pack *p, const struct p2t_exchange *x)
{
    struct buf *b = &p->scratch;

    buf_reset(b);
    json_transport(b, x);
    json_messages(b, x);
    p->failed |= b->failed;
    if (b->n == 0) {
        pack_number(p, REPORT_DETAIL_MORE, 0);
        return;
    }
    b->p[0] = '{';
    buf_putc(b, '}');
    pack_made_text(p, REPORT_DETAIL_MORE, buf_view(b));
}

void report_put_detail(struct pack *p, const struct p2t_exchange *x)
{
    pack_number(p, REPORT_DETAIL_FILES, x->file_count);
    for (size_t i = 0; i < x->file_count; i++)
        pack_text(p, REPORT_DETAIL_FILE, (struct p2t_text){x->files[i], strlen(x->files[i])});
    put_messages(p, x);
    put_connection(p, x->connection);
    put_more(p, x);
    pack_number(p, REPORT_DETAIL_EVENTS, x->event_count);
    p->last[REPORT_DETAIL_TIME] = x->start_ns;
    for (size_t i = 0; i < x->event_count; i++)
        put_event(p, &x->events[i], i > 0 ? &x->events[i - 1] : NULL);
    put_findings(p, x);
    pack_number(p, REPORT_DETAIL_LINKS, x->link_count);
    for (size_t i = 0; i < x->link_count; i++) {
        pack_str(p, REPORT_DETAIL_RELATION, x->links[i].relation);
        pack_id(p, REPORT_DETAIL_LINK, x->links[i].id);
    }
    p->rows++;
}
