/* The rings and their threads. For data races, with -DP2T_SANITIZE=thread as in golden/jobs_test.c. */
#include "input/ahead.h"

#include <semaphore.h>
#include <stdlib.h>
#include <time.h>

#include "support/cmocka_all.h"

#define BLOCK INPUT_BLOCK_BYTES
#define RING  (INPUT_AHEAD_BLOCKS * BLOCK)

/* A file without end but for its length, whose bytes tell where they stand. */
struct endless {
    uint64_t at, end;
    size_t chunk;
    sem_t *entered; /* NULL, or told of each read, which then takes its time */
    bool closed;
    uint64_t reads;
};

static uint8_t byte_at(uint64_t at)
{
    return (uint8_t)(at * 37 + (at >> 8) * 11 + (at >> 16) + 1);
}

static ssize_t read_endless(void *ctx, void *p, size_t n)
{
    struct endless *e = ctx;
    uint8_t *out = p;

    if (e->entered != NULL) {
        const struct timespec pause = {.tv_nsec = 3000000};
        sem_post(e->entered);
        nanosleep(&pause, NULL);
    }
    if (e->closed)
        abort();
    e->reads++;
    n = n < e->chunk ? n : e->chunk;
    n = n < e->end - e->at ? n : (size_t)(e->end - e->at);
    for (size_t i = 0; i < n; i++)
        out[i] = byte_at(e->at + i);
    e->at += n;
    return (ssize_t)n;
}

static void assert_bytes(const uint8_t *p, uint64_t at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != byte_at(at + i))
            fail_msg("a wrong byte at %llu", (unsigned long long)(at + i));
}

/* To its end, each block full but the last, and the one before still there. */
static void drain(struct input_ahead_file *f, uint64_t size)
{
    const struct input_piece *piece, *before = NULL;
    uint64_t at = 0;

    do {
        piece = input_ahead_next(f);
        assert_bytes(piece->block + INPUT_HEADROOM_BYTES, at, piece->n);
        if (before != NULL)
            assert_bytes(before->block + INPUT_HEADROOM_BYTES, at - before->n, before->n);
        if (piece->state == SOURCE_OPEN)
            assert_int_equal(piece->n, BLOCK);
        before = piece;
        at += piece->n;
        assert_int_equal(piece->bytes_in, at);
    } while (piece->state == SOURCE_OPEN);
    assert_int_equal(piece->state, SOURCE_END);
    assert_int_equal(at, size);
}

static void files_of_any_size_come_whole(void **state)
{
    static const uint64_t sizes[] = {0,    1,        5,        6,        BLOCK - 1,    BLOCK,           BLOCK + 1,
                                     RING, RING - 1, RING + 1, 2 * RING, 3 * RING + 7, 4 * RING - BLOCK};
    static const size_t chunks[] = {SIZE_MAX, 100003};
    (void)state;
    for (unsigned threads = 1; threads <= INPUT_AHEAD_THREADS; threads += 3) {
        struct input_ahead *a = input_ahead_new(threads, INPUT_AHEAD_FILES);
        assert_non_null(a);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            for (size_t k = 0; k < sizeof chunks / sizeof *chunks; k++) {
                struct endless e = {.end = sizes[i], .chunk = chunks[k]};
                struct input_ahead_file *f = input_ahead_open(a, read_endless, &e);
                assert_non_null(f);
                drain(f, sizes[i]);
                input_ahead_close(f);
            }
        input_ahead_free(a);
    }
}

/* One after the other or in turns, whatever the number of threads. */
static void many_at_once_come_whole(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= INPUT_AHEAD_THREADS; threads++) {
        struct endless e[INPUT_AHEAD_FILES];
        struct input_ahead_file *f[INPUT_AHEAD_FILES];
        struct input_ahead *a = input_ahead_new(threads, INPUT_AHEAD_FILES);
        for (size_t i = 0; i < INPUT_AHEAD_FILES; i++) {
            e[i] = (struct endless){.end = 20 * BLOCK + i, .chunk = SIZE_MAX};
            f[i] = input_ahead_open(a, read_endless, &e[i]);
            assert_non_null(f[i]);
        }
        for (uint64_t round = 0; round < 20; round++)
            for (size_t i = 1; i < INPUT_AHEAD_FILES; i++) {
                const struct input_piece *piece = input_ahead_next(f[i]);
                assert_int_equal(piece->n, BLOCK);
                assert_int_equal(piece->bytes_in, (round + 1) * BLOCK);
                assert_bytes(piece->block + INPUT_HEADROOM_BYTES, round * BLOCK, BLOCK);
            }
        drain(f[0], e[0].end);
        for (size_t i = 0; i < INPUT_AHEAD_FILES; i++)
            input_ahead_close(f[i]);
        input_ahead_free(a);
    }
}

/* What is held does not grow with what there is to read, nor with the number of files. */
static void what_is_read_ahead_is_bounded(void **state)
{
    struct input_ahead *a = input_ahead_new(2, INPUT_AHEAD_FILES);
    struct endless e[INPUT_AHEAD_FILES + 1];
    struct input_ahead_file *f[INPUT_AHEAD_FILES];
    (void)state;
    for (size_t i = 0; i <= INPUT_AHEAD_FILES; i++)
        e[i] = (struct endless){.end = UINT64_MAX, .chunk = SIZE_MAX};
    for (size_t i = 0; i < INPUT_AHEAD_FILES; i++) {
        assert_true(input_ahead_has_room(a));
        assert_non_null(f[i] = input_ahead_open(a, read_endless, &e[i]));
    }
    assert_false(input_ahead_has_room(a));
    assert_null(input_ahead_open(a, read_endless, &e[INPUT_AHEAD_FILES]));
    for (int i = 0; i < 3 * INPUT_AHEAD_BLOCKS; i++)
        (void)input_ahead_next(f[0]);
    for (size_t i = 0; i < INPUT_AHEAD_FILES; i++)
        input_ahead_close(f[i]);
    assert_in_range(e[0].at, 3 * RING, 4 * RING);
    for (size_t i = 1; i < INPUT_AHEAD_FILES; i++)
        assert_in_range(e[i].at, 0, RING);
    assert_int_equal(e[INPUT_AHEAD_FILES].reads, 0);
    assert_non_null(f[0] = input_ahead_open(a, read_endless, &e[INPUT_AHEAD_FILES])); /* a ring is used again */
    assert_int_equal(input_ahead_next(f[0])->bytes_in, BLOCK);
    input_ahead_close(f[0]);
    input_ahead_free(a);
}

/* A thread is inside read() when the file is closed: it is waited for, and read() is not called again. */
static void closing_waits_for_a_read_under_way(void **state)
{
    sem_t entered;
    (void)state;
    assert_int_equal(sem_init(&entered, 0, 0), 0);
    for (unsigned taken = 0; taken < 4; taken++) {
        struct input_ahead *a = input_ahead_new(1, INPUT_AHEAD_FILES);
        struct endless e = {.end = UINT64_MAX, .chunk = SIZE_MAX, .entered = &entered};
        struct input_ahead_file *f = input_ahead_open(a, read_endless, &e);
        for (unsigned i = 0; i < taken; i++)
            (void)input_ahead_next(f);
        while (sem_wait(&entered) != 0)
            continue;
        input_ahead_close(f);
        e.closed = true;
        input_ahead_free(a);
        while (sem_trywait(&entered) == 0)
            continue;
    }
    sem_destroy(&entered);
}

static void without_threads_there_is_nothing_to_be_had(void **state)
{
    struct input_ahead *a = input_ahead_new(0, INPUT_AHEAD_FILES);
    struct endless e = {.end = 10, .chunk = SIZE_MAX};
    (void)state;
    assert_null(input_ahead_open(a, read_endless, &e));
    assert_int_equal(e.reads, 0);
    input_ahead_free(a);
    input_ahead_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_any_size_come_whole),
        cmocka_unit_test(many_at_once_come_whole),
        cmocka_unit_test(what_is_read_ahead_is_bounded),
        cmocka_unit_test(closing_waits_for_a_read_under_way),
        cmocka_unit_test(without_threads_there_is_nothing_to_be_had),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
