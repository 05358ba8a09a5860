/* Recognises what a connection carries by its first bytes. */
#include "proto/conn/decoder.h"

enum sniff conn_sniff(const struct conn *c, enum flow_dir dir, struct slice bytes, const struct decoder **found)
{
    enum sniff best = SNIFF_NO;

    *found = NULL;
    for (const struct decoder *const *d = decoders; *d != NULL; d++) {
        enum sniff s = (*d)->sniff(c, dir, bytes);
        if (s == SNIFF_YES)
            *found = *d;
        if (s == SNIFF_YES || s == SNIFF_WAIT)
            return s == SNIFF_YES ? SNIFF_YES : SNIFF_MAYBE;
        if (s == SNIFF_MAYBE)
            best = SNIFF_MAYBE;
    }
    return best;
}

bool conn_keep(struct conn *c, const struct flow_chunk *chunk)
{
    struct prefix *x = &c->prefix[chunk->dir];

    if (chunk->bytes.n != chunk->len || x->n + chunk->bytes.n > PREFIX_MAX)
        return false;
    if (x->n == 0)
        x->mark = chunk->dir == FLOW_C2S ? chunk->seen : chunk->deliverable;
    memcpy(x->bytes + x->n, chunk->bytes.p, chunk->bytes.n);
    x->n = (uint8_t)(x->n + chunk->bytes.n);
    return true;
}

/* Joined mid-stream, the roles were guessed from the ports; a request, a response or a hello knows better. */
void conn_mend_roles(struct conn *c, struct flow_chunk *chunk, const struct decoder *found, struct slice first)
{
    enum flow_dir sender;

    if (c->flow->roles != FLOW_ROLES_GUESSED || c->depth > 0 || found == NULL || found->sender == NULL ||
        !found->sender(first, &sender) || sender == chunk->dir)
        return;
    struct prefix x = c->prefix[0];
    c->prefix[0] = c->prefix[1];
    c->prefix[1] = x;
    flow_tcp_swap_roles(c->flow);
    chunk->dir = sender;
}

struct slice conn_first_bytes(const struct conn *c, const struct flow_chunk *chunk, uint8_t joined[PREFIX_MAX])
{
    const struct prefix *x = &c->prefix[chunk->dir];
    size_t room = PREFIX_MAX - (size_t)x->n;
    size_t n = chunk->bytes.n < room ? chunk->bytes.n : room;

    if (x->n == 0)
        return chunk->bytes;
    memcpy(joined, x->bytes, x->n);
    memcpy(joined + x->n, chunk->bytes.p, n);
    return slice_of(joined, x->n + n);
}

/* A server that does not understand its client may say so in HTTP: it is to be heard first. */
bool conn_await_answer(struct conn *c, enum flow_dir dir)
{
    if (dir != FLOW_C2S)
        return false;
    c->client_unknown = true;
    c->prefix[FLOW_C2S].n = 0;
    return true;
}

/* A server that speaks first may have a client of TLS, which says hello regardless. */
bool conn_await_client(struct conn *c, const struct flow_chunk *chunk)
{
    struct prefix *x = &c->prefix[FLOW_S2C];
    size_t room = PREFIX_MAX - (size_t)x->n;
    size_t n = chunk->bytes.n < room ? chunk->bytes.n : room;

    if (chunk->dir != FLOW_S2C || c->depth > 0 || c->client_unknown || c->prefix[FLOW_C2S].n > 0)
        return false;
    if (x->n == 0)
        x->mark = chunk->deliverable;
    memcpy(x->bytes + x->n, chunk->bytes.p, n);
    x->n = (uint8_t)(x->n + n);
    c->server_first = true;
    return true;
}
