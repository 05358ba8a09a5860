#include "extract/comment.h"

enum comment_stand comment_stand(const struct subject_event *ev, int64_t packet_ns)
{
    if (ev->time_ns == packet_ns && ev->basis == P2T_OBSERVED)
        return COMMENT_MARKS;
    if (ev->has_latest && ev->latest_ns == packet_ns)
        return COMMENT_NOT_AFTER;
    if (ev->has_earliest && ev->earliest_ns == packet_ns)
        return COMMENT_NOT_BEFORE;
    return COMMENT_BEARS;
}

const char *comment_stand_text(enum comment_stand stand)
{
    static const char *const texts[] = {"", "not before this: ", "not after this: ", "from this: "};

    return texts[stand];
}

static void put_event(struct buf *b, const struct subject_event *ev, int64_t packet_ns)
{
    buf_str(b, comment_stand_text(comment_stand(ev, packet_ns)));
    buf_str(b, p2t_hook_name(ev->hook));
}

/* A request's fields are one moment: named once. */
static bool repeats(const struct subjects *all, const struct proof *a, const struct proof *b)
{
    if (a->subject != b->subject || a->event == UINT32_MAX || b->event == UINT32_MAX)
        return false;
    const struct subject_event *events = all->items[a->subject].events;
    return events[a->event].hook == P2T_HOOK_WROTE_HEADER_FIELD &&
           events[b->event].hook == P2T_HOOK_WROTE_HEADER_FIELD;
}

void comment_put(struct buf *b, const struct subjects *all, const struct proof *proof, size_t count,
                 int64_t packet_ns)
{
    for (size_t i = 0; i < count; i++) {
        const struct subject *s = &all->items[proof[i].subject];
        bool same = i > 0 && proof[i].subject == proof[i - 1].subject;
        if (i > 0 && repeats(all, &proof[i - 1], &proof[i]))
            continue;
        if (!same)
            buf_printf(b, "%s%016llx: ", i > 0 ? "\n" : "", (unsigned long long)s->id);
        else
            buf_lit(b, "; ");
        if (proof[i].event != UINT32_MAX)
            put_event(b, &s->events[proof[i].event], packet_ns);
        else
            buf_printf(b, "finding %s", s->findings[proof[i].finding].code);
    }
}
