/* Exchanges made as text in chunks come out as if each had been written alone, in every format, sorted or not. */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "example.h"

enum { EXCHANGES = 300, SORTED = 64 << 10 };

static int keep(void *ctx, const void *bytes, size_t n)
{
    buf_put(ctx, bytes, n);
    return P2T_OK;
}

static struct p2t_exchange nth(size_t i)
{
    struct p2t_exchange x = i % 3 == 0 ? *example_slow() : *example_no_address();

    x.start_ns += (int64_t)(i * 7919 % 50) * 1000000000;
    x.id = i;
    return x;
}

static struct out_writer *new_writer(enum out_format format, size_t sort_bytes, struct buf *out)
{
    return out_writer_new(format, &(struct out_options){.sort_bytes = sort_bytes}, &(struct out_sink){out, keep});
}

static void write_alone(enum out_format format, size_t sort_bytes, struct buf *out)
{
    struct out_writer *w = new_writer(format, sort_bytes, out);

    for (size_t i = 0; i < EXCHANGES; i++) {
        struct p2t_exchange x = nth(i);
        assert_int_equal(out_writer_exchange(w, &x), P2T_OK);
    }
    assert_int_equal(out_writer_finish(w), P2T_OK);
    out_writer_free(w);
}

/* Chunks of 0, 1, 2, ... exchanges. */
static void write_in_chunks(enum out_format format, size_t sort_bytes, struct buf *out)
{
    struct out_writer *w = new_writer(format, sort_bytes, out);
    struct out_chunk c = {0};
    size_t size = 0;

    for (size_t i = 0; i < EXCHANGES; i++) {
        struct p2t_exchange x = nth(i);
        if (c.count == size) {
            assert_int_equal(out_writer_chunk(w, &c), P2T_OK);
            assert_int_equal(c.count, 0);
            size++;
        }
        out_chunk_exchange(&c, w, &x);
    }
    assert_int_equal(out_writer_chunk(w, &c), P2T_OK);
    assert_int_equal(out_writer_finish(w), P2T_OK);
    out_chunk_fini(&c);
    out_writer_free(w);
}

static void chunks_change_nothing(void **state)
{
    static const size_t sort_bytes[] = {0, SORTED};

    (void)state;
    for (int format = 0; format < OUT_FORMAT_COUNT; format++)
        for (size_t k = 0; k < 2; k++) {
            struct buf alone = {0}, chunks = {0};
            write_alone((enum out_format)format, sort_bytes[k], &alone);
            write_in_chunks((enum out_format)format, sort_bytes[k], &chunks);
            assert_int_equal(alone.n, chunks.n);
            assert_memory_equal(alone.p, chunks.p, alone.n);
            assert_true(alone.n > EXCHANGES);
            buf_fini(&alone);
            buf_fini(&chunks);
        }
}

/* Chunks and single ones may follow each other. */
static void a_chunk_stands_behind_what_was_written_before(void **state)
{
    struct buf out = {0};
    struct out_writer *w = new_writer(OUT_FORMAT_NDJSON, 0, &out);
    struct out_chunk c = {0};
    struct p2t_exchange first = nth(1), second = nth(2);
    char id[2][32];

    (void)state;
    for (size_t i = 0; i < 2; i++)
        snprintf(id[i], sizeof id[i], "\"id\":\"%016zx\"", i + 1);
    assert_int_equal(out_writer_exchange(w, &first), P2T_OK);
    out_chunk_exchange(&c, w, &second);
    assert_int_equal(out_writer_chunk(w, &c), P2T_OK);
    assert_int_equal(out_writer_finish(w), P2T_OK);
    buf_putc(&out, '\0');
    const char *at[2] = {strstr((char *)out.p, id[0]), strstr((char *)out.p, id[1])};
    assert_non_null(at[0]);
    assert_true(at[1] > at[0]);
    out_chunk_fini(&c);
    out_writer_free(w);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_change_nothing),
        cmocka_unit_test(a_chunk_stands_behind_what_was_written_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
