/* Texts that several judgements share. */
#include "judge/words.h"

const struct slice outcome_gone =
    SLICE_INIT("the client closed the connection first: canceled, or one of its timeouts");

static const struct slice outcome_reset_hidden =
    SLICE_INIT("stream error: received from peer (TLS hides its stream and code)");

void outcome_fail(struct exchange *e, enum p2t_outcome outcome, struct slice error)
{
    e->outcome = outcome;
    e->error = error;
}

struct slice outcome_reset_text(struct exchange *e)
{
    char client[ENDPOINT_TEXT_MAX], server[ENDPOINT_TEXT_MAX];

    (void)endpoint_format(&e->conn.client, client);
    (void)endpoint_format(&e->conn.server, server);
    return arena_printf(&e->arena, "read tcp %s->%s: read: connection reset by peer", client, server);
}

struct slice outcome_left_text(struct exchange *e)
{
    char client[ENDPOINT_TEXT_MAX], server[ENDPOINT_TEXT_MAX];

    if (exchange_reset_like(e))
        return outcome_reset_hidden;
    if (!exchange_peer_silent(e))
        return outcome_gone;
    (void)endpoint_format(&e->conn.client, client);
    (void)endpoint_format(&e->conn.server, server);
    return arena_printf(&e->arena, "read tcp %s->%s: read: connection timed out", client, server);
}
