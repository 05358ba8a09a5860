/* Packets that stand behind later ones in their file. */
#include <stdio.h>

#include "unit/input/support.h"

enum { ROW = 24 };

static void put_ms(struct buf *b, uint32_t ms, uint8_t value)
{
    put_pcap_packet(b, false, 100 + ms / 1000, ms % 1000 * 1000, 4, value);
}

/* Packets at these milliseconds, up to a negative one; the payload is the position. */
static void put_file(struct buf *b, const int *ms, int count)
{
    put_pcap_header(b, false, 0xa1b2c3d4, 65535, 1);
    for (int i = 0; i < count; i++)
        put_ms(b, (uint32_t)ms[i], (uint8_t)ms[i]);
}

static int length(const int *ms)
{
    int n = 0;

    while (n < ROW && ms[n] >= 0)
        n++;
    return n;
}

static char *times_of(const struct seen *s, char *out, size_t n)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < s->count && used < n; i++)
        used += (size_t)snprintf(out + used, n - used, "%s%d", i > 0 ? " " : "",
                                 (int)(s->frames[i].ts_ns / 1000000 - 100000));
    return out;
}

static const struct {
    int ms[ROW];
    const char *expected;
} rows[] = {
    {{1, 2, 3, 3, 4, -1}, "1 2 3 3 4"},
    {{1, 21, 2, 22, 42, 23, 43, -1}, "1 2 21 22 23 42 43"},
    {{99, 1, 2, -1}, "1 2 99"},
    {{50, 40, 30, 20, 10, -1}, "10 20 30 40 50"},
    /* the clock was set back, and packets keep their order */
    {{500, 510, 380, 390, 520, 530, -1}, "500 510 380 390 520 530"},
    {{2000, 2010, 10, 20, 15, 40, 2000, -1}, "2000 2010 10 15 20 40 2000"},
    /* ... each time */
    {{900, 600, 300, 310, 305, -1}, "900 600 300 305 310"},
};

static void late_packets_are_put_in_their_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf b = {0};
        char *folder = make_folder(), got[256];
        put_file(&b, rows[i].ms, length(rows[i].ms));
        const char *path = write_file(folder, "a", buf_view(&b));
        struct seen *s = read_paths(&path, 1, false, NULL);
        assert_string_equal(times_of(s, got, sizeof got), rows[i].expected);
        seen_free(s);
        remove_folder(folder);
        buf_fini(&b);
    }
}

static struct seen *read_cut(const int *ms, int n, int at)
{
    char *folder = make_folder();
    struct buf first = {0}, second = {0};

    put_file(&first, ms, at);
    put_file(&second, ms + at, n - at);
    (void)write_file(folder, "a", buf_view(&first));
    (void)write_file(folder, "b", buf_view(&second));
    struct seen *s = read_paths((const char *const *)&folder, 1, false, NULL);
    remove_folder(folder);
    buf_fini(&first);
    buf_fini(&second);
    return s;
}

static void a_cut_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4;
         i++) /* a clock that was set back between two files is not told from files that overlap */
        for (int at = 1, n = length(rows[i].ms); at < n; at++) {
            char got[256];
            struct seen *s = read_cut(rows[i].ms, n, at);
            assert_string_equal(times_of(s, got, sizeof got), rows[i].expected);
            seen_free(s);
        }
}

/* dumpcap writes what one interface gave in a quarter of a second, then what the other did. */
static void interfaces_are_queues(void **state)
{
    (void)state;
    struct buf b = {0};
    char *folder = make_folder();
    put_section(&b, false);
    for (int i = 0; i < 2; i++)
        put_interface(&b, false, 1, 0, (struct slice){NULL, 0});
    for (uint64_t round = 0; round < 40; round++)
        for (uint32_t i = 0; i < 2; i++)
            for (uint64_t k = 0; k < 25; k++)
                put_enhanced(&b, false, i, 100000000 + round * 250000 + k * 10000 + i * 5000, 4, 1);
    const char *path = write_file(folder, "a", buf_view(&b));
    struct seen *s = read_paths(&path, 1, false, NULL);
    assert_int_equal(s->count, 2000);
    for (size_t i = 0; i < s->count; i++)
        assert_int_equal(s->frames[i].ts_ns, 100 * SECOND + (int64_t)i * 5000000);
    seen_free(s);
    remove_folder(folder);
    buf_fini(&b);
}

/* Long after the beginning one packet is late: from then on they are put in order. */
static void disorder_that_begins_later(void **state)
{
    (void)state;
    struct buf b = {0};
    char *folder = make_folder();
    put_pcap_header(&b, false, 0xa1b2c3d4, 65535, 1);
    for (uint32_t i = 0; i < 1000; i++)
        put_ms(&b, i < 500 ? i : i ^ 1, 0);
    const char *path = write_file(folder, "a", buf_view(&b));
    struct seen *s = read_paths(&path, 1, false, NULL);
    assert_int_equal(s->count, 1000);
    assert_int_equal(s->frames[500].ts_ns / 1000000, 100501);
    assert_int_equal(s->frames[501].ts_ns / 1000000, 100500);
    for (size_t i = 502; i < s->count; i++)
        assert_int_equal(s->frames[i].ts_ns / 1000000, 100000 + (int64_t)i);
    seen_free(s);
    remove_folder(folder);
    buf_fini(&b);
}

/* More disorder than a few queues make: each packet up to 90 ms behind others, two of the same time as they stand. */
static void any_mix_comes_out_in_order(void **state)
{
    (void)state;
    struct buf b = {0};
    char *folder = make_folder();
    put_pcap_header(&b, false, 0xa1b2c3d4, 65535, 1);
    for (uint32_t i = 0, random = 1; i < 3000; i++) {
        random = random * 1103515245 + 12345;
        put_ms(&b, i / 2 + (random >> 16) % 90, 0);
    }
    const char *path = write_file(folder, "a", buf_view(&b));
    struct seen *s = read_paths(&path, 1, false, NULL);
    assert_int_equal(s->count, 3000);
    for (size_t i = 1; i < s->count; i++) {
        const struct seen_frame *a = &s->frames[i - 1], *f = &s->frames[i];
        assert_true(a->ts_ns < f->ts_ns || (a->ts_ns == f->ts_ns && a->number < f->number));
    }
    seen_free(s);
    remove_folder(folder);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(late_packets_are_put_in_their_place),
        cmocka_unit_test(a_cut_changes_nothing),
        cmocka_unit_test(interfaces_are_queues),
        cmocka_unit_test(disorder_that_begins_later),
        cmocka_unit_test(any_mix_comes_out_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
