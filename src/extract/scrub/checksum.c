#include "extract/scrub/checksum.h"

static uint32_t fold(uint64_t sum)
{
    while (sum > UINT16_MAX)
        sum = (sum >> 16) + (sum & UINT16_MAX);
    return (uint32_t)sum;
}

uint16_t checksum_sum(const uint8_t *p, size_t n)
{
    uint64_t sum = 0;

    for (size_t i = 0; i + 1 < n; i += 2)
        sum += (uint32_t)(p[i] << 8 | p[i + 1]);
    if (n % 2 != 0)
        sum += (uint32_t)p[n - 1] << 8;
    return (uint16_t)fold(sum);
}

void checksum_change(uint8_t field[2], uint16_t before, uint16_t after)
{
    uint32_t old = (uint32_t)(field[0] << 8 | field[1]);
    uint32_t sum = fold((uint64_t)(~old & UINT16_MAX) + (~(uint32_t)before & UINT16_MAX) + after);
    uint32_t changed = ~sum & UINT16_MAX;

    field[0] = (uint8_t)(changed >> 8);
    field[1] = (uint8_t)changed;
}
