/* Read ahead or when it is asked for: what comes out is the same, to the last word about damage. */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/input/outcome.h"
#include "unit/input/pack.h"
#include "unit/input/support.h"

static struct outcome compare_file(const char *name, struct outcome_file file)
{
    struct outcome plain = outcome_of_file(&file, 0);
    struct outcome ahead = outcome_of_file(&file, 1);

    assert_same_outcome(name, &plain, &ahead);
    return plain;
}

static struct outcome compare_bytes(const char *name, struct slice bytes)
{
    (void)compare_file(name, (struct outcome_file){bytes, 1 + bytes.n / 3, SIZE_MAX});
    return compare_file(name, (struct outcome_file){bytes, SIZE_MAX, SIZE_MAX});
}

static struct outcome compare_paths(const char *name, const char *const *paths, size_t count)
{
    static const unsigned threads[] = {1, 2, 8};
    struct outcome plain = outcome_of_paths(paths, count, 0);

    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        struct outcome ahead = outcome_of_paths(paths, count, threads[i]);
        assert_same_outcome(name, &plain, &ahead);
    }
    return plain;
}

/* ---- records and blocks ---- */

/* A record of n bytes with its header, of changing content. */
static void put_record(struct buf *b, uint32_t n)
{
    uint32_t bytes = n - 16, noise = n;

    put_pcap_packet(b, false, 1, 0, bytes, 0);
    for (uint32_t i = 0; i < bytes; i++) {
        noise = noise * 1103515245 + 12345;
        b->p[b->n - bytes + i] = (uint8_t)(noise >> 24);
    }
}

/* Bytes up to offset `at`, so that the next record begins there. */
static void fill_up(struct buf *b, size_t at)
{
    while (at - b->n > 80000)
        put_record(b, 50000);
    put_record(b, (uint32_t)(at - b->n));
}

/* Where blocks meet, a record is carried over in the headroom, and in the spill where it is too long for that; and
 * then in the headroom again. */
static void records_of_any_size_at_any_place(void **state)
{
    static const uint32_t sizes[] = {16,
                                     17,
                                     1500,
                                     INPUT_HEADROOM_BYTES,
                                     INPUT_HEADROOM_BYTES + 1,
                                     INPUT_BLOCK_BYTES - 1,
                                     INPUT_BLOCK_BYTES,
                                     INPUT_BLOCK_BYTES + 1,
                                     INPUT_BLOCK_BYTES + INPUT_HEADROOM_BYTES,
                                     3 * INPUT_BLOCK_BYTES + 5,
                                     (uint32_t)(INPUT_AHEAD_BLOCKS + 1) * INPUT_BLOCK_BYTES,
                                     INPUT_FRAME_MAX + 16};
    static const size_t carried[] = {0,
                                     1,
                                     15,
                                     16,
                                     17,
                                     INPUT_HEADROOM_BYTES - 1,
                                     INPUT_HEADROOM_BYTES,
                                     INPUT_HEADROOM_BYTES + 1,
                                     INPUT_BLOCK_BYTES - 100};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t k = 0; k < sizeof carried / sizeof *carried; k += sizes[i] < INPUT_FRAME_MAX / 8 ? 1 : 4) {
            struct buf b = {0};
            char name[80];
            put_pcap_header(&b, false, 0xa1b2c3d4, INPUT_FRAME_MAX, 1);
            fill_up(&b, 2 * INPUT_BLOCK_BYTES - carried[k]);
            for (int n = 0; n < 3; n++)
                put_record(&b, sizes[i]);
            fill_up(&b, b.n + 2 * INPUT_BLOCK_BYTES);
            put_record(&b, sizes[i]);
            snprintf(name, sizeof name, "records of %u, %zu bytes before the end of a block", sizes[i], carried[k]);
            struct outcome o = compare_file(name, (struct outcome_file){buf_view(&b), SIZE_MAX, SIZE_MAX});
            assert_int_equal(o.problems, 0);
            assert_true(o.frames >= 6);
            o = compare_file(name, (struct outcome_file){slice_of(b.p, b.n - 1), 70000, SIZE_MAX});
            assert_int_equal(o.problems, 1);
            buf_fini(&b);
        }
}

/* The last byte of a file may be the last of a block, or of a ring. */
static void files_of_any_size(void **state)
{
    static const size_t blocks[] = {1, 2, INPUT_AHEAD_BLOCKS, 2 * INPUT_AHEAD_BLOCKS};
    (void)state;
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        for (int off = -1; off <= 1; off++) {
            struct buf b = {0};
            put_pcap_header(&b, false, 0xa1b2c3d4, 65535, 1);
            fill_up(&b, blocks[i] * INPUT_BLOCK_BYTES + (size_t)(1 + off) - 1);
            assert_int_equal(compare_bytes("ends", buf_view(&b)).problems, 0);
            buf_fini(&b);
        }
}

/* ---- damage ---- */

static void damaged_compression_says_the_same(void **state)
{
    enum { PLACES = 10 };
    struct buf plain = {0};
    (void)state;
    put_noisy_file(&plain, 1200, 1000);
    for (size_t i = 0; i < PACKERS; i++) {
        struct buf b = {0};
        uint64_t problems = 0;
        packers[i].pack(&b, buf_view(&plain));
        assert_int_equal(compare_bytes(packers[i].name, buf_view(&b)).frames, 1200);
        for (size_t k = 0; k < PLACES; k++) {
            size_t at = b.n * k / PLACES + k;
            problems +=
                compare_file(packers[i].name, (struct outcome_file){slice_of(b.p, at), 30000, SIZE_MAX}).problems;
            problems += compare_file(packers[i].name, (struct outcome_file){buf_view(&b), SIZE_MAX, at}).problems;
            b.p[at] ^= 0x55;
            problems +=
                compare_file(packers[i].name, (struct outcome_file){buf_view(&b), SIZE_MAX, SIZE_MAX}).problems;
            b.p[at] ^= 0x55;
        }
        assert_true(problems > 2 * PLACES);
        buf_fini(&b);
    }
    buf_fini(&plain);
}

static void a_read_error_stands_where_it_stood(void **state)
{
    static const size_t places[] = {
        0, 5, 23, 24, 40, 40 + 1000, 16 << 10, INPUT_BLOCK_BYTES, INPUT_BLOCK_BYTES + 1, 7 * INPUT_BLOCK_BYTES};
    struct buf b = {0};
    (void)state;
    put_noisy_file(&b, 2000, 1000);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct outcome o = compare_file("a read error", (struct outcome_file){buf_view(&b), SIZE_MAX, places[i]});
        assert_int_equal(o.problems, 1);
        assert_int_equal(strncmp(o.text, "read failed: ", 13), 0);
    }
    buf_fini(&b);
}

static struct buf read_whole(const char *path)
{
    struct buf b = {0};
    FILE *f = fopen(path, "rb");
    size_t n;

    assert_non_null(f);
    do {
        assert_true(buf_reserve(&b, 65536));
        n = fread(b.p + b.n, 1, 65536, f);
        b.n += n;
    } while (n > 0);
    fclose(f);
    return b;
}

static void the_corpus_gives_the_same(void **state)
{
    DIR *folder = opendir(P2T_CORPUS);
    size_t files = 0;
    (void)state;
    assert_non_null(folder);
    for (const struct dirent *e; (e = readdir(folder)) != NULL;) {
        char path[1024];
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", P2T_CORPUS, e->d_name);
        struct buf b = read_whole(path);
        (void)compare_bytes(path, buf_view(&b));
        (void)compare_paths(path, (const char *const[]){path}, 1);
        buf_fini(&b);
        files++;
    }
    closedir(folder);
    assert_true(files >= 30);
}

/* ---- files ---- */

static void write_noisy(const char *folder, size_t i, bool packed, uint32_t second, int count)
{
    struct buf plain = {0}, b = {0};
    char name[40];

    put_pcap_file(&plain, second, count, 900);
    if (packed)
        packers[i % PACKERS].pack(&b, buf_view(&plain));
    snprintf(name, sizeof name, "%05zu", i);
    (void)write_file(folder, name, packed ? buf_view(&b) : buf_view(&plain));
    buf_fini(&b);
    buf_fini(&plain);
}

/* More than there are rings, all at the same time. */
static void files_that_overlap_give_the_same(void **state)
{
    enum { FILES = 2 * INPUT_AHEAD_FILES + 3 };
    char *folder = make_folder();
    (void)state;
    for (uint32_t i = 0; i < FILES; i++)
        write_noisy(folder, i, i % 5 != 0, 1000 - i % 7, 400 + (int)i * 20);
    struct outcome o = compare_paths("overlapping files", (const char *const *)&folder, 1);
    assert_int_equal(o.problems, 0);
    assert_int_equal(o.frames, FILES * 400 + 20 * (FILES - 1) * FILES / 2);
    remove_folder(folder);
}

static void rotated_files_give_the_same(void **state)
{
    enum { FILES = 200 };
    char *folder = make_folder();
    (void)state;
    for (uint32_t i = 0; i < FILES; i++)
        write_noisy(folder, i, i % 2 == 0, 1000 + i * 50, 50);
    struct outcome o = compare_paths("rotated files", (const char *const *)&folder, 1);
    assert_int_equal(o.frames, FILES * 50);
    (void)write_file(folder, "00100", SLICE_LIT("\xd4\xc3\xb2\xa1\2\0\4\0 is damaged"));
    (void)write_file(folder, "00101", SLICE_LIT("is none"));
    o = compare_paths("rotated files, two spoiled", (const char *const *)&folder, 1);
    assert_int_equal(o.frames, (FILES - 2) * 50);
    assert_int_equal(o.problems, 1);
    remove_folder(folder);
}

/* A shell's "< file" */
static void standard_input_may_be_a_file(void **state)
{
    const char *const stdin_path = "-";
    struct outcome outcomes[2];
    char *folder = make_folder();
    int kept = dup(STDIN_FILENO);
    (void)state;
    write_noisy(folder, 0, true, 1000, 3000);
    for (unsigned ahead = 0; ahead < 2; ahead++) {
        char path[512];
        snprintf(path, sizeof path, "%s/00000", folder);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_true(fd >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
        close(fd);
        outcomes[ahead] = outcome_of_paths(&stdin_path, 1, ahead);
    }
    assert_true(kept < 0 ? close(STDIN_FILENO) == 0 : dup2(kept, STDIN_FILENO) == STDIN_FILENO && close(kept) == 0);
    assert_int_equal(outcomes[0].frames, 3000);
    assert_same_outcome("standard input", &outcomes[0], &outcomes[1]);
    remove_folder(folder);
}

static size_t open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    size_t n = 0;

    assert_non_null(folder);
    while (readdir(folder) != NULL)
        n++;
    closedir(folder);
    return n;
}

/* The next ones are open, and not all that follow. */
static void few_files_are_open(void **state)
{
    enum { FILES = 60, THREADS = 3 };
    char *folder = make_folder();
    const struct input_frame *frame;
    struct input *in;
    const struct input_config config = {
        .paths = (const char *const *)&folder, .path_count = 1, .ahead = THREADS, .ahead_bytes = SIZE_MAX};
    size_t before = open_descriptors();
    (void)state;
    for (uint32_t i = 0; i < FILES; i++)
        write_noisy(folder, i, i % 2 == 0, 1000 + i * 50, 50);
    assert_int_equal(input_open(&in, &config, NULL), 0);
    assert_int_equal(open_descriptors(), before + THREADS);
    size_t most = 0;
    while (input_next(in, &frame) == 1)
        if (frame->number == 1 || frame->number == 50) {
            size_t n = open_descriptors();
            most = n > most ? n : most;
        }
    assert_int_equal(most, before + 1 + THREADS);
    assert_int_equal(open_descriptors(), before);
    input_free(in);
    remove_folder(folder);
}

/* A file that goes away, or changes, after it was found. */
static void files_that_change_are_told_when_it_is_their_turn(void **state)
{
    (void)state;
    for (unsigned ahead = 0; ahead <= 1; ahead++) {
        char *folder = make_folder();
        const struct input_frame *frame;
        struct input *in;
        struct input_config config = {
            .paths = (const char *const *)&folder, .path_count = 1, .ahead = ahead, .ahead_bytes = SIZE_MAX};
        char path[512];
        for (uint32_t i = 0; i < 6; i++)
            write_noisy(folder, i, false, 1000 + i * 50, 50);
        assert_int_equal(input_open(&in, &config, NULL), 0);
        snprintf(path, sizeof path, "%s/00003", folder);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(input_next(in, &frame), 1);
        assert_int_equal(input_problem_count(in), 0);
        uint64_t frames = 1;
        while (input_next(in, &frame) == 1)
            frames++;
        assert_int_equal(frames, 5 * 50);
        assert_int_equal(input_problem_count(in), 1);
        input_free(in);
        remove_folder(folder);
    }
}

/* While threads decompress what comes next. */
static void input_is_freed_at_any_time(void **state)
{
    char *folder = make_folder();
    (void)state;
    for (uint32_t i = 0; i < 8; i++)
        write_noisy(folder, i, true, 1000 + i % 3, 3000);
    for (unsigned frames = 0; frames < 3000; frames = frames * 3 + 1)
        for (unsigned threads = 1; threads <= 4; threads++) {
            const struct input_frame *frame;
            struct input *in;
            const struct input_config config = {
                .paths = (const char *const *)&folder, .path_count = 1, .ahead = threads, .ahead_bytes = SIZE_MAX};
            assert_int_equal(input_open(&in, &config, NULL), 0);
            for (unsigned i = 0; i < frames; i++)
                assert_int_equal(input_next(in, &frame), 1);
            input_free(in);
        }
    remove_folder(folder);
}

/* ---- real captures ---- */

static size_t compared;

static int compare_public(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)where;
    if (type != FTW_F || st->st_size == 0)
        return 0;
    struct outcome plain = outcome_of_paths(&path, 1, 0), ahead = outcome_of_paths(&path, 1, 1);
    assert_same_outcome(path, &plain, &ahead);
    compared++;
    return 0;
}

static void public_captures_give_the_same(void **state)
{
    const char *const path = P2T_PUBLIC;
    (void)state;
    if (access(path, R_OK) != 0) {
        print_message("skipped: no public captures at %s\n", path);
        skip();
        return;
    }
    assert_int_equal(nftw(path, compare_public, 32, FTW_PHYS), 0);
    assert_true(compared > 100);
    struct outcome plain = outcome_of_paths(&path, 1, 0), ahead = outcome_of_paths(&path, 1, 3);
    assert_same_outcome("all of them", &plain, &ahead);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_of_any_size_at_any_place),
        cmocka_unit_test(files_of_any_size),
        cmocka_unit_test(damaged_compression_says_the_same),
        cmocka_unit_test(a_read_error_stands_where_it_stood),
        cmocka_unit_test(the_corpus_gives_the_same),
        cmocka_unit_test(files_that_overlap_give_the_same),
        cmocka_unit_test(rotated_files_give_the_same),
        cmocka_unit_test(standard_input_may_be_a_file),
        cmocka_unit_test(few_files_are_open),
        cmocka_unit_test(files_that_change_are_told_when_it_is_their_turn),
        cmocka_unit_test(input_is_freed_at_any_time),
        cmocka_unit_test(public_captures_give_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
