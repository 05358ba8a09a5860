/* Integers of 1, 2, 4 or 8 bytes whose size is known at run time, in this machine's order: for what is saved. */
#ifndef P2T_BASE_NUMBER_H
#define P2T_BASE_NUMBER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t number_load(const void *p, size_t bytes)
{
    uint8_t n8;
    uint16_t n16;
    uint32_t n32;
    uint64_t n64;

    switch (bytes) {
    case 1:
        memcpy(&n8, p, 1);
        return n8;
    case 2:
        memcpy(&n16, p, 2);
        return n16;
    case 4:
        memcpy(&n32, p, 4);
        return n32;
    default:
        memcpy(&n64, p, 8);
        return n64;
    }
}

/* The low bytes of v. */
static inline void number_store(void *p, size_t bytes, uint64_t v)
{
    const uint8_t n8 = (uint8_t)v;
    const uint16_t n16 = (uint16_t)v;
    const uint32_t n32 = (uint32_t)v;

    switch (bytes) {
    case 1:
        memcpy(p, &n8, 1);
        break;
    case 2:
        memcpy(p, &n16, 2);
        break;
    case 4:
        memcpy(p, &n32, 4);
        break;
    default:
        memcpy(p, &v, 8);
        break;
    }
}

#endif
