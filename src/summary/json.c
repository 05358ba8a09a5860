#include <stdlib.h>

#include "summary/cause.h"
#include "summary/changes.h"
#include "summary/rank.h"
#include "summary/tell.h"
#include "write/json/json.h"

static void member(struct buf *b, const char *name, const struct word *w)
{
    if (w == NULL)
        return;
    buf_printf(b, ",\"%s\":", name);
    json_string(b, word_text(w));
}

static void json_buf(struct buf *b, const struct buf *text)
{
    json_string(b, (struct p2t_text){text->n > 0 ? (const char *)text->p : "", text->n});
}

static void json_subject(struct buf *b, const struct cause *c)
{

    buf_printf(b, "\"subject\":{\"kind\":\"%s\"", c->kind);
    member(b, "name", c->name);
    member(b, "address", c->address);
    member(b, "resolver", c->resolver);
    member(b, "client", c->client);
    member(b, "agent", c->agent);
    member(b, "method", c->method);
    member(b, "route", c->route);
    if (c->server_count > 1) {
        buf_lit(b, ",\"addresses\":[");
        for (size_t i = 0; i < c->server_count; i++) {
            buf_str(b, i > 0 ? "," : "");
            json_string(b, word_text(c->servers[i]));
        }
        buf_putc(b, ']');
    }
    buf_putc(b, '}');
}

static void json_proofs(struct buf *b, const struct cause *c)
{
    buf_lit(b, "\"evidence\":[");
    for (size_t i = 0; i < c->proof_count; i++) {
        buf_str(b, i > 0 ? ",[" : "[");
        json_string(b, word_text(c->proof[i].file));
        buf_printf(b, ",%llu]", (unsigned long long)c->proof[i].packet);
    }
    buf_printf(b, "],\"evidence_dropped\":%zu,\"examples\":[", c->proofs_dropped);
    for (size_t i = 0; i < c->hit_count && i < CAUSE_EXAMPLES_MAX; i++) {
        buf_str(b, i > 0 ? "," : "");
        json_id(b, c->hit[i]->id);
    }
    buf_putc(b, ']');
}

static void json_cleared(struct buf *b, const struct cause *c)
{
    buf_lit(b, "\"not_to_blame\":[");
    for (size_t i = 0; i < c->cleared_count; i++) {
        buf_str(b, i > 0 ? "," : "");
        json_string(b, word_text(c->cleared[i]));
    }
    buf_putc(b, ']');
}

static void json_cause(struct buf *b, const struct cause *c, bool baseline)
{
    buf_printf(b, "{\"code\":\"%s\",\"side\":\"%s\",", p2t_cause_name(c->code), p2t_cause_side_name(c->side));
    if (c->or_side != P2T_CAUSE_SIDE_COUNT)
        buf_printf(b, "\"or_side\":\"%s\",", p2t_cause_side_name(c->or_side));
    buf_printf(b, "\"phase\":\"%s\",", c->phase);
    json_subject(b, c);
    buf_lit(b, ",\"since\":");
    json_time(b, c->since_ns);
    buf_lit(b, ",\"until\":");
    json_time(b, c->until_ns);
    buf_printf(b, ",\"counted\":\"%s\",\"calls\":%zu,\"of\":%zu,\"failed\":%zu,\"open\":%zu,\"lost_ms\":%lld,",
               cause_counted(c), c->calls, c->of > c->calls ? c->of : c->calls, c->failed, c->open,
               (long long)(c->lost_ns / MS));
    buf_printf(b, "\"confidence\":\"%s\",\"text\":", p2t_confidence_name(c->confidence));
    json_buf(b, &c->text);
    buf_lit(b, ",\"explains\":");
    json_buf(b, &c->folded);
    buf_putc(b, ',');
    json_cleared(b, c);
    buf_putc(b, ',');
    json_proofs(b, c);
    if (baseline)
        buf_printf(b, ",\"in_baseline\":%s", c->known ? "true" : "false");
    buf_putc(b, '}');
}

static void json_times(struct buf *b, const struct service_row *r)
{
    buf_lit(b, "\"total_us\":{\"p50\":");
    json_us(b, r->p50);
    buf_lit(b, ",\"p90\":");
    json_us(b, r->p90);
    buf_lit(b, ",\"p99\":");
    json_us(b, r->p99);
    buf_lit(b, ",\"max\":");
    json_us(b, r->max);
    buf_printf(b, "},\"phase\":\"%s\",\"phase_us\":{\"p50\":", r->phase);
    json_us(b, r->phase_p50);
    buf_lit(b, ",\"p99\":");
    json_us(b, r->phase_p99);
    buf_putc(b, '}');
}

static void json_service(struct buf *b, const struct service_row *r)
{
    buf_lit(b, "{\"service\":");
    json_string(b, word_text(r->server));
    buf_lit(b, ",\"name\":");
    json_text(b, word_text(service_name(r->server, r->server_ip)));
    buf_printf(b, ",\"calls\":%zu,\"failed\":%zu,\"requests\":%zu,\"connections\":%zu,\"reused\":%zu,", r->calls,
               r->failed, r->requests, r->connections, r->reused);
    if (r->requests > 0)
        json_times(b, r);
    else
        buf_lit(b, "\"total_us\":null,\"phase\":null,\"phase_us\":null");
    buf_putc(b, '}');
}

static void json_limits(const struct p2t_summary *s, struct buf *b)
{
    struct capture_limit limits[CAPTURE_LIMITS_MAX];
    size_t n = capture_limits(s, limits);

    buf_lit(b, "\"capture\":{\"packets\":");
    buf_printf(b, "%llu,\"connections\":%llu,\"limits\":[", (unsigned long long)s->counters.frames,
               (unsigned long long)s->counters.connections);
    for (size_t i = 0; i < n; i++) {
        buf_printf(b, "%s{\"code\":\"%s\",\"text\":\"%s\",\"command\":", i > 0 ? "," : "", limits[i].code,
                   limits[i].text);
        json_string(b, (struct p2t_text){limits[i].command, strlen(limits[i].command)});
        buf_putc(b, '}');
    }
    buf_lit(b, "]}");
}

/* null where there was no packet. */
static void json_when(struct buf *b, const struct p2t_summary *s, int64_t ns)
{
    if (s->counters.frames > 0)
        json_time(b, ns);
    else
        buf_lit(b, "null");
}

static void json_periods(const struct p2t_summary *s, struct buf *b)
{
    buf_lit(b, ",\"periods\":[");
    for (size_t i = 0; i < s->period_count && s->counters.frames > 0; i++) {
        buf_str(b, i > 0 ? ",{\"since\":" : "{\"since\":");
        json_time(b, s->periods[i].from_ns);
        buf_lit(b, ",\"until\":");
        json_time(b, s->periods[i].to_ns);
        buf_putc(b, '}');
    }
    buf_putc(b, ']');
}

void tell_json(const struct p2t_summary *s, struct buf *b)
{
    struct service_rows rows = services_of(s);
    int64_t open_since_ns = 0;

    buf_lit(b, "{\"schema\":\"pcap2trace.summary/1\",\"since\":");
    json_when(b, s, s->first_ns);
    buf_lit(b, ",\"until\":");
    json_when(b, s, s->last_ns);
    json_periods(s, b);
    buf_printf(b, ",\"calls\":%llu,\"failed\":%llu,\"open\":%zu,\"lookups_in_vain\":%zu,",
               (unsigned long long)s->calls_seen, (unsigned long long)s->calls_failed, open_calls(s, &open_since_ns),
               lookups_in_vain(s));
    buf_printf(b, "\"unexplained_failed\":%zu,\"causes_complete\":%s,\"causes\":[", unexplained_failures(s),
               s->causes_cut ? "false" : "true");
    for (size_t i = 0; i < s->cause_count; i++) {
        buf_str(b, i > 0 ? "," : "");
        json_cause(b, &s->causes[i], s->changes != NULL);
    }
    buf_lit(b, "],\"services\":[");
    for (size_t i = 0; i < rows.n; i++) {
        buf_str(b, i > 0 ? "," : "");
        json_service(b, &rows.row[i]);
    }
    buf_lit(b, "],");
    json_limits(s, b);
    tell_changes_json(s, b);
    buf_lit(b, "}\n");
    b->failed |= rows.failed;
    free(rows.row);
}
