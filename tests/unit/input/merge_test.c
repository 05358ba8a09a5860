#include "unit/input/support.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

/* A capture of packets at the given seconds; a negative one ends the list. The payload is the second. */
static const char *write_seconds(const char *folder, const char *name, const int *seconds)
{
    struct buf b = {0};

    put_pcap_header(&b, false, 0xa1b2c3d4, 65535, 1);
    for (; *seconds >= 0; seconds++)
        put_pcap_packet(&b, false, (uint32_t)*seconds, 0, 10, (uint8_t)*seconds);
    const char *path = write_file(folder, name, buf_view(&b));
    buf_fini(&b);
    return path;
}

static void assert_order(const struct seen *s, const char *expected)
{
    char got[512] = "", one[32];

    for (size_t i = 0; i < s->count; i++) {
        snprintf(one, sizeof one, "%s%d:%u", i > 0 ? " " : "", (int)(s->frames[i].ts_ns / SECOND), s->frames[i].file);
        strcat(got, one);
        assert_int_equal(s->frames[i].last_byte, s->frames[i].ts_ns / SECOND);
    }
    assert_string_equal(got, expected);
    assert_int_equal(s->problems, 0);
}

static void files_are_merged_by_time(void **state)
{
    static const struct {
        int files[3][8];
        const char *expected; /* second:file index */
    } rows[] = {
        {{{1, 2, -1}, {3, 4, -1}, {5, 6, -1}}, "1:0 2:0 3:1 4:1 5:2 6:2"},
        {{{5, 6, -1}, {3, 4, -1}, {1, 2, -1}}, "1:0 2:0 3:1 4:1 5:2 6:2"},
        {{{1, 4, 7, -1}, {2, 5, 8, -1}, {3, 6, 9, -1}}, "1:0 2:1 3:2 4:0 5:1 6:2 7:0 8:1 9:2"},
        /* one file spans the others */
        {{{1, 9, -1}, {2, 3, -1}, {5, 6, -1}}, "1:0 2:1 3:1 5:2 6:2 9:0"},
        /* ties go by file index, and that by path */
        {{{1, 2, -1}, {1, 2, -1}, {1, 2, -1}}, "1:0 1:1 1:2 2:0 2:1 2:2"},
        {{{1, 2, 2, -1}, {2, 2, -1}, {2, -1}}, "1:0 2:0 2:0 2:1 2:1 2:2"},
        /* within a file its own order stays, though time steps back */
        {{{5, 3, 6, -1}, {4, 7, -1}, {-1}}, "4:0 5:1 3:1 6:1 7:0"},
        {{{1, 8, 2, 9, -1}, {3, 8, -1}, {-1}}, "1:0 3:1 8:0 2:0 8:1 9:0"},
        {{{-1}, {-1}, {4, -1}}, "4:0"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *folder = make_folder();
        for (int k = 0; k < 3; k++)
            write_seconds(folder, (const char *const[]){"a", "b", "c"}[k], rows[i].files[k]);
        struct seen *s = read_paths((const char *const *)&folder, 1, false, NULL);
        assert_order(s, rows[i].expected);
        seen_free(s);
        remove_folder(folder);
    }
}

static size_t open_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    size_t n = 0;

    if (dir == NULL)
        return 0;
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n;
}

/* Rotated files hardly overlap, so hardly any are open at once, however many there are. */
static void thousands_of_rotated_files_need_few_descriptors(void **state)
{
    enum { FILES = 3000 };
    char *folder = make_folder(), name[16];
    struct rlimit saved;
    (void)state;
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "%04d", (i * 7919) % FILES); /* names in no order of time */
        const int seconds[] = {2 * i, 2 * i + 1, 2 * i + 3, -1};
        write_seconds(folder, name, seconds);
    }
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &saved), 0);
    const struct rlimit tight = {.rlim_cur = 32, .rlim_max = saved.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    size_t before = open_descriptors(), most = before;
    const struct input_config config = {.paths = (const char *const *)&folder, .path_count = 1};
    struct input *in;
    const struct input_frame *f;
    assert_int_equal(input_open(&in, &config, NULL), 0);
    assert_int_equal(input_file_count(in), FILES);
    int64_t last = 0;
    size_t frames = 0;
    while (input_next(in, &f) == 1) {
        assert_true(f->ts_ns >= last);
        last = f->ts_ns;
        if (frames++ % 100 == 0 && open_descriptors() > most)
            most = open_descriptors();
    }
    assert_int_equal(input_problem_count(in), 0);
    assert_int_equal(frames, 3 * FILES);
    assert_in_range(most, before, before + 4);
    assert_true(input_file(in, 17)->first_ns == 34 * SECOND);
    assert_true(input_file(in, 17)->last_ns == 37 * SECOND);
    assert_int_equal(input_file(in, 17)->packets, 3);
    input_free(in);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &saved), 0);
    remove_folder(folder);
}

/* The frame handed out stays as it was while the merge looks at the next frames of other files. */
static void bytes_stay_valid_until_the_next_frame(void **state)
{
    enum { FILES = 5, PACKETS = 400, BYTES = 1400 };
    char *folder = make_folder(), name[16];
    (void)state;
    for (int k = 0; k < FILES; k++) {
        struct buf b = {0};
        put_pcap_header(&b, false, 0xa1b2c3d4, 65535, 1);
        for (int i = 0; i < PACKETS; i++)
            put_pcap_packet(&b, false, (uint32_t)i, (uint32_t)k, BYTES, (uint8_t)(i * FILES + k));
        snprintf(name, sizeof name, "%d", k);
        write_file(folder, name, buf_view(&b));
        buf_fini(&b);
    }
    const struct input_config config = {.paths = (const char *const *)&folder, .path_count = 1};
    struct input *in;
    const struct input_frame *f;
    assert_int_equal(input_open(&in, &config, NULL), 0);
    for (int i = 0; i < PACKETS * FILES; i++) {
        assert_int_equal(input_next(in, &f), 1);
        assert_int_equal(f->file, i % FILES);
        for (int k = 0; k < BYTES; k++)
            assert_int_equal(f->bytes[k], (uint8_t)i);
    }
    assert_int_equal(input_next(in, &f), 0);
    assert_int_equal(input_next(in, &f), 0);
    input_free(in);
    remove_folder(folder);
}

/* Probing must not hand secrets on twice, nor lose those of a file without packets. */
static void secrets_are_handed_on_once_from_every_file(void **state)
{
    char *folder = make_folder();
    struct buf b = {0};
    (void)state;
    put_section(&b, false);
    put_block(&b, false, 10, SLICE_LIT("KSLT\4\0\0\0abcd"));
    write_file(folder, "secrets_only", buf_view(&b));
    put_interface(&b, false, 1, 0, slice_of(NULL, 0));
    put_enhanced(&b, false, 0, 5000000, 1, 1);
    write_file(folder, "late", buf_view(&b));
    put_enhanced(&b, false, 0, 6000000, 1, 1);
    write_file(folder, "later", buf_view(&b));
    struct seen *s = read_paths((const char *const *)&folder, 1, false, NULL);
    assert_int_equal(s->count, 3);
    assert_int_equal(s->secrets, 3);
    assert_int_equal(s->problems, 0);
    seen_free(s);
    buf_fini(&b);
    remove_folder(folder);
}

/* Each file's trouble is told once, and after its whole packets. */
static void problems_of_probed_files_are_told_once(void **state)
{
    char *folder = make_folder();
    struct buf b = {0};
    (void)state;
    put_pcap_file(&b, 1, 2, 20);
    write_file(folder, "cut_in_2", slice_of(b.p, b.n - 1));
    write_file(folder, "cut_in_1", slice_of(b.p, 24 + 20));
    write_file(folder, "whole", buf_view(&b));
    struct seen *s = read_paths((const char *const *)&folder, 1, false, NULL);
    assert_int_equal(s->count, 3);
    assert_int_equal(s->problems, 2);
    assert_string_equal(s->text, "cut inside packet 2, which begins at offset 60");
    seen_free(s);
    buf_fini(&b);
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_merged_by_time),
        cmocka_unit_test(thousands_of_rotated_files_need_few_descriptors),
        cmocka_unit_test(bytes_stay_valid_until_the_next_frame),
        cmocka_unit_test(secrets_are_handed_on_once_from_every_file),
        cmocka_unit_test(problems_of_probed_files_are_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
