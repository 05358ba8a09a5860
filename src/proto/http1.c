#include "proto/http1.h"

#include <stdlib.h>

#include "proto/http1_lenient.h"

const struct http1_limits http1_limits_default = {
    .head_bytes = 1u << 20,
    .head_bytes_total = 64u << 20,
    .headers = 1024,
    .pipelined = 1024,
};

/* A response captured at most this much before its own request is taken for the answer to it: captures of
 * several queues reorder by so little. */
static const int64_t REORDER_NS = 1000000;

enum h1_state {
    H1_START, /* between messages */
    H1_HEAD,
    H1_LENGTH,
    H1_CHUNKED,
    H1_UNTIL_CLOSE,
    H1_LOST, /* bytes are missing or make no sense; waits for something that begins like a message */
    H1_TUNNEL,
    H1_OVER /* FIN */
};

struct h1_dir {
    enum h1_state state;
    bool open; /* a message is under way: its end is still to be reported */
    bool lost; /* of its bytes, some were not captured */
    uint32_t exchange;
    struct packet_mark first, last, last_data;
    uint64_t body_bytes, remaining;
    struct buf head; /* of a head that did not come in one chunk */
    size_t searched; /* how far `head` was looked through for its end */
    llhttp_t *chunked;
};

/* A request that waits for its response. */
struct h1_pending {
    uint32_t exchange;
    int64_t asked_ns;
    bool is_head, is_connect, expects, answered;
};

struct http1 {
    struct http1_env *env;
    struct flow_tcp *conn;
    struct h1_dir dir[2];
    struct h1_pending *pending;
    size_t pending_first, pending_n, pending_cap;
    uint32_t next_exchange;
    bool has_orphan; /* a response came without a request ... */
    uint32_t orphan; /* ... and took this number */
    int64_t orphan_ns;
};

/* The part of a chunk that is still to be taken. */
struct piece {
    struct slice bytes;
    uint64_t len;
    struct packet_mark mark;
    bool lost;
};

int http1_env_init(struct http1_env *env, const struct http1_limits *limits, const struct fact_sink *sink)
{
    *env = (struct http1_env){.limits = *limits, .sink = *sink};
    slab_init(&env->connections, sizeof(struct http1));
    slab_init(&env->chunk_parsers, sizeof(llhttp_t));
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

struct http1 *http1_new(struct http1_env *env, struct flow_tcp *conn, bool mid_stream)
{
    struct http1 *h = slab_take(&env->connections);

    if (h == NULL)
        return NULL;
    h->env = env;
    h->conn = conn;
    h->dir[FLOW_C2S].state = h->dir[FLOW_S2C].state = mid_stream ? H1_LOST : H1_START;
    return h;
}

static void drop_head(struct http1 *h, struct h1_dir *d)
{
    h->env->head_bytes_held -= d->head.cap;
    buf_fini(&d->head);
    d->searched = 0;
}

static void drop_chunked(struct http1 *h, struct h1_dir *d)
{
    slab_give(&h->env->chunk_parsers, d->chunked);
    d->chunked = NULL;
}

void http1_free(struct http1 *h)
{
    if (h == NULL)
        return;
    for (int i = 0; i < 2; i++) {
        drop_head(h, &h->dir[i]);
        drop_chunked(h, &h->dir[i]);
    }
    free(h->pending);
    slab_give(&h->env->connections, h);
}

bool http1_in_tunnel(const struct http1 *h)
{
    return h->dir[FLOW_S2C].state == H1_TUNNEL;
}

void http1_resume(struct http1 *h)
{
    h->dir[FLOW_C2S].state = h->dir[FLOW_S2C].state = H1_START;
}

static enum flow_dir dir_of(const struct http1 *h, const struct h1_dir *d)
{
    return d == &h->dir[FLOW_C2S] ? FLOW_C2S : FLOW_S2C;
}

static void take(struct piece *p, uint64_t n)
{
    size_t captured = n < p->bytes.n ? (size_t)n : p->bytes.n;

    p->bytes.p = captured > 0 ? p->bytes.p + captured : p->bytes.p;
    p->bytes.n -= captured;
    p->len -= n;
}

/* ---- requests that wait for a response ---- */

static struct h1_pending *pending_front(struct http1 *h)
{
    return h->pending_n > 0 ? &h->pending[h->pending_first] : NULL;
}

static struct h1_pending *pending_back(struct http1 *h)
{
    return h->pending_n > 0 ? &h->pending[h->pending_first + h->pending_n - 1] : NULL;
}

static void pending_pop(struct http1 *h)
{
    h->pending_first++;
    if (--h->pending_n == 0)
        h->pending_first = 0;
}

static bool pending_room(struct http1 *h)
{
    if (h->pending_first + h->pending_n < h->pending_cap)
        return true;
    if (h->pending_first > 0) {
        memmove(h->pending, h->pending + h->pending_first, h->pending_n * sizeof *h->pending);
        h->pending_first = 0;
        return true;
    }
    size_t cap = h->pending_cap == 0 ? 2 : h->pending_cap * 2;
    struct h1_pending *p = realloc(h->pending, cap * sizeof *p);
    if (p == NULL)
        return false;
    h->pending = p;
    h->pending_cap = cap;
    return true;
}

static void pending_push(struct http1 *h, uint32_t exchange, int64_t asked_ns)
{
    if (h->pending_n >= h->env->limits.pipelined) {
        h->env->counters.limit_hits++;
        pending_pop(h);
    }
    if (!pending_room(h))
        return;
    h->pending_n++;
    *pending_back(h) = (struct h1_pending){.exchange = exchange, .asked_ns = asked_ns};
}

/* ---- facts ---- */

static struct fact fact_for(struct http1 *h, const struct h1_dir *d, enum fact_kind kind, struct packet_mark mark)
{
    return (struct fact){.kind = kind, .conn = h->conn, .exchange = d->exchange, .dir = dir_of(h, d), .mark = mark};
}

static void emit_head(struct http1 *h, struct h1_dir *d, struct fact_http_head *head, struct packet_mark last)
{
    bool request = dir_of(h, d) == FLOW_C2S;
    struct fact f = fact_for(h, d, request ? FACT_HTTP_REQUEST_HEAD : FACT_HTTP_RESPONSE_HEAD, last);

    head->first = d->first;
    head->last = last;
    f.as.head = *head;
    if (request)
        h->env->counters.requests++;
    else
        h->env->counters.responses++;
    fact_emit(&h->env->sink, &f);
}

static void emit_end(struct http1 *h, struct h1_dir *d, bool complete, bool abandoned)
{
    bool request = dir_of(h, d) == FLOW_C2S;
    struct fact f = fact_for(h, d, request ? FACT_HTTP_REQUEST_END : FACT_HTTP_RESPONSE_END, d->last);

    f.as.http_end = (struct fact_http_end){
        .last = d->last,
        .last_body_chunk = d->last_data,
        .body_bytes = d->body_bytes,
        .complete = complete,
        .lost = d->lost,
        .abandoned = abandoned,
    };
    d->open = false;
    drop_chunked(h, d);
    fact_emit(&h->env->sink, &f);
}

static void emit_bad(struct http1 *h, struct h1_dir *d, enum fact_bad why, const struct piece *p)
{
    struct fact f = fact_for(h, d, FACT_HTTP_BAD, p->mark);
    struct slice line = slice_of(p->bytes.p, slice_find(p->bytes, '\n'));

    if (line.n > 0 && line.p[line.n - 1] == '\r')
        line.n--;
    f.as.bad.why = why;
    f.as.bad.line = slice_of(line.p, line.n > 128 ? 128 : line.n);
    h->env->counters.bad++;
    fact_emit(&h->env->sink, &f);
}

/* ---- between messages ---- */

/* The open message, if any, ends where its last byte was seen. */
static void lose(struct http1 *h, struct h1_dir *d)
{
    d->lost = true;
    d->state = H1_LOST;
    drop_head(h, d);
    drop_chunked(h, d);
}

static void begin_request(struct http1 *h, struct h1_dir *d)
{
    bool late = h->has_orphan && d->first.ts_ns <= h->orphan_ns + REORDER_NS;

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
    struct h1_pending *waiting = pending_front(h);

    if (waiting != NULL) {
        d->exchange = waiting->exchange;
        return;
    }
    d->exchange = h->next_exchange++;
    h->has_orphan = true;
    h->orphan = d->exchange;
    h->orphan_ns = d->first.ts_ns;
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
    if (dir_of(h, d) == FLOW_C2S)
        begin_request(h, d);
    else
        begin_response(h, d);
}

static enum http1_guess looks_like_start(enum flow_dir dir, struct slice s)
{
    return dir == FLOW_C2S ? http1_looks_like_request(s) : http1_looks_like_response(s);
}

static void refuse(struct http1 *h, struct h1_dir *d, const struct piece *p)
{
    bool response = dir_of(h, d) == FLOW_S2C;
    struct h1_pending *waiting = pending_front(h);

    if (response && waiting != NULL)
        d->exchange = waiting->exchange;
    emit_bad(h, d, response && waiting == NULL ? FACT_BAD_EXTRA : FACT_BAD_NOT_HTTP, p);
    d->open = false;
    lose(h, d);
}

static void step_start(struct http1 *h, struct h1_dir *d, struct piece *p)
{
    if (p->bytes.n == 0) {
        lose(h, d);
        return;
    }
    /* RFC 9112 2.2: a blank line before a message is passed over. */
    if (p->bytes.p[0] == '\r' || p->bytes.p[0] == '\n') {
        take(p, 1);
        return;
    }
    if (looks_like_start(dir_of(h, d), p->bytes) == HTTP1_NO)
        refuse(h, d, p);
    else
        begin(h, d, p);
}

/* What was answered inside the hole can no longer be told from what was not: of all that was asked before, the
 * newest question stands. */
static void forget_answered(struct http1 *h, int64_t answer_ns)
{
    while (h->pending_n > 1 && h->pending[h->pending_first + 1].asked_ns <= answer_ns)
        pending_pop(h);
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
    if (is_sure_start(dir_of(h, d), p->bytes)) {
        if (d->open) {
            emit_end(h, d, false, false);
            if (dir_of(h, d) == FLOW_S2C && h->pending_n > 0)
                pending_pop(h);
        }
        if (dir_of(h, d) == FLOW_S2C && d->lost)
            forget_answered(h, p->mark.ts_ns);
        h->env->counters.resyncs++;
        d->state = H1_START;
        return;
    }
    if (d->open) {
        d->last = p->mark;
        d->body_bytes += p->len;
    }
    take(p, p->len);
}

/* ---- ends of messages ---- */

static void end_request(struct http1 *h, struct h1_dir *d, bool abandoned)
{
    struct h1_pending *asked = pending_back(h);
    bool connect = asked != NULL && asked->exchange == d->exchange && asked->is_connect;

    emit_end(h, d, !abandoned, abandoned);
    d->state = connect ? H1_TUNNEL : H1_START;
}

static void end_response(struct http1 *h, struct h1_dir *d)
{
    emit_end(h, d, true, false);
    if (h->pending_n > 0)
        pending_pop(h);
    d->state = H1_START;
}

static void end_message(struct http1 *h, struct h1_dir *d)
{
    if (dir_of(h, d) == FLOW_C2S)
        end_request(h, d, false);
    else
        end_response(h, d);
}

static void become_tunnel(struct http1 *h, struct h1_dir *d)
{
    struct fact f = fact_for(h, d, FACT_HTTP_TUNNEL, d->last);

    end_response(h, d);
    h->dir[FLOW_C2S].state = h->dir[FLOW_S2C].state = H1_TUNNEL;
    fact_emit(&h->env->sink, &f);
}

/* ---- heads ---- */

static void body_follows(struct http1 *h, struct h1_dir *d, const struct fact_http_head *head, const llhttp_t *parser)
{
    if (head->chunked) {
        d->chunked = slab_take(&h->env->chunk_parsers);
        if (d->chunked == NULL) {
            lose(h, d);
            return;
        }
        *d->chunked = *parser;
        d->state = H1_CHUNKED;
    } else if (head->until_close) {
        d->state = H1_UNTIL_CLOSE;
    } else if (head->length > 0) {
        d->state = H1_LENGTH;
        d->remaining = head->length;
    } else {
        end_message(h, d);
    }
}

static void request_head(struct http1 *h, struct h1_dir *d, struct fact_http_head *head, const llhttp_t *parser)
{
    struct h1_pending *asked = pending_back(h);
    const struct fact_header *expect = http1_header(head, SLICE_LIT("expect"));

    if (asked != NULL && asked->exchange == d->exchange) {
        asked->is_head = slice_eq(head->method, SLICE_LIT("HEAD"));
        asked->is_connect = slice_eq(head->method, SLICE_LIT("CONNECT"));
        asked->expects = expect != NULL && slice_ieq(expect->value, SLICE_LIT("100-continue"));
    }
    emit_head(h, d, head, d->last);
    d->open = true;
    body_follows(h, d, head, parser);
}

static bool response_has_no_body(const struct h1_pending *asked, uint16_t status)
{
    return status < 200 || status == 204 || status == 304 || (asked != NULL && asked->is_head);
}

static void response_head(struct http1 *h, struct h1_dir *d, struct fact_http_head *head, const llhttp_t *parser)
{
    struct h1_pending *asked = pending_front(h);
    bool connect = asked != NULL && asked->is_connect;
    bool tunnel = head->status == 101 || (connect && head->status / 100 == 2);
    bool interim = head->status < 200 && head->status != 101;

    head->without_request = h->has_orphan && h->orphan == d->exchange;
    if (tunnel || response_has_no_body(asked, head->status))
        head->chunked = head->has_length = false;
    else
        head->until_close = !head->chunked && !head->has_length;
    if (!head->has_length)
        head->length = 0;
    emit_head(h, d, head, d->last);
    if (interim) {
        d->state = H1_START;
        return;
    }
    d->open = true;
    if (asked != NULL)
        asked->answered = true;
    if (tunnel) {
        become_tunnel(h, d);
        return;
    }
    if (connect && h->dir[FLOW_C2S].state == H1_TUNNEL)
        h->dir[FLOW_C2S].state = H1_START;
    body_follows(h, d, head, parser);
}

static void whole_head(struct http1 *h, struct h1_dir *d, struct http1_head_parse *parse, size_t in_segment)
{
    struct fact_http_head *head = parse->head;

    head->bytes = parse->used;
    head->body_in_segment = in_segment > 0;
    if (dir_of(h, d) == FLOW_C2S)
        request_head(h, d, head, &parse->parser);
    else
        response_head(h, d, head, &parse->parser);
}

static void partial_head(struct http1 *h, struct h1_dir *d, struct slice bytes, enum fact_head_extent extent)
{
    struct fact_http_head head = {.extent = extent};

    http1_head_partial(h->env, &head, dir_of(h, d), bytes);
    head.bytes = bytes.n;
    head.without_request = dir_of(h, d) == FLOW_S2C && h->has_orphan && h->orphan == d->exchange;
    emit_head(h, d, &head, d->last);
    d->open = true;
    d->last_data = (struct packet_mark){0};
}

/* The rest of the head is not to be had: what there is is reported, and the direction waits for a new message. */
static void cut_head(struct http1 *h, struct h1_dir *d, struct slice bytes, enum fact_head_extent extent)
{
    partial_head(h, d, bytes, extent);
    lose(h, d);
}

static void refused_head(struct http1 *h, struct h1_dir *d, struct slice bytes, struct packet_mark mark)
{
    struct piece p = {.bytes = bytes, .len = bytes.n, .mark = mark};

    emit_bad(h, d, FACT_BAD_HEAD, &p);
    d->open = false;
    lose(h, d);
}

/* Fast path: the whole head lies in this chunk. */
static void head_in_chunk(struct http1 *h, struct h1_dir *d, struct piece *p)
{
    struct fact_http_head head = {0};
    struct http1_head_parse parse = {.head = &head};

    switch (http1_head_parse(h->env, &parse, dir_of(h, d), p->bytes)) {
    case HTTP1_HEAD_DONE: {
        size_t used = parse.used;
        whole_head(h, d, &parse, p->bytes.n - used);
        take(p, used);
        return;
    }
    case HTTP1_HEAD_REFUSED:
        refused_head(h, d, p->bytes, p->mark);
        take(p, p->len);
        return;
    case HTTP1_HEAD_MORE:
        break;
    }
    if (p->bytes.n < p->len) {
        cut_head(h, d, p->bytes, FACT_HEAD_CUT);
    } else if (p->bytes.n > h->env->limits.head_bytes) {
        h->env->counters.limit_hits++;
        cut_head(h, d, p->bytes, FACT_HEAD_OVER_LIMIT);
    } else {
        buf_slice(&d->head, p->bytes);
        h->env->head_bytes_held += d->head.cap;
    }
    take(p, p->len);
}

/* Index behind the blank line that ends a head, or 0. Looks at each byte once over all calls. */
static size_t find_blank_line(struct h1_dir *d)
{
    const uint8_t *b = d->head.p;
    size_t i = d->searched;

    while (i < d->head.n) {
        const uint8_t *nl = memchr(b + i, '\n', d->head.n - i);
        if (nl == NULL)
            break;
        size_t at = (size_t)(nl - b);
        if ((at >= 1 && b[at - 1] == '\n') || (at >= 2 && b[at - 1] == '\r' && b[at - 2] == '\n'))
            return at + 1;
        i = at + 1;
    }
    d->searched = d->head.n;
    return 0;
}

static bool append_head(struct http1 *h, struct h1_dir *d, const struct piece *p)
{
    size_t before = d->head.cap;

    if (d->head.n + p->bytes.n > h->env->limits.head_bytes ||
        h->env->head_bytes_held > h->env->limits.head_bytes_total)
        return false;
    buf_slice(&d->head, p->bytes);
    h->env->head_bytes_held += d->head.cap - before;
    return !d->head.failed;
}

static void split_head_done(struct http1 *h, struct h1_dir *d, struct piece *p, size_t held)
{
    struct fact_http_head head = {0};
    struct http1_head_parse parse = {.head = &head};
    struct buf bytes = d->head;

    h->env->head_bytes_held -= bytes.cap;
    d->head = (struct buf){0};
    d->searched = 0;
    if (http1_head_parse(h->env, &parse, dir_of(h, d), buf_view(&bytes)) == HTTP1_HEAD_DONE && parse.used > held) {
        whole_head(h, d, &parse, bytes.n - parse.used);
        take(p, parse.used - held);
    } else {
        refused_head(h, d, buf_view(&bytes), p->mark);
        take(p, p->len);
    }
    buf_fini(&bytes);
}

static void step_head(struct http1 *h, struct h1_dir *d, struct piece *p)
{
    size_t held = d->head.n;

    d->last = p->mark;
    if (held == 0 && p->bytes.n > 0) {
        head_in_chunk(h, d, p);
        return;
    }
    if (p->bytes.n == 0) {
        cut_head(h, d, buf_view(&d->head), FACT_HEAD_CUT);
        return;
    }
    if (!append_head(h, d, p)) {
        h->env->counters.limit_hits++;
        cut_head(h, d, buf_view(&d->head), FACT_HEAD_OVER_LIMIT);
        take(p, p->len);
        return;
    }
    if (find_blank_line(d) > 0) {
        split_head_done(h, d, p, held);
        return;
    }
    if (p->bytes.n < p->len)
        cut_head(h, d, buf_view(&d->head), FACT_HEAD_CUT);
    take(p, p->len);
}

/* ---- bodies ---- */

/* Go before 1.21.12 puts the next request where the body refused by a final status was announced. */
static bool body_was_given_up(struct http1 *h, struct h1_dir *d, const struct piece *p)
{
    struct h1_pending *asked = pending_back(h);
    bool unanswered = asked != NULL && asked->exchange == d->exchange && !(asked->expects && asked->answered);

    return dir_of(h, d) == FLOW_C2S && d->body_bytes == 0 && !unanswered &&
           http1_looks_like_request(p->bytes) == HTTP1_YES;
}

static void step_length(struct http1 *h, struct h1_dir *d, struct piece *p)
{
    if (body_was_given_up(h, d, p)) {
        end_request(h, d, true);
        return;
    }
    uint64_t n = p->len < d->remaining ? p->len : d->remaining;
    d->remaining -= n;
    d->body_bytes += n;
    d->last = p->mark;
    d->lost |= p->lost;
    take(p, n);
    if (d->remaining == 0)
        end_message(h, d);
}

static void step_chunked(struct http1 *h, struct h1_dir *d, struct piece *p)
{
    if (p->bytes.n == 0) {
        d->lost |= p->lost;
        d->body_bytes += p->len;
        d->last = p->mark;
        if (!http1_chunked_skip(d->chunked, p->len))
            lose(h, d);
        take(p, p->len);
        return;
    }
    struct http1_chunk_result fed = http1_chunked_feed(d->chunked, p->bytes);
    d->body_bytes += fed.body_bytes;
    d->last = p->mark;
    if (fed.body_bytes > 0)
        d->last_data = p->mark;
    if (fed.bad) {
        emit_bad(h, d, FACT_BAD_CHUNK, p);
        lose(h, d);
        take(p, p->len);
        return;
    }
    take(p, fed.used);
    if (fed.done)
        end_message(h, d);
}

static void step_until_close(struct h1_dir *d, struct piece *p)
{
    d->body_bytes += p->len;
    d->last = p->mark;
    d->lost |= p->lost;
    take(p, p->len);
}

static void step(struct http1 *h, struct h1_dir *d, struct piece *p)
{
    switch (d->state) {
    case H1_START:
        step_start(h, d, p);
        break;
    case H1_HEAD:
        step_head(h, d, p);
        break;
    case H1_LENGTH:
        step_length(h, d, p);
        break;
    case H1_CHUNKED:
        step_chunked(h, d, p);
        break;
    case H1_UNTIL_CLOSE:
        step_until_close(d, p);
        break;
    case H1_LOST:
        step_lost(h, d, p);
        break;
    case H1_TUNNEL:
    case H1_OVER:
        break;
    }
}

uint64_t http1_chunk(struct http1 *h, const struct flow_chunk *chunk)
{
    struct h1_dir *d = &h->dir[chunk->dir];
    struct piece p = {chunk->bytes, chunk->len, chunk->dir == FLOW_C2S ? chunk->seen : chunk->deliverable,
                      chunk->lost};

    while (p.len > 0 && d->state != H1_TUNNEL && d->state != H1_OVER)
        step(h, d, &p);
    return d->state == H1_TUNNEL ? chunk->len - p.len : chunk->len;
}

static void stop(struct http1 *h, struct h1_dir *d, enum fact_head_extent extent, bool orderly)
{
    if (d->state == H1_HEAD)
        partial_head(h, d, buf_view(&d->head), extent);
    if (d->open)
        emit_end(h, d, orderly && d->state == H1_UNTIL_CLOSE, false);
    drop_head(h, d);
    d->state = H1_OVER;
}

void http1_fin(struct http1 *h, enum flow_dir dir, const struct packet_mark *mark)
{
    struct h1_dir *d = &h->dir[dir];

    if (d->state == H1_UNTIL_CLOSE)
        d->last = *mark;
    stop(h, d, FACT_HEAD_UNFINISHED, true);
}

void http1_close(struct http1 *h, bool reset)
{
    for (int i = 0; i < 2; i++)
        stop(h, &h->dir[i], reset ? FACT_HEAD_UNFINISHED : FACT_HEAD_CUT, false);
}
