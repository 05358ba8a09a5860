/* A capture point from file to file: what its checkpoint keeps, and what the next run makes of it. */
#include "batch/point.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "batch/state.h"
#include "support/cmocka_all.h"
#include "unit/batch/scratch.h"

static char output[1 << 16];

static void say(void *ctx, const char *subject, const char *text)
{
    (void)ctx;
    fail_msg("%s: %s", subject != NULL ? subject : "", text);
}

static struct batch_config config_of(const char *name)
{
    return (struct batch_config){.out = scratch(name), .state = scratch(name), .say = say};
}

/* The folder of one capture. */
static struct folder folder_of(const char *name, const char *capture)
{
    struct folder f;
    char path[64];

    snprintf(path, sizeof path, "%s/a.pcap", name);
    assert_int_equal(mkdir(scratch(name), 0777), 0);
    scratch_copy(capture, path);
    assert_int_equal(folder_open(&f, scratch(name)), P2T_OK);
    assert_int_equal(folder_scan(&f), P2T_OK);
    return f;
}

static struct folder_file *next(struct point *p, const struct folder *f, int64_t now_ns)
{
    point_see(p, f->files, f->count);
    return point_next(p, f->files, f->count, now_ns);
}

static void a_file_is_processed_once(void **state)
{
    struct folder f = folder_of("in1", P2T_LAB "/fresh.pcap");
    struct batch_config config = config_of("out1");
    struct point *p;

    (void)state;
    assert_int_equal(mkdir(config.out, 0777), 0);
    assert_int_equal(point_open(&p, &config, "", 0), P2T_OK);
    assert_ptr_equal(next(p, &f, 0), f.files[0]);
    assert_int_equal(point_process(p, &f, f.files[0]), P2T_OK);
    assert_null(next(p, &f, 0));
    point_close(p);

    assert_int_equal(point_open(&p, &config, "", 0), P2T_OK);
    assert_true(p->has_checkpoint);
    assert_int_equal(p->next_file, 1);
    assert_null(next(p, &f, 0));
    point_close(p);
    folder_close(&f);
    scratch_read("out1/manifest.ndjson", output, sizeof output - 1);
    assert_non_null(strstr(output, "a.pcap"));
}

/* The last connection of the capture is open: only the end of all captures tells its story. */
static void what_is_open_survives_in_the_checkpoint(void **state)
{
    struct folder f = folder_of("in2", P2T_LAB "/syndrop.pcap");
    struct batch_config config = config_of("out2");
    struct point *p;

    (void)state;
    config.all = true;
    assert_int_equal(mkdir(config.out, 0777), 0);
    assert_int_equal(point_open(&p, &config, "", 0), P2T_OK);
    assert_int_equal(point_process(p, &f, f.files[0]), P2T_OK);
    uint64_t first = p->exchanges;
    point_close(p);

    assert_int_equal(point_open(&p, &config, "", 0), P2T_OK);
    assert_int_equal(point_finish(p), P2T_OK);
    assert_true(p->final);
    assert_true(p->exchanges > 0);
    assert_true(first + p->exchanges >= 2);
    assert_int_equal(point_finish(p), P2T_OK); /* nothing is left to finish */
    assert_int_equal(point_problems(p), 0);
    point_close(p);
    folder_close(&f);
}

static void a_file_that_may_grow_waits(void **state)
{
    struct folder f = folder_of("in3", P2T_LAB "/fresh.pcap");
    struct batch_config config = config_of("out3");
    struct point *p;

    (void)state;
    config.settle_ns = 1000;
    assert_int_equal(mkdir(config.out, 0777), 0);
    assert_int_equal(point_open(&p, &config, "", 0), P2T_OK);
    assert_null(next(p, &f, f.files[0]->changed_ns + 999));
    assert_ptr_equal(next(p, &f, f.files[0]->changed_ns + 1000), f.files[0]);
    point_close(p);
    folder_close(&f);
}

static bool locked;

static void note_lock(void *ctx, const char *subject, const char *text)
{
    (void)ctx;
    (void)subject;
    locked = strcmp(text, "another batch is using this state") == 0;
}

static void two_do_not_work_on_one_state(void **state)
{
    struct batch_config config = config_of("out4");
    struct point *p, *second;

    (void)state;
    assert_int_equal(mkdir(config.out, 0777), 0);
    assert_int_equal(point_open(&p, &config, "", 0), P2T_OK);
    config.say = note_lock;
    assert_int_equal(point_open(&second, &config, "", 0), P2T_ERR_IO);
    assert_null(second);
    assert_true(locked);
    point_close(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_processed_once),
        cmocka_unit_test(what_is_open_survives_in_the_checkpoint),
        cmocka_unit_test(a_file_that_may_grow_waits),
        cmocka_unit_test(two_do_not_work_on_one_state),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
