#include "reading.h"

#include <stdlib.h>

#include "support/cmocka_all.h"

static void on_problem(void *ctx, struct slice file, uint64_t line, const char *text)
{
    struct reading *r = ctx;

    assert_true(slice_eq(file, SLICE_LIT("a.log")));
    buf_printf(&r->complaints, "%llu: %s\n", (unsigned long long)line, text);
}

static void put_field(struct buf *b, const char *name, struct slice s)
{
    if (s.p == NULL)
        return;
    buf_printf(b, " %s=", name);
    buf_slice(b, s);
}

static void put_endpoint(struct buf *b, const char *name, const struct endpoint *ep)
{
    char text[ENDPOINT_TEXT_MAX];

    if (ep->ip.family != 0)
        put_field(b, name, slice_of(text, endpoint_format(ep, text)));
}

/* Microseconds from 2026-11-22T06:32:10Z on, or from the call's own start. */
static long long us(const struct record *r, int64_t ns)
{
    return (ns - (r->relative ? 0 : 1795329130000000000)) / 1000;
}

static void put_event(struct buf *b, const struct record *r, const struct record_event *e)
{
    buf_printf(b, "  %s %lld", p2t_hook_name((enum p2t_hook)e->hook), us(r, e->time_ns));
    put_field(b, "key", e->key);
    put_field(b, "err", e->detail->error);
    put_field(b, "addrs", e->detail->addresses);
    if (e->detail->reused >= 0)
        buf_printf(b, " reused=%d", e->detail->reused);
    buf_putc(b, '\n');
}

static void put_record(struct reading *r, const struct record *x)
{
    struct buf *b = &r->text;
    size_t n;

    buf_printf(b, "%s %llu/%u", live_form_name(live_sources(r->live, &n)[x->origin.source].form),
               (unsigned long long)x->origin.line, x->origin.attempt);
    for (size_t i = 0; i < x->id_count; i++)
        put_field(b, "id", x->ids[i]);
    put_field(b, "method", x->method);
    put_field(b, "url", x->url);
    put_field(b, "host", x->host);
    put_endpoint(b, "client", &x->client);
    put_endpoint(b, "server", &x->server);
    if (!x->no_error_told)
        put_field(b, "error", x->error);
    if (x->has_end)
        buf_printf(b, " end=%lld", us(x, x->end_ns));
    buf_putc(b, '\n');
    for (size_t i = 0; i < x->event_count; i++)
        put_event(b, x, &x->events[i]);
}

void reading_run(struct reading *r, struct slice text, size_t piece)
{
    *r = (struct reading){0};
    r->live =
        live_new(&(struct live_config){.pool = &r->pool, .records = &r->records, .ctx = r, .problem = on_problem});
    assert_non_null(r->live);
    live_begin_file(r->live, SLICE_LIT("a.log"));
    for (size_t i = 0; i < text.n; i += piece)
        live_feed(r->live, slice_of(text.p + i, text.n - i < piece ? text.n - i : piece));
    live_end_file(r->live);
    assert_false(r->pool.failed);
    for (size_t i = 0; i < r->records.n; i++)
        put_record(r, &r->records.records[i]);
    buf_putc(&r->text, '\0');
    buf_putc(&r->complaints, '\0');
}

void reading_free(struct reading *r)
{
    live_free(r->live);
    free(r->records.records);
    buf_fini(&r->text);
    buf_fini(&r->complaints);
    record_pool_fini(&r->pool);
}
