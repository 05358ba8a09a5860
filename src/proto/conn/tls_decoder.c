/* TLS in a connection, and the secrets that open it. */
#include "proto/conn/decoder.h"

static int env_init(struct proto *p, const struct proto_limits *limits)
{
    return tls_env_init(&p->tls, &limits->tls, &p->sink, &p->plain);
}

static void env_fini(struct proto *p)
{
    tls_env_fini(&p->tls);
}

/* Too short to be sure, but it begins like a handshake record, or like SSL 2.0's framing (RFC 5246 E.2). */
static bool may_become_hello(struct slice b)
{
    return b.n < 6 && (b.p[0] == TLS_HANDSHAKE || b.p[0] == 0x80);
}

/* Whoever joins mid-stream finds whole records at the start of segments at best. */
static enum sniff sniff(const struct conn *c, enum flow_dir dir, struct slice bytes)
{
    (void)dir;
    if (tls_looks_like_hello(bytes) || (c->mid_stream && tls_looks_like_record(bytes)))
        return SNIFF_YES;
    return may_become_hello(bytes) ? SNIFF_MAYBE : SNIFF_NO;
}

static bool sender(struct slice bytes, enum flow_dir *sender)
{
    if (!tls_looks_like_hello(bytes) || bytes.p[0] != TLS_HANDSHAKE)
        return false;
    *sender = bytes.p[5] == TLS_SERVER_HELLO ? FLOW_S2C : FLOW_C2S;
    return true;
}

static bool start(struct proto *p, struct conn *c)
{
    c->state[FACT_PROTO_TLS] = tls_new(&p->tls, c->flow, c->mid_stream, c->depth, c);
    return c->state[FACT_PROTO_TLS] != NULL;
}

static bool chunk(struct proto *p, struct conn *c, struct flow_chunk *chunk)
{
    (void)p;
    tls_chunk(c->state[FACT_PROTO_TLS], chunk);
    return false;
}

/* Early data that waits is handed out before what is inside hears that it is over. */
static void event(const struct conn *c, void *state, const struct flow_event *event)
{
    if (event->kind == FLOW_FIN_IN_ORDER && conn_is_over(c))
        tls_close(state);
}

static void close(void *state)
{
    tls_close(state);
}

static void free_state(struct proto *p, void *state)
{
    (void)p;
    tls_free(state);
}

static void save_secrets(const void *state, struct buf *out)
{
    tls_save_secrets(state, out);
}

const struct decoder decoder_tls = {
    .name = "tls",
    .proto = FACT_PROTO_TLS,
    .env_init = env_init,
    .env_fini = env_fini,
    .sniff = sniff,
    .sender = sender,
    .start = start,
    .chunk = chunk,
    .event = event,
    .close = close,
    .free = free_state,
    .save_secrets = save_secrets,
};

/* ---- key logs ---- */

int proto_secrets(struct proto *p, struct slice bytes)
{
    return tls_keylog_feed(p->tls.keylog, bytes);
}

int proto_secrets_end(struct proto *p)
{
    return tls_keylog_end(p->tls.keylog);
}

int proto_look_ahead_begin(struct proto *p)
{
    p->tls.ahead = tls_ahead_new(p->tls.keylog);
    return p->tls.ahead != NULL ? P2T_OK : P2T_ERR_MEMORY;
}

bool proto_worth_looking(struct slice payload)
{
    return tls_ahead_worth(payload);
}

void proto_look_ahead(struct proto *p, uint64_t connection, struct slice payload)
{
    tls_ahead_look(p->tls.ahead, connection, payload);
}

void proto_save_sessions(const struct proto *p, size_t max, struct buf *out)
{
    tls_keylog_save_sessions(p->tls.keylog, max, out);
}

int proto_load_secrets(struct proto *p, struct slice saved)
{
    return tls_keylog_load(p->tls.keylog, saved);
}

const struct tls_keylog_counters *proto_keylog_counters(const struct proto *p)
{
    return tls_keylog_counters(p->tls.keylog);
}
