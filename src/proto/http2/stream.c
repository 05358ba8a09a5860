/* Streams (RFC 9113 5) and the facts about them. */
#include "proto/http2/frame.h"

static uint64_t id_hash(uint32_t id)
{
    return hash_bytes(&id, sizeof id);
}

struct h2_stream *h2_stream_find(const struct http2 *h, uint32_t id)
{
    for (struct hmap_node *n = hmap_first(&h->streams, id_hash(id)); n != NULL; n = hmap_next(n))
        if (hmap_entry(n, struct h2_stream, node)->id == id)
            return hmap_entry(n, struct h2_stream, node);
    return NULL;
}

static struct fact fact_for(struct http2 *h, const struct h2_stream *s, enum fact_kind kind, enum flow_dir dir,
                            struct packet_mark mark)
{
    return (struct fact){
        .kind = kind, .conn = h->conn, .exchange = s->exchange, .stream = s->id, .dir = dir, .mark = mark};
}

static void end_half(struct http2 *h, struct h2_stream *s, enum flow_dir dir, bool complete)
{
    struct h2_half *half = &s->half[dir];
    struct fact f = fact_for(h, s, dir == FLOW_C2S ? FACT_HTTP_REQUEST_END : FACT_HTTP_RESPONSE_END, dir, half->last);

    if (half->ended)
        return;
    half->ended = true;
    f.as.http_end = (struct fact_http_end){
        .last = half->last,
        .last_body_chunk = half->last_data,
        .body_bytes = half->body_bytes,
        .complete = complete,
        .lost = half->lost,
        .stalls = half->stalls,
    };
    fact_emit(&h->env->sink, &f);
}

static void free_stream(struct http2 *h, struct h2_stream *s)
{
    hmap_remove(&h->streams, &s->node);
    list_remove(&s->by_age);
    h2_messages_fini(h, s);
    slab_give(&h->env->streams, s);
}

/* What is open of it ends unfinished. */
static void close_stream(struct http2 *h, struct h2_stream *s)
{
    for (int i = 0; i < 2; i++)
        if (s->half[i].begun)
            end_half(h, s, (enum flow_dir)i, false);
    free_stream(h, s);
}

static struct h2_stream *oldest(const struct http2 *h)
{
    return list_entry(h->by_age.next, struct h2_stream, by_age);
}

struct h2_stream *h2_stream_open(struct http2 *h, uint32_t id)
{
    if (h->streams.count >= h->env->limits.streams) {
        h->env->counters.limit_hits++;
        close_stream(h, oldest(h));
    }
    struct h2_stream *s = slab_take(&h->env->streams);
    if (s == NULL || hmap_insert(&h->streams, &s->node, id_hash(id)) != 0) {
        slab_give(&h->env->streams, s);
        return NULL;
    }
    s->id = id;
    s->exchange = h->next_exchange++;
    list_append(&h->by_age, &s->by_age);
    return s;
}

void h2_streams_close(struct http2 *h)
{
    while (!list_empty(&h->by_age))
        close_stream(h, oldest(h));
}

void h2_streams_lose(struct http2 *h, struct h2_dir *d, const struct packet_mark *mark)
{
    enum flow_dir dir = h2_dir_of(h, d);

    if (dir == FLOW_C2S)
        h->first_asked = h->last_asked = 0;
    for (const struct list_link *at = h->by_age.next; at != &h->by_age; at = at->next) {
        struct h2_stream *s = list_entry(at, struct h2_stream, by_age);
        s->half[dir].lost |= s->half[dir].begun;
        if (!s->half[dir].ended)
            h2_messages_lose(h, s, dir, mark);
    }
}

static void end_stream(struct http2 *h, struct h2_stream *s, enum flow_dir dir)
{
    end_half(h, s, dir, true);
    if (s->half[FLOW_C2S].ended && s->half[FLOW_S2C].ended)
        free_stream(h, s);
}

/* ---- heads ---- */

static void emit_head(struct http2 *h, struct h2_stream *s, enum flow_dir dir, enum fact_kind kind,
                      const struct fact_http_head *head)
{
    struct fact f = fact_for(h, s, kind, dir, head->last);

    s->half[dir].begun = true;
    s->half[dir].last = head->last;
    f.as.head = head;
    fact_emit(&h->env->sink, &f);
}

/* RFC 9113 5.1: frames may still be on their way when a stream is reset. */
static bool is_late(const struct http2 *h, uint32_t id)
{
    return h->first_asked != 0 && id >= h->first_asked && id <= h->last_asked;
}

static void note_asked(struct http2 *h, uint32_t id)
{
    if (h->first_asked == 0)
        h->first_asked = id;
    if (id > h->last_asked)
        h->last_asked = id;
}

static void request_headers(struct http2 *h, struct h2_stream *s, uint32_t id, const struct fact_http_head *from,
                            bool end)
{
    bool trailers = s != NULL && s->half[FLOW_C2S].begun;
    struct fact_http_head head = *from;

    if (s == NULL && ((id & 1) == 0 || is_late(h, id) || (s = h2_stream_open(h, id)) == NULL))
        return;
    note_asked(h, id);
    head.max_streams = h->dir[FLOW_C2S]->max_streams;
    if (!trailers) {
        h2_messages_asked(h, s, &head);
        h->env->counters.requests++;
    }
    emit_head(h, s, FLOW_C2S, trailers ? FACT_HTTP_TRAILERS : FACT_HTTP_REQUEST_HEAD, &head);
    if (end)
        end_stream(h, s, FLOW_C2S);
}

/* A head that its compression state does not know all of may still be an answer: without :status, the first one. */
static void response_headers(struct http2 *h, struct h2_stream *s, uint32_t id, const struct fact_http_head *from,
                             bool end)
{
    struct fact_http_head head = *from;

    if (s == NULL) {
        if ((id & 1) == 0 || is_late(h, id) || (s = h2_stream_open(h, id)) == NULL)
            return;
        head.without_request = true;
    }
    bool interim = head.status >= 100 && head.status < 200;
    bool trailers = s->answered;
    s->answered |= !interim;
    if (!interim && !trailers) {
        h->env->counters.responses++;
        h2_messages_answered(h, s, &head);
    }
    emit_head(h, s, FLOW_S2C, trailers ? FACT_HTTP_TRAILERS : FACT_HTTP_RESPONSE_HEAD, &head);
    if (end)
        end_stream(h, s, FLOW_S2C);
}

void h2_headers(struct http2 *h, struct h2_dir *d, const struct fact_http_head *head, bool end)
{
    struct h2_stream *s = h2_stream_find(h, d->block_stream);

    h->env->counters.header_blocks++;
    if (h->roles_open || (s != NULL && s->half[h2_dir_of(h, d)].ended))
        return;
    if (h2_dir_of(h, d) == FLOW_C2S)
        request_headers(h, s, d->block_stream, head, end);
    else
        response_headers(h, s, d->block_stream, head, end);
}

/* ---- bodies ---- */

void h2_data(struct http2 *h, struct h2_dir *d, struct slice bytes, uint32_t len, const struct packet_mark *mark)
{
    enum flow_dir dir = h2_dir_of(h, d);
    struct h2_stream *s = h2_stream_find(h, d->frame.stream);

    if (s == NULL || s->half[dir].ended)
        return;
    struct h2_half *half = &s->half[dir];
    half->begun = true;
    half->last = half->last_data = *mark;
    half->body_bytes += len;
    const struct message_piece piece = {bytes, len, *mark};
    h2_messages(h, s, dir, &piece);
    half->lost |= bytes.n < len && d->payload_cut;
}

/* RFC 9113 5.2: a sender that has used its window up waits. */
void h2_data_end(struct http2 *h, struct h2_dir *d)
{
    enum flow_dir dir = h2_dir_of(h, d);
    struct h2_stream *s = h2_stream_find(h, d->frame.stream);

    d->window -= d->frame.len;
    if (s == NULL)
        return;
    struct h2_half *half = &s->half[dir];
    bool end = (d->frame.flags & H2_END_STREAM) != 0;
    half->window -= d->frame.len;
    half->stalls += !end && (half->window + d->initial_window <= 0 || d->window <= 0);
    half->begun = true;
    half->last = d->frame.last;
    if (end)
        end_stream(h, s, dir);
}

/* ---- ends ---- */

void h2_reset(struct http2 *h, struct h2_dir *d, uint32_t id, uint32_t code)
{
    struct h2_stream *s = h2_stream_find(h, id);

    h->env->counters.resets++;
    if (s == NULL)
        return;
    struct fact f = fact_for(h, s, FACT_HTTP_RESET, h2_dir_of(h, d), d->frame.last);
    f.as.error_code = code;
    close_stream(h, s);
    fact_emit(&h->env->sink, &f);
}

void h2_goaway(struct http2 *h, struct h2_dir *d, uint32_t last_stream, uint32_t code, struct slice debug)
{
    enum { DEBUG_MAX = 1024 };
    struct fact f = {.kind = FACT_HTTP_GOAWAY, .conn = h->conn, .dir = h2_dir_of(h, d), .mark = d->frame.last};

    f.as.goaway.last_stream = last_stream;
    f.as.goaway.code = code;
    f.as.goaway.debug = slice_of(debug.p, debug.n < DEBUG_MAX ? debug.n : DEBUG_MAX);
    if (!h->roles_open)
        fact_emit(&h->env->sink, &f);
}

void h2_ping(struct http2 *h, struct h2_dir *d, bool ack)
{
    struct fact f = {.kind = FACT_HTTP_PING, .conn = h->conn, .dir = h2_dir_of(h, d), .mark = d->frame.last};

    f.as.ping_ack = ack;
    if (!h->roles_open)
        fact_emit(&h->env->sink, &f);
}
