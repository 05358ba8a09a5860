/* A borrowed run of bytes: a view into memory that somebody else owns. */
#ifndef P2T_BASE_SLICE_H
#define P2T_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const uint8_t *p;
    size_t n;
};

#define SLICE_INIT(s)                                                                                                \
    {                                                                                                                \
        (const uint8_t *)(s), sizeof(s) - 1                                                                          \
    }
#define SLICE_LIT(s) ((struct slice)SLICE_INIT(s))

/* n bytes at p; p may be NULL, for a slice that is not there. */
static inline struct slice slice_of(const void *p, size_t n)
{
    return (struct slice){(const uint8_t *)p, n};
}

/* s: terminated; the NUL is not part of the slice. */
static inline struct slice slice_str(const char *s)
{
    return slice_of(s, s != NULL ? strlen(s) : 0);
}

/* s without its first n bytes; empty if it has no more. */
static inline struct slice slice_from(struct slice s, size_t n)
{
    return n < s.n ? slice_of(s.p + n, s.n - n) : slice_of(NULL, 0);
}

static inline bool slice_eq(struct slice a, struct slice b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* slice_istarts() and slice_ieq() ignore ASCII case, as host names (RFC 4343) and field names (RFC 9110 5.1) do. */
bool slice_istarts_all(struct slice s, struct slice prefix);
static inline bool slice_istarts(struct slice s, struct slice prefix)
{
    /* Most that differ do so at once, in more than the bit of the case. */
    if (s.n > 0 && prefix.n > 0 && ((s.p[0] ^ prefix.p[0]) & 0xdf) != 0)
        return false;
    return slice_istarts_all(s, prefix);
}
static inline bool slice_ieq(struct slice a, struct slice b)
{
    return a.n == b.n && slice_istarts(a, b);
}
bool slice_starts(struct slice s, struct slice prefix);
/* Strips spaces and tabs at both ends: RFC 9110's OWS. */
struct slice slice_trim(struct slice s);
/* Index of the first byte c, or s.n. */
size_t slice_find(struct slice s, uint8_t c);
/* True when the comma-separated list holds the token, case-insensitively (RFC 9110 5.6.1). */
bool slice_list_has(struct slice list, struct slice token);
/* Parses an unsigned decimal number; false when s is empty, holds anything but digits, or does not fit 64 bits. */
bool slice_u64(struct slice s, uint64_t *out);

#endif
