/* HTTP/2 in a connection. */
#include "base/reader.h"
#include "proto/conn/decoder.h"

#define PREFACE_LINE SLICE_LIT("PRI * HTTP/2.0\r\n") /* RFC 9113 3.4 */

static int env_init(struct proto *p, const struct proto_limits *limits)
{
    return http2_env_init(&p->http2, &limits->http2, &p->sink);
}

static void env_fini(struct proto *p)
{
    http2_env_fini(&p->http2);
}

/* RFC 9113 3.4: a server may send its SETTINGS before it has seen the client's preface. */
static bool is_server_settings(struct slice b)
{
    struct reader r = reader_of_slice(b);
    uint32_t len = reader_be24(&r);
    uint16_t settings_without_ack = reader_be16(&r);

    return settings_without_ack == 0x0400 && reader_be32(&r) == 0 && reader_ok(&r) && len % 6 == 0 && len < 600;
}

static enum sniff sniff(const struct conn *c, enum flow_dir dir, struct slice bytes)
{
    if (slice_starts(bytes, PREFACE_LINE) || (dir == FLOW_S2C && is_server_settings(bytes)))
        return SNIFF_YES;
    if (slice_starts(PREFACE_LINE, bytes))
        return SNIFF_WAIT;
    return c->mid_stream && http2_looks_like_frames(c->flow->roles == FLOW_ROLES_GUESSED ? FLOW_S2C : dir, bytes)
               ? SNIFF_YES
               : SNIFF_NO;
}

static bool sender(struct slice bytes, enum flow_dir *sender)
{
    *sender = FLOW_C2S;
    return slice_starts(bytes, PREFACE_LINE);
}

static bool start(struct proto *p, struct conn *c)
{
    c->state[FACT_PROTO_HTTP2] = http2_new(&p->http2, c->flow, c->mid_stream, 0);
    return c->state[FACT_PROTO_HTTP2] != NULL;
}

static bool chunk(struct proto *p, struct conn *c, struct flow_chunk *chunk)
{
    (void)p;
    if (http2_chunk(c->state[FACT_PROTO_HTTP2], chunk)) {
        bool over = c->over[FLOW_C2S];
        c->over[FLOW_C2S] = c->over[FLOW_S2C];
        c->over[FLOW_S2C] = over;
    }
    return false;
}

/* A client that has sent its FIN may still be answered. */
static void event(const struct conn *c, void *state, const struct flow_event *event)
{
    (void)c;
    if (event->kind == FLOW_RST || (event->kind == FLOW_FIN_IN_ORDER && event->dir == FLOW_S2C))
        http2_close(state);
}

static void close(void *state)
{
    http2_close(state);
}

static void free_state(struct proto *p, void *state)
{
    (void)p;
    http2_free(state);
}

const struct decoder decoder_http2 = {
    .name = "http2",
    .proto = FACT_PROTO_HTTP2,
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
