/* A message's facts, and what follows from its end. */
#include <stdlib.h>

#include "proto/http1/state.h"

void h1_drop_head(struct http1 *h, struct h1_dir *d)
{
    h1_head_holds(h, d->head.cap, 0);
    buf_fini(&d->head);
    d->searched = 0;
    d->scan = (struct http1_scan){0};
}

void h1_drop_chunked(struct http1 *h, struct h1_dir *d)
{
    slab_give(&h->env->chunk_parsers, d->chunked);
    d->chunked = NULL;
}

/* ---- facts ---- */

static struct fact fact_for(struct http1 *h, const struct h1_dir *d, enum fact_kind kind, struct packet_mark mark)
{
    return (struct fact){
        .kind = kind, .conn = h->conn, .exchange = d->exchange, .dir = h1_dir_of(h, d), .mark = mark};
}

void h1_emit_head(struct http1 *h, struct h1_dir *d, struct fact_http_head *head, struct packet_mark last)
{
    bool request = h1_dir_of(h, d) == FLOW_C2S;
    struct fact f = fact_for(h, d, request ? FACT_HTTP_REQUEST_HEAD : FACT_HTTP_RESPONSE_HEAD, last);

    head->first = d->first;
    head->last = last;
    f.as.head = head;
    if (request)
        h->env->counters.requests++;
    else
        h->env->counters.responses++;
    fact_emit(&h->env->sink, &f);
}

void h1_emit_end(struct http1 *h, struct h1_dir *d, bool complete, bool abandoned)
{
    bool request = h1_dir_of(h, d) == FLOW_C2S;
    struct fact f = fact_for(h, d, request ? FACT_HTTP_REQUEST_END : FACT_HTTP_RESPONSE_END, d->last);

    f.as.http_end = (struct fact_http_end){
        .last = d->last,
        .last_body_chunk = d->last_data,
        .body_bytes = d->body_bytes,
        .complete = complete,
        .lost = d->lost,
        .abandoned = abandoned,
    };
    d->open = false;
    h1_drop_chunked(h, d);
    fact_emit(&h->env->sink, &f);
}

void h1_emit_bad(struct http1 *h, struct h1_dir *d, const struct http1_problem *problem, struct packet_mark mark)
{
    enum { LINE_MAX_BYTES = 4096 };
    struct fact f = fact_for(h, d, FACT_HTTP_BAD, mark);

    f.as.bad.why = problem->why;
    f.as.bad.line = slice_of(problem->line.p, problem->line.n > LINE_MAX_BYTES ? LINE_MAX_BYTES : problem->line.n);
    f.as.bad.status = problem->status;
    h->env->counters.bad++;
    fact_emit(&h->env->sink, &f);
}

void h1_refuse(struct http1 *h, struct h1_dir *d, const struct http1_problem *problem, struct packet_mark mark)
{
    h1_emit_bad(h, d, problem, mark);
    if (d->open)
        h1_emit_end(h, d, false, false);
    h1_lose(h, d);
}

void h1_lose(struct http1 *h, struct h1_dir *d)
{
    d->lost = true;
    d->state = H1_LOST;
    h1_drop_head(h, d);
    h1_drop_chunked(h, d);
}

/* ---- ends of messages ---- */

void h1_end_request(struct http1 *h, struct h1_dir *d, bool abandoned)
{
    struct h1_pending *asked = h1_pending_back(&h->pending);
    bool connect = asked != NULL && asked->exchange == d->exchange && asked->is_connect;

    h1_emit_end(h, d, !abandoned, abandoned);
    d->state = connect ? H1_TUNNEL : H1_START;
}

static void end_response(struct http1 *h, struct h1_dir *d)
{
    h1_emit_end(h, d, true, false);
    if (h->pending.n > 0)
        h1_pending_pop(&h->pending);
    d->state = H1_START;
}

void h1_end_message(struct http1 *h, struct h1_dir *d)
{
    if (h1_dir_of(h, d) == FLOW_C2S)
        h1_end_request(h, d, false);
    else
        end_response(h, d);
}

static bool become_websocket(struct http1 *h)
{
    h->websocket = calloc(2, sizeof *h->websocket);
    if (h->websocket == NULL)
        return false;
    h->dir[FLOW_C2S].state = h->dir[FLOW_S2C].state = H1_WEBSOCKET;
    return true;
}

/* What is left of a request when the answer to it, or to one before it, makes the connection something else. */
static void give_up_request(struct http1 *h)
{
    struct h1_dir *asked = &h->dir[FLOW_C2S];

    if (asked->open)
        h1_emit_end(h, asked, false, false);
    h1_drop_head(h, asked);
}

/* RFC 7540 3.2: after an upgrade to HTTP/2 the answer is still to come, on stream 1. */
void h1_become_tunnel(struct http1 *h, struct h1_dir *d, enum fact_upgrade upgrade)
{
    struct fact f = fact_for(h, d, FACT_HTTP_TUNNEL, d->last);

    h->upgrade = upgrade;
    h->upgraded = d->exchange;
    give_up_request(h);
    if (upgrade != FACT_UPGRADE_H2C)
        end_response(h, d);
    d->open = false;
    if (upgrade == FACT_UPGRADE_WEBSOCKET && become_websocket(h))
        return;
    h->dir[FLOW_C2S].state = h->dir[FLOW_S2C].state = H1_TUNNEL;
    fact_emit(&h->env->sink, &f);
}
