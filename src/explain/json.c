/* An array of objects, "pcap2trace.explain/1". */
#include "explain/row.h"
#include "extract/comment.h"
#include "write/json/json.h"

static struct p2t_text text_of_slice(struct slice s)
{
    return (struct p2t_text){(const char *)s.p, s.n};
}

static struct p2t_text text_of_str(const char *s)
{
    return (struct p2t_text){s, strlen(s)};
}

static void put_text(struct buf *b, const char *key, struct slice s)
{
    buf_str(b, key);
    json_text(b, text_of_slice(s));
}

static void put_ref(struct teller *t, struct subject_ref ref)
{
    const struct subjects *all = t->config->subjects;

    buf_lit(t->b, "{\"file\":");
    if (ref.path < all->path_count)
        json_string(t->b, text_of_str(all->paths[ref.path]));
    else
        buf_lit(t->b, "null");
    buf_printf(t->b, ",\"packet\":%llu", (unsigned long long)ref.packet);
}

static void put_refs(struct teller *t, const struct subject_refs *refs)
{
    for (size_t i = 0; i < refs->count; i++) {
        if (i > 0)
            buf_putc(t->b, ',');
        put_ref(t, refs->ref[i]);
        buf_putc(t->b, '}');
    }
}

static void begin(struct teller *t, size_t index, const struct subject *s)
{
    struct buf *b = t->b;

    buf_str(b, index == 0 ? "[\n" : ",\n");
    buf_lit(b, "{\"schema\":\"pcap2trace.explain/1\",\"id\":");
    json_id(b, s->id);
    buf_printf(b, ",\"kind\":\"%s\",\"outcome\":\"%s\"", p2t_kind_name(s->kind), p2t_outcome_name(s->outcome));
    put_text(b, ",\"error\":", s->error);
    put_text(b, ",\"method\":", s->method);
    put_text(b, ",\"url\":", s->url);
    put_text(b, ",\"host\":", s->host);
    buf_lit(b, ",\"status\":");
    if (s->status > 0)
        buf_i64(b, s->status);
    else
        buf_lit(b, "null");
    put_text(b, ",\"client\":", s->client);
    put_text(b, ",\"server\":", s->server);
    buf_lit(b, ",\"start\":");
    json_time(b, s->start_ns);
    buf_lit(b, ",\"end\":");
    json_time(b, s->end_ns);
    buf_lit(b, ",\"packets\":[");
    t->rows = 0;
}

static void put_proof(struct buf *b, const struct subject *s, const struct proof *p, int64_t packet_ns)
{
    static const char *const stands[] = {"marks", "not_before", "not_after", "bears"};

    if (p->event == UINT32_MAX) {
        buf_printf(b, "{\"finding\":\"%s\"}", s->findings[p->finding].code);
        return;
    }
    const struct subject_event *ev = &s->events[p->event];
    buf_printf(b, "{\"hook\":\"%s\",\"basis\":\"%s\",\"stand\":\"%s\"", p2t_hook_name(ev->hook),
               p2t_basis_name(ev->basis), stands[comment_stand(ev, packet_ns)]);
    put_text(b, ",\"value\":", ev->value);
    buf_putc(b, '}');
}

static void row(struct teller *t, const struct row *r)
{
    struct buf *b = t->b;

    buf_str(b, t->rows++ > 0 ? ",\n" : "\n");
    put_ref(t, r->ref);
    buf_lit(b, ",\"time\":");
    json_time(b, r->time_ns);
    buf_lit(b, ",\"relative_us\":");
    json_us(b, r->time_ns - r->subject->start_ns);
    buf_printf(b, ",\"direction\":%s", r->from_client ? "\"from_client\"" : r->to_client ? "\"to_client\"" : "null");
    put_text(b, ",\"from\":", r->from[0] != '\0' ? slice_str(r->from) : slice_of(NULL, 0));
    put_text(b, ",\"to\":", r->to[0] != '\0' ? slice_str(r->to) : slice_of(NULL, 0));
    put_text(b, ",\"text\":", r->text);
    buf_lit(b, ",\"proves\":[");
    for (size_t i = 0; i < r->count; i++) {
        if (i > 0)
            buf_putc(b, ',');
        put_proof(b, r->subject, &r->proof[i], r->time_ns);
    }
    buf_lit(b, "]}");
}

static void put_findings(struct teller *t, const struct subject *s)
{
    struct buf *b = t->b;

    for (size_t i = 0; i < s->finding_count; i++) {
        const struct subject_finding *f = &s->findings[i];
        buf_printf(b, "%s{\"code\":\"%s\",\"severity\":\"%s\"", i > 0 ? "," : "", f->code,
                   p2t_severity_name(f->severity));
        put_text(b, ",\"text\":", f->text);
        buf_lit(b, ",\"evidence\":[");
        put_refs(t, &f->evidence);
        buf_lit(b, "]}");
    }
}

static void put_causes(struct teller *t, const struct subject *s)
{
    struct p2t_call_cause c;

    for (size_t n = 0; p2t_summary_cause_of(t->config->summary, s->id, n, &c); n++) {
        buf_printf(t->b, "%s{\"code\":\"%s\",\"side\":\"%s\",\"confidence\":\"%s\",\"calls\":%zu,\"text\":",
                   n > 0 ? "," : "", p2t_cause_name(c.code), p2t_cause_side_name(c.side),
                   p2t_confidence_name(c.confidence), c.calls);
        json_text(t->b, c.text);
        buf_putc(t->b, '}');
    }
}

static void written(struct teller *t, const struct subject *s)
{
    struct buf *b = t->b;

    buf_lit(b, "],\"events\":[");
    for (size_t i = 0; i < s->event_count; i++) {
        const struct subject_event *ev = &s->events[i];
        buf_printf(b, "%s{\"hook\":\"%s\",\"basis\":\"%s\",\"time\":", i > 0 ? ",\n" : "\n", p2t_hook_name(ev->hook),
                   p2t_basis_name(ev->basis));
        json_time(b, ev->time_ns);
        buf_lit(b, ",\"relative_us\":");
        json_us(b, ev->time_ns - s->start_ns);
        put_text(b, ",\"value\":", ev->value);
        buf_lit(b, ",\"evidence\":[");
        put_refs(t, &ev->evidence);
        buf_lit(b, "]}");
    }
}

static void end(struct teller *t, const struct subject *s)
{
    buf_lit(t->b, "],\"findings\":[");
    put_findings(t, s);
    buf_lit(t->b, "],\"causes\":[");
    put_causes(t, s);
    buf_lit(t->b, "]}");
}

static void finish(struct teller *t)
{
    buf_str(t->b, t->config->subjects->count > 0 ? "\n]\n" : "[]\n");
}

const struct teller_ops teller_json = {begin, row, written, end, finish};
