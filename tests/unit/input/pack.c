#include "unit/input/pack.h"

#include <lz4frame.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "unit/input/support.h"

void pack_gzip(struct buf *b, struct slice plain)
{
    z_stream z = {0};

    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_true(buf_reserve(b, deflateBound(&z, plain.n)));
    z.next_in = (Bytef *)(uintptr_t)plain.p;
    z.avail_in = (uInt)plain.n;
    z.next_out = b->p + b->n;
    z.avail_out = (uInt)(b->cap - b->n);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    b->n += z.total_out;
    deflateEnd(&z);
}

void pack_zstd(struct buf *b, struct slice plain)
{
    ZSTD_CCtx *c = ZSTD_createCCtx();

    ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
    assert_true(buf_reserve(b, ZSTD_compressBound(plain.n)));
    size_t n = ZSTD_compress2(c, b->p + b->n, b->cap - b->n, plain.p, plain.n);
    assert_false(ZSTD_isError(n));
    b->n += n;
    ZSTD_freeCCtx(c);
}

static void pack_lz4(struct buf *b, struct slice plain)
{
    LZ4F_preferences_t p = LZ4F_INIT_PREFERENCES;

    p.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
    assert_true(buf_reserve(b, LZ4F_compressFrameBound(plain.n, &p)));
    size_t n = LZ4F_compressFrame(b->p + b->n, b->cap - b->n, plain.p, plain.n, &p);
    assert_false(LZ4F_isError(n));
    b->n += n;
}

static void pack_xz(struct buf *b, struct slice plain)
{
    assert_true(buf_reserve(b, lzma_stream_buffer_bound(plain.n)));
    assert_int_equal(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, NULL, plain.p, plain.n, b->p, &b->n, b->cap),
                     LZMA_OK);
}

const struct packer packers[PACKERS] = {{"gzip", pack_gzip}, {"zstd", pack_zstd}, {"lz4", pack_lz4}, {"xz", pack_xz}};

void put_noisy_file(struct buf *b, int count, uint32_t packet_bytes)
{
    uint32_t noise = 1;

    put_pcap_file(b, 7, count, packet_bytes);
    for (size_t i = 24; i < b->n; i++) {
        if ((i - 24) % (16 + packet_bytes) < 17)
            continue;
        noise = noise * 1103515245 + 12345;
        b->p[i] = (uint8_t)(noise >> 28);
    }
}
