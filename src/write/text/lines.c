/* One line for each exchange: when, the status, how long, in which phase most of it, what, and the worst that was found. */
#include "write/escape.h"
#include "write/format.h"
#include "write/text/text.h"

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

static const char *longest_phase(const struct p2t_phases *p)
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
    return phases[most].ns > 0 ? phases[most].name : "-";
}

static bool is_bad(const struct p2t_exchange *x)
{
    return x->outcome != P2T_OUTCOME_OK || x->status >= 500;
}

/* "200", or "-" where no status came. */
static void put_status(struct buf *b, const struct out_options *o, const struct p2t_exchange *x)
{
    text_begin(b, o, is_bad(x) ? TEXT_RED : x->status >= 400 ? TEXT_YELLOW : TEXT_GREEN);
    if (x->status > 0)
        buf_printf(b, "%3d", x->status);
    else
        buf_lit(b, "  -");
    text_end(b, o);
}

static void put_measures(struct buf *b, const struct out_options *o, const struct p2t_exchange *x)
{
    enum { DURATION_COLUMNS = 10, PHASE_COLUMNS = 9 };

    buf_lit(b, "  ");
    put_status(b, o, x);
    size_t from = b->n;
    text_duration(b, x->end_ns - x->start_ns);
    text_align_right(b, from, DURATION_COLUMNS);
    buf_printf(b, "  %-*s", PHASE_COLUMNS, longest_phase(&x->phases));
}

static void put_host(struct buf *b, const struct p2t_exchange *x)
{
    if (x->host.p != NULL)
        escape_text(b, x->host);
    else if (x->connection != NULL)
        escape_text(b, x->connection->server);
    else
        buf_putc(b, '-');
}

/* Where not all fits, the host gives way first, down to its first letters: calls of one host differ in their paths. */
static void put_subject(struct buf *b, const struct out_options *o, const struct p2t_exchange *x, size_t line,
                        size_t after)
{
    enum { HOST_COLUMNS = 10 };
    struct buf path = {0};

    if (x->method.p != NULL)
        escape_text(b, x->method);
    else
        buf_str(b, p2t_kind_name(x->kind));
    buf_putc(b, ' ');
    size_t host = b->n;
    put_host(b, x);
    escape_text(&path, path_of(x->url));
    if (o->cut && !b->failed) {
        size_t before = text_columns(b->p + line, host - line), width = text_width(o);
        size_t most = width > before + HOST_COLUMNS ? width - before - HOST_COLUMNS : 0;
        after += text_columns(path.p, path.n);
        text_cut(b, o, line, host, after < most ? after : most);
    }
    buf_slice(b, buf_view(&path));
    b->failed |= path.failed;
    buf_fini(&path);
}

/* A finding explains a call that got no status; one that got a status and is not whole says so. */
static void put_trouble(struct buf *b, const struct out_options *o, const struct p2t_exchange *x)
{
    bool outcome = x->outcome != P2T_OUTCOME_OK && (x->status > 0 || x->finding_count == 0);

    if (!outcome && x->finding_count == 0)
        return;
    buf_putc(b, ' ');
    text_begin(b, o, is_bad(x) ? TEXT_RED : TEXT_DIM);
    if (outcome)
        buf_printf(b, " %s", p2t_outcome_name(x->outcome));
    if (x->finding_count > 0)
        buf_printf(b, " %s", x->findings[0].code);
    text_end(b, o);
}

static void put_identity(struct buf *b, const struct out_options *o, const struct p2t_exchange *x)
{
    text_begin(b, o, TEXT_DIM);
    buf_printf(b, "  id %016llx", (unsigned long long)x->id);
    text_files(b, x);
    text_end(b, o);
}

static void lines_exchange(struct buf *b, const struct out_options *o, const struct p2t_exchange *x)
{
    size_t line = b->n, columns = 0;
    struct buf trouble = {0};

    text_clock(b, o, x->start_ns);
    put_measures(b, o, x);
    size_t subject = b->n;
    put_trouble(&trouble, o, x);
    if (o->cut)
        columns = text_columns(trouble.p, trouble.n);
    put_subject(b, o, x, line, columns);
    text_cut(b, o, line, subject, columns);
    buf_slice(b, buf_view(&trouble));
    if (o->full)
        put_identity(b, o, x);
    buf_putc(b, '\n');
    text_fit(b, o, line);
    b->failed |= trouble.failed;
    buf_fini(&trouble);
}

const struct out_format_ops out_lines = {.exchange = lines_exchange};
