/* Checkpoints and folders that are damaged, of another version, in use, or not to be written. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "batch/checkpoint.h"
#include "batch/journal.h"
#include "folder.h"
#include "pcap2trace/status.h"
#include "support/cmocka_all.h"

static void begin_and_add(void)
{
    packets_write(&packets, 0, 20, "in/a.pcap");
    expect(batch("--settle 0"), 0, "");
    packets_write(&packets, 20, packets.n, "in/b.pcap");
}

static const char *checkpoint(void)
{
    return in_scratch("out/.pcap2trace/all.checkpoint");
}

static void put_back(const struct buf *b, size_t n)
{
    FILE *f = fopen(checkpoint(), "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(b->p, 1, n, f), n);
    fclose(f);
}

/* Some bits of a zstd stream can be turned without changing what it says; all others are noticed before anything is
 * written. Returns true when this one was. */
static bool is_refused(struct buf *good, size_t at)
{
    good->p[at] ^= 0x40;
    put_back(good, good->n);
    good->p[at] ^= 0x40;
    struct run r = batch("--final");
    if (r.status == 1) {
        expect(r, 1, "all.checkpoint: this checkpoint is damaged");
        assert_int_equal(windows(), 1);
        return true;
    }
    expect(r, 0, "");
    check("a change that changes nothing");
    scratch_clear();
    begin_and_add();
    buf_reset(good);
    slurp_file(good, checkpoint());
    return false;
}

static void a_damaged_checkpoint_is_refused(void **state)
{
    struct buf good = {0};
    size_t tried = 0, refused = 0;

    (void)state;
    begin_and_add();
    slurp_file(&good, checkpoint());
    for (size_t i = 12; i < good.n; i += 1 + good.n / 64, tried++) /* behind the version */
        refused += is_refused(&good, i);
    assert_true(refused * 10 > tried * 9);
    for (size_t n = 0; n < good.n; n += 1 + good.n / 32) {
        put_back(&good, n);
        expect(batch("--final"), 1, "all.checkpoint: this checkpoint is damaged");
    }
    assert_int_equal(windows(), 1);
    put_back(&good, good.n);
    expect(batch("--final"), 0, "");
    check("the checkpoint put back");
    buf_fini(&good);
}

static void another_version_s_state_is_refused(void **state)
{
    struct buf b = {0};
    char text[200];

    (void)state;
    snprintf(text, sizeof text, "all.checkpoint: state version %d, of another version of pcap2trace; this one has %d",
             CHECKPOINT_VERSION + 1, CHECKPOINT_VERSION);
    begin_and_add();
    slurp_file(&b, checkpoint());
    b.p[8]++;
    put_back(&b, b.n);
    expect(batch("--final"), 1, text);
    b.p[8]--;
    put_back(&b, b.n);
    expect(batch("--final"), 0, "");
    check("the right version again");
    buf_fini(&b);
}

/* ---- a checkpoint of version 3 ---- */

enum { HEAD_FIXED = 36, JOURNAL_FIELDS = 28 };

static void put_file_of_3(struct checkpoint_writer *w, const struct processed *r)
{
    struct buf b = {0};

    buf_le64(&b, r->inode);
    buf_le64(&b, r->bytes);
    buf_le64(&b, r->fingerprint);
    buf_le64(&b, r->content.packets);
    checkpoint_text(&b, slice_str(r->name));
    assert_int_equal(checkpoint_put(w, CHECKPOINT_FILE, buf_view(&b)), P2T_OK);
    buf_fini(&b);
}

/* The head as it was, and the files out of the journal. final: nothing is open. */
static void put_records_of_3(struct checkpoint_writer *w, struct buf *head, bool final)
{
    struct reader fields = reader_of(head->p + HEAD_FIXED, JOURNAL_FIELDS);
    struct processed_set files;
    struct journal journal;
    struct buf b = {0};

    processed_init(&files);
    journal_init(&journal, strdup(in_scratch("out/.pcap2trace/all.processed")));
    journal_load(&journal, &fields);
    assert_int_equal(journal_read(&journal, &files), P2T_OK);
    buf_put(&b, head->p, HEAD_FIXED);
    b.p[24] = final;
    buf_put(&b, head->p + HEAD_FIXED + JOURNAL_FIELDS, head->n - HEAD_FIXED - JOURNAL_FIELDS);
    assert_int_equal(checkpoint_put(w, CHECKPOINT_HEAD, buf_view(&b)), P2T_OK);
    for (struct list_link *l = files.order.next; l != &files.order; l = l->next)
        put_file_of_3(w, list_entry(l, struct processed, link));
    assert_int_equal(checkpoint_finish(w), P2T_OK);
    assert_int_equal(store_publish(&w->store), P2T_OK);
    journal_fini(&journal);
    processed_fini(&files);
    buf_fini(&b);
}

static void make_it_version_3(bool final)
{
    struct checkpoint_reader r;
    struct checkpoint_record record;
    struct checkpoint_writer w;
    struct buf head = {0}, bytes = {0};

    assert_int_equal(checkpoint_open(&r, checkpoint()), CHECKPOINT_FOUND);
    assert_int_equal(checkpoint_next(&r, &record), 1);
    assert_int_equal(record.type, CHECKPOINT_HEAD);
    buf_slice(&head, record.bytes);
    checkpoint_close(&r);
    assert_int_equal(checkpoint_create(&w, checkpoint()), P2T_OK);
    put_records_of_3(&w, &head, final);
    checkpoint_fini(&w);
    slurp_file(&bytes, checkpoint());
    bytes.p[8] = CHECKPOINT_VERSION_BEFORE;
    put_back(&bytes, bytes.n);
    forget("out/.pcap2trace/all.processed-1");
    buf_fini(&head);
    buf_fini(&bytes);
}

static void the_last_version_s_state_is_gone_on_with_when_nothing_is_open(void **state)
{
    (void)state;
    packets_write(&packets, 0, 20, "in/a.pcap");
    expect(batch("--final"), 0, "");
    size_t files = files_in("out", ".ndjson");
    make_it_version_3(true);
    expect(batch("--final"), 0, "");
    assert_int_equal(files_in("out", ".ndjson"), files); /* the file is known */
    packets_write(&packets, 20, packets.n, "in/b.pcap");
    expect(batch("--final"), 0, "");
    assert_int_equal(files_in("out", ".ndjson"), files + 2);
    expect(batch("--final"), 0, "");
    assert_int_equal(files_in("out", ".ndjson"), files + 2);
}

static void the_last_version_s_state_with_open_ones_is_refused(void **state)
{
    (void)state;
    begin_and_add();
    make_it_version_3(false);
    expect(batch("--settle 0"), 1,
           "state version 3, of another version of pcap2trace; this one has 16. Run that version once "
           "more with --final, which writes what is open, or start again with another --state");
    assert_int_equal(windows(), 1);
}

static void two_at_once_are_refused(void **state)
{
    (void)state;
    begin_and_add();
    int fd = open(in_scratch("out/.pcap2trace/all.checkpoint.lock"), O_RDWR);
    assert_true(fd >= 0 && flock(fd, LOCK_EX) == 0);
    expect(batch("--final"), 1, "another batch is using this state");
    close(fd);
    expect(batch("--final"), 0, "");
    check("alone again");
}

static void folders_that_cannot_be_used(void **state)
{
    (void)state;
    packets_write(&packets, 0, packets.n, "in/a.pcap");
    expect(run("batch --out %s %s", in_scratch("whole.pcap"), in_scratch("in")), 1, "whole.pcap");
    expect(run("batch --out %s --state %s %s", in_scratch("out"), in_scratch("whole.pcap"), in_scratch("in")), 1,
           "whole.pcap");
    expect(run("batch --out %s %s", in_scratch("out"), in_scratch("nowhere")), 1,
           "nowhere: No such file or directory");
    expect(batch("--final"), 0, "");
    expect(run("batch --final --out %s --state %s %s", in_scratch("out"), in_scratch("other"), in_scratch("in")), 1,
           "already exists, written with another state");
    check("not touched");
}

static void a_manifest_that_cannot_be_written(void **state)
{
    (void)state;
    begin_and_add();
    forget("out/manifest.ndjson");
    assert_int_equal(mkdir(in_scratch("out/manifest.ndjson"), 0777), 0);
    expect(batch("--final"), 1, "manifest.ndjson: Is a directory");
    assert_int_equal(rmdir(in_scratch("out/manifest.ndjson")), 0);
    expect(batch("--final"), 0, "");
    check("a manifest that can be written again");
}

static void usage(void **state)
{
    static const struct {
        const char *line, *text;
    } rows[] = {
        {"batch /tmp", "--out FOLDER"},
        {"batch --out /tmp/x", "no capture folder given"},
        {"batch --out /tmp/x a b", "one folder"},
        {"batch --out /tmp/x --follow --final a", "--final"},
        {"batch --out /tmp/x --shard 1/2 a", "go together"},
        {"batch --out /tmp/x --shard 2/2 --manifest m", "--shard '2/2'"},
        {"batch --out /tmp/x --settle soon a", "--settle 'soon'"},
        {"batch --out /tmp/x -T csv a", "ndjson"},
        {"batch --out /tmp/x --point-from x a", "one group"},
        {"--settle 3 a.pcap", "--settle belongs to the command 'batch'"},
        {"plan --out x a", "--out belongs to the command 'batch'"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect(run("%s", rows[i].line), 2, rows[i].text);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_damaged_checkpoint_is_refused),
        T(another_version_s_state_is_refused),
        T(two_at_once_are_refused),
        T(the_last_version_s_state_is_gone_on_with_when_nothing_is_open),
        T(the_last_version_s_state_with_open_ones_is_refused),
        T(folders_that_cannot_be_used),
        T(a_manifest_that_cannot_be_written),
        T(usage),
    };

    scratch_begin();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_end();
    buf_fini(&expected);
    return failed;
}
