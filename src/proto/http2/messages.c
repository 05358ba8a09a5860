/* Messages inside the DATA of a stream: gRPC's, and WebSocket's over extended CONNECT (RFC 8441). */
#include "proto/http2/frame.h"

static struct message_out out_of(struct http2 *h, const struct h2_stream *s, enum flow_dir dir)
{
    return (struct message_out){
        .sink = &h->env->sink,
        .fact = {.conn = h->conn, .exchange = s->exchange, .stream = s->id, .dir = dir},
    };
}

static enum grpc_flavour flavour_of(const struct fact_http_head *head)
{
    for (size_t i = 0; i < head->header_count; i++)
        if (slice_eq(head->headers[i].name, SLICE_LIT("content-type")))
            return grpc_flavour_of(head->headers[i].value);
    return GRPC_NONE;
}

/* A request's content-type is its answer's, too, unless that says otherwise: an error page comes as what it is. */
void h2_messages_asked(struct http2 *h, struct h2_stream *s, const struct fact_http_head *head)
{
    enum grpc_flavour flavour = flavour_of(head);

    for (int i = 0; i < 2; i++) {
        s->half[i].grpc.flavour = flavour;
        if (head->upgrade == FACT_UPGRADE_WEBSOCKET)
            s->half[i].websocket = slab_take(&h->env->websockets);
    }
}

void h2_messages_answered(struct http2 *h, struct h2_stream *s, const struct fact_http_head *head)
{
    struct h2_half *half = &s->half[FLOW_S2C];
    enum grpc_flavour flavour = flavour_of(head);

    if (head->extent == FACT_HEAD_WHOLE || flavour != GRPC_NONE)
        half->grpc.flavour = flavour;
    else
        h2_messages_lose(h, s, FLOW_S2C, &head->last);
    if (head->status / 100 == 2)
        return;
    slab_give(&h->env->websockets, half->websocket);
    half->websocket = NULL;
}

void h2_messages(struct http2 *h, struct h2_stream *s, enum flow_dir dir, const struct message_piece *piece)
{
    struct h2_half *half = &s->half[dir];
    struct message_out out = out_of(h, s, dir);

    /* Its head was not seen: what it holds may be an error page. */
    if (dir == FLOW_S2C && !s->answered)
        h2_messages_lose(h, s, dir, &piece->mark);
    if (half->websocket != NULL)
        websocket_feed(half->websocket, *piece, &out);
    else if (half->grpc.flavour != GRPC_NONE)
        grpc_feed(&half->grpc, *piece, &out);
}

void h2_messages_lose(struct http2 *h, struct h2_stream *s, enum flow_dir dir, const struct packet_mark *mark)
{
    struct h2_half *half = &s->half[dir];
    struct message_out out = out_of(h, s, dir);

    if (half->websocket != NULL)
        websocket_lose(half->websocket, mark, &out);
    else if (half->grpc.flavour != GRPC_NONE)
        grpc_lose(&half->grpc, mark, &out);
}

void h2_messages_fini(struct http2 *h, struct h2_stream *s)
{
    for (int i = 0; i < 2; i++) {
        grpc_fini(&s->half[i].grpc);
        slab_give(&h->env->websockets, s->half[i].websocket);
    }
}
