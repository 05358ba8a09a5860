/* Reads and decompresses files on threads of their own, ahead of the reader: each file has a ring of blocks.
 *
 * Only regular files are read ahead, so that a thread never blocks for long. A pipe is read by its reader directly: its
 * packets are not delayed, and signals interrupt the read. */
#ifndef P2T_INPUT_AHEAD_H
#define P2T_INPUT_AHEAD_H

#include "input/supply.h"

/* Free space before the bytes of a block: the reader moves the rest of the previous block there. */
#define INPUT_HEADROOM_BYTES ((size_t)64 << 10)
/* At most; the memory limit may allow fewer files. */
enum { INPUT_AHEAD_FILES = 16, INPUT_AHEAD_BLOCKS = 8 };
#define INPUT_AHEAD_RING_BYTES (INPUT_AHEAD_BLOCKS * (INPUT_HEADROOM_BYTES + INPUT_BLOCK_BYTES))
/* Four threads decompress gzip faster than one analysis consumes it. */
enum { INPUT_AHEAD_THREADS = 4 };

struct input_ahead;
struct input_ahead_file;

struct input_piece {
    uint8_t *block; /* headroom, then n bytes */
    size_t n;
    enum source_state state; /* other than SOURCE_OPEN: these bytes, perhaps none, are the last */
    const char *error;       /* of SOURCE_FAILED; lives as long as the file is open */
    uint64_t bytes_in;       /* compressed bytes read from the file so far */
};

/* threads, files: at most so many at a time. Threads start when files are opened. NULL when memory ran out. */
struct input_ahead *input_ahead_new(unsigned threads, size_t files);
/* Its files must be closed. NULL is allowed. */
void input_ahead_free(struct input_ahead *a);
/* True while another file can be opened. */
bool input_ahead_has_room(struct input_ahead *a);
/* Starts reading a file. read() is called on the threads, one call at a time, until input_ahead_close() has returned. NULL:
 * no ring or no thread is free; read the file directly. */
struct input_ahead_file *input_ahead_open(struct input_ahead *a, input_read_fn *read, void *ctx);
/* Waits for the next block. It stays valid until the call after the next. Must not be called after the last block. */
const struct input_piece *input_ahead_next(struct input_ahead_file *f);
/* Waits until no thread uses the file, and frees its ring for another one. */
void input_ahead_close(struct input_ahead_file *f);

#endif
