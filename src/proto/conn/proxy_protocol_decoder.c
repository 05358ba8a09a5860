/* A PROXY protocol header at the start of a connection; behind it may be any protocol. */
#include "proto/proxy_protocol.h"

#include <stdlib.h>

#include "proto/conn/decoder.h"

static enum sniff sniff(const struct conn *c, enum flow_dir dir, struct slice bytes)
{
    static const enum sniff sniffed[] = {SNIFF_NO, SNIFF_MAYBE, SNIFF_YES};

    (void)c;
    (void)dir;
    return sniffed[proxy_looks_like(bytes)];
}

static bool sender(struct slice bytes, enum flow_dir *sender)
{
    (void)bytes;
    *sender = FLOW_C2S;
    return true;
}

static bool start(struct proto *p, struct conn *c)
{
    (void)p;
    c->state[FACT_PROTO_PROXY_PROTOCOL] = calloc(1, sizeof(struct proxy_header));
    return c->state[FACT_PROTO_PROXY_PROTOCOL] != NULL;
}

static void free_state(struct proto *p, void *state)
{
    (void)p;
    free(state);
}

/* A server that speaks before the header is whole does not speak a protocol known here. */
static bool chunk(struct proto *p, struct conn *c, struct flow_chunk *chunk)
{
    uint64_t used = 0;
    enum proxy_progress progress = PROXY_BAD;

    if (chunk->dir == FLOW_C2S)
        progress = proxy_feed(c->state[FACT_PROTO_PROXY_PROTOCOL], chunk->bytes, chunk->len, &used);
    if (progress == PROXY_MORE)
        return false;
    free_state(p, c->state[FACT_PROTO_PROXY_PROTOCOL]);
    c->state[FACT_PROTO_PROXY_PROTOCOL] = NULL;
    c->decoder = NULL;
    c->other = progress == PROXY_BAD;
    c->mid_stream = false;
    *chunk = conn_chunk_after(chunk, used);
    return chunk->len > 0;
}

const struct decoder decoder_proxy_protocol = {
    .name = "proxy",
    .proto = FACT_PROTO_PROXY_PROTOCOL,
    .sniff = sniff,
    .sender = sender,
    .start = start,
    .chunk = chunk,
    .free = free_state,
};
