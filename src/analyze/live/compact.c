/* An exchange in the compact form of NDJSON: reread expands it. */
#include "analyze/live/forms.h"
#include "analyze/wire.h"
#include "pcap2trace/status.h"
#include "reread/exchange.h"

bool live_is_compact(const cJSON *object)
{
    return slice_eq(live_string_member(object, "schema"), SLICE_LIT("pcap2trace.exchange/2-compact"));
}

/* A live trace has times, and no bounds: what the full form says of basis and bounds is not read, either. */
static void keep(struct live *l, const struct p2t_exchange *x)
{
    struct record *r = &l->draft.record;

    wire_draft(&l->draft, l->config.pool, x);
    r->tells_hook_errors = true;
    r->wire = (struct record_wire){0};
    for (uint32_t i = 0; i < r->event_count; i++) {
        l->draft.events[i].basis = 0;
        l->draft.events[i].has_earliest = l->draft.events[i].has_latest = false;
    }
    live_keep(l, LIVE_HOOKS, ALL_HOOKS);
}

void live_take_compact(struct live *l, struct slice text)
{
    struct p2t_exchange x;
    const char *why = NULL;

    if (l->reread == NULL)
        l->reread = reread_new();
    int status = l->reread != NULL ? reread_exchange(l->reread, text, &x, &why) : P2T_ERR_MEMORY;
    if (status == P2T_OK)
        keep(l, &x);
    else if (status == P2T_ERR_USAGE)
        live_complain(l, why);
    else
        l->config.pool->failed = true;
}
