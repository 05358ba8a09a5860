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

/* Java's HttpURLConnection asks once more on new connections, too. */
static bool is_of_java(const struct exchange_request *r)
{
    for (size_t i = 0; i < r->header_count; i++)
        if (slice_ieq(r->headers[i].name, SLICE_LIT("user-agent")))
            return slice_istarts(r->headers[i].value, SLICE_LIT("Java/"));
    return false;
}

static bool server_dropped_it(const struct exchange *e)
{
    return (e->conn.position > 0 || is_of_java(&e->request)) && !mark_set(&e->response.first) &&
           exchange_closed_by_server(e);
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

/* With its lookup or dial, where it has one of its own. */
static int64_t began_ns(const struct exchange *e)
{
    const struct exchange_conn *v = &((const struct cconn *)e->owner)->view;
    int64_t request = e->request.first.ts_ns;

    if (e->conn.position > 0 || !mark_set(&v->syn))
        return request;
    return mark_set(&e->start) && e->start.ts_ns < v->syn.ts_ns ? e->start.ts_ns : v->syn.ts_ns;
}

static bool same_fields(const struct exchange_request *a, const struct exchange_request *b)
{
    if (a->header_count != b->header_count)
        return false;
    for (size_t i = 0; i < a->header_count; i++)
        if (!slice_eq(a->headers[i].name, b->headers[i].name) || !slice_eq(a->headers[i].value, b->headers[i].value))
            return false;
    return true;
}

/* RFC 9110 9.2.1: what a client may send again unasked. */
static bool is_safe(struct slice method)
{
    return slice_eq(method, SLICE_LIT("GET")) || slice_eq(method, SLICE_LIT("HEAD")) ||
           slice_eq(method, SLICE_LIT("OPTIONS")) || slice_eq(method, SLICE_LIT("TRACE"));
}

/* There and back: what the server sends has to get there, and the repetition here. */
static int64_t way_to_client_ns(const struct exchange_conn *v)
{
    bool known = mark_set(&v->syn_ack) && mark_set(&v->ack) && v->ack.ts_ns > v->syn_ack.ts_ns;

    return known && v->ack.ts_ns - v->syn_ack.ts_ns < STALE_RTT_MAX_NS ? v->ack.ts_ns - v->syn_ack.ts_ns : 0;
}

/* Who sends the very same request again at once is the client itself; its application, which saw the error, takes longer, and
 * mostly gives it another id. */
static bool is_repeated_by_client(const struct exchange *first, const struct exchange *again)
{
    return began_ns(again) - first->end_ns <= LINK_AT_ONCE_NS + way_to_client_ns(&first->conn) &&
           is_safe(first->request.method) && slice_eq(first->request.method, again->request.method) &&
           same_fields(&first->request, &again->request);
}

static void link_to(struct exchange *e, struct recent *r)
{
    if (!r->redirect && (r->exchange == NULL || !is_repeated_by_client(r->exchange, e)))
        return;
    e->links[e->link_count++] = (struct exchange_link){r->redirect ? "redirected_from" : "retry_of", r->id};
    r->until_ns = 0;
    if (r->redirect)
        return;
    r->exchange->retried = true;
    if (r->exchange->link_count < LINKS_MAX)
        r->exchange->links[r->exchange->link_count++] = (struct exchange_link){"retried_as", e->id};
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

bool links_may_repeat(const struct exchange *e)
{
    return e->remembered && !e->retried && e->response.location.n == 0;
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
