/* Which of the ids that were asked for some exchange has. */
#include <stdio.h>

#include "cli/gather_parts.h"
#include "cli/report.h"

static bool has_id(const struct filter_id *id, const struct p2t_exchange *x)
{
    return x->id >= id->first && x->id <= id->last;
}

static bool has_trace_id(const char *wanted, const struct p2t_exchange *x)
{
    return slice_ieq(slice_str(wanted), slice_of(x->trace_id.p, x->trace_id.n));
}

void gather_note_found(struct gather *g, const struct p2t_exchange *x)
{
    const struct filter *f = &g->filter;

    for (size_t i = 0; i < f->id_count; i++)
        g->found[i] |= has_id(&f->ids[i], x);
    for (size_t i = 0; i < f->trace_ids.n; i++)
        g->found[f->id_count + i] |= has_trace_id(f->trace_ids.item[i], x);
}

/* form: one that shows what is missing. */
static void say_missing(const char *what, const char *form, const char *id)
{
    struct buf text = {0};

    buf_printf(&text, "no exchange of these captures has this %s; 'pcap2trace --all -v -T %s CAPTURE' shows them",
               what, form);
    buf_putc(&text, '\0');
    report_line(id, text.failed ? "no exchange has it" : (const char *)text.p);
    buf_fini(&text);
}

bool gather_say_missing(const struct gather *g)
{
    const struct filter *f = &g->filter;
    bool any = false;

    for (size_t i = 0; i < f->id_count; i++) {
        const struct filter_id *wanted = &f->ids[i];
        char id[20];
        snprintf(id, sizeof id, "%0*llx", (int)wanted->digits,
                 (unsigned long long)wanted->first >> 4 * (16 - wanted->digits));
        if (!g->found[i])
            say_missing(wanted->digits == 16 ? "id" : "beginning of an id", "lines", id);
        any |= !g->found[i];
    }
    for (size_t i = 0; i < f->trace_ids.n; i++) {
        if (!g->found[f->id_count + i])
            say_missing("trace id", "text", f->trace_ids.item[i]);
        any |= !g->found[f->id_count + i];
    }
    return any;
}
