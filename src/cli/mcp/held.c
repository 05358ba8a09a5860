#include "cli/mcp/held.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/system.h"
#include "cli/feed.h"
#include "cli/report.h"
#include "cli/session_open.h"
#include "cli/signals.h"

/* ---- reading ---- */

struct reading {
    struct feed feed; /* first: the session's callbacks find it */
    struct rows *rows;
    bool choosing;
};

bool held_is_chosen(const struct cli_options *o, const struct filter *filter, const struct p2t_exchange *x)
{
    return (o->all || !x->quiet) && filter_keeps(filter, x);
}

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    struct reading *r = ctx;

    if (r->choosing && !held_is_chosen(r->feed.options, &r->feed.filter, x))
        return P2T_OK;
    int status = feed_exchange(ctx, x);

    return status == P2T_OK ? rows_add(r->rows, x) : status;
}

static int read_all(struct reading *r, struct held *h)
{
    struct p2t_config config = feed_config(&r->feed);
    struct p2t_counters counters;

    config.exchange = on_exchange;
    int status = p2t_summary_new(&r->feed.summary,
                                 &(struct p2t_summary_config){.memory = feed_summary_memory(r->feed.options)});
    if (status == P2T_OK)
        status = cli_session_open(&r->feed.session, r->feed.options, config);
    if (status == P2T_OK)
        status = cli_session_read(r->feed.session, &r->feed.filter);
    if (status != P2T_OK || signals_stop() != 0)
        return status;
    p2t_session_counters(r->feed.session, &counters);
    h->first_packet_ns = counters.earliest_ns;
    status = p2t_summary_finish(r->feed.summary, &counters);
    rows_sort(&h->rows);
    h->summary = r->feed.summary;
    r->feed.summary = NULL;
    return status;
}

static int fill(struct held *h, const struct cli_options *o, bool choosing)
{
    struct reading r = {.feed = {.options = o}, .rows = &h->rows, .choosing = choosing};

    if (choosing)
        r.feed.filter = o->filter;
    report_to(&h->notes);
    int status = read_all(&r, h);
    report_to(NULL);
    feed_fini(&r.feed);
    return status;
}

/* ---- the shelf ---- */

static void let_go(struct held *h)
{
    if (h == NULL)
        return;
    free(h->key);
    p2t_summary_free(h->summary);
    rows_fini(&h->rows);
    buf_fini(&h->notes);
    free(h);
}

/* A file that changed is another one. */
static char *key_of(const struct cli_options *o, const char *choice)
{
    struct buf b = {0};
    struct stat st;

    for (size_t i = 0; i < o->capture_count; i++)
        if (stat(o->captures[i], &st) == 0)
            buf_printf(&b, "%s\n%lld %lld\n", o->captures[i], (long long)st.st_size,
                       (long long)system_changed_ns(&st));
    buf_str(&b, choice);
    buf_putc(&b, '\0');
    if (!b.failed)
        return (char *)b.p;
    buf_fini(&b);
    return NULL;
}

static struct held *find(struct shelf *s, const char *key)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->item[i]->key, key) == 0)
            return s->item[i];
    return NULL;
}

static size_t oldest(const struct shelf *s)
{
    size_t at = 0;

    for (size_t i = 1; i < s->n; i++)
        if (s->item[i]->used < s->item[at]->used)
            at = i;
    return at;
}

static void put(struct shelf *s, struct held *h)
{
    size_t at = s->n < HELD_MAX ? s->n++ : oldest(s);

    let_go(s->item[at]);
    s->item[at] = h;
}

static int read_new(struct shelf *s, const struct cli_options *o, char *key, bool choosing, struct held **held)
{
    struct held *h = calloc(1, sizeof *h);

    if (h == NULL) {
        free(key);
        return P2T_ERR_MEMORY;
    }
    h->key = key;
    int status = fill(h, o, choosing);
    root_leave_out(s->root, &h->notes);
    if (status != P2T_OK || h->summary == NULL || signals_stop() != 0) {
        let_go(h);
        return status;
    }
    put(s, h);
    *held = h;
    return P2T_OK;
}

int shelf_take_chosen(struct shelf *s, const struct cli_options *o, const char *choice, const struct held **held)
{
    char *key = key_of(o, choice);
    struct held *h = key != NULL ? find(s, key) : NULL;
    int status = key != NULL ? P2T_OK : P2T_ERR_MEMORY;

    if (h != NULL)
        free(key);
    else if (key != NULL)
        status = read_new(s, o, key, *choice != '\0', &h);
    if (h != NULL)
        h->used = ++s->clock;
    *held = h;
    return status;
}

int shelf_take(struct shelf *s, const struct cli_options *o, const struct held **held)
{
    return shelf_take_chosen(s, o, "", held);
}

void shelf_fini(struct shelf *s)
{
    for (size_t i = 0; i < s->n; i++)
        let_go(s->item[i]);
    s->n = 0;
}
