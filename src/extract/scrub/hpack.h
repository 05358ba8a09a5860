/* Header blocks (RFC 7541): secrets are overwritten so that the block stays valid and as long as it was. */
#ifndef P2T_EXTRACT_SCRUB_HPACK_H
#define P2T_EXTRACT_SCRUB_HPACK_H

#include <nghttp2/nghttp2.h>

#include "extract/scrub/text.h"

/* What one direction's blocks build on. */
struct hpack {
    struct scrub_text *text;
    nghttp2_hd_inflater *inflater; /* NULL: what the table holds is not known; all values are taken for secrets */
    struct buf value;
    bool grpc; /* of the last block: its content type is gRPC's */
};

/* 0 or P2T_ERR_MEMORY. */
int hpack_init(struct hpack *h, struct scrub_text *text);
void hpack_fini(struct hpack *h);
/* Overwrites in a whole block what may not be shown. What follows something malformed is overwritten. */
void hpack_scrub(struct hpack *h, uint8_t *block, size_t n);

#endif
