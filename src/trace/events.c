#include "trace/build.h"

#include <stdlib.h>

struct p2t_event *event_add(struct trace *t, enum p2t_hook hook, enum p2t_basis basis, int64_t time_ns)
{
    static struct p2t_event spare;

    if (t->event_count == t->event_cap) {
        size_t cap = t->event_cap == 0 ? 64 : t->event_cap * 2;
        struct p2t_event *events = realloc(t->events, cap * sizeof *events);
        if (events == NULL) {
            t->failed = true;
            return &spare;
        }
        t->events = events;
        t->event_cap = cap;
    }
    struct p2t_event *ev = &t->events[t->event_count++];
    ev->hook = hook;
    ev->basis = basis;
    ev->time_ns = time_ns;
    ev->has_earliest = ev->has_latest = false;
    ev->earliest_ns = ev->latest_ns = time_ns;
    ev->evidence_count = 0;
    ev->args = NULL;
    ev->arg_count = 0;
    return ev;
}

struct p2t_event *event_again(struct trace *t)
{
    struct p2t_event *ev = event_add(t, P2T_HOOK_GET_CONN, P2T_OBSERVED, 0);

    if (t->failed)
        return ev;
    *ev = ev[-1];
    ev->args = NULL;
    ev->arg_count = 0;
    return ev;
}

void event_earliest(struct p2t_event *ev, const struct packet_mark *m)
{
    if (!mark_set(m))
        return;
    ev->has_earliest = true;
    ev->earliest_ns = m->ts_ns < ev->time_ns ? m->ts_ns : ev->time_ns;
}

void event_latest(struct p2t_event *ev, const struct packet_mark *m)
{
    if (!mark_set(m))
        return;
    ev->has_latest = true;
    ev->latest_ns = m->ts_ns > ev->time_ns ? m->ts_ns : ev->time_ns;
}

static uint32_t local_file(struct trace *t, uint32_t file)
{
    for (size_t i = 0; i < t->file_count; i++)
        if (t->file_index[i] == file)
            return (uint32_t)i;
    if (t->file_count == TRACE_FILES_MAX)
        return TRACE_FILES_MAX;
    t->file_index[t->file_count] = file;
    t->files[t->file_count] = t->options.file_path(t->options.ctx, file);
    return (uint32_t)t->file_count++;
}

struct p2t_evidence evidence_of(struct trace *t, struct packet_ref ref)
{
    return (struct p2t_evidence){local_file(t, (uint32_t)ref.file), ref.number};
}

static bool same_evidence(const struct p2t_event *ev, const struct p2t_evidence *x)
{
    for (uint8_t i = 0; i < ev->evidence_count; i++)
        if (ev->evidence[i].packet == x->packet && ev->evidence[i].file == x->file)
            return true;
    return false;
}

void event_evidence(struct trace *t, struct p2t_event *ev, const struct packet_mark *m)
{
    if (!mark_set(m) || ev->evidence_count == P2T_EVIDENCE_MAX)
        return;
    struct p2t_evidence x = evidence_of(t, m->ref);
    if (x.file < TRACE_FILES_MAX && !same_evidence(ev, &x))
        ev->evidence[ev->evidence_count++] = x;
}

void events_sort(struct trace *t)
{
    for (size_t i = 1; i < t->event_count; i++) {
        if (t->events[i - 1].time_ns <= t->events[i].time_ns)
            continue;
        struct p2t_event ev = t->events[i];
        size_t k = i;
        for (; k > 0 && t->events[k - 1].time_ns > ev.time_ns; k--)
            t->events[k] = t->events[k - 1];
        t->events[k] = ev;
    }
}

struct buf *scratch_begin(struct trace *t)
{
    buf_reset(&t->scratch);
    return &t->scratch;
}

struct slice scratch_end(struct trace *t)
{
    t->failed |= t->scratch.failed;
    return arena_copy(&t->arena, buf_view(&t->scratch));
}

struct p2t_text text_of(struct slice s)
{
    return (struct p2t_text){(const char *)s.p, s.n};
}

static struct known_endpoint *known_place(struct trace *t, const struct endpoint *ep)
{
    return &t->known[(ep->port + ep->ip.bytes[3] * 5u + ep->ip.bytes[15]) % KNOWN_ENDPOINTS];
}

struct slice copy_endpoint(struct trace *t, const struct endpoint *ep)
{
    if (ep->ip.family == 0)
        return (struct slice){NULL, 0};
    struct known_endpoint *k = known_place(t, ep);
    if (k->n == 0 || !endpoint_eq(&k->endpoint, ep)) {
        k->endpoint = *ep;
        k->n = (uint8_t)endpoint_format(ep, k->text);
    } else if (k->of == t->serial) {
        return k->copy;
    }
    k->of = t->serial;
    k->copy = arena_copy(&t->arena, slice_of(k->text, k->n));
    return k->copy;
}
