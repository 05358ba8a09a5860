/* What a file costs does not grow with how many were processed before it. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "support.h"
#include "support/cmocka_all.h"

enum { FEW = 300, MANY = 8 * FEW, ATTEMPTS = 5 };

static const double FLOOR_S = 0.02; /* below it, a figure says nothing */

/* User and system time of the programs run so far. */
static double seconds(void)
{
    struct rusage u;

    assert_int_equal(getrusage(RUSAGE_CHILDREN, &u), 0);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* Files number `from` to `to` - 1, of a packet each, a second apart. */
static void put_files(unsigned from, unsigned to)
{
    struct packets p;
    char name[64];

    packets_load(&p, P2T_SAMPLES "/incident/incident.pcap");
    uint8_t *time = p.bytes.p + p.at[0];
    for (uint32_t i = from, second = 1700000000 + from; i < to; i++, second++) {
        memcpy(time, &second, sizeof second);
        snprintf(name, sizeof name, "in/%06u.pcap", (unsigned)i);
        packets_write(&p, 0, 1, name);
    }
    packets_free(&p);
}

static double takes_on(unsigned files)
{
    double before = seconds();
    struct run r = run("batch -j 1 --settle 0 --out %s %s", in_scratch("out"), in_scratch("in"));
    double took = seconds() - before;

    assert_int_equal(r.status, 0);
    assert_int_equal(windows(), files);
    return took;
}

/* Works off so many files. */
static double takes(unsigned files)
{
    scratch_clear();
    put_files(0, files);
    return takes_on(files);
}

/* Eight times as many take eight times as long, or a little less: the program's start counts once. What another process's
 * load made of a figure is gone at the next attempt. */
static void many_files_take_as_much_longer_as_they_are_more(void **state)
{
    double few = 0, many = 0;

    (void)state;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        few = takes(FEW);
        many = takes(MANY);
        if (many <= 9 * (few > FLOOR_S ? few : FLOOR_S))
            return;
    }
    fail_msg("%d files take %.3f s, %d take %.3f s", FEW, few, MANY, many);
}

/* What is left by one more file: those that come fast share a checkpoint, which has the line of each. */
static void checkpoint_after(unsigned files, struct buf *b)
{
    (void)takes(files);
    put_files(files, files + 1);
    (void)takes_on(files + 1);
    slurp_file(b, in_scratch("out/.pcap2trace/all.checkpoint"));
}

/* The list of processed files is beside the checkpoint. */
static void the_checkpoint_stays_as_small(void **state)
{
    struct buf few = {0}, many = {0};

    (void)state;
    checkpoint_after(10, &few);
    checkpoint_after(500, &many);
    assert_in_range(many.n, 1, 2 * few.n);
    buf_fini(&few);
    buf_fini(&many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_files_take_as_much_longer_as_they_are_more),
        cmocka_unit_test(the_checkpoint_stays_as_small),
    };

    scratch_begin();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_end();
    return failed;
}
