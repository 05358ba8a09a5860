/* HPACK's Huffman code (RFC 7541 5.2): texts of a given length in octets and in characters. */
#ifndef P2T_EXTRACT_SCRUB_HUFFMAN_H
#define P2T_EXTRACT_SCRUB_HUFFMAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Overwrites n characters so that they take as many bits as before. Nothing else is told of them. */
void huffman_hide(uint8_t *text, size_t n);
/* Encodes the text into exactly out_n octets; false where it needs more or fewer. */
bool huffman_encode(const uint8_t *text, size_t n, uint8_t *out, size_t out_n);

#endif
