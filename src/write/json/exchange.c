/* src/doc/contract.md, "One exchange" and "One event", field by field in its order. */
#include "base/timefmt.h"
#include "write/json/json.h"

/* Inlined: the key is a literal in every call, so that its length is a constant. */
static inline __attribute__((always_inline)) void text_field(struct buf *b, const char *key, struct p2t_text s)
{
    buf_const(b, key, strlen(key));
    json_text(b, s);
}

#define PUT(w, s) (memcpy((w), (s), sizeof(s) - 1), (w) + sizeof(s) - 1)

static void put_bound(struct buf *b, bool has, int64_t ns)
{
    if (has)
        json_us(b, ns);
    else
        buf_lit(b, "null");
}

static char *bound_text(char *w, bool has, int64_t ns)
{
    return has ? json_us_text(w, ns) : PUT(w, "null");
}

#define NAMED(id, name) {name, sizeof(name) - 1},
static const struct p2t_text hooks[] = {P2T_HOOK_LIST(NAMED)};
static const struct p2t_text kinds[] = {P2T_KIND_LIST(NAMED)};
static const struct p2t_text outcomes[] = {P2T_OUTCOME_LIST(NAMED)};
#undef NAMED
static const struct p2t_text bases[] = {{"observed", 8}, {"inferred", 8}, {"assumed", 7}};

/* Names have a few letters: two copies that overlap are cheaper than a call. */
static char *name_text(char *w, const struct p2t_text *s)
{
    size_t n = s->n;

    if (n >= 8 && n <= 16) {
        memcpy(w, s->p, 8);
        memcpy(w + n - 8, s->p + n - 8, 8);
    } else if (n >= 4 && n < 8) {
        memcpy(w, s->p, 4);
        memcpy(w + n - 4, s->p + n - 4, 4);
    } else {
        memcpy(w, s->p, n);
    }
    return w + n;
}

/* The members from the time to the evidence, and the opening of the arguments. */
static char *moment_text(char *w, const struct p2t_event *ev)
{
    w = PUT(w, "\",\"time\":\"");
    time_rfc3339(ev->time_ns, w);
    w = PUT(w + TIME_TEXT_BYTES, "\",\"basis\":\"");
    w = name_text(w, &bases[ev->basis]);
    w = PUT(w, "\",\"bounds_us\":[");
    w = bound_text(w, ev->has_earliest, ev->earliest_ns - ev->time_ns);
    *w++ = ',';
    w = bound_text(w, ev->has_latest, ev->latest_ns - ev->time_ns);
    w = PUT(w, "],\"evidence\":");
    w = json_evidence_text(w, ev->evidence, ev->evidence_count);
    return PUT(w, ",\"args\":{");
}

enum { MOMENT_TEXT_MAX = 128 + TIME_TEXT_BYTES + 2 * JSON_US_MAX + JSON_EVIDENCE_MAX };

/* Where the text of the last event's moment stands in the output. */
struct moment {
    const struct p2t_event *of;
    size_t at, n;
};

/* Writes everything of bounded length with one check for room: small exchanges spend most of their time here. Most events
 * stand at the same packet as the one before, and copy its text. */
static void put_event_head(struct buf *b, const struct p2t_event *ev, struct moment *last)
{
    if (!buf_reserve(b, 64 + MOMENT_TEXT_MAX))
        return;
    char *w = (char *)b->p + b->n;
    w = PUT(w, "{\"hook\":\"");
    w = name_text(w, &hooks[ev->hook]);
    size_t at = (size_t)((uint8_t *)w - b->p);
    if (last->of != NULL && json_same_moment(last->of, ev)) {
        memcpy(w, b->p + last->at, last->n);
        b->n = at + last->n;
    } else {
        b->n = (size_t)((uint8_t *)moment_text(w, ev) - b->p);
    }
    *last = (struct moment){ev, at, b->n - at};
}

static void put_name(struct buf *b, bool follows, const struct p2t_text *name)
{
    if (!buf_reserve(b, name->n + 4))
        return;
    char *w = (char *)b->p + b->n;
    w = follows ? PUT(w, ",\"") : PUT(w, "\"");
    w = name_text(w, name);
    w = PUT(w, "\":");
    b->n = (size_t)((uint8_t *)w - b->p);
}

static void put_event(struct buf *b, const struct p2t_event *ev, struct moment *last)
{
    put_event_head(b, ev, last);
    for (size_t i = 0; i < ev->arg_count; i++) {
        put_name(b, i > 0, &ev->args[i].name);
        json_value(b, &ev->args[i].value);
    }
    buf_lit(b, "}}");
}

static void put_events(struct buf *b, const struct p2t_exchange *x)
{
    struct moment last = {0};

    buf_lit(b, ",\"events\":[");
    for (size_t i = 0; i < x->event_count; i++) {
        if (i > 0)
            buf_putc(b, ',');
        put_event(b, &x->events[i], &last);
    }
    buf_putc(b, ']');
}

static inline __attribute__((always_inline)) void put_count(struct buf *b, const char *key, int64_t v)
{
    buf_const(b, key, strlen(key));
    if (v < 0)
        buf_lit(b, "null");
    else
        buf_i64(b, v);
}

static inline void put_message(struct buf *b, const char *key, const struct p2t_message *m)
{
    buf_const(b, key, strlen(key));
    put_count(b, "{\"header_bytes\":", m->header_bytes);
    put_count(b, ",\"body_bytes\":", m->body_bytes);
    text_field(b, ",\"content_type\":", m->content_type);
    buf_putc(b, '}');
}

static void put_tls(struct buf *b, const struct p2t_tls *t)
{
    if (t == NULL) {
        buf_lit(b, "null");
        return;
    }
    text_field(b, "{\"version\":", t->version);
    text_field(b, ",\"cipher\":", t->cipher);
    text_field(b, ",\"alpn\":", t->alpn);
    text_field(b, ",\"server_name\":", t->server_name);
    if (t->ja4.n > 0)
        text_field(b, ",\"ja4\":", t->ja4);
    buf_str(b, t->resumed ? ",\"resumed\":true" : ",\"resumed\":false");
    buf_str(b, t->decrypted ? ",\"decrypted\":true}" : ",\"decrypted\":false}");
}

static void put_connection(struct buf *b, const struct p2t_connection *c)
{
    if (c == NULL) {
        buf_lit(b, ",\"connection\":null");
        return;
    }
    buf_lit(b, ",\"connection\":{\"id\":");
    json_id(b, c->id);
    text_field(b, ",\"network\":", c->network);
    text_field(b, ",\"client\":", c->client);
    text_field(b, ",\"server\":", c->server);
    if (c->nat_server.p != NULL)
        text_field(b, ",\"nat_server\":", c->nat_server);
    if (c->nat_client.p != NULL)
        text_field(b, ",\"nat_client\":", c->nat_client);
    put_count(b, ",\"exchange\":", c->exchange);
    put_count(b, ",\"stream\":", c->stream);
    buf_str(b, c->reused < 0 ? ",\"reused\":null" : c->reused ? ",\"reused\":true" : ",\"reused\":false");
    text_field(b, ",\"proxy\":", c->proxy);
    buf_lit(b, ",\"tls\":");
    put_tls(b, c->tls);
    const char *vantage = p2t_vantage_name(c->vantage);
    text_field(b, ",\"vantage\":", (struct p2t_text){vantage, vantage != NULL ? strlen(vantage) : 0});
    buf_lit(b, ",\"rtt_us\":");
    put_bound(b, c->rtt_ns >= 0, c->rtt_ns);
    buf_putc(b, '}');
}

static char *phase_text(char *w, int64_t ns)
{
    return bound_text(w, ns >= 0, ns);
}

static void put_phases(struct buf *b, const struct p2t_phases *p)
{
    enum { PHASES = 8 };

    if (!buf_reserve(b, PHASES * (32 + JSON_US_MAX)))
        return;
    char *w = (char *)b->p + b->n;
    w = phase_text(PUT(w, ",\"phases_us\":{\"blocked\":"), p->blocked_ns);
    w = phase_text(PUT(w, ",\"dns\":"), p->dns_ns);
    w = phase_text(PUT(w, ",\"connect\":"), p->connect_ns);
    w = phase_text(PUT(w, ",\"tls\":"), p->tls_ns);
    w = phase_text(PUT(w, ",\"send\":"), p->send_ns);
    w = phase_text(PUT(w, ",\"wait\":"), p->wait_ns);
    w = phase_text(PUT(w, ",\"receive\":"), p->receive_ns);
    w = phase_text(PUT(w, ",\"total\":"), p->total_ns);
    w = PUT(w, "}");
    b->n = (size_t)((uint8_t *)w - b->p);
}

static void put_findings(struct buf *b, const struct p2t_exchange *x)
{
    buf_lit(b, ",\"findings\":[");
    for (size_t i = 0; i < x->finding_count; i++) {
        const struct p2t_finding *f = &x->findings[i];
        buf_str(b, i > 0 ? ",{\"code\":\"" : "{\"code\":\"");
        buf_str(b, f->code);
        buf_lit(b, "\",\"severity\":\"");
        buf_str(b, p2t_severity_name(f->severity));
        text_field(b, "\",\"text\":", f->text);
        buf_lit(b, ",\"evidence\":");
        json_evidence(b, f->evidence, f->evidence_count);
        buf_putc(b, '}');
    }
    buf_putc(b, ']');
}

static void put_links(struct buf *b, const struct p2t_exchange *x)
{
    buf_lit(b, ",\"links\":[");
    for (size_t i = 0; i < x->link_count; i++) {
        buf_str(b, i > 0 ? ",{\"relation\":\"" : "{\"relation\":\"");
        buf_str(b, x->links[i].relation);
        buf_lit(b, "\",\"id\":");
        json_id(b, x->links[i].id);
        buf_putc(b, '}');
    }
    buf_putc(b, ']');
}

static void put_files(struct buf *b, const struct p2t_exchange *x)
{
    buf_lit(b, ",\"files\":[");
    for (size_t i = 0; i < x->file_count; i++) {
        if (i > 0)
            buf_putc(b, ',');
        json_string(b, (struct p2t_text){x->files[i], strlen(x->files[i])});
    }
    buf_putc(b, ']');
}

static void put_subject(struct buf *b, const struct p2t_exchange *x)
{
    text_field(b, ",\"error\":", x->error);
    text_field(b, ",\"method\":", x->method);
    text_field(b, ",\"url\":", x->url);
    text_field(b, ",\"host\":", x->host);
    buf_lit(b, ",\"status\":");
    if (x->status > 0)
        buf_i64(b, x->status);
    else
        buf_lit(b, "null");
    text_field(b, ",\"request_proto\":", x->request_proto);
    text_field(b, ",\"response_proto\":", x->response_proto);
    put_message(b, ",\"request\":", &x->request);
    put_message(b, ",\"response\":", &x->response);
}

/* Whole microseconds since 1970, rounded down: a double holds them, as jq and JavaScript read numbers. */
static inline void put_whole_us(struct buf *b, const char *key, int64_t ns)
{
    buf_const(b, key, strlen(key));
    buf_i64(b, ns / 1000 - (ns % 1000 < 0));
}

void json_exchange(struct buf *b, const struct p2t_exchange *x)
{
    buf_lit(b, "{\"schema\":\"pcap2trace.exchange/2\",\"id\":");
    json_id(b, x->id);
    text_field(b, ",\"trace_id\":", x->trace_id);
    text_field(b, ",\"trace_id_source\":", x->trace_id_source);
    buf_lit(b, ",\"kind\":\"");
    buf_put(b, kinds[x->kind].p, kinds[x->kind].n);
    buf_lit(b, "\",\"outcome\":\"");
    buf_put(b, outcomes[x->outcome].p, outcomes[x->outcome].n);
    buf_putc(b, '"');
    put_subject(b, x);
    put_connection(b, x->connection);
    json_transport(b, x);
    json_messages(b, x);
    buf_lit(b, ",\"start\":");
    json_time(b, x->start_ns);
    buf_lit(b, ",\"end\":");
    json_time(b, x->end_ns);
    put_whole_us(b, ",\"start_us\":", x->start_ns);
    put_whole_us(b, ",\"end_us\":", x->end_ns);
    put_phases(b, &x->phases);
    put_events(b, x);
    put_findings(b, x);
    put_links(b, x);
    put_files(b, x);
    buf_putc(b, '}');
}
