#include "proto/http2/http2.h"

#include <stdlib.h>

#include "base/reader.h"
#include "proto/http2/frame.h"

static const struct slice preface = SLICE_INIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/* Frames that are looked into are this long at the most; others are passed over. */
enum {
    SMALL_FRAME_MAX = 16 * 1024,
    INITIAL_WINDOW = 65535,
    INITIAL_TABLE = 4096,
    TABLE_MAX = 64 * 1024,
    KEPT_BYTES = 1024
};

/* The part of a chunk that is still to be taken. */
struct piece {
    struct slice bytes;
    uint64_t len;
    struct packet_mark mark;
    bool lost;
};

int http2_env_init(struct http2_env *env, const struct http2_limits *limits, const struct fact_sink *sink)
{
    *env = (struct http2_env){.limits = *limits, .sink = *sink};
    env->memory = h2_memory_counted_in(limits->budget);
    slab_init(&env->connections, sizeof(struct http2), limits->budget);
    slab_init(&env->streams, sizeof(struct h2_stream), limits->budget);
    slab_init(&env->websockets, sizeof(struct websocket_reader), limits->budget);
    env->headers = calloc(limits->headers, sizeof *env->headers);
    return env->headers != NULL ? P2T_OK : P2T_ERR_MEMORY;
}

void http2_env_fini(struct http2_env *env)
{
    free(env->headers);
    buf_fini(&env->text);
    slab_fini(&env->connections);
    slab_fini(&env->streams);
    slab_fini(&env->websockets);
}

struct http2 *http2_new(struct http2_env *env, struct flow_conn *conn, bool mid_stream, uint32_t first_exchange)
{
    struct http2 *h = slab_take(&env->connections);

    if (h == NULL)
        return NULL;
    list_init(&h->by_age);
    h->env = env;
    h->conn = conn;
    h->mid_stream = mid_stream;
    h->next_exchange = first_exchange;
    h->side[FLOW_C2S].preface = true;
    h->roles_open = mid_stream && conn->roles == FLOW_ROLES_GUESSED;
    for (int i = 0; i < 2; i++) {
        struct h2_dir *d = h->dir[i] = &h->side[i];
        d->window = d->initial_window = INITIAL_WINDOW;
        d->table_size = mid_stream ? TABLE_MAX : INITIAL_TABLE;
        d->lost = mid_stream;
    }
    return h;
}

void http2_free(struct http2 *h)
{
    if (h == NULL)
        return;
    h2_streams_close(h);
    h->env->counters.unknown_roles += h->roles_open;
    for (int i = 0; i < 2; i++) {
        h2_block_forget(h->dir[i]);
        buf_fini(&h->dir[i]->payload);
        buf_fini(&h->dir[i]->block);
    }
    budget_sub(h->env->limits.budget, h->held_bytes);
    hmap_fini(&h->streams);
    slab_give(&h->env->connections, h);
}

void http2_close(struct http2 *h)
{
    h2_streams_close(h);
}

/* ---- control frames ---- */

static void take_setting(struct http2 *h, struct h2_dir *d, uint16_t id, uint32_t value)
{
    struct h2_dir *peer = h->dir[h2_dir_of(h, d) == FLOW_C2S ? FLOW_S2C : FLOW_C2S];

    /* The sender may go on with the old, larger table until it has seen a smaller size: only growth is taken over. */
    if (id == NGHTTP2_SETTINGS_HEADER_TABLE_SIZE && value > peer->table_size)
        peer->table_size = value < TABLE_MAX ? value : TABLE_MAX;
    if (id == NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE && value <= INT32_MAX)
        peer->initial_window = value;
    if (id == NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS)
        peer->max_streams = value;
}

static void settings(struct http2 *h, struct h2_dir *d, struct reader *r)
{
    while (r->left >= 6) {
        uint16_t id = reader_be16(r);
        take_setting(h, d, id, reader_be32(r));
    }
}

static void window_update(struct http2 *h, struct h2_dir *d, uint32_t increment)
{
    enum flow_dir peer = h2_dir_of(h, d) == FLOW_C2S ? FLOW_S2C : FLOW_C2S;
    struct h2_stream *s = h2_stream_find(h, d->frame.stream);

    if (d->frame.stream == 0)
        h->dir[peer]->window += increment;
    else if (s != NULL)
        s->half[peer].window += increment;
}

/* ---- header blocks ---- */

static void block_begin(struct h2_dir *d, uint32_t stream)
{
    buf_reset(&d->block);
    d->block_stream = stream;
    d->block_flags = d->frame.flags;
    d->block_first = d->frame.first;
    d->block_lost = false;
}

static void block_end(struct http2 *h, struct h2_dir *d)
{
    struct fact_http_head head = {.first = d->block_first, .last = d->frame.last};

    h2_block_decode(h, d, &head);
    h2_headers(h, d, &head, (d->block_flags & H2_END_STREAM) != 0);
    d->block_stream = 0;
}

static void block_add(struct http2 *h, struct h2_dir *d, struct slice fragment)
{
    if (d->block.n + fragment.n > h->env->limits.block_bytes) {
        h->env->counters.limit_hits += !d->block_lost;
        d->block_lost = true;
    }
    if (!d->block_lost)
        buf_slice(&d->block, fragment);
    d->block_lost |= d->payload_cut || d->block.failed;
    if (d->frame.flags & H2_END_HEADERS)
        block_end(h, d);
}

/* A pushed request still changes the compression state. Its stream is even, and no hook tells of it. */
static void push_promise(struct http2 *h, struct h2_dir *d, struct reader *r)
{
    struct slice rest = h2_unpadded(d, r);

    block_begin(d, h->dir[FLOW_S2C]->frame.stream + 1);
    d->block_flags &= (uint8_t)~H2_END_STREAM;
    if (rest.n >= 4)
        block_add(h, d, slice_of(rest.p + 4, rest.n - 4));
}

/* ---- whole frames ---- */

static void small_frame(struct http2 *h, struct h2_dir *d)
{
    struct reader r = reader_of_slice(buf_view(&d->payload));

    if (h->roles_open)
        h2_roles_learn(h, d);
    switch (d->frame.type) {
    case H2_HEADERS:
        block_begin(d, d->frame.stream);
        block_add(h, d, h2_unpadded(d, &r));
        break;
    case H2_CONTINUATION:
        if (d->block_stream == d->frame.stream)
            block_add(h, d, buf_view(&d->payload));
        break;
    case H2_PUSH_PROMISE:
        push_promise(h, d, &r);
        break;
    case H2_RST_STREAM:
        h2_reset(h, d, d->frame.stream, reader_be32(&r));
        break;
    case H2_SETTINGS:
        if (!(d->frame.flags & H2_ACK))
            settings(h, d, &r);
        break;
    case H2_GOAWAY: {
        uint32_t last = reader_be32(&r) & 0x7fffffffu, code = reader_be32(&r);
        h2_goaway(h, d, last, code, slice_of(r.p, r.left));
        break;
    }
    case H2_PING:
        h2_ping(h, d, (d->frame.flags & H2_ACK) != 0);
        break;
    case H2_WINDOW_UPDATE:
        window_update(h, d, reader_be32(&r) & 0x7fffffffu);
        break;
    default:
        break;
    }
}

static void end_frame(struct http2 *h, struct h2_dir *d)
{
    h->env->counters.frames++;
    if (d->frame.type == H2_DATA)
        h2_data_end(h, d);
    else
        small_frame(h, d);
    d->in_frame = false;
    d->header_n = 0;
    buf_reset(&d->payload);
}

static bool is_kept(const struct h2_frame *f)
{
    switch (f->type) {
    case H2_HEADERS:
    case H2_CONTINUATION:
    case H2_PUSH_PROMISE:
    case H2_RST_STREAM:
    case H2_SETTINGS:
    case H2_GOAWAY:
    case H2_WINDOW_UPDATE:
        return true;
    default:
        return false;
    }
}

/* ---- bytes ---- */

static void lose(struct http2 *h, struct h2_dir *d, const struct packet_mark *mark)
{
    h->env->counters.losses++;
    d->lost = d->begun = true;
    d->in_frame = false;
    d->header_n = 0;
    d->block_stream = 0;
    buf_reset(&d->payload);
    h2_block_forget(d);
    h2_streams_lose(h, d, mark);
}

static void take(struct piece *p, uint64_t n)
{
    p->bytes = slice_from(p->bytes, n < p->bytes.n ? (size_t)n : p->bytes.n);
    p->len -= n;
}

static void read_header(struct h2_dir *d, const struct packet_mark *mark)
{
    struct reader r = reader_of(d->header, sizeof d->header);

    d->frame.len = reader_be24(&r);
    d->frame.type = reader_u8(&r);
    d->frame.flags = reader_u8(&r);
    d->frame.stream = reader_be32(&r) & 0x7fffffffu;
    d->frame.last = *mark;
    d->in_frame = true;
    d->taken = d->pad = 0;
    d->payload_cut = false;
}

static void step_lost(struct http2 *h, struct h2_dir *d, struct piece *p)
{
    enum flow_dir dir = h2_dir_of(h, d);
    bool again = (dir == FLOW_C2S || h->roles_open) && slice_starts(p->bytes, preface);

    if (!again && !h2_plausible(h->roles_open ? FLOW_S2C : dir, p->bytes)) {
        take(p, p->len);
        return;
    }
    if (again && h->roles_open)
        h2_roles_decide(h, d);
    h->env->counters.resyncs++;
    d->lost = false;
    d->preface = again;
    d->preface_n = 0;
}

static void step_preface(struct http2 *h, struct h2_dir *d, struct piece *p)
{
    while (p->bytes.n > 0 && d->preface_n < preface.n && p->bytes.p[0] == preface.p[d->preface_n]) {
        d->preface_n++;
        take(p, 1);
    }
    if (d->preface_n == preface.n) {
        struct fact f = {.kind = FACT_HTTP_PREFACE, .conn = h->conn, .mark = p->mark};
        d->preface = false;
        fact_emit(&h->env->sink, &f);
    } else if (p->len > 0)
        lose(h, d, &p->mark);
    if (d->lost)
        d->preface = false;
}

static void report_bad(struct http2 *h, enum fact_bad why, const struct packet_mark *mark)
{
    struct fact f = {.kind = FACT_HTTP_BAD, .conn = h->conn, .dir = FLOW_S2C, .mark = *mark};

    f.as.bad.why = why;
    fact_emit(&h->env->sink, &f);
}

/* Go takes what the server says first for a frame's header, and more than it announced to take for none. */
static void refuse(struct http2 *h, struct h2_dir *d, const struct packet_mark *mark)
{
    bool http1 = memcmp(d->header, "HTTP/1.1 ", sizeof d->header) == 0;

    report_bad(h, http1 ? FACT_BAD_FRAME_HTTP1 : FACT_BAD_FRAME, mark);
    lose(h, d, mark);
}

static bool is_first_from_server(const struct http2 *h, const struct h2_dir *d)
{
    return d == h->dir[FLOW_S2C] && !d->begun && !h->mid_stream;
}

static void step_header(struct http2 *h, struct h2_dir *d, struct piece *p)
{
    if (p->bytes.n == 0) {
        lose(h, d, &p->mark);
        return;
    }
    if (d->header_n == 0)
        d->frame.first = p->mark;
    d->header[d->header_n++] = p->bytes.p[0];
    take(p, 1);
    if (d->header_n < H2_HEADER_BYTES)
        return;
    read_header(d, &p->mark);
    if (is_first_from_server(h, d) && d->frame.len > SMALL_FRAME_MAX) {
        refuse(h, d, &p->mark);
        return;
    }
    if (is_first_from_server(h, d) && d->frame.type != H2_SETTINGS)
        report_bad(h, FACT_BAD_FRAME_FIRST, &p->mark);
    d->begun = true;
    if (d->frame.len == 0)
        end_frame(h, d);
}

/* The padding's length is the first byte of a padded DATA frame (RFC 9113 6.1). */
static void take_data(struct http2 *h, struct h2_dir *d, const struct piece *p, uint32_t n)
{
    struct slice bytes = slice_of(p->bytes.p, n < p->bytes.n ? n : p->bytes.n);
    uint32_t from = d->taken, len = n;

    if (from == 0 && (d->frame.flags & H2_PADDED)) {
        d->pad = bytes.n > 0 ? bytes.p[0] : 0;
        bytes = slice_from(bytes, 1);
        len--;
        from++;
    }
    uint32_t body_end = d->frame.len > d->pad ? d->frame.len - d->pad : 0;
    uint32_t left = body_end > from ? body_end - from : 0;
    if (len > left)
        len = left;
    if (bytes.n > len)
        bytes.n = len;
    if (len > 0)
        h2_data(h, d, bytes, len, &p->mark);
}

static void keep_payload(struct h2_dir *d, const struct piece *p, uint32_t n)
{
    struct slice bytes = slice_of(p->bytes.p, n < p->bytes.n ? n : p->bytes.n);

    d->payload_cut |= bytes.n < n || d->payload.n + bytes.n > SMALL_FRAME_MAX;
    if (!d->payload_cut)
        buf_slice(&d->payload, bytes);
}

static void step_payload(struct http2 *h, struct h2_dir *d, struct piece *p)
{
    uint32_t left = d->frame.len - d->taken;
    uint32_t n = p->len < left ? (uint32_t)p->len : left;

    d->frame.last = p->mark;
    d->payload_cut |= p->lost;
    if (d->frame.type == H2_DATA)
        take_data(h, d, p, n);
    else if (is_kept(&d->frame))
        keep_payload(d, p, n);
    d->taken += n;
    take(p, n);
    if (d->taken == d->frame.len)
        end_frame(h, d);
}

/* ---- memory ---- */

/* A connection between frames has no use for what a large one took. */
static void release_unused(struct h2_dir *d)
{
    if (!d->in_frame && d->payload.cap > KEPT_BYTES)
        buf_fini(&d->payload);
    if (d->block_stream == 0 && d->block.cap > KEPT_BYTES)
        buf_fini(&d->block);
}

static void account(struct http2 *h)
{
    size_t held = hmap_bytes(&h->streams);

    for (int i = 0; i < 2; i++) {
        release_unused(h->dir[i]);
        held += h->dir[i]->payload.cap + h->dir[i]->block.cap;
    }
    budget_change(h->env->limits.budget, h->held_bytes, held);
    h->held_bytes = held;
}

bool http2_chunk(struct http2 *h, const struct flow_chunk *chunk)
{
    struct h2_dir *d = h->dir[chunk->dir];
    struct piece p = {chunk->bytes, chunk->len, chunk->dir == FLOW_C2S ? chunk->seen : chunk->deliverable,
                      chunk->lost};

    while (p.len > 0) {
        if (d->lost)
            step_lost(h, d, &p);
        else if (d->preface)
            step_preface(h, d, &p);
        else if (!d->in_frame)
            step_header(h, d, &p);
        else
            step_payload(h, d, &p);
    }
    account(h);
    return h2_dir_of(h, d) != chunk->dir;
}

void http2_upgraded(struct http2 *h, uint32_t exchange)
{
    struct h2_stream *s;
    uint32_t next = h->next_exchange;

    h->next_exchange = exchange;
    s = h2_stream_open(h, 1);
    h->next_exchange = next;
    if (s != NULL)
        s->half[FLOW_C2S].begun = s->half[FLOW_C2S].ended = true;
}
