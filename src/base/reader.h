/* The one way to take bytes out of untrusted input.
 *
 * A reader never looks beyond its slice. The first read that does not fit makes it fail; the failure sticks,
 * and every later read returns zero or an empty slice, so that a block of reads needs one check at its end. */
#ifndef P2T_BASE_READER_H
#define P2T_BASE_READER_H

#include "base/slice.h"

enum read_status {
    READ_OK = 0,
    READ_SHORT, /* too few bytes: the capture cut them, or more will come */
    READ_BAD    /* the bytes are there but malformed */
};

struct reader {
    const uint8_t *p;
    size_t left;
    size_t
        status; /* enum read_status, as wide as its neighbours: a copy by words after a narrower store would stall */
};

/* p may be NULL when n is 0; the reader's pointer is never NULL, so that an empty result differs from a failure. */
static inline struct reader reader_of(const void *p, size_t n)
{
    static const uint8_t nowhere[1];

    return (struct reader){n > 0 ? (const uint8_t *)p : nowhere, n, READ_OK};
}

static inline struct reader reader_of_slice(struct slice s)
{
    return reader_of(s.p, s.n);
}

/* The first failure wins. A failed reader has nothing left. */
static inline void reader_fail(struct reader *r, enum read_status why)
{
    if (r->status == READ_OK)
        r->status = why;
    r->left = 0;
}

static inline enum read_status reader_status(const struct reader *r)
{
    return (enum read_status)r->status;
}

static inline bool reader_ok(const struct reader *r)
{
    return r->status == READ_OK;
}

/* n bytes, or NULL and a failed reader. */
static inline const uint8_t *reader_take(struct reader *r, size_t n)
{
    if (n > r->left) {
        reader_fail(r, READ_SHORT);
        return NULL;
    }
    const uint8_t *p = r->p;
    if (n > 0)
        r->p += n;
    r->left -= n;
    return p;
}

/* The reads take bytes off the front. In a failed reader they give 0, or an empty slice with p == NULL. */
static inline void reader_skip(struct reader *r, size_t n)
{
    (void)reader_take(r, n);
}

static inline struct slice reader_slice(struct reader *r, size_t n)
{
    const uint8_t *p = reader_take(r, n);
    return p != NULL ? slice_of(p, n) : slice_of(NULL, 0);
}

static inline uint8_t reader_u8(struct reader *r)
{
    const uint8_t *p = reader_take(r, 1);
    return p != NULL ? *p : 0;
}

static inline uint16_t reader_be16(struct reader *r)
{
    const uint8_t *p = reader_take(r, 2);
    return p != NULL ? (uint16_t)((unsigned)p[0] << 8 | p[1]) : 0;
}

static inline uint32_t reader_be24(struct reader *r)
{
    const uint8_t *p = reader_take(r, 3);
    return p != NULL ? (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2] : 0;
}

static inline uint32_t reader_be32(struct reader *r)
{
    const uint8_t *p = reader_take(r, 4);
    return p != NULL ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

static inline uint64_t reader_be64(struct reader *r)
{
    uint64_t hi = reader_be32(r);
    return hi << 32 | reader_be32(r);
}

static inline uint16_t reader_le16(struct reader *r)
{
    const uint8_t *p = reader_take(r, 2);
    return p != NULL ? (uint16_t)((unsigned)p[1] << 8 | p[0]) : 0;
}

static inline uint32_t reader_le32(struct reader *r)
{
    const uint8_t *p = reader_take(r, 4);
    return p != NULL ? (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0] : 0;
}

static inline uint64_t reader_le64(struct reader *r)
{
    uint64_t low = reader_le32(r);

    return (uint64_t)reader_le32(r) << 32 | low;
}

/* A reader over the next n bytes, which the parent skips. It cannot leave them; when the parent does not hold
 * n bytes, both fail. */
static inline struct reader reader_child(struct reader *r, size_t n)
{
    struct reader child = reader_of_slice(reader_slice(r, n));
    child.status = r->status;
    return child;
}

#endif
