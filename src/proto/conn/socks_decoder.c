/* SOCKS at the start of a connection; its tunnel may hold any protocol. */
#include <stdlib.h>

#include "proto/conn/decoder.h"
#include "proto/socks.h"

static enum sniff sniff(const struct conn *c, enum flow_dir dir, struct slice bytes)
{
    (void)c;
    return dir == FLOW_C2S && socks_looks_like(bytes) ? SNIFF_YES : SNIFF_NO;
}

static bool start(struct proto *p, struct conn *c)
{
    (void)p;
    c->state[FACT_PROTO_SOCKS] = calloc(1, sizeof(struct socks));
    return c->state[FACT_PROTO_SOCKS] != NULL;
}

static void free_state(struct proto *p, void *state)
{
    (void)p;
    free(state);
}

static bool chunk(struct proto *p, struct conn *c, struct flow_chunk *chunk)
{
    size_t used = 0;
    struct packet_mark mark = chunk->dir == FLOW_C2S ? chunk->seen : chunk->deliverable;
    enum socks_progress progress = SOCKS_OVER;

    if (chunk->bytes.n == chunk->len)
        progress = socks_feed(c->state[FACT_PROTO_SOCKS], &p->sink, c->flow, chunk->dir, chunk->bytes, &mark, &used);
    if (progress == SOCKS_MORE)
        return false;
    free_state(p, c->state[FACT_PROTO_SOCKS]);
    c->state[FACT_PROTO_SOCKS] = NULL;
    c->decoder = NULL;
    c->other = progress == SOCKS_OVER;
    *chunk = conn_chunk_after(chunk, used);
    return chunk->len > 0;
}

const struct decoder decoder_socks = {
    .name = "socks",
    .proto = FACT_PROTO_SOCKS,
    .sniff = sniff,
    .start = start,
    .chunk = chunk,
    .free = free_state,
};
