/* Internal to the HTTP/1 decoder: what its files share of a connection and its two directions. */
#ifndef P2T_PROTO_HTTP1_STATE_H
#define P2T_PROTO_HTTP1_STATE_H

#include "proto/http1/answer.h"
#include "proto/http1/chunked.h"
#include "proto/http1/pending.h"
#include "proto/websocket.h"

enum h1_state {
    H1_START, /* between messages */
    H1_HEAD,
    H1_LENGTH,
    H1_CHUNKED,
    H1_TRAILER, /* after the last chunk */
    H1_UNTIL_CLOSE,
    H1_LOST, /* bytes are missing or make no sense; waits for something that begins like a message */
    H1_TUNNEL,
    H1_WEBSOCKET,
    H1_OVER /* FIN */
};

struct h1_dir {
    enum h1_state state;
    bool open; /* a message is under way: its end is still to be reported */
    bool lost; /* of its bytes, some were not captured */
    uint32_t exchange;
    struct packet_mark first, last, last_data;
    uint64_t body_bytes, remaining;
    struct buf head;        /* of a head or trailer that did not come in one chunk ... */
    size_t searched;        /* ... and how far it was looked through for its end: a request's ... */
    struct http1_scan scan; /* ... a response's */
    struct http1_chunked *chunked;
    uint8_t gzip_left; /* bytes of gzip's beginning that the body is still to show */
};

struct http1 {
    struct http1_env *env;
    struct flow_conn *conn;
    struct h1_dir dir[2];
    struct h1_pending_queue pending;
    uint32_t next_exchange;
    bool has_orphan; /* a response came without a request ... */
    uint32_t orphan; /* ... and took this number */
    int64_t orphan_ns;
    uint64_t orphan_end;                /* of the server's bytes, with the packet that began it; 0: not known */
    enum fact_upgrade upgrade;          /* what a 101 made of the connection ... */
    uint32_t upgraded;                  /* ... and for which exchange */
    struct websocket_reader *websocket; /* two, or NULL */
};

/* The part of a chunk that is still to be taken. */
struct piece {
    struct slice bytes;
    uint64_t len;
    struct packet_mark mark;
    bool lost;
};

/* d: one of h->dir. */
static inline enum flow_dir h1_dir_of(const struct http1 *h, const struct h1_dir *d)
{
    return d == &h->dir[FLOW_C2S] ? FLOW_C2S : FLOW_S2C;
}

/* Cuts n bytes off the front, captured or not. */
static inline void h1_take(struct piece *p, uint64_t n)
{
    size_t captured = n < p->bytes.n ? (size_t)n : p->bytes.n;

    p->bytes.p = captured > 0 ? p->bytes.p + captured : p->bytes.p;
    p->bytes.n -= captured;
    p->len -= n;
}

/* A head's buffer was `before` bytes and is `now`. */
static inline void h1_head_holds(struct http1 *h, size_t before, size_t now)
{
    h->env->head_bytes_held += now - before;
    budget_change(h->env->limits.budget, before, now);
}

/* message.c */
/* Frees what is held of a head, or of chunked framing, that is under way. */
void h1_drop_head(struct http1 *h, struct h1_dir *d);
void h1_drop_chunked(struct http1 *h, struct h1_dir *d);
/* Each reports one fact about the message under way. last: the last packet of the head; abandoned: its body never
 * came. */
void h1_emit_head(struct http1 *h, struct h1_dir *d, struct fact_http_head *head, struct packet_mark last);
void h1_emit_end(struct http1 *h, struct h1_dir *d, bool complete, bool abandoned);
void h1_emit_bad(struct http1 *h, struct h1_dir *d, const struct http1_problem *problem, struct packet_mark mark);
/* Go's client gives the response up here; the message under way, if any, ends. */
void h1_refuse(struct http1 *h, struct h1_dir *d, const struct http1_problem *problem, struct packet_mark mark);
/* The open message, if any, ends where its last byte was seen. */
void h1_lose(struct http1 *h, struct h1_dir *d);
/* The message is over: it is reported, and the direction waits for the next one. */
void h1_end_request(struct http1 *h, struct h1_dir *d, bool abandoned);
void h1_end_message(struct http1 *h, struct h1_dir *d);
/* An answer made something else of the connection: HTTP/1 ends here, in both directions. */
void h1_become_tunnel(struct http1 *h, struct h1_dir *d, enum fact_upgrade upgrade);

/* gather.c */
/* Takes what the piece has of a head; the message begins when it is whole. */
void h1_step_head(struct http1 *h, struct h1_dir *d, struct piece *p);
/* The bytes that follow the last chunk. */
void h1_step_trailer(struct http1 *h, struct h1_dir *d, struct piece *p);
/* The server ended the connection inside the head or trailer of its response: where Go finds fault with what there is
 * of it, that is reported, and true. */
bool h1_ended_inside(struct http1 *h, struct h1_dir *d, struct packet_mark mark);
/* A head that will not be whole: what there is of it is reported. */
void h1_partial_head(struct http1 *h, struct h1_dir *d, struct slice bytes, enum fact_head_extent extent);

#endif
