/* HTTP/1 in a connection, and the tunnel that a CONNECT or an upgrade makes of it. */
#include "proto/conn/decoder.h"

static int env_init(struct proto *p, const struct proto_limits *limits)
{
    return http1_env_init(&p->http1, &limits->http1, &p->sink);
}

static void env_fini(struct proto *p)
{
    http1_env_fini(&p->http1);
}

static enum sniff sniff(const struct conn *c, enum flow_dir dir, struct slice bytes)
{
    enum http1_guess request = http1_looks_like_request(bytes), response = http1_looks_like_response(bytes);

    (void)c;
    (void)dir;
    if (request == HTTP1_YES || response == HTTP1_YES)
        return SNIFF_YES;
    return request == HTTP1_MAYBE || response == HTTP1_MAYBE ? SNIFF_MAYBE : SNIFF_NO;
}

static bool sender(struct slice bytes, enum flow_dir *sender)
{
    *sender = http1_looks_like_response(bytes) == HTTP1_YES ? FLOW_S2C : FLOW_C2S;
    return true;
}

static bool start(struct proto *p, struct conn *c)
{
    struct http1 *h = c->state[FACT_PROTO_HTTP1];

    if (h != NULL)
        http1_resume(h);
    else
        c->state[FACT_PROTO_HTTP1] = http1_new(&p->http1, c->flow, c->mid_stream, c->skipped);
    return c->state[FACT_PROTO_HTTP1] != NULL;
}

/* RFC 7540 3.2: stream 1 of the HTTP/2 that follows answers the request that asked for it. */
static void follow_upgrade(struct proto *p, struct conn *c, const struct packet_mark *mark)
{
    uint32_t exchange, next;

    if (c->state[FACT_PROTO_HTTP2] != NULL || !http1_became_http2(c->state[FACT_PROTO_HTTP1], &exchange, &next))
        return;
    struct http2 *h = http2_new(&p->http2, c->flow, false, next);
    if (h == NULL)
        return;
    c->state[FACT_PROTO_HTTP2] = h;
    conn_set_decoder(p, c, &decoder_http2, mark);
    http2_upgraded(h, exchange);
}

static bool chunk(struct proto *p, struct conn *c, struct flow_chunk *chunk)
{
    struct http1 *h = c->state[FACT_PROTO_HTTP1];
    uint64_t used = http1_chunk(h, chunk);

    if (!http1_in_tunnel(h))
        return false;
    c->decoder = NULL;
    c->mid_stream = false;
    follow_upgrade(p, c, &chunk->deliverable);
    *chunk = conn_chunk_after(chunk, used);
    return chunk->len > 0;
}

static void event(const struct conn *c, void *state, const struct flow_event *event)
{
    (void)c;
    if (event->kind == FLOW_FIN_IN_ORDER)
        http1_fin(state, event->dir, &event->mark);
    else if (event->kind == FLOW_RST)
        http1_reset(state, event->dir, &event->mark);
}

static void close(void *state)
{
    http1_close(state);
}

static void free_state(struct proto *p, void *state)
{
    (void)p;
    http1_free(state);
}

const struct decoder decoder_http1 = {
    .name = "http1",
    .proto = FACT_PROTO_HTTP1,
    .env_init = env_init,
    .env_fini = env_fini,
    .sniff = sniff,
    .sender = sender,
    .start = start,
    .chunk = chunk,
    .event = event,
    .close = close,
    .free = free_state,
};
