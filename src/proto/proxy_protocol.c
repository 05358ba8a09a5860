#include "proto/proxy_protocol.h"

enum { LINE_MAX_BYTES = 107, FIXED_BYTES = 16 }; /* sections 2.1 and 2.2 */

/* Both HTTP/1 and version 1 are text: only a family behind the word tells them apart. */
enum proxy_guess proxy_looks_like(struct slice s)
{
    static const struct slice signatures[] = {SLICE_INIT("PROXY TCP4 "), SLICE_INIT("PROXY TCP6 "),
                                              SLICE_INIT("PROXY UNKNOWN"), SLICE_INIT("\r\n\r\n\0\r\nQUIT\n")};

    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
        if (slice_starts(s, signatures[i]))
            return PROXY_GUESS_YES;
        if (slice_starts(signatures[i], s))
            return PROXY_GUESS_MAYBE;
    }
    return PROXY_GUESS_NO;
}

static enum proxy_progress take_of_line(struct proxy_header *h, uint8_t byte)
{
    if (byte == '\n' && h->last == '\r')
        return PROXY_WHOLE;
    return h->taken == LINE_MAX_BYTES ? PROXY_BAD : PROXY_MORE;
}

static enum proxy_progress take_of_fixed_part(struct proxy_header *h, uint8_t byte)
{
    if (h->taken == 13 && byte >> 4 != 2)
        return PROXY_BAD;
    if (h->taken < FIXED_BYTES)
        return PROXY_MORE;
    h->left = (uint16_t)(h->last << 8 | byte);
    return h->left == 0 ? PROXY_WHOLE : PROXY_MORE;
}

static enum proxy_progress take_byte(struct proxy_header *h, uint8_t byte)
{
    if (h->taken == 0)
        h->version = byte == 'P' ? 1 : 2;
    h->taken++;
    enum proxy_progress progress = h->version == 1 ? take_of_line(h, byte) : take_of_fixed_part(h, byte);
    h->last = byte;
    return progress;
}

/* What says where it ends is taken byte by byte, so that any segmentation gives the same; addresses and TLVs are passed
 * over, be they captured or not. */
enum proxy_progress proxy_feed(struct proxy_header *h, struct slice captured, uint64_t len, uint64_t *used)
{
    *used = 0;
    while (h->left == 0 && *used < len) {
        if (*used == captured.n)
            return PROXY_BAD;
        enum proxy_progress progress = take_byte(h, captured.p[(*used)++]);
        if (progress != PROXY_MORE)
            return progress;
    }
    uint64_t passed = len - *used < h->left ? len - *used : h->left;
    if (h->left == 0)
        return PROXY_MORE;
    *used += passed;
    h->left = (uint16_t)(h->left - passed);
    return h->left == 0 ? PROXY_WHOLE : PROXY_MORE;
}
