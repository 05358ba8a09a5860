/* HTTP/2 over a connection: both directions, header compression by nghttp2's inflater (RFC 9113, RFC 7541).
 *
 * Streams become exchanges: the n-th request of a connection carries exchange number n, and its stream. A direction
 * that loses bytes finds the next frame and goes on; what its compression state no longer knows stays unknown, and is
 * never guessed. */
#ifndef P2T_PROTO_HTTP2_HTTP2_H
#define P2T_PROTO_HTTP2_HTTP2_H

#include <nghttp2/nghttp2.h>

#include "base/buf.h"
#include "base/slab.h"
#include "pcap2trace/status.h"
#include "proto/fact.h"

struct http2;

/* Named limits, each with the attack it bounds. */
struct http2_limits {
    size_t block_bytes;    /* one header block, compressed: endless CONTINUATION frames */
    size_t decoded_bytes;  /* one header block, decompressed: HPACK bombs */
    size_t headers;        /* fields in one block */
    size_t streams;        /* open at once on a connection: streams that are never closed */
    struct budget *budget; /* where what is held counts, or NULL */
};

struct http2_counters {
    uint64_t frames, requests, responses, header_blocks, resets, limit_hits, losses, resyncs, unknown_headers,
        unknown_roles;
};

/* What all connections of one worker share. */
struct http2_env {
    struct http2_limits limits;
    struct fact_sink sink;
    struct http2_counters counters;
    struct slab connections, streams, websockets;
    nghttp2_mem memory;          /* of header compression */
    struct fact_header *headers; /* limits.headers of them: the block that is being decoded */
    struct buf text;             /* its names and values */
};

/* 0, or P2T_ERR_MEMORY. The environment must outlive its connections. */
int http2_env_init(struct http2_env *env, const struct http2_limits *limits, const struct fact_sink *sink);
/* memory.c; NULL: not counted. */
nghttp2_mem h2_memory_counted_in(struct budget *budget);
void http2_env_fini(struct http2_env *env);

/* Bytes from the middle of a connection that are frames from their first to their last: whole ones, and maybe the
 * beginning of another. */
bool http2_looks_like_frames(enum flow_dir dir, struct slice bytes);

/* mid_stream: the connection's beginning is not in the capture; where the flow's roles were guessed, nothing is reported
 * until a frame shows who is the client. first_exchange: exchanges the connection had before,
 * as HTTP/1 (an h2c upgrade). NULL when memory ran out. */
struct http2 *http2_new(struct http2_env *env, struct flow_conn *conn, bool mid_stream, uint32_t first_exchange);
/* RFC 7540 3.2: the upgraded HTTP/1 request is stream 1, and its answer comes there. */
void http2_upgraded(struct http2 *h, uint32_t exchange);
/* The next bytes of a direction, or a hole in them. Nothing of them is kept by reference. True: they showed that client and
 * server had been taken for each other, and the flow's roles were swapped. */
bool http2_chunk(struct http2 *h, const struct flow_chunk *chunk);
/* The connection, or the server's half of it, is over: what is open ends unfinished. */
void http2_close(struct http2 *h);
/* What is open ends unfinished. NULL is allowed. */
void http2_free(struct http2 *h);

#endif
