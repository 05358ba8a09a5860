/* src/doc/contract.md, "The compact form": the same facts in less than half the bytes. */
#include "base/timefmt.h"
#include "write/json/json.h"
#include "write/json/subject.h"

/* As json_us_text(), without zeros behind the last digit that says something. */
static char *us_text(char *w, int64_t ns)
{
    w = json_us_text(w, ns);
    while (w[-1] == '0')
        w--;
    return w[-1] == '.' ? w - 1 : w;
}

static void put_us(struct buf *b, int64_t ns)
{
    if (buf_reserve(b, JSON_US_MAX))
        b->n = (size_t)((uint8_t *)us_text((char *)b->p + b->n, ns) - b->p);
}

/* Times that were read back may lie as far apart as time goes. */
static int64_t from_to(int64_t from_ns, int64_t to_ns)
{
    int64_t ns;

    if (__builtin_sub_overflow(to_ns, from_ns, &ns))
        return to_ns > from_ns ? INT64_MAX : -INT64_MAX;
    return ns;
}

static inline __attribute__((always_inline)) void text_member(struct buf *b, const char *key, struct p2t_text s)
{
    if (s.p == NULL)
        return;
    buf_const(b, key, strlen(key));
    json_string(b, s);
}

static inline __attribute__((always_inline)) void count_member(struct buf *b, const char *key, int64_t v)
{
    if (v < 0)
        return;
    buf_const(b, key, strlen(key));
    buf_i64(b, v);
}

static inline __attribute__((always_inline)) void us_member(struct buf *b, const char *key, int64_t ns)
{
    if (ns < 0)
        return;
    buf_const(b, key, strlen(key));
    put_us(b, ns);
}

static void put_count(struct buf *b, int64_t v)
{
    if (v < 0)
        buf_lit(b, "null");
    else
        buf_i64(b, v);
}

/* ---- what it was about ---- */

static void put_message(struct buf *b, const char *key, const struct p2t_message *m)
{
    if (m->header_bytes < 0 && m->body_bytes < 0 && m->content_type.p == NULL)
        return;
    buf_str(b, key);
    put_count(b, m->header_bytes);
    buf_putc(b, ',');
    put_count(b, m->body_bytes);
    text_member(b, ",", m->content_type);
    buf_putc(b, ']');
}

static void put_subject(struct buf *b, const struct p2t_exchange *x)
{
#define TEXT(name)         text_member(b, ",\"" #name "\":", x->name);
#define COUNT(name, value) count_member(b, ",\"" #name "\":", value);
#define MESSAGE(name)      put_message(b, ",\"" #name "\":[", &x->name);
    JSON_SUBJECT_LIST(TEXT, COUNT, MESSAGE, x)
#undef TEXT
#undef COUNT
#undef MESSAGE
}

/* ---- its connection ---- */

static void put_tls(struct buf *b, const struct p2t_tls *t)
{
    if (t == NULL)
        return;
    buf_str(b, t->resumed ? ",\"tls\":{\"resumed\":true" : ",\"tls\":{\"resumed\":false");
    buf_str(b, t->decrypted ? ",\"decrypted\":true" : ",\"decrypted\":false");
    text_member(b, ",\"version\":", t->version);
    text_member(b, ",\"cipher\":", t->cipher);
    text_member(b, ",\"alpn\":", t->alpn);
    text_member(b, ",\"server_name\":", t->server_name);
    if (t->ja4.n > 0)
        text_member(b, ",\"ja4\":", t->ja4);
    buf_putc(b, '}');
}

/* The network is tcp. */
static void put_connection(struct buf *b, const struct p2t_connection *c)
{
    if (c == NULL)
        return;
    buf_lit(b, ",\"connection\":{\"id\":");
    json_id(b, c->id);
    text_member(b, ",\"client\":", c->client);
    text_member(b, ",\"server\":", c->server);
    text_member(b, ",\"nat_server\":", c->nat_server);
    text_member(b, ",\"nat_client\":", c->nat_client);
    count_member(b, ",\"exchange\":", c->exchange);
    count_member(b, ",\"stream\":", c->stream);
    if (c->reused >= 0)
        buf_str(b, c->reused ? ",\"reused\":true" : ",\"reused\":false");
    text_member(b, ",\"proxy\":", c->proxy);
    put_tls(b, c->tls);
    const char *vantage = p2t_vantage_name(c->vantage);
    text_member(b, ",\"vantage\":", (struct p2t_text){vantage, vantage != NULL ? strlen(vantage) : 0});
    us_member(b, ",\"rtt_us\":", c->rtt_ns);
    buf_putc(b, '}');
}

/* ---- times ---- */

static void put_phases(struct buf *b, const struct p2t_phases *p)
{
    buf_lit(b, ",\"phases_us\":{");
    size_t at = b->n;
    us_member(b, ",\"blocked\":", p->blocked_ns);
    us_member(b, ",\"dns\":", p->dns_ns);
    us_member(b, ",\"connect\":", p->connect_ns);
    us_member(b, ",\"tls\":", p->tls_ns);
    us_member(b, ",\"send\":", p->send_ns);
    us_member(b, ",\"wait\":", p->wait_ns);
    us_member(b, ",\"receive\":", p->receive_ns);
    us_member(b, ",\"total\":", p->total_ns);
    if (b->n > at) { /* without the first comma */
        memmove(b->p + at, b->p + at + 1, b->n - at - 1);
        b->n--;
    }
    buf_putc(b, '}');
}

/* A packet of the first file is a number, one of another a pair. */
static void put_evidence(struct buf *b, const struct p2t_evidence *e, size_t n)
{
    buf_putc(b, '[');
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_putc(b, ',');
        if (e[i].file == 0)
            buf_u64(b, e[i].packet);
        else
            json_evidence_pair(b, &e[i]);
    }
    buf_putc(b, ']');
}

/* ---- events ---- */

static void put_bound(struct buf *b, bool has, int64_t ns)
{
    if (has)
        put_us(b, ns);
    else
        buf_lit(b, "null");
}

static void put_moment(struct buf *b, const struct p2t_event *ev, int64_t start_ns)
{
    static const char *const bases[] = {",\"o\",", ",\"i\",", ",\"a\","};

    buf_putc(b, ',');
    put_us(b, from_to(start_ns, ev->time_ns));
    buf_str(b, bases[ev->basis]);
    put_bound(b, ev->has_earliest, ev->earliest_ns - ev->time_ns);
    buf_putc(b, ',');
    put_bound(b, ev->has_latest, ev->latest_ns - ev->time_ns);
    buf_putc(b, ',');
    put_evidence(b, ev->evidence, ev->evidence_count);
}

static void put_args(struct buf *b, const struct p2t_event *ev)
{
    for (size_t i = 0; i < ev->arg_count; i++) {
        buf_str(b, i == 0 ? ",[" : ",");
        json_value(b, &ev->args[i].value);
    }
    if (ev->arg_count > 0)
        buf_putc(b, ']');
}

/* Of the same hook at the same moment: its arguments follow those of the event before. */
static bool is_one_more(const struct p2t_event *ev, const struct p2t_event *before)
{
    return ev->hook == before->hook && ev->arg_count > 0 && before->arg_count > 0;
}

static void put_event(struct buf *b, const struct p2t_event *ev, const struct p2t_event *before, int64_t start_ns)
{
    bool same = before != NULL && json_same_moment(before, ev);

    if (same && is_one_more(ev, before)) {
        b->n--; /* the bracket that closed the event before */
    } else {
        buf_str(b, before != NULL ? ",[\"" : "[\"");
        buf_str(b, p2t_hook_name(ev->hook));
        buf_putc(b, '"');
        if (!same)
            put_moment(b, ev, start_ns);
    }
    put_args(b, ev);
    buf_putc(b, ']');
}

static void put_events(struct buf *b, const struct p2t_exchange *x)
{
    if (x->event_count == 0)
        return;
    buf_lit(b, ",\"events\":[");
    for (size_t i = 0; i < x->event_count && !b->failed; i++)
        put_event(b, &x->events[i], i > 0 ? &x->events[i - 1] : NULL, x->start_ns);
    buf_putc(b, ']');
}

/* ---- what is said of it ---- */

static void put_findings(struct buf *b, const struct p2t_exchange *x)
{
    for (size_t i = 0; i < x->finding_count; i++) {
        const struct p2t_finding *f = &x->findings[i];
        buf_str(b, i > 0 ? ",[\"" : ",\"findings\":[[\"");
        buf_str(b, f->code);
        buf_lit(b, "\",\"");
        buf_str(b, p2t_severity_name(f->severity));
        buf_lit(b, "\",");
        json_text(b, f->text);
        buf_putc(b, ',');
        put_evidence(b, f->evidence, f->evidence_count);
        if (f->evidence_dropped > 0)
            buf_printf(b, ",%u", f->evidence_dropped);
        buf_putc(b, ']');
    }
    if (x->finding_count > 0)
        buf_putc(b, ']');
}

static void put_links(struct buf *b, const struct p2t_exchange *x)
{
    for (size_t i = 0; i < x->link_count; i++) {
        buf_str(b, i > 0 ? ",[\"" : ",\"links\":[[\"");
        buf_str(b, x->links[i].relation);
        buf_lit(b, "\",");
        json_id(b, x->links[i].id);
        buf_putc(b, ']');
    }
    if (x->link_count > 0)
        buf_putc(b, ']');
}

static void put_files(struct buf *b, const struct p2t_exchange *x)
{
    for (size_t i = 0; i < x->file_count; i++) {
        buf_str(b, i > 0 ? "," : ",\"files\":[");
        json_string(b, (struct p2t_text){x->files[i], strlen(x->files[i])});
    }
    if (x->file_count > 0)
        buf_putc(b, ']');
}

void json_compact(struct buf *b, const struct p2t_exchange *x)
{
    buf_lit(b, "{\"schema\":\"" JSON_SCHEMA_COMPACT "\",\"id\":");
    json_id(b, x->id);
    text_member(b, ",\"trace_id\":", x->trace_id);
    text_member(b, ",\"trace_id_source\":", x->trace_id_source);
    buf_lit(b, ",\"kind\":\"");
    buf_str(b, p2t_kind_name(x->kind));
    buf_lit(b, "\",\"outcome\":\"");
    buf_str(b, p2t_outcome_name(x->outcome));
    buf_putc(b, '"');
    put_subject(b, x);
    put_connection(b, x->connection);
    if (x->transport != NULL)
        json_transport(b, x);
    json_messages(b, x);
    buf_lit(b, ",\"start\":");
    json_time(b, x->start_ns);
    buf_lit(b, ",\"took_us\":");
    put_us(b, from_to(x->start_ns, x->end_ns));
    put_phases(b, &x->phases);
    put_events(b, x);
    put_findings(b, x);
    put_links(b, x);
    put_files(b, x);
    buf_putc(b, '}');
}
