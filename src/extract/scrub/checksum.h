/* Internet checksums (RFC 1071), changed along with the bytes that they cover (RFC 1624). So one that was wrong stays wrong,
 * and those of the headers around it, which cover it as well, stay right. */
#ifndef P2T_EXTRACT_SCRUB_CHECKSUM_H
#define P2T_EXTRACT_SCRUB_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* The sum of the bytes as 16-bit words. The first byte stands at an even place of what the checksum covers. */
uint16_t checksum_sum(const uint8_t *p, size_t n);
/* Changes the two bytes of a checksum that covers bytes whose sum was `before` and is `after`. */
void checksum_change(uint8_t field[2], uint16_t before, uint16_t after);

#endif
