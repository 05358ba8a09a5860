/* What is packed comes out again, in order and whole; a failure of whoever takes it is said. */
#include <errno.h>
#include <stdlib.h>
#include <zstd.h>

#include "base/buf.h"
#include "cli/packer.h"
#include "support/cmocka_all.h"

enum { BYTES = 5 << 20, ROOM = 64 << 10 };

struct taker {
    struct buf taken;
    size_t fails_after; /* bytes; 0: never */
};

static int take(void *ctx, const void *bytes, size_t n)
{
    struct taker *t = ctx;

    if (t->fails_after > 0 && t->taken.n + n > t->fails_after)
        return ENOSPC;
    buf_put(&t->taken, bytes, n);
    return 0;
}

static struct packer *pack_into(struct taker *t)
{
    struct packer *p = packer_new(&(struct packer_sink){t, take});

    assert_non_null(p);
    return p;
}

/* Numbers that do not shrink to nothing. */
static struct buf text_of(size_t bytes)
{
    struct buf b = {0};
    uint32_t seed = 1;

    while (b.n < bytes) {
        seed = seed * 1664525 + 1013904223;
        buf_u64(&b, seed >> 8);
        buf_putc(&b, '\n');
    }
    return b;
}

/* False: the stream does not end in it. */
static bool unpack(const struct buf *packed, struct buf *text)
{
    ZSTD_DCtx *zstd = ZSTD_createDCtx();
    ZSTD_inBuffer in = {packed->p, packed->n, 0};
    size_t left = 1;

    while (in.pos < in.size) {
        assert_true(buf_reserve(text, ROOM));
        ZSTD_outBuffer out = {text->p + text->n, ROOM, 0};
        left = ZSTD_decompressStream(zstd, &out, &in);
        assert_false(ZSTD_isError(left));
        text->n += out.pos;
    }
    ZSTD_freeDCtx(zstd);
    return left == 0;
}

static void all_comes_back(size_t bytes, size_t piece)
{
    struct taker t = {0};
    struct packer *p = pack_into(&t);
    struct buf text = text_of(bytes), again = {0};

    for (size_t i = 0; i < text.n; i += piece)
        assert_int_equal(packer_write(p, text.p + i, text.n - i < piece ? text.n - i : piece), 0);
    assert_int_equal(packer_finish(p), 0);
    packer_free(p);
    assert_true(unpack(&t.taken, &again));
    assert_true(slice_eq(buf_view(&text), buf_view(&again)));
    buf_fini(&t.taken);
    buf_fini(&text);
    buf_fini(&again);
}

static void what_is_packed_comes_back(void **state)
{
    (void)state;
    all_comes_back(0, 1);
    all_comes_back(1, 1);
    all_comes_back(BYTES, 1000);
    all_comes_back(BYTES, BYTES);
}

/* At once or at the end, and nobody waits for room that is not made. */
static void fails_after(const struct buf *text, size_t bytes)
{
    struct taker t = {.fails_after = bytes};
    struct packer *p = pack_into(&t);

    for (size_t i = 0; i < text->n; i += 4096) {
        int error = packer_write(p, text->p + i, text->n - i < 4096 ? text->n - i : 4096);
        assert_true(error == 0 || error == ENOSPC);
    }
    assert_int_equal(packer_finish(p), ENOSPC);
    assert_true(t.taken.n <= bytes);
    packer_free(p);
    buf_fini(&t.taken);
}

static void a_failure_is_said(void **state)
{
    struct buf text = text_of(BYTES);

    (void)state;
    fails_after(&text, 1);
    fails_after(&text, 100 << 10);
    fails_after(&text, 1 << 20);
    buf_fini(&text);
}

static void what_is_given_up_is_not_whole(void **state)
{
    struct taker t = {0};
    struct packer *p = pack_into(&t);
    struct buf text = text_of(BYTES), again = {0};

    (void)state;
    assert_int_equal(packer_write(p, text.p, text.n), 0);
    packer_free(p);
    assert_false(unpack(&t.taken, &again));
    buf_fini(&t.taken);
    buf_fini(&text);
    buf_fini(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_packed_comes_back),
        cmocka_unit_test(a_failure_is_said),
        cmocka_unit_test(what_is_given_up_is_not_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
