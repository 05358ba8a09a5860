/* What became of each name of a walk. */
#include "correlate/lookup/lookup.h"

static enum lookup_name_result result_of(enum lane_state state)
{
    switch (state) {
    case LANE_OK:
        return LOOKUP_NAME_OK;
    case LANE_CUT:
        return LOOKUP_NAME_CUT;
    case LANE_EMPTY:
        return LOOKUP_NAME_EMPTY;
    case LANE_NXDOMAIN:
        return LOOKUP_NAME_NXDOMAIN;
    case LANE_ERROR:
    case LANE_LAME:
    case LANE_REFUSED:
        return LOOKUP_NAME_FAILED;
    default:
        return LOOKUP_NAME_SILENT;
    }
}

/* Of two types, an address first, then what says most: that the name exists, that it does not, that nobody knows. */
static const struct lookup_lane *telling(const struct lookup *l)
{
    const struct lookup_lane *a = &l->lane[0], *b = &l->lane[1];

    if (a->state == LANE_IDLE)
        return b;
    if (b->state == LANE_IDLE)
        return a;
    if (result_of(a->state) == result_of(b->state))
        return a->last_answer.ts_ns > b->last_answer.ts_ns ? a : b;
    return result_of(a->state) < result_of(b->state) ? a : b;
}

/* Most lookups ask for one name: only a walk has room for more. */
static bool make_room(struct lookup *l)
{
    struct exchange_lookup *info = &l->info;
    struct lookup_name *tried;

    if (info->tried_count > 1)
        return info->tried_count < LOOKUP_NAMES_MAX;
    tried = arena_alloc(&l->arena, (info->tried_count == 0 ? 1 : LOOKUP_NAMES_MAX) * sizeof *tried);
    if (tried == NULL)
        return false;
    if (info->tried_count == 1)
        tried[0] = info->tried[0];
    info->tried = tried;
    return true;
}

void lookup_keep_name(struct lookup *l, const struct lookup_name *name)
{
    if (make_room(l))
        l->info.tried[l->info.tried_count++] = *name;
}

void lookup_note_name(struct lookup *l)
{
    const struct lookup_lane *lane = telling(l);
    const struct lookup_name name = {
        .name = l->name,
        .result = result_of(lane->state),
        .rcode = lane->rcode,
        .answer = mark_set(&lane->last_answer) ? lane->last_answer : lane->last_query,
    };

    for (size_t i = 0; i < l->info.tried_count; i++)
        if (slice_ieq(l->info.tried[i].name, l->name))
            return;
    lookup_keep_name(l, &name);
}
