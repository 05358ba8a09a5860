/* What may happen in a capture folder. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.h"
#include "support/cmocka_all.h"

/* ---- which files, and when ---- */

static void the_newest_is_left_until_it_is_quiet(void **state)
{
    (void)state;
    packets_write(&packets, 0, 10, "in/b.pcap");
    packets_write(&packets, 10, 20, "in/a.pcap");
    expect(batch(""), 0, "");
    assert_int_equal(windows(), 1);
    assert_true(manifest_has("\"file\":\"b.pcap\"")); /* the order is that of packets, not of names */
    packets_write(&packets, 20, packets.n, "in/c.pcap");
    expect(batch("--settle 3600"), 0, "");
    assert_int_equal(windows(), 2);
    grow_old("in/c.pcap");
    expect(batch("--settle 3600"), 0, "");
    assert_int_equal(windows(), 3);
    expect(batch("--final"), 0, "");
    check("left until quiet");
}

static void a_file_that_grew_goes_on(void **state)
{
    (void)state;
    packets_write(&packets, 0, 7, "in/a.pcap");
    expect(batch("--settle 0"), 0, "");
    expect(batch("--settle 0"), 0, "");
    assert_int_equal(windows(), 1);
    packets_write(&packets, 0, 19, "in/a.pcap");
    expect(batch("--settle 0"), 0, "");
    assert_true(manifest_has("\"from_packet\":8,\"packets\":12"));
    packets_write(&packets, 0, packets.n, "in/a.pcap");
    expect(batch("--final"), 0, "");
    check("a file that grew");
}

static void a_compressed_copy_is_the_same(void **state)
{
    (void)state;
    packets_write(&packets, 0, 12, "in/a.pcap");
    packets_write(&packets, 12, packets.n, "in/b.pcap");
    expect(batch("--settle 0"), 0, "");
    compress_file("in/a.pcap", "in/a.pcap.zst");
    expect(batch("--settle 0"), 0, "");
    forget("in/a.pcap");
    expect(batch("--settle 0"), 0, "");
    assert_int_equal(rename(in_scratch("in/b.pcap"), in_scratch("in/other")), 0);
    expect(batch("--final"), 0, "");
    assert_int_equal(windows(), 3);
    check("a compressed copy");
}

/* tcpdump was killed as it copied; the copy sorts before the whole. */
static void a_cut_copy_does_not_hide_the_whole(void **state)
{
    (void)state;
    packets_write(&packets, 0, 9, "in/a-copy.pcap");
    packets_write(&packets, 0, packets.n, "in/b.pcap");
    packets_write(&packets, 0, 20, "in/c-copy.pcap");
    expect(batch("--final"), 0, "");
    check("a cut copy first");
    assert_true(manifest_has("\"file\":\"b.pcap\""));
    assert_true(manifest_has("\"from_packet\":10,"));
    assert_false(manifest_has("c-copy.pcap"));
    forget("in/b.pcap");
    compress_file("whole.pcap", "in/b.pcap.zst");
    expect(batch("--final"), 0, "");
    check("the whole, compressed");
}

/* Only its first packet is another's: it is a capture of its own. */
static void what_begins_alike_is_not_the_same(void **state)
{
    struct packets other;

    (void)state;
    packets_load(&other, P2T_SAMPLES "/incident/incident.pcap");
    other.bytes.p[other.at[1] + 4] ^= 1; /* a nanosecond */
    packets_write(&packets, 0, packets.n, "in/a.pcap");
    packets_write(&other, 0, 12, "in/b.pcap");
    expect(batch("--final"), 0, "");
    assert_true(manifest_has("\"from_packet\":1,\"packets\":12,"));
    packets_free(&other);
}

static void a_ring_s_name_comes_again(void **state)
{
    (void)state;
    packets_write(&packets, 0, 12, "in/ring0");
    packets_write(&packets, 12, 20, "in/ring1");
    expect(batch("--settle 0"), 0, "");
    packets_write(&packets, 20, 28, "in/ring0");
    expect(batch("--settle 0"), 0, "");
    packets_write(&packets, 28, packets.n, "in/ring1");
    expect(batch("--final"), 0, "");
    assert_int_equal(windows(), 5);
    check("a ring");
}

static void what_is_no_capture_is_passed_over(void **state)
{
    (void)state;
    packets_write(&packets, 0, packets.n, "in/a.pcap");
    packets_write(&packets, 0, 0, "in/empty.pcap");
    FILE *f = fopen(in_scratch("in/notes.txt"), "w");
    fputs("no capture at all\n", f);
    fclose(f);
    assert_int_equal(mkdir(in_scratch("in/subfolder"), 0777), 0);
    expect(batch("--final"), 0, "");
    check("foreign files");
}

static void write_bytes(const char *name, size_t n)
{
    struct buf b = {0};
    FILE *f = fopen(in_scratch(name), "wb");

    assert_non_null(f);
    slurp_file(&b, in_scratch("whole.pcap"));
    assert_int_equal(fwrite(b.p, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
    buf_fini(&b);
}

static void a_file_without_packets_has_its_line(void **state)
{
    (void)state;
    write_bytes("in/header", 24);
    expect(batch("--settle 3600"), 0, ""); /* it may still get some */
    assert_int_equal(windows(), 0);
    grow_old("in/header");
    write_bytes("in/nothing", 0);
    grow_old("in/nothing");
    write_bytes("in/cut", 23);
    grow_old("in/cut");
    expect(batch("--settle 3600"), 1, "in/cut: cut inside the file header");
    assert_int_equal(windows(), 3);
    assert_true(manifest_has("\"file\":\"header\",\"bytes\":24,\"first\":null,\"last\":null,\"from_packet\":1,"
                             "\"packets\":0,\"exchanges\":0,"));
    assert_true(manifest_has("\"file\":\"nothing\",\"bytes\":0,"));
    assert_true(manifest_has("\"problems\":[\"cut inside the file header\"]"));
    compress_file("in/header", "in/header.zst");
    grow_old("in/header.zst");
    expect(batch("--settle 0"), 0, "");
    forget("in/header");
    expect(batch("--settle 0"), 0, "");
    assert_int_equal(windows(), 3);
    packets_write(&packets, 0, packets.n, "in/nothing");
    expect(batch("--final"), 0, "");
    assert_int_equal(windows(), 5);
    write_bytes("in/another", 0);
    expect(batch("--final"), 0, "");
    expect(batch("--final"), 0, "");
    assert_int_equal(windows(), 6); /* nothing was open: there is no second tail */
    check("files without packets");
}

static void a_cut_file_is_used_up_to_there(void **state)
{
    (void)state;
    packets_write(&packets, 0, 20, "in/a.pcap");
    assert_int_equal(truncate(in_scratch("in/a.pcap"), (off_t)packets.at[19] + 20), 0);
    packets_write(&packets, 20, packets.n, "in/b.pcap");
    expect(batch("--final"), 1, "a.pcap: cut inside packet 20");
    assert_true(manifest_has("\"packets\":19"));
    assert_true(manifest_has("\"problems\":[\"cut inside packet 20"));
    expect(batch("--final"), 0, "");
}

static void a_clock_that_was_set_back_is_said(void **state)
{
    (void)state;
    packets_write(&packets, 0, packets.n, "in/a.pcap");
    expect(batch("--settle 0"), 0, "");
    for (size_t i = 0; i < packets.n; i++)
        packets.bytes.p[packets.at[i]] ^= 0x80; /* 128 s off */
    packets_write(&packets, 0, packets.n, "in/b.pcap");
    struct run r = batch("--final");
    struct buf got = {0};
    if ((packets.bytes.p[packets.at[0]] & 0x80) == 0)
        expect(r, 1, "b.pcap: begins 128.");
    joined(&got, "out");
    assert_int_equal(count_lines(&got), 2 * count_lines(&expected));
    buf_fini(&got);
}

static off_t checkpoint_size(void)
{
    struct stat st;

    assert_int_equal(stat(in_scratch("out/.pcap2trace/all.checkpoint"), &st), 0);
    return st.st_size;
}

/* Connections linger for seconds after their end, and a lookup that nobody followed is open for 30 s; their packets need
 * not be kept, once late copies are out of the question. */
static void of_closed_connections_little_is_carried(void **state)
{
    struct packets storm;
    uint32_t seconds;

    (void)state;
    packets_load(&storm, P2T_BATCH "/captures/storm.pcap.zst");
    packets_write(&storm, 0, storm.n, "in/1.pcap");
    expect(batch("--settle 0"), 0, "");
    off_t at_once = checkpoint_size();

    uint8_t *last = storm.bytes.p + storm.at[storm.n - 1];
    memcpy(&seconds, last, sizeof seconds);
    seconds += 35;
    memcpy(last, &seconds, sizeof seconds);
    packets_write(&storm, storm.n - 1, storm.n, "in/2.pcap");
    expect(batch("--settle 0"), 0, "");
    if (checkpoint_size() * 3 > at_once)
        fail_msg("%lld bytes, and 35 seconds later %lld", (long long)at_once, (long long)checkpoint_size());
    packets_free(&storm);
}

/* ---- points ---- */

static void points_are_apart(void **state)
{
    struct buf got = {0};

    (void)state;
    packets_write(&packets, 0, 20, "in/eth0-1.pcap");
    packets_write(&packets, 0, 15, "in/eth1-1.pcap");
    packets_write(&packets, 20, packets.n, "in/eth0-2.pcap");
    packets_write(&packets, 15, packets.n, "in/eth1-2.pcap");
    expect(batch("--final --point-from ^([^-]*)-"), 0, "");
    joined(&got, "out/eth0");
    assert_same_lines(&expected, &got, "eth0");
    buf_reset(&got);
    joined(&got, "out/eth1");
    assert_same_lines(&expected, &got, "eth1");
    buf_fini(&got);
    packets_write(&packets, 0, 3, "in/stray.pcap");
    expect(batch("--final --point-from ^([^-]*)-"), 1, "stray.pcap: belongs to no capture point");
}

enum { POINTS = 6 };

static void write_points(void)
{
    char name[32];

    for (size_t i = 0; i < POINTS; i++)
        for (size_t k = 0; k <= i; k++) {
            snprintf(name, sizeof name, "in/p%zu-%zu.pcap", i, k);
            packets_write(&packets, packets.n * k / (i + 1), packets.n * (k + 1) / (i + 1), name);
        }
}

/* The same files with one thread and with several, down to the manifests. */
static void points_are_worked_off_at_a_time(void **state)
{
    struct buf one = {0}, four = {0};
    char name[64];

    (void)state;
    write_points();
    for (int jobs = 1; jobs <= 4; jobs += 3)
        expect(run("batch --all --final -j %d --point-from ^([^-]*)- --out %s-%d %s", jobs, in_scratch("out"), jobs,
                   in_scratch("in")),
               0, "");
    for (size_t i = 0; i < POINTS; i++) {
        for (int jobs = 1; jobs <= 4; jobs += 3) {
            snprintf(name, sizeof name, "out-%d/p%zu", jobs, i);
            buf_reset(&four);
            joined(&four, name);
            assert_same_lines(&expected, &four, name);
            strcat(name, "/manifest.ndjson");
            buf_reset(&four);
            slurp_file(&four, in_scratch(name));
            if (jobs == 1)
                buf_slice(&one, buf_view(&four));
        }
        assert_int_equal(count_lines(&one), i + 2); /* one of --final */
        assert_same_lines(&one, &four, name);
        buf_reset(&one);
    }
    buf_fini(&one);
    buf_fini(&four);
}

static void a_damaged_point_does_not_stop_the_others(void **state)
{
    struct buf got = {0};

    (void)state;
    packets_write(&packets, 0, 20, "in/a-1.pcap");
    packets_write(&packets, 0, 20, "in/b-1.pcap");
    expect(batch("--settle 0 --point-from ^([^-]*)-"), 0, "");
    write_bytes("out/.pcap2trace/a.checkpoint", 40);
    packets_write(&packets, 20, packets.n, "in/a-2.pcap");
    packets_write(&packets, 20, packets.n, "in/b-2.pcap");
    expect(batch("--settle 0 --point-from ^([^-]*)-"), 1, "a.checkpoint");
    joined(&got, "out/b");
    assert_true(count_lines(&got) > 0);
    assert_int_equal(files_in("out/a", ".ndjson"), 2); /* the manifest and what was there */
    assert_int_equal(files_in("out/b", ".ndjson"), 3);
    buf_fini(&got);
}

static void shards_are_points_of_folders(void **state)
{
    struct buf got = {0};

    (void)state;
    packets_write(&packets, 0, 20, "in/eth0-1.pcap");
    packets_write(&packets, 0, packets.n, "in/a..-1.pcap");
    packets_write(&packets, 20, packets.n, "in/eth0-2.pcap");
    expect(run("plan --point-from ^a?([^-]*)- -o %s %s", in_scratch("plan"), in_scratch("in")), 0, "");
    for (int i = 0; i < 3; i++)
        expect(
            run("batch --all --final --manifest %s --shard %d/3 --out %s", in_scratch("plan"), i, in_scratch("out")),
            0, "");
    joined(&got, "out/eth0");
    assert_same_lines(&expected, &got, "eth0");
    buf_reset(&got);
    joined(&got, "out/%2E."); /* a name cannot lead out of the folder */
    assert_same_lines(&expected, &got, "..");
    buf_fini(&got);
    assert_int_equal(files_in("", ".ndjson"), 0);
}

/* pcapng draft 03, sections 4.1 to 4.3: one interface, with a name. */
static void write_pcapng(size_t from, size_t to, const char *interface, const char *name)
{
    struct buf b = {0};
    uint32_t n = (uint32_t)strlen(interface), padded = (n + 3) / 4 * 4;
    const uint32_t section[] = {0x0a0d0d0a, 28, 0x1a2b3c4d, 1, UINT32_MAX, UINT32_MAX, 28};
    const uint32_t described[] = {1, 36 + padded, packets_u32(&packets, 20), 262144, 2 | n << 16};
    const uint32_t resolution[] = {9 | 1 << 16, 9, 0, 36 + padded};
    FILE *f = fopen(in_scratch(name), "wb");

    assert_non_null(f);
    buf_put(&b, section, sizeof section);
    buf_put(&b, described, sizeof described);
    buf_put(&b, interface, n);
    buf_put(&b, "\0\0\0", padded - n);
    buf_put(&b, resolution, sizeof resolution);
    for (size_t i = from; i < to; i++) {
        size_t at = packets.at[i];
        uint64_t ns = (uint64_t)packets_u32(&packets, at) * 1000000000 + packets_u32(&packets, at + 4);
        uint32_t len = packets_u32(&packets, at + 8), whole = 32 + (len + 3) / 4 * 4;
        const uint32_t head[] = {
            6, whole, 0, (uint32_t)(ns >> 32), (uint32_t)ns, len, packets_u32(&packets, at + 12)};
        buf_put(&b, head, sizeof head);
        buf_put(&b, packets.bytes.p + at + 16, len);
        buf_put(&b, "\0\0\0", whole - 32 - len);
        buf_put(&b, &whole, sizeof whole);
    }
    assert_int_equal(fwrite(b.p, 1, b.n, f), b.n);
    assert_int_equal(fclose(f), 0);
    buf_fini(&b);
}

static void points_are_interfaces(void **state)
{
    struct buf got = {0};

    (void)state;
    write_pcapng(0, 20, "veth7/a", "in/1");
    write_pcapng(0, 15, "eth1", "in/2");
    write_pcapng(20, packets.n, "veth7/a", "in/3");
    write_pcapng(15, packets.n, "eth1", "in/4");
    expect(batch("--final --point-from interface"), 0, "");
    joined(&got, "out/veth7%2Fa"); /* a name is no path */
    assert_same_lines(&expected, &got, "veth7/a");
    buf_reset(&got);
    joined(&got, "out/eth1");
    assert_same_lines(&expected, &got, "eth1");
    buf_fini(&got);
    write_bytes("in/nothing", 0);
    expect(batch("--final --point-from interface"), 0, "");
    assert_int_equal(files_in("out", ""), 3); /* and the state */
    packets_write(&packets, 0, 3, "in/a.pcap");
    expect(batch("--final --point-from interface"), 0, "");
    assert_int_equal(access(in_scratch("out/unnamed/manifest.ndjson"), F_OK), 0);
}

/* ---- following ---- */

static void follows_until_told_to_stop(void **state)
{
    (void)state;
    packets_write(&packets, 0, 12, "in/a.pcap");
    pid_t pid =
        run_start(NULL, "batch --all --follow --settle 3600 --out %s %s", in_scratch("out"), in_scratch("in"));
    packets_write(&packets, 12, 20, "in/b.pcap");
    wait_for_windows(1);
    packets_write(&packets, 20, packets.n, "in/c.pcap");
    wait_for_windows(2);
    assert_int_equal(kill(pid, SIGTERM), 0);
    expect(run_wait(pid), 0, "");
    expect(batch("--final"), 0, "");
    check("followed");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(the_newest_is_left_until_it_is_quiet),
        T(a_file_that_grew_goes_on),
        T(a_compressed_copy_is_the_same),
        T(a_cut_copy_does_not_hide_the_whole),
        T(what_begins_alike_is_not_the_same),
        T(a_ring_s_name_comes_again),
        T(what_is_no_capture_is_passed_over),
        T(a_file_without_packets_has_its_line),
        T(a_cut_file_is_used_up_to_there),
        T(a_clock_that_was_set_back_is_said),
        T(of_closed_connections_little_is_carried),
        T(points_are_apart),
        T(points_are_worked_off_at_a_time),
        T(a_damaged_point_does_not_stop_the_others),
        T(points_are_interfaces),
        T(shards_are_points_of_folders),
        T(follows_until_told_to_stop),
    };

    scratch_begin();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_end();
    buf_fini(&expected);
    return failed;
}
