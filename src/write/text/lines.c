/* One line for each exchange: when, what, the status, how long, in which phase most of it, and the worst that was found. */
#include "base/timefmt.h"
#include "write/escape.h"
#include "write/format.h"

enum { CLOCK_AT = 11, CLOCK_BYTES = 12 }; /* "10:13:40.025" of RFC 3339 */

static void put_text(struct buf *b, struct p2t_text text)
{
    buf_putc(b, ' ');
    if (text.p != NULL && text.n > 0)
        escape_text(b, text);
    else
        buf_putc(b, '-');
}

/* The path of the URL, with its query; "/" is the shortest. */
static struct p2t_text path_of(struct p2t_text url)
{
    size_t at = 0, slashes = 0;

    if (url.p == NULL)
        return url;
    for (; at < url.n; at++) {
        slashes += url.p[at] == '/';
        if (slashes == 3)
            return (struct p2t_text){url.p + at, url.n - at};
    }
    return url.n > 0 && url.p[0] == '/' ? url : (struct p2t_text){"/", 1};
}

static void put_phase(struct buf *b, const struct p2t_phases *p)
{
    const struct {
        const char *name;
        int64_t ns;
    } phases[] = {{"blocked", p->blocked_ns}, {"dns", p->dns_ns},   {"connect", p->connect_ns}, {"tls", p->tls_ns},
                  {"send", p->send_ns},       {"wait", p->wait_ns}, {"receive", p->receive_ns}};
    size_t most = 0;

    for (size_t i = 1; i < sizeof phases / sizeof *phases; i++)
        if (phases[i].ns > phases[most].ns)
            most = i;
    if (phases[most].ns > 0)
        buf_printf(b, " %s %.1f", phases[most].name, (double)phases[most].ns / 1e6);
    else
        buf_lit(b, " -");
}

static void lines_exchange(struct buf *b, const struct out_options *o, const struct p2t_exchange *x)
{
    char time[TIME_TEXT_BYTES];
    struct p2t_text kind = {p2t_kind_name(x->kind), strlen(p2t_kind_name(x->kind))};

    (void)o;
    time_rfc3339(x->start_ns, time);
    buf_put(b, time + CLOCK_AT, CLOCK_BYTES);
    put_text(b, x->method.p != NULL ? x->method : kind);
    put_text(b, x->host.p == NULL && x->connection != NULL ? x->connection->server : x->host);
    put_text(b, path_of(x->url));
    if (x->status != 0)
        buf_printf(b, " %d", x->status);
    else
        buf_printf(b, " %s", p2t_outcome_name(x->outcome));
    buf_printf(b, " %.1f ms", (double)(x->end_ns - x->start_ns) / 1e6);
    put_phase(b, &x->phases);
    buf_printf(b, " %s\n", x->finding_count > 0 ? x->findings[0].code : "-");
}

const struct out_format_ops out_lines = {.exchange = lines_exchange};
