/* Endpoints as bytes in files of our own. */
#ifndef P2T_BASE_SAVED_ENDPOINT_H
#define P2T_BASE_SAVED_ENDPOINT_H

#include "base/addr.h"
#include "base/buf.h"
#include "base/reader.h"

static inline void save_endpoint(struct buf *out, const struct endpoint *e)
{
    buf_put(out, e->ip.bytes, sizeof e->ip.bytes);
    buf_le32(out, e->ip.family);
    buf_le32(out, e->port);
}

/* The reader fails where it is none of IPv4 or IPv6. */
static inline struct endpoint saved_endpoint(struct reader *r)
{
    struct endpoint e = {.port = 0};
    const uint8_t *ip = reader_take(r, sizeof e.ip.bytes);

    if (ip != NULL)
        memcpy(e.ip.bytes, ip, sizeof e.ip.bytes);
    e.ip.family = (uint8_t)reader_le32(r);
    e.port = (uint16_t)reader_le32(r);
    if (e.ip.family != 4 && e.ip.family != 6)
        reader_fail(r, READ_BAD);
    return e;
}

#endif
