/* Reads the bytes of one capture file, decompressed, piece by piece. */
#ifndef P2T_INPUT_SUPPLY_H
#define P2T_INPUT_SUPPLY_H

#include "input/unpack.h"

/* The most that one read(2), and one call of input_supply_read(), asks for. */
#define INPUT_BLOCK_BYTES ((size_t)256 << 10)

enum source_state {
    SOURCE_OPEN,
    SOURCE_END,
    SOURCE_FAILED, /* error says why: unreadable, or damaged compression */
    SOURCE_NO_MEMORY
};

struct input_supply {
    input_read_fn *read;
    void *ctx;
    enum source_state state;
    bool begun;        /* the compression is known from the first bytes */
    uint64_t bytes_in; /* read from the file, compressed */
    struct input_unpack unpack;
    char error[120];
};

void input_supply_open(struct input_supply *s, input_read_fn *read, void *ctx);
void input_supply_close(struct input_supply *s);
/* Writes up to n decompressed bytes to out, without waiting for more once there is one, and returns how many. When s->state
 * is no longer SOURCE_OPEN, they are the last ones, perhaps none. n: INPUT_BLOCK_BYTES in the first call, never more. */
size_t input_supply_read(struct input_supply *s, uint8_t *out, size_t n);

#endif
