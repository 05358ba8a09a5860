/* How fast, and what it costs over merely reading: each run is a process of its own, reading a file on tmpfs.
 *
 *     bench_run [MEGABYTES [RUNS [FOLDER]]]      default: 200 MB, 5 runs, /dev/shm */
#include "bench_capture.h"

#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "out/writer.h"
#include "pcap2trace/session.h"

enum { RUNS_MAX = 100 };

struct run {
    double seconds;
    long peak_kb;
};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- what is measured ---- */

static int read_with_libpcap(const char *path, const char *keylog)
{
    char error[PCAP_ERRBUF_SIZE];
    pcap_t *pcap = pcap_open_offline(path, error);
    struct pcap_pkthdr *header;
    const unsigned char *bytes;
    unsigned sum = 0;

    (void)keylog;
    if (pcap == NULL)
        return 1;
    while (pcap_next_ex(pcap, &header, &bytes) == 1)
        sum += bytes[0];
    pcap_close(pcap);
    return sum == 0xffffffffu;
}

static int write_fd(void *ctx, const void *bytes, size_t n)
{
    return write(*(int *)ctx, bytes, n) == (ssize_t)n ? P2T_OK : P2T_ERR_IO;
}

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    return out_writer_exchange(ctx, x);
}

static int trace_to_dev_null(const char *path, const char *keylog)
{
    int fd = open("/dev/null", O_WRONLY);
    struct out_options options = {0};
    struct out_sink sink = {&fd, write_fd};
    enum out_format format;
    if (!out_format_parse("ndjson", &format))
        return 1;
    struct out_writer *w = out_writer_new(format, &options, &sink);
    struct p2t_config config = {.paths = &path, .path_count = 1, .keylog = keylog, .ctx = w, .exchange = on_exchange};
    struct p2t_session *s;

    if (w == NULL || p2t_session_open(&s, &config, NULL) != P2T_OK || p2t_session_run(s) != P2T_OK)
        return 1;
    struct p2t_counters counters;
    p2t_session_counters(s, &counters);
    p2t_session_free(s);
    int status = out_writer_finish(w);
    out_writer_free(w);
    return status != P2T_OK || (keylog != NULL && counters.tls_decrypted != counters.connections);
}

/* ---- measuring ---- */

static struct run run_apart(int (*work)(const char *, const char *), const char *path, const char *keylog)
{
    struct rusage usage;
    int status;
    double start = now();
    pid_t pid = fork();

    if (pid == 0)
        _exit(work(path, keylog));
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid || status != 0) {
        fprintf(stderr, "bench: a run failed\n");
        exit(1);
    }
    return (struct run){now() - start, usage.ru_maxrss};
}

static int by_seconds(const void *a, const void *b)
{
    const struct run *x = a, *y = b;
    return (x->seconds > y->seconds) - (x->seconds < y->seconds);
}

static void measure(const char *name, enum bench_traffic traffic, uint64_t bytes, int runs, const char *folder)
{
    struct run bare[RUNS_MAX], ours[RUNS_MAX];
    char path[512], keylog[520];
    bool keys = traffic == BENCH_TLS_KEYS;

    snprintf(path, sizeof path, "%s/pcap2trace-bench-%d.pcap", folder, (int)getpid());
    snprintf(keylog, sizeof keylog, "%s.keys", path);
    struct bench_size size = bench_capture_write(path, keylog, traffic, bytes);
    for (int i = 0; i < runs; i++) {
        bare[i] = run_apart(read_with_libpcap, path, NULL);
        ours[i] = run_apart(trace_to_dev_null, path, keys ? keylog : NULL);
    }
    unlink(path);
    if (keys)
        unlink(keylog);
    qsort(bare, (size_t)runs, sizeof *bare, by_seconds);
    qsort(ours, (size_t)runs, sizeof *ours, by_seconds);
    const struct run *b = &bare[runs / 2], *o = &ours[runs / 2];
    double mb = (double)size.bytes / 1e6;
    printf("%-16s %6.0f MB %9llu packets %8llu exchanges | libpcap %6.3f s | ours %6.3f s %6.0f MB/s %5.2f Mpkt/s "
           "%7.0f exch/s %5ld MB peak | ratio %.2f\n",
           name, mb, (unsigned long long)size.packets, (unsigned long long)size.exchanges, b->seconds, o->seconds,
           mb / o->seconds, (double)size.packets / o->seconds / 1e6, (double)size.exchanges / o->seconds,
           o->peak_kb / 1024, o->seconds / b->seconds);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    uint64_t megabytes = argc > 1 ? strtoull(argv[1], NULL, 10) : 200;
    int runs = argc > 2 ? atoi(argv[2]) : 5;
    const char *folder = argc > 3 ? argv[3] : "/dev/shm";

    if (megabytes == 0 || runs < 1 || runs > RUNS_MAX) {
        fprintf(stderr, "usage: bench_run [MEGABYTES [RUNS [FOLDER]]]\n");
        return 2;
    }
    measure("keep-alive JSON", BENCH_KEEP_ALIVE_JSON, megabytes * 1000000, runs, folder);
    measure("large bodies", BENCH_LARGE_BODIES, megabytes * 1000000, runs, folder);
    measure("TLS handshakes", BENCH_TLS_HANDSHAKES, megabytes * 1000000, runs, folder);
    measure("TLS with keys", BENCH_TLS_KEYS, megabytes * 1000000, runs, folder);
    measure("TLS bodies", BENCH_TLS_BODIES, megabytes * 1000000, runs, folder);
    return 0;
}
