/* A batch that is killed, at any instant and at every call that changes a file, or that finds its disk full, and started
 * again, ends with what an undisturbed run writes. kill_test --long: many more kills. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support.h"
#include "support/cmocka_all.h"

static struct packets packets;
static struct buf expected;
static bool is_long;

static void prepare(const char *path)
{
    packets_load(&packets, path);
    packets_write(&packets, 0, packets.n, "whole.pcap");
    buf_reset(&expected);
    whole(&expected, in_scratch("whole.pcap"));
    assert_true(count_lines(&expected) > 0);
}

/* What a checkpoint needs of compressed files is kept, the others are read again: every second one is compressed. */
static void cut(uint64_t *seed, size_t files)
{
    size_t *cuts = random_cuts(seed, &packets, files - 1);
    char plain[48], packed[64];

    scratch_clear();
    packets_cut(&packets, cuts, files - 1);
    for (size_t i = 1; i < files; i += 2) {
        snprintf(plain, sizeof plain, "in/part-%04zu.pcap", i);
        snprintf(packed, sizeof packed, "%s.zst", plain);
        compress_file(plain, packed);
        forget(plain);
    }
    free(cuts);
}

/* The exchanges, one line in the manifest for each window, and nothing left over. */
static void check(const char *what, size_t files)
{
    struct buf got = {0}, manifest = {0};

    joined(&got, "out");
    assert_same_lines(&expected, &got, what);
    slurp_file(&manifest, in_scratch("out/manifest.ndjson"));
    assert_int_equal(count_lines(&manifest), files + 1);
    assert_int_equal(files_in("out", ".tmp"), 0);
    assert_int_equal(files_in("out", ".ndjson"), files + 2);
    assert_int_equal(files_in("out/.pcap2trace", ""), 3); /* checkpoint, journal and lock */
    buf_fini(&got);
    buf_fini(&manifest);
}

static pid_t start(const char *environment)
{
    return run_start(environment, "batch --all --final --out %s %s", in_scratch("out"), in_scratch("in"));
}

static void wait_ns(int64_t ns)
{
    const struct timespec t = {ns / 1000000000, ns % 1000000000};

    (void)nanosleep(&t, NULL);
}

/* Returns how often it was killed until it came to its end. */
static unsigned killed_at_random(uint64_t *seed, int64_t mean_ns)
{
    unsigned kills = 0;

    for (;;) {
        pid_t pid = start(NULL);
        wait_ns((int64_t)(random_next(seed) % (uint64_t)(2 * mean_ns)));
        (void)kill(pid, SIGKILL);
        struct run r = run_wait(pid);
        if (r.status != 128 + SIGKILL) {
            if (r.status != 0)
                fail_msg("status %d: %s", r.status, r.err);
            return kills;
        }
        kills++;
    }
}

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* How long an undisturbed run takes here: kills come some times in that. */
static int64_t undisturbed_ns(uint64_t seed, size_t files)
{
    cut(&seed, files);
    int64_t begun = now_ns();
    assert_int_equal(run_wait(start(NULL)).status, 0);
    check("undisturbed", files);
    return now_ns() - begun;
}

static void killed_at_any_instant(void **state)
{
    enum { FILES = 50 };
    uint64_t seed = 7;
    unsigned kills = 0, wanted = is_long ? 200 : 15;

    (void)state;
    prepare(P2T_BATCH "/captures/storm.pcap.zst");
    int64_t mean_ns = undisturbed_ns(seed, FILES) / 4;
    while (kills < wanted) {
        cut(&seed, FILES);
        unsigned more = killed_at_random(&seed, mean_ns);
        check("killed at random", FILES);
        kills += more;
        mean_ns = more == 0 ? mean_ns / 2 + 1 : mean_ns; /* the undisturbed run was disturbed by something else */
    }
    if (is_long)
        print_message("%u kills\n", kills);
    packets_free(&packets);
}

/* After the kill, an undisturbed run finishes. Returns false when there is no such call any more. */
static bool survives(const char *setting, unsigned call, int wanted_status, const char *wanted_text, size_t files)
{
    char environment[400], what[64];
    uint64_t seed = 11;

    cut(&seed, files);
    snprintf(environment, sizeof environment, "LD_PRELOAD=%s %s=%u", P2T_PRELOAD, setting, call);
    snprintf(what, sizeof what, "%s=%u", setting, call);
    struct run r = run_wait(start(environment));
    if (r.status == 0) {
        check(what, files);
        return false;
    }
    if (r.status != wanted_status || strstr(r.err, wanted_text) == NULL)
        fail_msg("%s: status %d: %s", what, r.status, r.err);
    r = run_wait(start(NULL));
    if (r.status != 0 || r.err[0] != '\0')
        fail_msg("%s, started again: status %d: %s", what, r.status, r.err);
    check(what, files);
    return true;
}

static void at_every_call(const char *setting, int status, const char *text)
{
    enum { FILES = 4 };
    unsigned call = 1;

    prepare(P2T_SAMPLES "/incident/incident.pcap");
    while (survives(setting, call, status, text, FILES))
        call++;
    assert_true(call > FILES * 8); /* each window syncs, renames and writes several times */
    packets_free(&packets);
}

static void killed_at_every_call_that_changes_a_file(void **state)
{
    (void)state;
    at_every_call("P2T_DIE_AT", 128 + SIGKILL, "");
}

static void on_a_disk_that_is_full_from_any_call_on(void **state)
{
    (void)state;
    at_every_call("P2T_FULL_AT", 1, "No space left on device");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_at_any_instant),
        cmocka_unit_test(killed_at_every_call_that_changes_a_file),
        cmocka_unit_test(on_a_disk_that_is_full_from_any_call_on),
    };

    is_long = argc > 1 && strcmp(argv[1], "--long") == 0;
    scratch_begin();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_end();
    buf_fini(&expected);
    return failed;
}
