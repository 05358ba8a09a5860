/* The differences against a baseline, as text and as JSON. */
#include "summary/cause.h"
#include "summary/changes.h"
#include "write/escape.h"
#include "write/json/json.h"

const char *change_name(enum change_kind kind)
{
    static const char *const names[] = {"fails_more", "fails_less", "slower", "faster"};

    return names[kind];
}

/* ---- text ---- */

static void say_route(struct buf *b, const struct change *x)
{
    escape_text(b, word_text(x->host));
    if (x->route == NULL)
        return;
    buf_putc(b, ' ');
    escape_text(b, word_text(x->method));
    buf_putc(b, ' ');
    escape_text(b, word_text(x->route));
}

static bool is_about_failures(const struct change *x)
{
    return x->kind == CHANGE_FAILS_MORE || x->kind == CHANGE_FAILS_LESS;
}

static void say_change(struct buf *b, const struct change *x)
{
    static const char *const words[] = {"fails more", "fails less", "slower", "faster"};

    buf_printf(b, "  %s: ", words[x->kind]);
    say_route(b, x);
    if (is_about_failures(x)) {
        buf_printf(b, ": %zu of %zu calls failed, %zu of %zu before", x->failed, x->calls, x->failed_before,
                   x->calls_before);
    } else {
        buf_printf(b, ": p%u ", x->permille / 10);
        say_time(b, x->now_ns);
        buf_lit(b, ", ");
        say_time(b, x->before_ns);
        buf_printf(b, " before (%zu and %zu calls", x->calls, x->calls_before);
        buf_printf(b, x->phase != NULL ? "; most of it in %s)" : ")%s", x->phase != NULL ? x->phase : "");
    }
    buf_printf(b, ", %s\n", p2t_confidence_name(x->confidence));
}

static void say_arrivals(struct buf *b, const char *what, const struct arrival *list, size_t n, size_t top)
{
    for (size_t i = 0; i < n && i < top; i++) {
        buf_printf(b, "  %s: ", what);
        escape_text(b, word_text(list[i].host));
        buf_lit(b, ", ");
        say_count(b, list[i].calls, "call");
        buf_putc(b, '\n');
    }
    if (n > top)
        buf_printf(b, "  %s: and %zu more (--top)\n", what, n - top);
}

void tell_changes_text(const struct p2t_summary *s, struct buf *b, size_t top)
{
    const struct changes *c = s->changes;

    if (c == NULL)
        return;
    buf_printf(b, "\nagainst the baseline (%llu calls in %.1f s):\n", (unsigned long long)c->calls_before,
               (double)c->span_before_ns / 1e9);
    for (size_t i = 0; i < c->count && i < top; i++)
        say_change(b, &c->change[i]);
    if (c->count > top)
        buf_printf(b, "  and %zu changes more (--top)\n", c->count - top);
    say_arrivals(b, "new", c->added, c->added_count, top);
    say_arrivals(b, "gone", c->gone, c->gone_count, top);
    if (c->elsewhere)
        buf_lit(b, "  the baseline was captured at another place of the path: times are not compared\n");
    else if (c->count + c->added_count + c->gone_count == 0)
        buf_lit(b, "  no route is slower or fails more, none is new\n");
}

/* ---- JSON ---- */

static void json_change(struct buf *b, const struct change *x)
{
    buf_printf(b, "{\"kind\":\"%s\",\"host\":", change_name(x->kind));
    json_text(b, word_text(x->host));
    buf_lit(b, ",\"method\":");
    json_text(b, word_text(x->method));
    buf_lit(b, ",\"route\":");
    json_text(b, word_text(x->route));
    buf_printf(b, ",\"calls_before\":%zu,\"failed_before\":%zu,\"calls\":%zu,\"failed\":%zu,\"confidence\":\"%s\"",
               x->calls_before, x->failed_before, x->calls, x->failed, p2t_confidence_name(x->confidence));
    if (!is_about_failures(x)) {
        buf_printf(b, ",\"quantile\":\"p%u\",\"before_us\":", x->permille / 10);
        json_us(b, x->before_ns);
        buf_lit(b, ",\"now_us\":");
        json_us(b, x->now_ns);
        if (x->phase != NULL)
            buf_printf(b, ",\"phase\":\"%s\"", x->phase);
    }
    buf_putc(b, '}');
}

static void json_arrivals(struct buf *b, const struct arrival *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_str(b, i > 0 ? ",{\"host\":" : "{\"host\":");
        json_text(b, word_text(list[i].host));
        buf_printf(b, ",\"calls\":%zu}", list[i].calls);
    }
}

void tell_changes_json(const struct p2t_summary *s, struct buf *b)
{
    const struct changes *c = s->changes;

    if (c == NULL)
        return;
    buf_printf(b, ",\"baseline\":{\"calls\":%llu,\"times_compared\":%s,\"changes\":[",
               (unsigned long long)c->calls_before, c->elsewhere ? "false" : "true");
    for (size_t i = 0; i < c->count; i++) {
        buf_str(b, i > 0 ? "," : "");
        json_change(b, &c->change[i]);
    }
    buf_lit(b, "],\"new\":[");
    json_arrivals(b, c->added, c->added_count);
    buf_lit(b, "],\"gone\":[");
    json_arrivals(b, c->gone, c->gone_count);
    buf_lit(b, "]}");
}
