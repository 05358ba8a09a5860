/* Files read and decompressed ahead of whoever takes their bytes, on threads of their own: a ring of blocks for each.
 *
 * A thread waits only in reads that come to an end by themselves: what is read ahead are regular files. A packet in a
 * pipe goes no such way round, and a signal finds its reader there. */
#ifndef P2T_INPUT_AHEAD_H
#define P2T_INPUT_AHEAD_H

#include "input/supply.h"

/* Before the bytes of a block, for its reader to move there what is left of the block before. */
#define INPUT_HEADROOM_BYTES ((size_t)64 << 10)
/* At most; fewer where their rings are to take less memory. */
enum { INPUT_AHEAD_FILES = 16, INPUT_AHEAD_BLOCKS = 8 };
#define INPUT_AHEAD_RING_BYTES (INPUT_AHEAD_BLOCKS * (INPUT_HEADROOM_BYTES + INPUT_BLOCK_BYTES))
/* So many gzip streams fill faster than one analysis drains. */
enum { INPUT_AHEAD_THREADS = 4 };

struct input_ahead;
struct input_ahead_file;

struct input_piece {
    uint8_t *block; /* headroom, then n bytes */
    size_t n;
    enum source_state state; /* no longer SOURCE_OPEN: these bytes, which may be none, are the last ones */
    const char *error;       /* of SOURCE_FAILED; lives as long as the file is open */
    uint64_t bytes_in;       /* read from the file up to here, compressed */
};

/* At most so many threads, which start with the files that keep them busy, and files; NULL: no memory. */
struct input_ahead *input_ahead_new(unsigned threads, size_t files);
/* After its files were closed. NULL is allowed. */
void input_ahead_free(struct input_ahead *a);
bool input_ahead_has_room(struct input_ahead *a);
/* Starts reading. NULL: there is no ring to be had, or no thread; read it some other way. read() is called on the
 * threads, one at a time, until input_ahead_close() has returned. */
struct input_ahead_file *input_ahead_open(struct input_ahead *a, input_read_fn *read, void *ctx);
/* Waits for the next block; not to be called behind the last one. It stays valid until the next but one was asked for. */
const struct input_piece *input_ahead_next(struct input_ahead_file *f);
void input_ahead_close(struct input_ahead_file *f);

#endif
