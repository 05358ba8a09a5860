/* The bytes of one capture file, decompressed, a piece at a time. */
#ifndef P2T_INPUT_SUPPLY_H
#define P2T_INPUT_SUPPLY_H

#include "input/unpack.h"

/* One read(2) asks for at most this much, and so does whoever asks for decompressed bytes. */
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
    bool begun;        /* its first bytes told the compression */
    uint64_t bytes_in; /* read from the file, compressed */
    struct input_unpack unpack;
    char error[120];
};

void input_supply_open(struct input_supply *s, input_read_fn *read, void *ctx);
void input_supply_close(struct input_supply *s);
/* Puts 1 to n bytes to out, no more than there are without waiting; where s->state is no longer SOURCE_OPEN they are
 * the last ones, and may be none. n is INPUT_BLOCK_BYTES at first, and never more. */
size_t input_supply_read(struct input_supply *s, uint8_t *out, size_t n);

#endif
