/* The bytes of one direction of a connection, by their place in the stream, where they stand in the frames. What is
 * written there appears in every frame that has the byte. */
#ifndef P2T_EXTRACT_SCRUB_STREAM_H
#define P2T_EXTRACT_SCRUB_STREAM_H

#include <stdbool.h>

#include "base/slice.h"

struct stream_run {
    uint64_t pos;
    uint8_t *p;
    size_t n;
};

struct stream_runs {
    struct stream_run *items;
    size_t count, cap;
};

/* A zeroed one is empty and ready. */
struct stream {
    struct stream_runs runs;   /* in order, without overlap: what was seen first */
    struct stream_runs copies; /* what was seen again */
    bool based;
    uint32_t last_seq; /* of the place last_pos */
    uint64_t last_pos;
    size_t cursor; /* the run that was read last */
    bool failed;   /* memory ran out, or the order of the segments made no sense: nothing of it is to be kept */
};

/* The place of a sequence number, near the last one. The first one that is asked for gets the place STREAM_BEGIN. */
#define STREAM_BEGIN ((uint64_t)1 << 40)
uint64_t stream_place(struct stream *s, uint32_t seq);
/* n bytes at p, which must stay there, are the stream's from pos on. */
void stream_add(struct stream *s, uint64_t pos, uint8_t *p, size_t n);
/* The same, of bytes that are not to be believed where the stream has none: in an ICMP error. */
void stream_add_copy(struct stream *s, uint64_t pos, uint8_t *p, size_t n);

/* The first place from pos on that has a byte; UINT64_MAX: none has. */
uint64_t stream_next(struct stream *s, uint64_t pos);
/* Bytes from pos on without a hole, of one frame; n == 0: there are none. */
struct slice stream_piece(struct stream *s, uint64_t pos);
/* Copies up to n bytes from pos on, up to a hole; how many. */
size_t stream_read(struct stream *s, uint64_t pos, uint8_t *out, size_t n);
void stream_write(struct stream *s, uint64_t pos, const uint8_t *p, size_t n);
/* Overwrites what there is from `from` up to `to`. */
void stream_fill(struct stream *s, uint64_t from, uint64_t to);
/* Makes the copies what the stream has at their places, and overwrites what it does not have. */
void stream_finish(struct stream *s);
void stream_fini(struct stream *s);

#endif
