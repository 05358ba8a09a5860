/* Heads and trailers, in one chunk or gathered from several, and the bodies that heads announce. */
#include "proto/http1/field.h"
#include "proto/http1/state.h"

static void body_follows(struct http1 *h, struct h1_dir *d, const struct fact_http_head *head)
{
    if (head->chunked) {
        d->chunked = slab_take(&h->env->chunk_parsers);
        if (d->chunked == NULL) {
            h1_lose(h, d);
            return;
        }
        d->state = H1_CHUNKED;
    } else if (head->until_close) {
        d->state = H1_UNTIL_CLOSE;
    } else if (head->length > 0) {
        d->state = H1_LENGTH;
        d->remaining = head->length;
    } else {
        h1_end_message(h, d);
    }
}

static void request_head(struct http1 *h, struct h1_dir *d, struct fact_http_head *head)
{
    struct h1_pending *asked = h1_pending_back(&h->pending);
    const struct fact_header *expect = http1_header(head, SLICE_LIT("expect"));

    if (asked != NULL && asked->exchange == d->exchange) {
        asked->is_head = slice_eq(head->method, SLICE_LIT("HEAD"));
        asked->is_connect = slice_eq(head->method, SLICE_LIT("CONNECT"));
        asked->expects = expect != NULL && slice_ieq(expect->value, SLICE_LIT("100-continue"));
    }
    h1_emit_head(h, d, head, d->last);
    d->open = true;
    body_follows(h, d, head);
}

static bool response_has_no_body(const struct h1_pending *asked, uint16_t status)
{
    return status / 100 == 1 || status == 204 || status == 304 || (asked != NULL && asked->is_head);
}

/* RFC 9110 7.8: what a 101 switches to, its Upgrade field says. */
static enum fact_upgrade upgrade_of(const struct fact_http_head *head)
{
    if (head->status != 101)
        return FACT_UPGRADE_NONE;
    const struct fact_header *upgrade = http1_header(head, SLICE_LIT("upgrade"));
    if (upgrade != NULL && slice_ieq(upgrade->value, SLICE_LIT("websocket")))
        return FACT_UPGRADE_WEBSOCKET;
    return upgrade != NULL && slice_ieq(upgrade->value, SLICE_LIT("h2c")) ? FACT_UPGRADE_H2C : FACT_UPGRADE_OTHER;
}

/* Where it has a body. */
static void expect_gzip(struct h1_dir *d, const struct fact_http_head *head)
{
    enum { MAGIC_BYTES = 3 };
    const struct fact_header *coding = http1_header(head, SLICE_LIT("content-encoding"));

    d->gzip_left = coding != NULL && slice_ieq(coding->value, SLICE_LIT("gzip")) ? MAGIC_BYTES : 0;
}

static void response_head(struct http1 *h, struct h1_dir *d, struct fact_http_head *head)
{
    struct h1_pending *asked = h1_pending_front(&h->pending);
    bool connect = asked != NULL && asked->is_connect;
    bool tunnel = head->status == 101 || (connect && head->status / 100 == 2);
    bool interim = head->status / 100 == 1 && head->status != 101;

    head->upgrade = upgrade_of(head);
    head->without_request = h->has_orphan && h->orphan == d->exchange;
    if (tunnel || response_has_no_body(asked, head->status))
        head->chunked = head->has_length = false;
    else
        head->until_close = !head->chunked && !head->has_length;
    if (!head->has_length)
        head->length = 0;
    h1_emit_head(h, d, head, d->last);
    if (interim) {
        d->state = H1_START;
        return;
    }
    d->open = true;
    if (asked != NULL)
        asked->answered = true;
    if (tunnel) {
        h1_become_tunnel(h, d, head->upgrade);
        return;
    }
    if (connect && h->dir[FLOW_C2S].state == H1_TUNNEL)
        h->dir[FLOW_C2S].state = H1_START;
    expect_gzip(d, head);
    body_follows(h, d, head);
}

static void whole_head(struct http1 *h, struct h1_dir *d, struct http1_head_parse *parse, size_t in_segment)
{
    struct fact_http_head *head = parse->head;

    head->bytes = parse->used;
    head->body_in_segment = in_segment > 0;
    if (h1_dir_of(h, d) == FLOW_C2S)
        request_head(h, d, head);
    else
        response_head(h, d, head);
}

void h1_partial_head(struct http1 *h, struct h1_dir *d, struct slice bytes, enum fact_head_extent extent)
{
    struct fact_http_head head = {.extent = extent};

    http1_head_partial(h->env, &head, h1_dir_of(h, d), bytes);
    head.bytes = bytes.n;
    head.without_request = h1_dir_of(h, d) == FLOW_S2C && h->has_orphan && h->orphan == d->exchange;
    h1_emit_head(h, d, &head, d->last);
    d->open = true;
    d->last_data = (struct packet_mark){0};
}

/* The rest of the head is not to be had: what there is is reported, and the direction waits for a new message. */
static void cut_head(struct http1 *h, struct h1_dir *d, struct slice bytes, enum fact_head_extent extent)
{
    h1_partial_head(h, d, bytes, extent);
    h1_lose(h, d);
}

static struct http1_problem first_line_of(struct slice bytes)
{
    return (struct http1_problem){.why = FACT_BAD_LINE, .line = slice_of(bytes.p, slice_find(bytes, '\n'))};
}

/* Fast path: the whole head lies in this chunk. */
static void head_in_chunk(struct http1 *h, struct h1_dir *d, struct piece *p)
{
    struct fact_http_head head = {0};
    struct http1_head_parse parse = {.head = &head};

    switch (http1_head_parse(h->env, &parse, h1_dir_of(h, d), p->bytes)) {
    case HTTP1_HEAD_DONE: {
        size_t used = parse.used;
        whole_head(h, d, &parse, p->bytes.n - used);
        h1_take(p, used);
        return;
    }
    case HTTP1_HEAD_REFUSED:
        if (h1_dir_of(h, d) == FLOW_C2S)
            parse.problem = first_line_of(p->bytes);
        h1_refuse(h, d, &parse.problem, p->mark);
        h1_take(p, p->len);
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
        h1_head_holds(h, 0, d->head.cap);
    }
    h1_take(p, p->len);
}

/* Index just past the blank line that ends a head, or 0. Looks at each byte once over all calls. */
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
    h1_head_holds(h, before, d->head.cap);
    return !d->head.failed;
}

static void split_head_done(struct http1 *h, struct h1_dir *d, struct piece *p, size_t held)
{
    struct fact_http_head head = {0};
    struct http1_head_parse parse = {.head = &head};
    struct buf bytes = d->head;

    h1_head_holds(h, bytes.cap, 0);
    d->head = (struct buf){0};
    d->searched = 0;
    d->scan = (struct http1_scan){0};
    enum http1_head_result result = http1_head_parse(h->env, &parse, h1_dir_of(h, d), buf_view(&bytes));
    if (result == HTTP1_HEAD_DONE && parse.used > held) {
        whole_head(h, d, &parse, bytes.n - parse.used);
        h1_take(p, parse.used - held);
    } else {
        if (result != HTTP1_HEAD_REFUSED || h1_dir_of(h, d) == FLOW_C2S)
            parse.problem = first_line_of(buf_view(&bytes));
        h1_refuse(h, d, &parse.problem, p->mark);
        h1_take(p, p->len);
    }
    buf_fini(&bytes);
}

/* Whether more of the head is to come. */
static bool split_head_goes_on(struct http1 *h, struct h1_dir *d)
{
    struct http1_problem problem;

    if (h1_dir_of(h, d) == FLOW_C2S)
        return find_blank_line(d) == 0;
    return http1_scan(h->env, &d->scan, buf_view(&d->head), false, &problem) == HTTP1_HEAD_MORE;
}

void h1_step_head(struct http1 *h, struct h1_dir *d, struct piece *p)
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
        h1_take(p, p->len);
        return;
    }
    if (!split_head_goes_on(h, d)) {
        split_head_done(h, d, p, held);
        return;
    }
    if (p->bytes.n < p->len)
        cut_head(h, d, buf_view(&d->head), FACT_HEAD_CUT);
    h1_take(p, p->len);
}

/* ---- trailers ---- */

enum { TRAILER_MAX = 4096 }; /* bufio's buffer: as far as Go looks for the blank line */

/* Index just past the trailer, or 0. */
static size_t trailer_end(struct h1_dir *d, bool lenient)
{
    const uint8_t *b = d->head.p;
    size_t n = d->head.n;

    if (n >= 2 && b[0] == '\r' && b[1] == '\n')
        return 2;
    if (lenient && n > 0 && b[0] == '\n')
        return 1;
    for (size_t i = d->searched; i < n; i++) {
        bool two = b[i] == '\n' && i >= 1 && b[i - 1] == '\n';
        bool four = b[i] == '\n' && i >= 3 && memcmp(b + i - 3, "\r\n\r", 3) == 0;
        if (four || (two && lenient))
            return i + 1;
    }
    d->searched = n;
    return 0;
}

static void trailer_done(struct http1 *h, struct h1_dir *d, struct piece *p, size_t held, size_t end)
{
    struct http1_scan scan = {.stage = SCAN_FIRST_FIELD};
    struct http1_problem problem = {0};
    bool response = h1_dir_of(h, d) == FLOW_S2C;
    enum http1_head_result result = http1_scan(h->env, &scan, slice_of(d->head.p, end), false, &problem);

    if (response && result == HTTP1_HEAD_REFUSED) {
        h1_refuse(h, d, &problem, p->mark);
        h1_take(p, p->len);
        return;
    }
    size_t used = result == HTTP1_HEAD_DONE ? scan.line : end;
    h1_drop_head(h, d);
    h1_take(p, used > held ? used - held : 0);
    h1_end_message(h, d);
}

static void trailer_too_long(struct http1 *h, struct h1_dir *d, struct piece *p)
{
    if (h1_dir_of(h, d) == FLOW_S2C)
        h1_refuse(h, d, &(struct http1_problem){.why = FACT_BAD_TRAILER_LONG}, p->mark);
    else
        h1_lose(h, d);
    h1_take(p, p->len);
}

void h1_step_trailer(struct http1 *h, struct h1_dir *d, struct piece *p)
{
    size_t held = d->head.n, before = d->head.cap;
    size_t n = p->bytes.n < TRAILER_MAX - held ? p->bytes.n : TRAILER_MAX - held;

    d->last = p->mark;
    if (p->bytes.n == 0) {
        d->lost |= p->lost;
        h1_lose(h, d);
        return;
    }
    buf_slice(&d->head, slice_of(p->bytes.p, n));
    h1_head_holds(h, before, d->head.cap);
    size_t end = trailer_end(d, h1_dir_of(h, d) == FLOW_C2S);
    if (end > 0)
        trailer_done(h, d, p, held, end);
    else if (d->head.n == TRAILER_MAX || d->head.failed)
        trailer_too_long(h, d, p);
    else
        h1_take(p, n);
}

bool h1_ended_inside(struct http1 *h, struct h1_dir *d, struct packet_mark mark)
{
    struct http1_problem problem = {0};

    if (d->state == H1_TRAILER)
        problem.why = d->head.n < 2 ? FACT_BAD_TRAILER_END : FACT_BAD_TRAILER_LONG;
    else if (d->state != H1_HEAD ||
             http1_scan(h->env, &d->scan, buf_view(&d->head), true, &problem) != HTTP1_HEAD_REFUSED)
        return false;
    h1_refuse(h, d, &problem, mark);
    return true;
}
