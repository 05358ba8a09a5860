/* src/doc/contract.md, "One event", field by field in its order: most of an exchange's text. */
#include "base/timefmt.h"
#include "write/json/pen.h"

static const struct pen_label heads[P2T_HOOK_COUNT] = {
#define X(id, name) PEN_LABEL("{\"hook\":\"" name "\",\"time\":\""),
    P2T_HOOK_LIST(X)
#undef X
};

static const struct pen_label bases[] = {PEN_LABEL("\",\"basis\":\"observed\",\"bounds_us\":["),
                                         PEN_LABEL("\",\"basis\":\"inferred\",\"bounds_us\":["),
                                         PEN_LABEL("\",\"basis\":\"assumed\",\"bounds_us\":[")};

static const struct pen_label arg_names[P2T_ARG_COUNT] = {
#define FIRST(hook, id, name, kind, whose) PEN_LABEL("\"" name "\":"),
#define X(hook, id, name, kind, whose)     PEN_LABEL(",\"" name "\":"),
    P2T_HOOK_ARG_LIST(FIRST, X)
#undef FIRST
#undef X
};

/* Where a hook's arguments begin. */
static const uint8_t first_args[P2T_HOOK_COUNT] = {
#define FIRST(hook, id, name, kind, whose) [P2T_HOOK_##hook] = P2T_ARG_##hook##_FIRST,
#define X(hook, id, name, kind, whose)
    P2T_HOOK_ARG_LIST(FIRST, X)
#undef FIRST
#undef X
};

static inline char *put_bound(char *w, bool has, int64_t ns)
{
    return has ? json_us_text(w, ns) : PEN_PUT(w, "null");
}

/* From the time to the opening of the arguments. */
static inline char *put_moment(char *w, const struct p2t_event *ev)
{
    time_rfc3339(ev->time_ns, w);
    w = pen_label(w + TIME_TEXT_BYTES, &bases[ev->basis]);
    w = put_bound(w, ev->has_earliest, ev->earliest_ns - ev->time_ns);
    *w++ = ',';
    w = put_bound(w, ev->has_latest, ev->latest_ns - ev->time_ns);
    w = PEN_PUT(w, "],\"evidence\":");
    w = json_evidence_text(w, ev->evidence, ev->evidence_count);
    return PEN_PUT(w, ",\"args\":{");
}

enum { MOMENT_MAX = TIME_TEXT_BYTES + PEN_LABEL_ROOM + 2 * JSON_US_MAX + JSON_EVIDENCE_MAX + 32 };

/* Where the text of the last event's moment stands behind the buffer's contents. */
struct moment {
    const struct p2t_event *of;
    size_t at, n;
};

static inline size_t place_of(const struct buf *b, const char *w)
{
    return (size_t)((const uint8_t *)w - b->p);
}

/* Most events stand at the same packet as the one before, and copy its text. */
static inline char *put_head(struct buf *b, char *w, const struct p2t_event *ev, struct moment *last)
{
    w = pen_label(w, &heads[ev->hook]);
    size_t at = place_of(b, w);
    if (last->of != NULL && json_same_moment(last->of, ev)) {
        memcpy(w, b->p + last->at, last->n);
        w += last->n;
    } else {
        w = put_moment(w, ev);
        last->n = place_of(b, w) - at;
    }
    last->of = ev;
    last->at = at;
    return w;
}

/* As pen_value(), which is called for what is rarer. */
static inline char *put_value(struct buf *b, char *w, const struct p2t_value *v)
{
    if (v->kind == P2T_VALUE_TEXT)
        return pen_string(b, w, v->as.text);
    if (v->kind == P2T_VALUE_NULL)
        return PEN_PUT(w, "null");
    if (v->kind != P2T_VALUE_LIST || v->as.list.n != 1 || v->as.list.items->kind != P2T_VALUE_TEXT)
        return pen_value(b, w, v);
    *w++ = '[';
    w = pen_string(b, w, v->as.list.items->as.text);
    *w++ = ']';
    return w;
}

static inline char *put_event(struct buf *b, char *w, const struct p2t_event *ev, struct moment *last)
{
    const struct pen_label *name = &arg_names[first_args[ev->hook]];

    w = put_head(b, w, ev, last);
    for (size_t i = 0; i < ev->arg_count; i++)
        w = put_value(b, pen_label(w, &name[i]), &ev->args[i].value);
    return PEN_PUT(w, "}}");
}

_Static_assert(PEN_LABEL_ROOM + MOMENT_MAX + PEN_LABEL_ROOM + 32 <= PEN_ROOM,
               "an event's head is written without asking");

char *pen_events(struct buf *b, char *w, const struct p2t_exchange *x)
{
    struct moment last = {0};

    w = PEN_PUT(w, ",\"events\":[");
    for (size_t i = 0; i < x->event_count && !b->failed; i++) {
        if (i > 0)
            *w++ = ',';
        w = put_event(b, pen_room(b, w, 0), &x->events[i], &last);
    }
    return PEN_PUT(w, "]");
}
