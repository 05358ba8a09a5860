#include "extract/scrub/huffman.h"

enum { SYMBOLS = 256, SHORTEST = 5, USUAL_LONGEST = 8, LONGEST = 30 };

/* Bits of each octet's code: RFC 7541 appendix B. The code is canonical: within a length, by value. */
static const uint8_t code_bits[SYMBOLS] = {
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, /* 0 */
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28, /* 16 */
    6,  10, 10, 12, 13, 6,  8,  11, 10, 10, 8,  11, 8,  6,  6,  6,  /* ' ' */
    5,  5,  5,  6,  6,  6,  6,  6,  6,  6,  7,  8,  15, 6,  12, 10, /* '0' */
    13, 6,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  /* '@' */
    7,  7,  7,  7,  7,  7,  7,  7,  8,  7,  8,  13, 19, 13, 14, 6,  /* 'P' */
    15, 5,  6,  5,  6,  5,  6,  6,  6,  5,  7,  7,  6,  6,  6,  5,  /* '`' */
    6,  7,  6,  5,  5,  6,  7,  7,  7,  7,  7,  15, 11, 14, 13, 28, /* 'p' */
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, /* 128 */
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, /* 144 */
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, /* 160 */
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, /* 176 */
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, /* 192 */
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, /* 208 */
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, /* 224 */
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, /* 240 */
};

static uint32_t code_of(uint8_t c)
{
    uint32_t code = 0;
    unsigned bits = code_bits[c];

    /* Each shorter code takes its share of what there is. */
    for (unsigned i = 0; i < SYMBOLS; i++)
        if (code_bits[i] < bits)
            code += 1u << (bits - code_bits[i]);
        else if (code_bits[i] == bits && i < c)
            code++;
    return code;
}

static uint8_t letter_of(unsigned bits)
{
    static const uint8_t letters[] = {'a', 'b', 'x', 'X'};

    if (bits >= SHORTEST && bits <= USUAL_LONGEST)
        return letters[bits - SHORTEST];
    for (unsigned i = 0; i < SYMBOLS; i++)
        if (code_bits[i] == bits)
            return (uint8_t)i;
    return 'a';
}

void huffman_hide(uint8_t *text, size_t n)
{
    size_t bits = 0;

    for (size_t i = 0; i < n; i++)
        bits += code_bits[text[i]];
    size_t more = bits - n * SHORTEST;
    bool usual = more <= n * (USUAL_LONGEST - SHORTEST);
    for (size_t i = 0; i < n; i++) {
        size_t extra = USUAL_LONGEST - SHORTEST;
        extra = more < extra ? more : extra;
        text[i] = letter_of(usual ? (unsigned)(SHORTEST + extra) : code_bits[text[i]]);
        more -= extra;
    }
}

bool huffman_encode(const uint8_t *text, size_t n, uint8_t *out, size_t out_n)
{
    uint64_t held = 0;
    unsigned held_bits = 0;
    size_t at = 0;

    for (size_t i = 0; i < n; i++) {
        held = held << code_bits[text[i]] | code_of(text[i]);
        held_bits += code_bits[text[i]];
        for (; held_bits >= 8 && at < out_n; held_bits -= 8)
            out[at++] = (uint8_t)(held >> (held_bits - 8));
        if (held_bits >= 8)
            return false;
    }
    /* The end is filled up with ones. */
    if (held_bits > 0 && at < out_n)
        out[at++] = (uint8_t)(held << (8 - held_bits) | (0xffu >> held_bits));
    else if (held_bits > 0)
        return false;
    return at == out_n;
}
