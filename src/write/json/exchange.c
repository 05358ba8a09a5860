/* src/doc/contract.md, "One exchange" and "One event", field by field in its order. */
#include "write/json/pen.h"
#include "write/json/subject.h"

static inline __attribute__((always_inline)) char *put_member(struct buf *b, char *w, const char *key,
                                                              struct p2t_text s)
{
    return pen_text(b, pen_literal(w, key), s);
}

static inline __attribute__((always_inline)) char *put_count(char *w, const char *key, int64_t v)
{
    w = pen_literal(w, key);
    return v < 0 ? PEN_PUT(w, "null") : pen_i64(w, v);
}

static char *put_us(char *w, const char *key, int64_t ns)
{
    w = pen_literal(w, key);
    return ns >= 0 ? json_us_text(w, ns) : PEN_PUT(w, "null");
}

#define NAMED(id, name) {name, sizeof(name) - 1},
static const struct p2t_text kinds[] = {P2T_KIND_LIST(NAMED)};
static const struct p2t_text outcomes[] = {P2T_OUTCOME_LIST(NAMED)};
#undef NAMED

static char *put_name(char *w, const char *key, const struct p2t_text *name)
{
    w = pen_literal(w, key);
    memcpy(w, name->p, name->n);
    return w + name->n;
}

/* For what is rare: appends to the buffer itself. */
static void text_field(struct buf *b, const char *key, struct p2t_text s)
{
    buf_str(b, key);
    json_text(b, s);
}

static void put_tls(struct buf *b, const struct p2t_exchange *x)
{
    const struct p2t_tls *t = x->connection->tls;

    text_field(b, "{\"version\":", t->version);
    text_field(b, ",\"cipher\":", t->cipher);
    text_field(b, ",\"alpn\":", t->alpn);
    text_field(b, ",\"server_name\":", t->server_name);
    if (t->ja4.n > 0)
        text_field(b, ",\"ja4\":", t->ja4);
    buf_str(b, t->resumed ? ",\"resumed\":true" : ",\"resumed\":false");
    buf_str(b, t->decrypted ? ",\"decrypted\":true}" : ",\"decrypted\":false}");
}

static char *put_endpoints(struct buf *b, char *w, const struct p2t_connection *c)
{
    w = put_member(b, w, ",\"client\":", c->client);
    w = put_member(b, w, ",\"server\":", c->server);
    if (c->nat_server.p != NULL)
        w = put_member(b, w, ",\"nat_server\":", c->nat_server);
    if (c->nat_client.p != NULL)
        w = put_member(b, w, ",\"nat_client\":", c->nat_client);
    return w;
}

static char *put_connection(struct buf *b, char *w, const struct p2t_exchange *x)
{
    const struct p2t_connection *c = x->connection;

    if (c == NULL)
        return PEN_PUT(w, ",\"connection\":null");
    w = pen_id(PEN_PUT(w, ",\"connection\":{\"id\":"), c->id);
    w = put_member(b, w, ",\"network\":", c->network);
    w = put_endpoints(b, w, c);
    w = put_count(w, ",\"exchange\":", c->exchange);
    w = put_count(w, ",\"stream\":", c->stream);
    if (c->reused < 0)
        w = PEN_PUT(w, ",\"reused\":null");
    else
        w = c->reused ? PEN_PUT(w, ",\"reused\":true") : PEN_PUT(w, ",\"reused\":false");
    w = put_member(b, w, ",\"proxy\":", c->proxy);
    w = PEN_PUT(w, ",\"tls\":");
    w = c->tls != NULL ? pen_apart(b, w, put_tls, x) : PEN_PUT(w, "null");
    const char *vantage = p2t_vantage_name(c->vantage);
    w = put_member(b, w, ",\"vantage\":", (struct p2t_text){vantage, vantage != NULL ? strlen(vantage) : 0});
    w = put_us(w, ",\"rtt_us\":", c->rtt_ns);
    return PEN_PUT(w, "}");
}

static char *put_phases(char *w, const struct p2t_phases *p)
{
    w = put_us(w, ",\"phases_us\":{\"blocked\":", p->blocked_ns);
    w = put_us(w, ",\"dns\":", p->dns_ns);
    w = put_us(w, ",\"connect\":", p->connect_ns);
    w = put_us(w, ",\"tls\":", p->tls_ns);
    w = put_us(w, ",\"send\":", p->send_ns);
    w = put_us(w, ",\"wait\":", p->wait_ns);
    w = put_us(w, ",\"receive\":", p->receive_ns);
    w = put_us(w, ",\"total\":", p->total_ns);
    return PEN_PUT(w, "}");
}

static void put_findings(struct buf *b, const struct p2t_exchange *x)
{
    for (size_t i = 0; i < x->finding_count; i++) {
        const struct p2t_finding *f = &x->findings[i];
        buf_str(b, i > 0 ? ",{\"code\":\"" : "{\"code\":\"");
        buf_str(b, f->code);
        buf_lit(b, "\",\"severity\":\"");
        buf_str(b, p2t_severity_name(f->severity));
        text_field(b, "\",\"text\":", f->text);
        buf_lit(b, ",\"evidence\":");
        json_evidence(b, f->evidence, f->evidence_count);
        if (f->evidence_dropped > 0)
            buf_printf(b, ",\"evidence_dropped\":%u", f->evidence_dropped);
        buf_putc(b, '}');
    }
}

static void put_links(struct buf *b, const struct p2t_exchange *x)
{
    for (size_t i = 0; i < x->link_count; i++) {
        buf_str(b, i > 0 ? ",{\"relation\":\"" : "{\"relation\":\"");
        buf_str(b, x->links[i].relation);
        buf_lit(b, "\",\"id\":");
        json_id(b, x->links[i].id);
        buf_putc(b, '}');
    }
}

static char *put_files(struct buf *b, char *w, const struct p2t_exchange *x)
{
    w = PEN_PUT(w, ",\"files\":[");
    for (size_t i = 0; i < x->file_count; i++) {
        if (i > 0)
            *w++ = ',';
        w = pen_string(b, w, (struct p2t_text){x->files[i], strlen(x->files[i])});
    }
    return PEN_PUT(w, "]");
}

static char *put_said(struct buf *b, char *w, const struct p2t_exchange *x)
{
    w = PEN_PUT(w, ",\"findings\":[");
    if (x->finding_count > 0)
        w = pen_apart(b, w, put_findings, x);
    w = PEN_PUT(w, "],\"links\":[");
    if (x->link_count > 0)
        w = pen_apart(b, w, put_links, x);
    return PEN_PUT(w, "]");
}

static char *put_message(struct buf *b, char *w, const struct p2t_message *m)
{
    w = put_count(w, "{\"header_bytes\":", m->header_bytes);
    w = put_count(w, ",\"body_bytes\":", m->body_bytes);
    w = put_member(b, w, ",\"content_type\":", m->content_type);
    return PEN_PUT(w, "}");
}

static char *put_subject(struct buf *b, char *w, const struct p2t_exchange *x)
{
#define TEXT(name)         w = put_member(b, w, ",\"" #name "\":", x->name);
#define COUNT(name, value) w = put_count(w, ",\"" #name "\":", value);
#define MESSAGE(name)      w = put_message(b, PEN_PUT(w, ",\"" #name "\":"), &x->name);
    JSON_SUBJECT_LIST(TEXT, COUNT, MESSAGE, x)
#undef TEXT
#undef COUNT
#undef MESSAGE
    return w;
}

/* Whole microseconds since 1970, rounded down: a double holds them, as jq and JavaScript read numbers. */
static int64_t whole_us(int64_t ns)
{
    return ns / 1000 - (ns % 1000 < 0);
}

static char *put_times(char *w, const struct p2t_exchange *x)
{
    w = pen_time(PEN_PUT(w, ",\"start\":"), x->start_ns);
    w = pen_time(PEN_PUT(w, ",\"end\":"), x->end_ns);
    w = pen_i64(PEN_PUT(w, ",\"start_us\":"), whole_us(x->start_ns));
    w = pen_i64(PEN_PUT(w, ",\"end_us\":"), whole_us(x->end_ns));
    return put_phases(w, &x->phases);
}

static void put_details(struct buf *b, const struct p2t_exchange *x)
{
    json_transport(b, x);
    json_messages(b, x);
}

void json_exchange(struct buf *b, const struct p2t_exchange *x)
{
    char *w = pen_begin(b);

    if (w == NULL)
        return;
    w = pen_id(PEN_PUT(w, "{\"schema\":\"pcap2trace.exchange/2\",\"id\":"), x->id);
    w = put_member(b, w, ",\"trace_id\":", x->trace_id);
    w = put_member(b, w, ",\"trace_id_source\":", x->trace_id_source);
    w = put_name(w, ",\"kind\":\"", &kinds[x->kind]);
    w = put_name(w, "\",\"outcome\":\"", &outcomes[x->outcome]);
    w = put_subject(b, PEN_PUT(w, "\""), x);
    w = put_connection(b, w, x);
    w = pen_apart(b, w, put_details, x);
    w = put_times(w, x);
    w = pen_events(b, w, x);
    w = put_said(b, pen_room(b, w, 0), x);
    w = put_files(b, w, x);
    pen_end(b, PEN_PUT(w, "}"));
}
