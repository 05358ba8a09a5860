/* Output sorted by start within so many bytes, and in sorted runs beyond. */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "example.h"

enum { EXCHANGES = 3000 };

static int keep(void *ctx, const void *bytes, size_t n)
{
    buf_put(ctx, bytes, n);
    return P2T_OK;
}

static void write_one(struct out_writer *w, int64_t second, uint64_t id)
{
    struct p2t_exchange x = *example_slow();

    x.start_ns = second * 1000000000;
    x.id = id;
    assert_int_equal(out_writer_exchange(w, &x), P2T_OK);
}

/* How many starts, which alone are of 1970, are before that of the line before. */
static size_t falls_of(struct buf *out, size_t *lines)
{
    size_t falls = 0;
    char last[31] = "";

    buf_putc(out, '\0');
    *lines = 0;
    for (char *p = strstr((char *)out->p, "1970-"); p != NULL; p = strstr(p + 1, "1970-")) {
        falls += strncmp(p, last, 30) < 0;
        snprintf(last, sizeof last, "%.30s", p);
        ++*lines;
    }
    return falls;
}

/* The longest way that one comes too early; what is written must be each of them once. */
static size_t falls_with(size_t sort_bytes, int64_t disorder, uint64_t *runs)
{
    struct buf out = {0};
    const struct out_options options = {.sort_bytes = sort_bytes};
    const struct out_sink sink = {&out, keep};
    struct out_writer *w = out_writer_new(OUT_FORMAT_CSV, &options, &sink);
    size_t lines;

    for (int64_t i = 0; i < EXCHANGES; i++)
        write_one(w, 5000 + i - i * 7919 % disorder, (uint64_t)i);
    assert_int_equal(out_writer_finish(w), P2T_OK);
    *runs = out_writer_runs(w);
    out_writer_free(w);
    size_t falls = falls_of(&out, &lines);
    assert_int_equal(lines, EXCHANGES);
    buf_fini(&out);
    return falls;
}

static void what_fits_is_sorted(void **state)
{
    uint64_t runs;

    (void)state;
    assert_int_equal(falls_with(64 << 20, EXCHANGES, &runs), 0);
    assert_int_equal(runs, 1);
}

static void what_comes_a_little_late_is_sorted_in_little_room(void **state)
{
    uint64_t runs;

    (void)state;
    assert_int_equal(falls_with(100 << 10, 50, &runs), 0);
    assert_int_equal(runs, 1);
}

static void the_rest_is_in_sorted_runs(void **state)
{
    uint64_t runs;

    (void)state;
    size_t falls = falls_with(100 << 10, 900, &runs);
    assert_in_range(runs, 2, 20);
    assert_int_equal(falls, runs - 1);
}

static void unsorted_they_stand_as_they_come(void **state)
{
    uint64_t runs;

    (void)state;
    assert_true(falls_with(0, 50, &runs) > 1000);
    assert_int_equal(runs, 0);
}

static void at_one_start_ids_decide(void **state)
{
    struct buf out = {0};
    const struct out_options options = {.sort_bytes = 1 << 20};
    const struct out_sink sink = {&out, keep};
    struct out_writer *w = out_writer_new(OUT_FORMAT_CSV, &options, &sink);

    (void)state;
    write_one(w, 5, 0x22);
    write_one(w, 5, 0x11);
    assert_int_equal(out_writer_finish(w), P2T_OK);
    out_writer_free(w);
    buf_putc(&out, '\0');
    const char *first = strstr((char *)out.p, "0000000000000011,"),
               *second = strstr((char *)out.p, "0000000000000022,");
    assert_non_null(first);
    assert_true(first < second);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_is_sorted),
        cmocka_unit_test(what_comes_a_little_late_is_sorted_in_little_room),
        cmocka_unit_test(the_rest_is_in_sorted_runs),
        cmocka_unit_test(unsorted_they_stand_as_they_come),
        cmocka_unit_test(at_one_start_ids_decide),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
