/* HTTP/1.0 and 1.1 over a connection: both directions (RFC 9112). Requests are parsed by llhttp,
 * responses as Go's client does.
 *
 * Requests and responses are numbered together: the n-th request of a connection and its response carry the same
 * exchange number. Bodies of known length are skipped by subtraction, so that a hole in one costs nothing. */
#ifndef P2T_PROTO_HTTP1_HTTP1_H
#define P2T_PROTO_HTTP1_HTTP1_H

#include "base/buf.h"
#include "base/slab.h"
#include "pcap2trace/status.h"
#include "proto/fact.h"

struct http1;

/* Named limits, each with the attack it bounds. */
struct http1_limits {
    size_t head_bytes;       /* one head that is split over segments: endless headers */
    size_t head_bytes_total; /* such heads of all connections together */
    size_t headers;          /* fields in one head */
    size_t pipelined;        /* requests of one connection that wait for a response */
    struct budget *budget;   /* where what is held counts, or NULL */
};

struct http1_counters {
    uint64_t requests, responses;
    uint64_t bad, limit_hits, resyncs;
};

/* What all connections of one worker share. */
struct http1_env {
    struct http1_limits limits;
    struct fact_sink sink;
    struct http1_counters counters;
    struct slab connections, chunk_parsers;
    size_t head_bytes_held;
    struct fact_header *headers; /* limits.headers of them: the head that is being parsed */
    struct buf scratch;
};

/* 0, or P2T_ERR_MEMORY. The environment must outlive its connections. */
int http1_env_init(struct http1_env *env, const struct http1_limits *limits, const struct fact_sink *sink);
void http1_env_fini(struct http1_env *env);

/* Enough to tell; HTTP1_MAYBE asks for more bytes. */
enum http1_guess { HTTP1_NO, HTTP1_MAYBE, HTTP1_YES };
enum http1_guess http1_looks_like_request(struct slice s);
enum http1_guess http1_looks_like_response(struct slice s);

/* mid_stream: the first bytes to come may lie inside a message. number: of the first exchange. NULL when memory ran
 * out. */
struct http1 *http1_new(struct http1_env *env, struct flow_conn *conn, bool mid_stream, uint32_t number);
/* Takes a chunk. Returns how many of chunk->len stream bytes it took: fewer only where a CONNECT or an upgrade
 * turned the connection into a tunnel, whose bytes are the caller's. */
uint64_t http1_chunk(struct http1 *h, const struct flow_chunk *chunk);
/* The tunnel turned out to carry HTTP/1 again. */
void http1_resume(struct http1 *h);
/* Messages are over: CONNECT was consented to, or the connection was upgraded. */
bool http1_in_tunnel(const struct http1 *h);
/* True when the tunnel is HTTP/2 by an upgrade (RFC 7540 3.2), whose answer is stream 1's; next: the number of the
 * connection's next exchange. */
bool http1_became_http2(const struct http1 *h, uint32_t *exchange, uint32_t *next);
/* Everything before dir's FIN was given. */
void http1_fin(struct http1 *h, enum flow_dir dir, const struct packet_mark *mark);
/* dir's sender reset the connection: what is open is reported unfinished. */
void http1_reset(struct http1 *h, enum flow_dir dir, const struct packet_mark *mark);
/* No more of the connection was captured: what is open is reported as cut. */
void http1_close(struct http1 *h);
/* Without a word about what is open. NULL is allowed. */
void http1_free(struct http1 *h);

#endif
