/* Internal to the HTTP/2 decoder: frames, streams and header blocks. */
#ifndef P2T_PROTO_HTTP2_FRAME_H
#define P2T_PROTO_HTTP2_FRAME_H

#include <nghttp2/nghttp2.h>

#include "base/hash.h"
#include "base/list.h"
#include "base/reader.h"
#include "proto/grpc.h"
#include "proto/http2/http2.h"
#include "proto/websocket.h"

/* RFC 9113 6 */
enum h2_type {
    H2_DATA = 0,
    H2_HEADERS = 1,
    H2_PRIORITY = 2,
    H2_RST_STREAM = 3,
    H2_SETTINGS = 4,
    H2_PUSH_PROMISE = 5,
    H2_PING = 6,
    H2_GOAWAY = 7,
    H2_WINDOW_UPDATE = 8,
    H2_CONTINUATION = 9
};

enum { H2_END_STREAM = 0x1, H2_ACK = 0x1, H2_END_HEADERS = 0x4, H2_PADDED = 0x8, H2_HAS_PRIORITY = 0x20 };
enum { H2_HEADER_BYTES = 9, H2_HEADED_MAX = 8 };

struct h2_frame {
    uint32_t len, stream;
    uint8_t type, flags;
    struct packet_mark first, last;
};

/* RFC 9113 5: one direction of a stream. */
struct h2_half {
    bool begun, ended, lost;
    uint64_t body_bytes;
    struct packet_mark last, last_data;
    int64_t window; /* what the sender may still send (RFC 9113 5.2), less the direction's initial_window */
    uint32_t stalls;
    struct grpc_reader grpc;
    struct websocket_reader *websocket; /* NULL: the stream is none */
};

struct h2_stream {
    struct hmap_node node;
    struct list_link by_age; /* among those of the connection */
    uint32_t id, exchange;
    bool answered;
    struct h2_half half[2];
};

struct h2_dir {
    bool preface; /* the client's connection preface is still to come */
    uint8_t preface_n;
    bool begun; /* a frame's header was read, or lost */
    bool lost;  /* waits for something that looks like a frame header */
    uint8_t header[H2_HEADER_BYTES], header_n;
    bool in_frame;
    struct h2_frame frame;
    uint32_t taken;        /* payload bytes of the frame so far */
    uint32_t pad;          /* DATA: padding at its end */
    struct buf payload;    /* of frames that are looked into */
    bool payload_cut;      /* it is not all there */
    struct buf block;      /* header block so far */
    uint32_t block_stream; /* 0: none is open */
    uint8_t block_flags;
    struct packet_mark block_first;
    bool block_lost;
    nghttp2_hd_inflater *inflater;
    uint32_t table_size;            /* the largest its decoder allowed */
    int64_t window;                 /* the connection's */
    int64_t initial_window;         /* of each stream, as the other side announced */
    uint32_t max_streams;           /* that may be open at once, as the other side announced; 0: it did not */
    uint32_t headed[H2_HEADED_MAX]; /* while roles are open: streams that it sent HEADERS on, the newest first */
};

struct http2 {
    struct http2_env *env;
    struct flow_conn *conn;
    struct h2_dir side[2];
    struct h2_dir *dir[2]; /* the sides, by who they are */
    struct hmap streams;
    struct list_link by_age; /* the streams, the oldest first */
    size_t held_bytes;       /* as counted */
    uint32_t next_exchange;
    bool mid_stream;
    bool roles_open; /* joined on its way, and nothing but ports told so far which side is the client */
    /* All requests between these streams were seen (0: none yet): what comes on one that is not open any more, comes
     * late. */
    uint32_t first_asked, last_asked;
};

/* d: one of h->side. */
static inline enum flow_dir h2_dir_of(const struct http2 *h, const struct h2_dir *d)
{
    return d == h->dir[FLOW_C2S] ? FLOW_C2S : FLOW_S2C;
}

/* stream.c */
/* NULL where none is open. */
struct h2_stream *h2_stream_find(const struct http2 *h, uint32_t id);
/* NULL when memory ran out. */
struct h2_stream *h2_stream_open(struct http2 *h, uint32_t id);
/* A header block of the direction was decoded: a head, an interim response or trailers of its stream, which it may
 * open. */
void h2_headers(struct http2 *h, struct h2_dir *d, const struct fact_http_head *head, bool end_stream);
/* A piece of a DATA frame: bytes.n of len were captured. h2_data_end(): the frame is over. */
void h2_data(struct http2 *h, struct h2_dir *d, struct slice bytes, uint32_t len, const struct packet_mark *mark);
void h2_data_end(struct http2 *h, struct h2_dir *d);
/* RST_STREAM: what is open of the stream ends unfinished. code: RFC 9113 7. */
void h2_reset(struct http2 *h, struct h2_dir *d, uint32_t stream, uint32_t code);
/* Reports a GOAWAY of the direction. */
void h2_goaway(struct http2 *h, struct h2_dir *d, uint32_t last_stream, uint32_t code, struct slice debug);
/* Reports a PING of the direction, or its answer to one. */
void h2_ping(struct http2 *h, struct h2_dir *d, bool ack);
/* What is open ends unfinished. */
void h2_streams_close(struct http2 *h);
/* Frames of the direction are missing, whosever they were. */
void h2_streams_lose(struct http2 *h, struct h2_dir *d, const struct packet_mark *mark);

/* messages.c: what a stream's DATA holds */
void h2_messages_asked(struct http2 *h, struct h2_stream *s, const struct fact_http_head *head);
void h2_messages_answered(struct http2 *h, struct h2_stream *s, const struct fact_http_head *head);
void h2_messages(struct http2 *h, struct h2_stream *s, enum flow_dir dir, const struct message_piece *piece);
void h2_messages_lose(struct http2 *h, struct h2_stream *s, enum flow_dir dir, const struct packet_mark *mark);
void h2_messages_fini(struct http2 *h, struct h2_stream *s);

/* guess.c: a frame header as real peers send them: a known type on a stream that type may be on, of at most 1
 * MB. */
bool h2_plausible(enum flow_dir dir, struct slice bytes);

/* roles.c: joined on its way, a connection's roles were guessed from its ports; nothing is told of it until a frame shows
 * who sends it. */
/* A frame of d is whole; roles are open. Where it shows that d is not who it was taken for, roles are swapped, in the
 * flow, too, and a FACT_CONN_ROLES says so. */
void h2_roles_learn(struct http2 *h, struct h2_dir *d);
/* d is the client; roles are open. */
void h2_roles_decide(struct http2 *h, struct h2_dir *d);

/* block.c */
/* The fragment of a header block in a frame's payload, without padding and priority (RFC 9113 6.1, 6.2). What makes no
 * sense counts as cut. */
struct slice h2_unpadded(struct h2_dir *d, struct reader *r);
/* Decodes the direction's block. Where its compression state does not know all of it, head->extent says so. */
void h2_block_decode(struct http2 *h, struct h2_dir *d, struct fact_http_head *head);
/* What the compression state knew is forgotten: later blocks may refer to what came before only by failing. */
void h2_block_forget(struct h2_dir *d);

#endif
