/* What is written does not depend on the number of threads, nor on when they come to run. For data races:
 *
 *     cmake -S . -B build-tsan -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS=-O1 -DP2T_SANITIZE=thread -DP2T_BENCH=OFF
 *     cmake --build build-tsan --target test_jobs && build-tsan/tests/golden/test_jobs
 *
 * P2T_BENCH_MB=1000 makes the captures of the bench a gigabyte each. */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "bench/bench_capture.h"
#include "write/writer.h"
#include "pcap2trace/session.h"
#include "support/catalog.h"
#include "support/cmocka_all.h"

enum { PATH_BYTES = 1024 };

/* How many threads, and whether they prepare what is written side by side. */
struct how {
    unsigned jobs;
    bool prepare;
};

static const struct how alone = {1, false};
static const struct how others[] = {{1, true}, {2, false}, {2, true}, {3, true},
                                    {4, true}, {8, false}, {8, true}, {16, true}};
enum { OTHERS = sizeof others / sizeof *others };

struct told {
    struct buf text;
    struct out_writer *writer;
    struct out_chunk chunks[P2T_SLOTS];
    uint64_t exchanges, stop_after; /* 0: never */
    struct buf problems;
    struct p2t_counters counters;
};

static int append(void *ctx, const void *bytes, size_t n)
{
    buf_put(ctx, bytes, n);
    return P2T_OK;
}

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    struct told *told = ctx;

    assert_int_equal(out_writer_exchange(told->writer, x), P2T_OK);
    return ++told->exchanges == told->stop_after;
}

static int on_prepare(void *ctx, size_t slot, const struct p2t_exchange *x)
{
    struct told *told = ctx;

    assert_true(slot < P2T_SLOTS);
    out_chunk_exchange(&told->chunks[slot], told->writer, x);
    return 0;
}

static int on_prepared(void *ctx, size_t slot)
{
    struct told *told = ctx;

    told->exchanges += told->chunks[slot].count;
    assert_int_equal(out_writer_chunk(told->writer, &told->chunks[slot]), P2T_OK);
    return 0;
}

static void on_problem(void *ctx, const struct p2t_problem *p)
{
    struct told *told = ctx;

    buf_printf(&told->problems, "%s %s %" PRIu64 " %" PRIu64 "\n", p->path, p->text, p->packet, p->offset);
}

static void begin(struct told *told, uint64_t stop_after)
{
    struct out_options options = {0};
    struct out_sink sink = {&told->text, append};

    *told = (struct told){.stop_after = stop_after};
    told->writer = out_writer_new(OUT_FORMAT_NDJSON, &options, &sink);
    assert_non_null(told->writer);
}

static void end(struct told *told)
{
    assert_int_equal(out_writer_finish(told->writer), P2T_OK);
    out_writer_free(told->writer);
    for (size_t i = 0; i < P2T_SLOTS; i++)
        out_chunk_fini(&told->chunks[i]);
}

static struct p2t_session *open_session(struct told *told, const char *const *path, const char *keylog,
                                        struct how how)
{
    struct p2t_config config = {.paths = path,
                                .path_count = 1,
                                .all = true,
                                .keylog = keylog,
                                .jobs = how.jobs,
                                .ctx = told,
                                .problem = on_problem,
                                .exchange = on_exchange,
                                .prepare = how.prepare ? on_prepare : NULL,
                                .prepared = how.prepare ? on_prepared : NULL};
    struct p2t_session *session;

    assert_int_equal(p2t_session_open(&session, &config, NULL), P2T_OK);
    return session;
}

static int run_in_steps(struct p2t_session *session, size_t frames)
{
    int more;

    do {
        more = p2t_session_step(session, frames);
    } while (more > 0);
    return more;
}

static struct told run_stepping(const char *path, const char *keylog, struct how how, size_t frames)
{
    struct told told;

    begin(&told, 0);
    struct p2t_session *session = open_session(&told, &path, keylog, how);
    assert_int_equal(run_in_steps(session, frames), P2T_OK);
    p2t_session_counters(session, &told.counters);
    assert_int_equal(told.counters.exchanges, told.exchanges);
    p2t_session_free(session);
    end(&told);
    return told;
}

static struct told run(const char *path, const char *keylog, struct how how)
{
    return run_stepping(path, keylog, how, 65536);
}

static void free_told(struct told *told)
{
    buf_fini(&told->text);
    buf_fini(&told->problems);
}

static void is_the_same(const struct told *one, struct told other, const char *path, struct how how)
{
    if (other.text.n != one->text.n || (one->text.n > 0 && memcmp(other.text.p, one->text.p, one->text.n) != 0))
        fail_msg("%s: %u jobs%s write something else than one", path, how.jobs, how.prepare ? ", prepared," : "");
    if (!slice_eq(buf_view(&one->problems), buf_view(&other.problems)))
        fail_msg("%s: %u jobs meet other problems than one", path, how.jobs);
    assert_memory_equal(&one->counters, &other.counters, sizeof one->counters);
    free_told(&other);
}

static uint64_t compare(const char *path, const char *keylog)
{
    struct told one = run(path, keylog, alone);

    for (size_t i = 0; i < OTHERS; i++)
        is_the_same(&one, run(path, keylog, others[i]), path, others[i]);
    free_told(&one);
    return one.exchanges;
}

/* Of many captures, each with a few of the ways: all of them have their turn. */
static void compare_in_turn(const char *path, size_t turn)
{
    enum { FEW = 2, APART = 3 };
    struct told one = run(path, NULL, alone);

    for (size_t i = 0; i < FEW; i++) {
        struct how how = others[(turn + i * APART) % OTHERS];
        is_the_same(&one, run(path, NULL, how), path, how);
    }
    free_told(&one);
}

static void compare_traffic(enum bench_traffic traffic, uint64_t bytes)
{
    static const size_t steps[] = {1, 999, SIZE_MAX};
    char path[] = "/tmp/p2t_jobs_XXXXXX", keylog[sizeof path + 5];
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    close(fd);
    snprintf(keylog, sizeof keylog, "%s.keys", path);
    const char *keys = traffic == BENCH_TLS_KEYS ? keylog : NULL;
    struct bench_size size = bench_capture_write(path, keylog, traffic, bytes);
    struct told one = run(path, keys, alone);
    assert_in_range(one.exchanges, size.exchanges, size.exchanges + 1);
    for (size_t i = 0; i < OTHERS; i++) {
        size_t frames = steps[(i + traffic) % (sizeof steps / sizeof *steps)];
        is_the_same(&one, run_stepping(path, keys, others[i], frames), path, others[i]);
    }
    free_told(&one);
    unlink(path);
    unlink(keylog);
}

static void any_jobs_and_steps_give_the_same(void **state)
{
    const char *megabytes = getenv("P2T_BENCH_MB");
    uint64_t bytes = (megabytes != NULL ? strtoull(megabytes, NULL, 10) : 3) * 1000000;

    (void)state;
    for (enum bench_traffic t = BENCH_KEEP_ALIVE_JSON; t <= BENCH_TLS_BODIES; t++)
        compare_traffic(t, bytes);
}

/* All of the folder's in one run: files begin while exchanges of earlier ones are told. */
static void a_folder_gives_the_same(void **state)
{
    (void)state;
    assert_true(compare(P2T_GOLDEN "/captures", NULL) >= 100);
}

/* tls-keys.pcap.gz: tls-keys.log */
static const char *keylog_beside(const char *path, char out[PATH_BYTES])
{
    snprintf(out, PATH_BYTES, "%s", path);
    char *suffix = strstr(out, ".pcap");
    if (suffix == NULL)
        return NULL;
    memcpy(suffix, ".log", sizeof ".log");
    return access(out, R_OK) == 0 ? out : NULL;
}

static void golden_captures_give_the_same(void **state)
{
    char path[PATH_BYTES], keylog[PATH_BYTES];
    DIR *folder = opendir(P2T_GOLDEN "/captures");
    uint64_t captures = 0, exchanges = 0;

    (void)state;
    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (strstr(entry->d_name, ".pcap") == NULL)
            continue;
        snprintf(path, sizeof path, "%s/captures/%s", P2T_GOLDEN, entry->d_name);
        exchanges += compare(path, keylog_beside(path, keylog));
        captures++;
    }
    closedir(folder);
    assert_true(captures >= 5 && exchanges >= 100);
}

static void public_captures_give_the_same(void **state)
{
    struct catalog catalog;

    (void)state;
    if (!catalog_load(&catalog, P2T_PUBLIC)) {
        printf("skipped: no public captures at %s\n", P2T_PUBLIC);
        skip();
        return;
    }
    for (size_t i = 0; i < catalog.n; i++)
        compare_in_turn(catalog.entries[i].path, i);
    catalog_free(&catalog);
}

/* What is wrong is told in its place, and so often as it is met. */
static void problems_are_the_same(void **state)
{
    static const char *const names[] = {"tls-estimates.pcap.gz", "tls-keys.pcap.gz"};
    char path[PATH_BYTES], cut[] = "/tmp/p2t_cut_XXXXXX";
    int fd = mkstemp(cut);

    (void)state;
    assert_true(fd >= 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/captures/%s", P2T_GOLDEN, names[i]);
        FILE *whole = fopen(path, "rb");
        uint8_t bytes[16384];
        assert_non_null(whole);
        size_t n = fread(bytes, 1, sizeof bytes, whole);
        fclose(whole);
        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(pwrite(fd, bytes, n / 2, 0), n / 2);
        struct told one = run(cut, NULL, alone);
        assert_true(one.problems.n > 0 && one.counters.problems == 1);
        free_told(&one);
        (void)compare(cut, NULL);
    }
    close(fd);
    unlink(cut);
}

static const char *const some = P2T_GOLDEN "/captures/tls-estimates.pcap.gz";

static void the_caller_stops_it_after_any_exchange(void **state)
{
    struct told whole = run(some, NULL, alone);

    (void)state;
    assert_true(whole.exchanges > 3);
    for (uint64_t n = 1; n < whole.exchanges; n += 1 + n / 2) {
        struct told told;
        begin(&told, n);
        struct p2t_session *session = open_session(&told, &some, NULL, (struct how){2, false});
        assert_int_equal(p2t_session_run(session), P2T_ERR_STOPPED);
        assert_int_equal(told.exchanges, n);
        assert_int_equal(p2t_session_finish(session), P2T_ERR_STOPPED);
        p2t_session_free(session);
        end(&told);
        assert_int_equal(told.exchanges, n);
        assert_true(told.text.n < whole.text.n && memcmp(told.text.p, whole.text.p, told.text.n) == 0);
        free_told(&told);
    }
    free_told(&whole);
}

static struct told run_for_a_while(struct how how)
{
    struct told told;

    begin(&told, 0);
    struct p2t_session *session = open_session(&told, &some, NULL, how);
    assert_int_equal(p2t_session_step(session, 100), 1);
    assert_int_equal(p2t_session_finish(session), P2T_OK);
    p2t_session_counters(session, &told.counters);
    p2t_session_free(session);
    end(&told);
    return told;
}

static void an_early_end_hands_over_what_is_open(void **state)
{
    struct told one = run_for_a_while(alone);

    (void)state;
    assert_true(one.exchanges > 0);
    for (size_t i = 0; i < OTHERS; i++) {
        struct told other = run_for_a_while(others[i]);
        assert_true(slice_eq(buf_view(&one.text), buf_view(&other.text)));
        free_told(&other);
    }
    free_told(&one);
}

/* Free in the middle, and nobody is called from then on. */
static void free_in_the_middle(struct how how)
{
    struct told told;

    for (size_t frames = 0; frames < 400; frames += 57) {
        begin(&told, 0);
        struct p2t_session *session = open_session(&told, &some, NULL, how);
        if (frames > 0)
            assert_int_equal(p2t_session_step(session, frames), 1);
        p2t_session_free(session);
        end(&told);
        free_told(&told);
    }
}

static void freeing_it_silences_it(void **state)
{
    (void)state;
    free_in_the_middle((struct how){2, false});
    free_in_the_middle((struct how){4, true});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_captures_give_the_same),
        cmocka_unit_test(a_folder_gives_the_same),
        cmocka_unit_test(any_jobs_and_steps_give_the_same),
        cmocka_unit_test(public_captures_give_the_same),
        cmocka_unit_test(problems_are_the_same),
        cmocka_unit_test(the_caller_stops_it_after_any_exchange),
        cmocka_unit_test(an_early_end_hands_over_what_is_open),
        cmocka_unit_test(freeing_it_silences_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
