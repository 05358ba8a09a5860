/* Half a day of a ring: a program that follows it while its files are overwritten keeps its memory and its open files, and
 * writes what one run over all packets writes. ring_test --long: 2,000 files. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "support.h"
#include "support/cmocka_all.h"

enum { RING = 8, CALLS = 40, KEPT = 4, SECONDS_A_FILE = 22 };
enum { FIN = 1, SYN = 2, ACK = 16 };

static size_t files = 60;

/* A sanitizer keeps what was freed. */
#ifdef __SANITIZE_ADDRESS__
enum { KB_ALLOWED = 1 << 20 };
#else
enum { KB_ALLOWED = 3000 };
#endif

struct peer {
    uint32_t ip;
    uint16_t port;
    uint32_t seq;
};

static void le32(struct buf *b, uint32_t v)
{
    const uint8_t p[] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)};
    buf_put(b, p, sizeof p);
}

static void be16(struct buf *b, unsigned v)
{
    const uint8_t p[] = {(uint8_t)(v >> 8), (uint8_t)v};
    buf_put(b, p, sizeof p);
}

static void be32(struct buf *b, uint32_t v)
{
    be16(b, v >> 16);
    be16(b, v & 0xffff);
}

static void packet(struct buf *b, uint64_t ns, struct peer *from, const struct peer *to, unsigned flags,
                   const char *payload)
{
    uint32_t n = (uint32_t)strlen(payload);

    le32(b, (uint32_t)(ns / 1000000000));
    le32(b, (uint32_t)(ns % 1000000000));
    le32(b, 40 + n);
    le32(b, 40 + n);
    be16(b, 0x4500);
    be16(b, 40 + n);
    be32(b, from->seq << 16); /* the identification: no copies of each other */
    be16(b, 0x4006);
    be16(b, 0);
    be32(b, from->ip);
    be32(b, to->ip);
    be16(b, from->port);
    be16(b, to->port);
    be32(b, from->seq);
    be32(b, flags == SYN ? 0 : to->seq);
    be16(b, 0x5000 | flags);
    be16(b, 65535);
    be32(b, 0);
    buf_put(b, payload, n);
    from->seq += n + ((flags & (SYN | FIN)) != 0);
}

static void open_connection(struct buf *b, uint64_t ns, struct peer *c, struct peer *s)
{
    packet(b, ns, c, s, SYN, "");
    packet(b, ns + 100000, s, c, SYN | ACK, "");
    packet(b, ns + 200000, c, s, ACK, "");
}

static void call(struct buf *b, uint64_t ns, struct peer *c, struct peer *s, size_t n)
{
    char request[128];

    snprintf(request, sizeof request, "GET /%zu HTTP/1.1\r\nHost: web.test\r\n\r\n", n);
    packet(b, ns + 300000, c, s, ACK, request);
    packet(b, ns + 5000000, s, c, ACK, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    packet(b, ns + 5100000, c, s, ACK, "");
}

static void close_connection(struct buf *b, uint64_t ns, struct peer *c, struct peer *s)
{
    packet(b, ns, c, s, FIN | ACK, "");
    packet(b, ns + 100000, s, c, FIN | ACK, "");
    packet(b, ns + 200000, c, s, ACK, "");
}

/* Calls on connections that are kept for all that time, in turn, and on some of their own; one in two of those straddles
 * the end of its file, as every file ends inside a call. */
static void make(struct packets *p)
{
    struct buf b = {0};
    struct peer kept[KEPT][2];

    le32(&b, 0xa1b23c4d);
    le32(&b, 0x00040002);
    le32(&b, 0);
    le32(&b, 0);
    le32(&b, 65535);
    le32(&b, 101);
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

static size_t windows(void)
{
    struct buf manifest = {0};

    if (access(in_scratch("out/manifest.ndjson"), F_OK) != 0)
        return 0;
    slurp_file(&manifest, in_scratch("out/manifest.ndjson"));
    size_t n = count_lines(&manifest);
    buf_fini(&manifest);
    return n;
}

static void wait_for_windows(size_t n)
{
    const struct timespec step = {0, 2000000};

    for (int i = 0; i < 10000 && windows() < n; i++)
        (void)nanosleep(&step, NULL);
    assert_int_equal(windows(), n);
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
