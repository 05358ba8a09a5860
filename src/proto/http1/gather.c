/* Heads, in one chunk or gathered from several, and the bodies that they announce. */
#include "proto/http1/field.h"
#include "proto/http1/state.h"

static void body_follows(struct http1 *h, struct h1_dir *d, const struct fact_http_head *head, const llhttp_t *parser)
{
    if (head->chunked) {
        d->chunked = slab_take(&h->env->chunk_parsers);
        if (d->chunked == NULL) {
            h1_lose(h, d);
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
        h1_end_message(h, d);
    }
}

static void request_head(struct http1 *h, struct h1_dir *d, struct fact_http_head *head, const llhttp_t *parser)
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
    body_follows(h, d, head, parser);
}

static bool response_has_no_body(const struct h1_pending *asked, uint16_t status)
{
    return status < 200 || status == 204 || status == 304 || (asked != NULL && asked->is_head);
}

/* RFC 9110 7.8: what a 101 switches to, its Upgrade field says. */
static enum fact_upgrade upgrade_of(const struct fact_http_head *head)
{
    const struct fact_header *upgrade = http1_header(head, SLICE_LIT("upgrade"));

    if (head->status != 101)
        return FACT_UPGRADE_NONE;
    if (upgrade != NULL && slice_ieq(upgrade->value, SLICE_LIT("websocket")))
        return FACT_UPGRADE_WEBSOCKET;
    return upgrade != NULL && slice_ieq(upgrade->value, SLICE_LIT("h2c")) ? FACT_UPGRADE_H2C : FACT_UPGRADE_OTHER;
}

static void response_head(struct http1 *h, struct h1_dir *d, struct fact_http_head *head, const llhttp_t *parser)
{
    struct h1_pending *asked = h1_pending_front(&h->pending);
    bool connect = asked != NULL && asked->is_connect;
    bool tunnel = head->status == 101 || (connect && head->status / 100 == 2);
    bool interim = head->status < 200 && head->status != 101;

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
    body_follows(h, d, head, parser);
}

static void whole_head(struct http1 *h, struct h1_dir *d, struct http1_head_parse *parse, size_t in_segment)
{
    struct fact_http_head *head = parse->head;

    head->bytes = parse->used;
    head->body_in_segment = in_segment > 0;
    if (h1_dir_of(h, d) == FLOW_C2S)
        request_head(h, d, head, &parse->parser);
    else
        response_head(h, d, head, &parse->parser);
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

/* RFC 9112 5: every line after the first holds a colon, or continues the one before. The last may be cut, and its colon
 * may yet come. */
static struct slice line_without_colon(struct slice head)
{
    size_t end;

    while ((end = slice_find(head, '\n')) < head.n) {
        size_t n = 0;
        head = slice_from(head, end + 1);
        while (n < head.n && head.p[n] != '\r' && head.p[n] != '\n')
            n++;
        if (n == 0 || n == head.n)
            break;
        if (head.p[0] != ' ' && head.p[0] != '\t' && slice_find(head, ':') > n)
            return head;
    }
    return slice_of(NULL, 0);
}

static void refused_head(struct http1 *h, struct h1_dir *d, struct slice bytes, struct packet_mark mark)
{
    struct slice line = line_without_colon(bytes);
    struct piece p = {.bytes = line.n > 0 ? line : bytes, .len = bytes.n, .mark = mark};

    h1_emit_bad(h, d, line.n > 0 ? FACT_BAD_FIELD : FACT_BAD_HEAD, &p);
    d->open = false;
    h1_lose(h, d);
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
        refused_head(h, d, p->bytes, p->mark);
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
    if (http1_head_parse(h->env, &parse, h1_dir_of(h, d), buf_view(&bytes)) == HTTP1_HEAD_DONE && parse.used > held) {
        whole_head(h, d, &parse, bytes.n - parse.used);
        h1_take(p, parse.used - held);
    } else {
        refused_head(h, d, buf_view(&bytes), p->mark);
        h1_take(p, p->len);
    }
    buf_fini(&bytes);
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
    if (find_blank_line(d) > 0) {
        split_head_done(h, d, p, held);
        return;
    }
    if (p->bytes.n < p->len)
        cut_head(h, d, buf_view(&d->head), FACT_HEAD_CUT);
    h1_take(p, p->len);
}
