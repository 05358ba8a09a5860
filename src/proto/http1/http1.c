#include "proto/http1/http1.h"

#include <stdlib.h>

#include "proto/http1/method.h"
#include "proto/http1/state.h"

/* A response captured at most this much before its own request is taken for the answer to it: captures of
 * several queues reorder by so little. */
static const int64_t REORDER_NS = 1000000;

int http1_env_init(struct http1_env *env, const struct http1_limits *limits, const struct fact_sink *sink)
{
    *env = (struct http1_env){.limits = *limits, .sink = *sink};
    slab_init(&env->connections, sizeof(struct http1), limits->budget);
    slab_init(&env->chunk_parsers, sizeof(struct http1_chunked), limits->budget);
    env->headers = calloc(limits->headers, sizeof *env->headers);
    return env->headers != NULL ? P2T_OK : P2T_ERR_MEMORY;
}

void http1_env_fini(struct http1_env *env)
{
    free(env->headers);
    buf_fini(&env->scratch);
    slab_fini(&env->connections);
    slab_fini(&env->chunk_parsers);
}

struct http1 *http1_new(struct http1_env *env, struct flow_conn *conn, bool mid_stream, uint32_t number)
{
    struct http1 *h = slab_take(&env->connections);

    if (h == NULL)
        return NULL;
    h->env = env;
    h->conn = conn;
    h->next_exchange = number;
    h->dir[FLOW_C2S].state = h->dir[FLOW_S2C].state = mid_stream ? H1_LOST : H1_START;
    return h;
}

void http1_free(struct http1 *h)
{
    if (h == NULL)
        return;
    for (int i = 0; i < 2; i++) {
        h1_drop_head(h, &h->dir[i]);
        h1_drop_chunked(h, &h->dir[i]);
    }
    h1_pending_fini(&h->pending);
    free(h->websocket);
    slab_give(&h->env->connections, h);
}

bool http1_in_tunnel(const struct http1 *h)
{
    return h->dir[FLOW_S2C].state == H1_TUNNEL;
}

bool http1_became_http2(const struct http1 *h, uint32_t *exchange, uint32_t *next)
{
    *exchange = h->upgraded;
    *next = h->next_exchange;
    return http1_in_tunnel(h) && h->upgrade == FACT_UPGRADE_H2C;
}

void http1_resume(struct http1 *h)
{
    h->dir[FLOW_C2S].state = h->dir[FLOW_S2C].state = H1_START;
}

/* ---- between messages ---- */

static void pending_push(struct http1 *h, uint32_t exchange, int64_t asked_ns)
{
    if (h->pending.n >= h->env->limits.pipelined) {
        h->env->counters.limit_hits++;
        h1_pending_unkeep(&h->pending);
    }
    h1_pending_push(&h->pending, exchange, asked_ns);
}

/* The request of the response that came before it, by packets out of order: sent without having seen that. */
static bool is_of_orphan(const struct http1 *h, const struct h1_dir *d)
{
    if (!h->has_orphan || d->first.ts_ns > h->orphan_ns + REORDER_NS)
        return false;
    return h->orphan_end == 0 || h->conn->peer_acked[FLOW_C2S] < h->orphan_end;
}

static void begin_request(struct http1 *h, struct h1_dir *d)
{
    bool late = is_of_orphan(h, d);

    h->has_orphan = false;
    if (late) {
        d->exchange = h->orphan;
        return;
    }
    d->exchange = h->next_exchange++;
    pending_push(h, d->exchange, d->first.ts_ns);
}

static void begin_response(struct http1 *h, struct h1_dir *d)
{
    struct h1_pending *waiting = h1_pending_front(&h->pending);

    if (waiting != NULL) {
        d->exchange = waiting->exchange;
        return;
    }
    d->exchange = h->next_exchange++;
    h->has_orphan = true;
    h->orphan = d->exchange;
    h->orphan_ns = d->first.ts_ns;
    h->orphan_end = h->conn->delivered[FLOW_S2C];
    pending_push(h, d->exchange, d->first.ts_ns);
}

static void begin(struct http1 *h, struct h1_dir *d, const struct piece *p)
{
    d->state = H1_HEAD;
    d->open = false;
    d->lost = false;
    d->body_bytes = d->remaining = 0;
    d->first = d->last = p->mark;
    d->last_data = (struct packet_mark){0};
    if (h1_dir_of(h, d) == FLOW_C2S)
        begin_request(h, d);
    else
        begin_response(h, d);
}

static enum http1_guess looks_like_start(enum flow_dir dir, struct slice s)
{
    return dir == FLOW_C2S ? http1_looks_like_request(s) : http1_looks_like_response(s);
}

/* Whether what comes next answers a request: Go reads anything then, up to the end of a line. */
static bool is_awaited(const struct http1 *h, const struct h1_dir *d)
{
    return d == &h->dir[FLOW_S2C] && h->pending.n > 0 && !h->has_orphan;
}

static void refuse(struct http1 *h, struct h1_dir *d, const struct piece *p)
{
    bool extra = h1_dir_of(h, d) == FLOW_S2C && h->pending.n == 0;
    struct http1_problem problem = {.why = extra ? FACT_BAD_EXTRA : FACT_BAD_LINE,
                                    .line = slice_of(p->bytes.p, slice_find(p->bytes, '\n'))};

    d->open = false;
    h1_refuse(h, d, &problem, p->mark);
}

static void step_start(struct http1 *h, struct h1_dir *d, struct piece *p)
{
    if (p->bytes.n == 0) {
        h1_lose(h, d);
        return;
    }
    /* RFC 9112 2.2: a blank line before a message is passed over, but not by Go's client. */
    if (!is_awaited(h, d) && (p->bytes.p[0] == '\r' || p->bytes.p[0] == '\n')) {
        h1_take(p, 1);
        return;
    }
    if (!is_awaited(h, d) && looks_like_start(h1_dir_of(h, d), p->bytes) == HTTP1_NO)
        refuse(h, d, p);
    else
        begin(h, d, p);
}

/* What was answered inside the hole can no longer be told from what was not: of all that was asked before, the
 * newest question stands. */
static void forget_answered(struct http1 *h, int64_t answer_ns)
{
    while (h->pending.n > 1 && h->pending.items[h->pending.first + 1].asked_ns <= answer_ns)
        h1_pending_pop(&h->pending);
}

/* Anything may stand at the front of a segment here: only what is sure counts. */
static bool is_sure_start(enum flow_dir dir, struct slice s)
{
    if (s.n == 0 || looks_like_start(dir, s) != HTTP1_YES)
        return false;
    return dir == FLOW_S2C || http1_is_method(slice_of(s.p, slice_find(s, ' ')));
}

static void step_lost(struct http1 *h, struct h1_dir *d, struct piece *p)
{
    if (is_sure_start(h1_dir_of(h, d), p->bytes)) {
        if (d->open) {
            h1_emit_end(h, d, false, false);
            if (h1_dir_of(h, d) == FLOW_S2C && h->pending.n > 0)
                h1_pending_pop(&h->pending);
        }
        if (h1_dir_of(h, d) == FLOW_S2C && d->lost)
            forget_answered(h, p->mark.ts_ns);
        h->env->counters.resyncs++;
        d->state = H1_START;
        return;
    }
    if (d->open) {
        d->last = p->mark;
        d->body_bytes += p->len;
    }
    h1_take(p, p->len);
}

/* ---- bodies ---- */

/* Go before 1.21.12 puts the next request where the body refused by a final status was announced. */
static bool body_was_given_up(struct http1 *h, struct h1_dir *d, const struct piece *p)
{
    struct h1_pending *asked = h1_pending_back(&h->pending);
    bool unanswered = asked != NULL && asked->exchange == d->exchange && !(asked->expects && asked->answered);

    return h1_dir_of(h, d) == FLOW_C2S && d->body_bytes == 0 && !unanswered &&
           http1_looks_like_request(p->bytes) == HTTP1_YES;
}

/* RFC 1952 2.3.1: two bytes of its own and the method, which is deflate. */
static void check_gzip(struct http1 *h, struct h1_dir *d, struct slice bytes, const struct packet_mark *mark)
{
    static const uint8_t magic[] = {0x1f, 0x8b, 8};
    static const struct http1_problem problem = {.why = FACT_BAD_GZIP};

    if (bytes.n == 0)
        d->gzip_left = 0;
    for (size_t i = 0; i < bytes.n && d->gzip_left > 0; i++, d->gzip_left--)
        if (bytes.p[i] != magic[sizeof magic - d->gzip_left]) {
            d->gzip_left = 0;
            h1_emit_bad(h, d, &problem, *mark);
            return;
        }
}

static void step_length(struct http1 *h, struct h1_dir *d, struct piece *p)
{
    if (body_was_given_up(h, d, p)) {
        h1_end_request(h, d, true);
        return;
    }
    uint64_t n = p->len < d->remaining ? p->len : d->remaining;
    if (d->gzip_left > 0)
        check_gzip(h, d, slice_of(p->bytes.p, n < p->bytes.n ? (size_t)n : p->bytes.n), &p->mark);
    d->remaining -= n;
    d->body_bytes += n;
    d->last = p->mark;
    d->lost |= p->lost;
    h1_take(p, n);
    if (d->remaining == 0)
        h1_end_message(h, d);
}

static void bad_chunk(struct http1 *h, struct h1_dir *d, struct piece *p, enum fact_bad why)
{
    const struct http1_problem problem = {.why = why};

    if (h1_dir_of(h, d) == FLOW_S2C) {
        h1_refuse(h, d, &problem, p->mark);
    } else {
        h1_emit_bad(h, d, &problem, p->mark);
        h1_lose(h, d);
    }
    h1_take(p, p->len);
}

static void step_chunked(struct http1 *h, struct h1_dir *d, struct piece *p)
{
    if (p->bytes.n == 0) {
        d->lost |= p->lost;
        d->gzip_left = 0;
        d->body_bytes += p->len;
        d->last = p->mark;
        if (!http1_chunked_skip(d->chunked, p->len))
            h1_lose(h, d);
        h1_take(p, p->len);
        return;
    }
    struct http1_chunked_result fed = http1_chunked_feed(d->chunked, p->bytes, h1_dir_of(h, d) == FLOW_C2S);
    d->body_bytes += fed.body_bytes;
    d->last = p->mark;
    if (fed.body_bytes > 0)
        d->last_data = p->mark;
    if (fed.body_bytes > 0 && d->gzip_left > 0)
        check_gzip(h, d, slice_from(slice_of(p->bytes.p, (size_t)fed.used), (size_t)fed.body_at), &p->mark);
    if (fed.bad != 0) {
        bad_chunk(h, d, p, fed.bad);
        return;
    }
    h1_take(p, fed.used);
    if (fed.done) {
        h1_drop_chunked(h, d);
        d->state = H1_TRAILER;
    }
}

static void step_until_close(struct http1 *h, struct h1_dir *d, struct piece *p)
{
    if (d->gzip_left > 0)
        check_gzip(h, d, p->bytes, &p->mark);
    d->body_bytes += p->len;
    d->last = p->mark;
    d->lost |= p->lost;
    h1_take(p, p->len);
}

static void step_websocket(struct http1 *h, struct h1_dir *d, struct piece *p)
{
    enum flow_dir dir = h1_dir_of(h, d);
    struct message_out out = {&h->env->sink, {.conn = h->conn, .exchange = h->upgraded, .dir = dir}};

    websocket_feed(&h->websocket[dir], (struct message_piece){p->bytes, p->len, p->mark}, &out);
    h1_take(p, p->len);
}

static void step(struct http1 *h, struct h1_dir *d, struct piece *p)
{
    switch (d->state) {
    case H1_START:
        step_start(h, d, p);
        break;
    case H1_HEAD:
        h1_step_head(h, d, p);
        break;
    case H1_LENGTH:
        step_length(h, d, p);
        break;
    case H1_CHUNKED:
        step_chunked(h, d, p);
        break;
    case H1_TRAILER:
        h1_step_trailer(h, d, p);
        break;
    case H1_UNTIL_CLOSE:
        step_until_close(h, d, p);
        break;
    case H1_LOST:
        step_lost(h, d, p);
        break;
    case H1_WEBSOCKET:
        step_websocket(h, d, p);
        break;
    case H1_TUNNEL:
    case H1_OVER:
        break;
    }
}

uint64_t http1_chunk(struct http1 *h, const struct flow_chunk *chunk)
{
    struct h1_dir *d = &h->dir[chunk->dir];
    struct slice bytes = {chunk->bytes.p, chunk->bytes.n}; /* not as one: they were just written in two */
    struct piece p = {bytes, chunk->len, chunk->dir == FLOW_C2S ? chunk->seen : chunk->deliverable, chunk->lost};

    while (p.len > 0 && d->state != H1_TUNNEL && d->state != H1_OVER)
        step(h, d, &p);
    return d->state == H1_TUNNEL ? chunk->len - p.len : chunk->len;
}

static void stop(struct http1 *h, struct h1_dir *d, enum fact_head_extent extent, bool orderly)
{
    if (d->state == H1_HEAD)
        h1_partial_head(h, d, buf_view(&d->head), extent);
    if (d->open)
        h1_emit_end(h, d, orderly && d->state == H1_UNTIL_CLOSE, false);
    h1_drop_head(h, d);
    d->state = H1_OVER;
}

void http1_fin(struct http1 *h, enum flow_dir dir, const struct packet_mark *mark)
{
    struct h1_dir *d = &h->dir[dir];

    if (d->state == H1_UNTIL_CLOSE)
        d->last = *mark;
    if (dir == FLOW_S2C)
        (void)h1_ended_inside(h, d, *mark);
    stop(h, d, FACT_HEAD_UNFINISHED, true);
}

void http1_reset(struct http1 *h, enum flow_dir dir, const struct packet_mark *mark)
{
    if (dir == FLOW_S2C)
        (void)h1_ended_inside(h, &h->dir[FLOW_S2C], *mark);
    for (int i = 0; i < 2; i++)
        stop(h, &h->dir[i], FACT_HEAD_UNFINISHED, false);
}

void http1_close(struct http1 *h)
{
    for (int i = 0; i < 2; i++)
        stop(h, &h->dir[i], FACT_HEAD_CUT, false);
}
