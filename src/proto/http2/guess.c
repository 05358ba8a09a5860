/* What looks like HTTP/2 frames to somebody who comes in the middle. */
#include "base/reader.h"
#include "proto/http2/frame.h"

bool h2_plausible(enum flow_dir dir, struct slice b)
{
    struct reader r = reader_of_slice(b);
    uint32_t len = reader_be24(&r);
    uint8_t type = reader_u8(&r), flags = reader_u8(&r);
    uint32_t stream = reader_be32(&r);
    bool on_connection = type == H2_SETTINGS || type == H2_PING || type == H2_GOAWAY;

    if (!reader_ok(&r) || type > H2_CONTINUATION || stream >> 31 != 0 || len > 1u << 20)
        return false;
    if (type != H2_WINDOW_UPDATE && on_connection != (stream == 0))
        return false;
    if ((type == H2_PING && len != 8) || ((type == H2_RST_STREAM || type == H2_WINDOW_UPDATE) && len != 4) ||
        (type == H2_SETTINGS && len % 6 != 0) || (type == H2_PRIORITY && len != 5))
        return false;
    return (flags & 0xd2) == 0 && (dir == FLOW_S2C || stream % 2 == 1 || stream == 0);
}

bool http2_looks_like_frames(enum flow_dir dir, struct slice b)
{
    size_t frames = 0;

    while (b.n > 0 && h2_plausible(dir, b)) {
        size_t len = H2_HEADER_BYTES + ((size_t)b.p[0] << 16 | (size_t)b.p[1] << 8 | b.p[2]);
        if (len > b.n)
            return frames > 0;
        frames++;
        b = slice_from(b, len);
    }
    return frames > 0 && b.n == 0;
}
