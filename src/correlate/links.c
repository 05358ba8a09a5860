#include "correlate/links.h"

#include "correlate/conn.h"

/* What a successor asks for. */
struct wanted {
    struct slice host, target;
};

static uint64_t key_of(const struct wanted *w)
{
    uint64_t h = hash_stable(HASH_STABLE_SEED, w->host.p, w->host.n);

    return hash_stable_finish(hash_stable(h ^ 0xffu, w->target.p, w->target.n));
}

static uint32_t bytes_of(const struct wanted *w)
{
    return (uint32_t)(w->host.n + w->target.n);
}

static void remember(struct correlate *c, struct exchange *e, bool redirect, struct wanted w, int64_t for_ns)
{
    e->remembered = true;
    c->recent[c->recent_next] = (struct recent){
        .redirect = redirect,
        .bytes = bytes_of(&w),
        .id = e->id,
        .until_ns = e->end_ns + for_ns,
        .client = e->conn.client.ip,
        .key = key_of(&w),
        .exchange = e,
    };
    c->recent_bytes[c->recent_next] = bytes_of(&w);
    c->recent_next = (c->recent_next + 1) % RECENT_MAX;
    if (c->recent_n < RECENT_MAX)
        c->recent_n++;
}

/* http://HOST/PATH or /PATH, as a request line and Host field would carry it. */
static struct wanted location_of(const struct exchange *e)
{
    struct slice s = e->response.location, host = e->request.host;
    struct slice scheme = SLICE_LIT("http://");

    if (slice_istarts(s, scheme)) {
        s = slice_of(s.p + scheme.n, s.n - scheme.n);
        host = slice_of(s.p, slice_find(s, '/'));
        s = slice_of(s.p + host.n, s.n - host.n);
    }
    if (s.n == 0)
        s = SLICE_LIT("/");
    return (struct wanted){host, slice_of(s.p, slice_find(s, '#'))};
}

static bool server_dropped_it(const struct exchange *e)
{
    return e->conn.position > 0 && !mark_set(&e->response.first) && exchange_closed_by_server(e);
}

void links_ended(struct correlate *c, struct exchange *e)
{
    if (e->response.location.n > 0)
        remember(c, e, true, location_of(e), LINK_REDIRECT_NS);
    else if (e->request.seen && server_dropped_it(e))
        remember(c, e, false, (struct wanted){e->request.host, e->request.target}, LINK_RETRY_NS);
}

/* Most asks are told apart by their lengths. */
static bool any_of_length(const struct correlate *c, uint32_t bytes)
{
    uint32_t any = 0;

    for (size_t i = 0; i < RECENT_MAX; i++) /* without a branch, so that several are compared at once */
        any |= (uint32_t)(c->recent_bytes[i] == bytes) | (uint32_t)(c->recent_bytes[i] == RECENT_ANY);
    return any != 0;
}

static bool is_wanted(const struct recent *r, const struct wanted *w, uint64_t key, const struct exchange *e)
{
    const struct cconn *cc = e->owner;

    return (r->bytes == bytes_of(w) || r->bytes == 0) && r->until_ns >= e->request.first.ts_ns && r->id != e->id &&
           r->key == key && ip_eq(&r->client, &cc->view.client.ip);
}

static void link_to(struct exchange *e, struct recent *r)
{
    e->links[e->link_count++] = (struct exchange_link){r->redirect ? "redirected_from" : "retry_of", r->id};
    if (!r->redirect && r->exchange != NULL)
        r->exchange->retried = true;
    r->until_ns = 0;
}

void links_begun(struct correlate *c, struct exchange *e)
{
    struct wanted w = {e->request.host, e->request.target};

    if (!any_of_length(c, bytes_of(&w)))
        return;
    uint64_t key = key_of(&w);
    for (size_t i = 0; i < c->recent_n && e->link_count < LINKS_MAX; i++)
        if (is_wanted(&c->recent[i], &w, key, e))
            link_to(e, &c->recent[i]);
}

void links_settled(struct correlate *c, struct exchange *e)
{
    for (size_t i = 0; i < c->recent_n && e->remembered; i++)
        if (c->recent[i].exchange == e)
            c->recent[i].exchange = NULL;
}

void links_read_back(struct correlate *c)
{
    for (size_t i = 0; i < c->recent_n; i++) {
        c->recent_bytes[i] = c->recent[i].bytes != 0 ? c->recent[i].bytes : RECENT_ANY;
        if (c->recent[i].exchange != NULL)
            c->recent[i].exchange->remembered = true;
    }
}
