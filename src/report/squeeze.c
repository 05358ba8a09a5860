#include "report/squeeze.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

/* Level 1: 6 would take 11% less room and twice the time. */
enum { GZIP = 15 + 16, LEVEL = 1, MEMORY = 9 };

uint8_t *squeeze(struct slice bytes, size_t *length)
{
    z_stream z = {0};
    uint8_t *out = NULL;

    if (bytes.n > UINT_MAX / 2 || deflateInit2(&z, LEVEL, Z_DEFLATED, GZIP, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
        return NULL;
    size_t room = deflateBound(&z, bytes.n);
    out = malloc(room);
    if (out != NULL) {
        z.next_in = (Bytef *)(uintptr_t)bytes.p;
        z.avail_in = (uInt)bytes.n;
        z.next_out = out;
        z.avail_out = (uInt)room;
        (void)deflate(&z, Z_FINISH); /* there is room for all of it */
        *length = z.total_out;
    }
    deflateEnd(&z);
    uint8_t *fitting = out != NULL ? realloc(out, *length) : NULL;
    return fitting != NULL ? fitting : out;
}
