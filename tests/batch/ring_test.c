/* Half a day of a ring: a program that follows it while its files are overwritten keeps its memory and its open files, and
 * writes what one run over all packets writes. ring_test --long: 2,000 files. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"
#include "support/cmocka_all.h"
#include "support/peers.h"

enum { RING = 8, CALLS = 40, KEPT = 4, SECONDS_A_FILE = 22 };

static size_t files = 60;

/* A sanitizer keeps what was freed. */
#ifdef __SANITIZE_ADDRESS__
enum { KB_ALLOWED = 1 << 20 };
#else
enum { KB_ALLOWED = 3000 };
#endif

static void open_connection(struct buf *b, uint64_t ns, struct peer *c, struct peer *s)
{
    peers_packet(b, ns, c, s, PEER_SYN, "");
    peers_packet(b, ns + 100000, s, c, PEER_SYN | PEER_ACK, "");
    peers_packet(b, ns + 200000, c, s, PEER_ACK, "");
}

static void call(struct buf *b, uint64_t ns, struct peer *c, struct peer *s, size_t n)
{
    char request[128];

    snprintf(request, sizeof request, "GET /%zu HTTP/1.1\r\nHost: web.test\r\n\r\n", n);
    peers_packet(b, ns + 300000, c, s, PEER_ACK, request);
    peers_packet(b, ns + 5000000, s, c, PEER_ACK, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    peers_packet(b, ns + 5100000, c, s, PEER_ACK, "");
}

static void close_connection(struct buf *b, uint64_t ns, struct peer *c, struct peer *s)
{
    peers_packet(b, ns, c, s, PEER_FIN | PEER_ACK, "");
    peers_packet(b, ns + 100000, s, c, PEER_FIN | PEER_ACK, "");
    peers_packet(b, ns + 200000, c, s, PEER_ACK, "");
}

/* Calls on connections that are kept for all that time, in turn, and on some of their own; one in two of those straddles
 * the end of its file, as every file ends inside a call. */
static void make(struct packets *p)
{
    struct buf b = {0};
    struct peer kept[KEPT][2];

    peers_begin(&b);
    uint64_t ns = 1700000000000000000u;
    for (size_t k = 0; k < KEPT; k++) {
        kept[k][0] = (struct peer){0x0a000001, (uint16_t)(30000 + k), 100};
        kept[k][1] = (struct peer){0x0a000002, 80, 500};
        open_connection(&b, ns += 10000000, &kept[k][0], &kept[k][1]);
    }
    for (size_t i = 0; i < files * CALLS; i++) {
        struct peer c = {0x0a000001, (uint16_t)(40000 + i % 20000), (uint32_t)i * 7}, s = {0x0a000002, 80, 900};
        ns += (uint64_t)SECONDS_A_FILE * 1000000000 / CALLS;
        if (i % 2 == 0) {
            call(&b, ns, &kept[i / 2 % KEPT][0], &kept[i / 2 % KEPT][1], i);
            continue;
        }
        open_connection(&b, ns, &c, &s);
        call(&b, ns, &c, &s, i);
        close_connection(&b, ns + 6000000, &c, &s);
    }
    packets_take(p, &b);
    buf_fini(&b);
}

static size_t open_files(pid_t pid)
{
    char path[64];
    size_t n = 0;

    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n;
}

static size_t resident_kb(pid_t pid)
{
    char path[64], line[256];
    size_t kb = 0;

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (kb == 0 && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, "VmRSS:", 6) == 0)
            kb = strtoul(line + 6, NULL, 10);
    fclose(f);
    assert_true(kb > 0);
    return kb;
}

/* A ring's writer: the next name is overwritten in place. */
static void write_next(const struct packets *p, size_t i)
{
    char name[32];

    snprintf(name, sizeof name, "in/ring%zu", i % RING);
    packets_write(p, p->n * i / files, p->n * (i + 1) / files, name);
}

static void half_a_day(void **state)
{
    struct packets p;
    struct buf expected = {0}, got = {0};
    size_t kb = 0, fds = 0;

    (void)state;
    make(&p);
    packets_write(&p, 0, p.n, "whole.pcap");
    whole(&expected, in_scratch("whole.pcap"));
    assert_int_equal(count_lines(&expected), files * CALLS + KEPT); /* the kept ones were dialled early */
    pid_t pid =
        run_start(NULL, "batch --all --follow --settle 3600 --out %s %s", in_scratch("out"), in_scratch("in"));
    for (size_t i = 0; i < files; i++) {
        write_next(&p, i);
        if (i > 0)
            wait_for_windows(i);
        if (i == files / 4) {
            kb = resident_kb(pid);
            fds = open_files(pid);
        }
    }
    size_t kb_end = resident_kb(pid);
    print_message("%zu kB resident after a quarter, %zu at the end\n", kb, kb_end);
    assert_int_equal(open_files(pid), fds);
    assert_true(kb_end <= kb + KB_ALLOWED);
    assert_int_equal(kill(pid, SIGINT), 0);
    struct run r = run_wait(pid);
    if (r.status != 0 || r.err[0] != '\0')
        fail_msg("status %d: %s", r.status, r.err);
    r = run("batch --all --final --out %s %s", in_scratch("out"), in_scratch("in"));
    assert_int_equal(r.status, 0);
    joined(&got, "out");
    assert_same_lines(&expected, &got, "the ring");
    buf_fini(&expected);
    buf_fini(&got);
    packets_free(&p);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(half_a_day)};

    if (argc > 1 && strcmp(argv[1], "--long") == 0)
        files = 2000;
    scratch_begin();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_end();
    return failed;
}
