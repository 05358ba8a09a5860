/* What each call's answerer took itself, and what is usual for it: by route, or by a baseline. */
#include "summary/rules/waits.h"
#include "summary/usual.h"

/* So much more than three times the usual, or than the usual, is slow; less is scheduling. */
static const int64_t LEAST_SLOWER_NS = 80 * (int64_t)MS;
/* Without a usual, a wait that nobody would call quick. */
static const int64_t SLOW_BY_ITSELF_NS = 900 * (int64_t)MS;
/* Calls of one route from which its usual can be told. */
enum { USUAL_MIN = 6 };

/* Without what the network and shut windows took, and what the server waited for others itself. */
static void measure(const struct p2t_summary *s, struct call *c)
{
    int64_t sent = c->sent_ns != 0 ? c->sent_ns : c->request_ns;
    int64_t wait = max_ns(0, answer_or_end(c) - sent - clock_part(s, sent, answer_or_end(c)));

    int64_t stalled = max_ns(0, c->stalled_ns - c->stalled_later_ns);

    c->own_ns = max_ns(0, wait - c->upstream_ns - min_ns(wait, stalled) - c->shut_by_client_ns);
    c->open_end = c->failed && c->answer_ns == 0 && c->late_ns == 0;
    c->usual_ns = -1;
}

/* After 100 Continue, or before the request was all sent: what the server took for its answer is not known. */
static bool came_early(const struct call *c)
{
    return c->answer_ns != 0 && c->answer_ns < c->sent_ns;
}

/* Bytes came, though none that make an answer: of a few calls, that one proves nothing. */
static bool is_open_to_doubt(const struct p2t_summary *s, const struct call *c)
{
    return s->small && c->answer_ns == 0 && c->late_ns == 0 && call_was_heard(c);
}

bool wait_is_measured(const struct p2t_summary *s, const struct call *c)
{
    bool lost = c->outcome == P2T_OUTCOME_INCOMPLETE && c->answer_ns == 0 && call_has(c, P2T_FINDING_CAPTURE_GAP);

    return !lost && !came_early(c) && !is_open_to_doubt(s, c) && !c->streams && c->request_ns != 0 &&
           c->status < 500 && (!c->open_end || c->left);
}

static bool tells_usual(const struct call *c)
{
    return !came_early(c) && !c->streams && c->request_ns != 0 && !c->open_end && c->status < 500;
}

/* The quickest quarter of them; where there are many, that of the quietest quarter of time: an incident may fill the
 * rest. */
static int64_t usual_of(struct p2t_summary *s, const struct keyed *calls, size_t n)
{
    enum { QUARTER_MIN = 8 };
    int64_t usual = -1;
    size_t parts = n >= 4 * QUARTER_MIN ? 4 : 1;

    for (size_t part = 0; part < parts; part++) {
        struct sample v = {0};
        for (size_t i = n * part / parts; i < n * (part + 1) / parts; i++)
            sample_add(&v, ((const struct call *)calls[i].item)->own_ns);
        int64_t q = sample_at(&v, 250);
        usual = usual < 0 ? q : min_ns(usual, q);
        s->failed |= v.failed;
        sample_fini(&v);
    }
    return usual;
}

/* A proxy passes host and route on; what it takes itself is not what its upstreams take. */
static const struct word *proxy_of(const struct call *c)
{
    return c->server_ip != NULL && c->server_ip->is_proxy ? c->server_ip : NULL;
}

static void set_usual(struct p2t_summary *s, bool by_route)
{
    struct groups g = {0};
    size_t at = 0, n;
    struct keyed *first;

    for (size_t i = 0; i < s->call_count; i++) {
        struct call *c = &s->calls[i];
        if (tells_usual(c))
            groups_add(&g,
                       (struct keyed){
                           {c->host, c->method, by_route ? c->route : NULL, proxy_of(c)}, c->request_ns, c->id, c});
    }
    groups_sort(&g);
    while ((first = groups_next(&g, &at, &n)) != NULL) {
        int64_t before = by_route ? baseline_wait(s, first->item) : -1;
        if (n < USUAL_MIN && before < 0)
            continue;
        int64_t usual = before >= 0 ? before : usual_of(s, first, n);
        for (size_t i = 0; i < n; i++) {
            struct call *c = first[i].item;
            if (c->usual_ns >= 0)
                continue;
            c->usual_ns = usual;
            c->usual_of_baseline = before >= 0;
        }
    }
    s->failed |= g.failed;
    groups_fini(&g);
}

/* Calls without an answer have the usual of their route, too. */
static void set_usual_of_open(struct p2t_summary *s)
{
    struct groups g = {0};
    size_t at = 0, n;
    struct keyed *first;

    for (size_t i = 0; i < s->call_count; i++) {
        struct call *c = &s->calls[i];
        if (c->request_ns != 0)
            groups_add(&g, (struct keyed){{c->host, c->method, c->route, proxy_of(c)}, c->request_ns, c->id, c});
    }
    groups_sort(&g);
    while ((first = groups_next(&g, &at, &n)) != NULL) {
        int64_t usual = -1;
        for (size_t i = 0; i < n && usual < 0; i++)
            usual = ((struct call *)first[i].item)->usual_ns;
        for (size_t i = 0; i < n; i++)
            ((struct call *)first[i].item)->usual_ns = usual;
    }
    s->failed |= g.failed;
    groups_fini(&g);
}

static void judge(struct p2t_summary *s, struct call *c)
{
    if (!wait_is_measured(s, c))
        return;
    if (c->usual_ns >= 0 && (!s->small || c->usual_of_baseline))
        c->slow = c->own_ns > max_ns(3 * c->usual_ns, c->usual_ns + LEAST_SLOWER_NS);
    else
        c->slow = (c->left || s->small) && c->own_ns > max_ns(SLOW_BY_ITSELF_NS, 3 * c->usual_ns);
}

void waits_measure(struct p2t_summary *s)
{
    for (size_t i = 0; i < s->call_count; i++)
        measure(s, &s->calls[i]);
    set_usual(s, true);
    set_usual_of_open(s);
    for (size_t i = 0; i < s->call_count; i++)
        judge(s, &s->calls[i]);
}
