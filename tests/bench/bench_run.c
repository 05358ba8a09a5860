/* How fast, and what it costs over merely reading: each run is a process of its own, reading a file on tmpfs.
 *
 *     bench_run [MEGABYTES[,MEGABYTES...] [RUNS [FOLDER]]]      default: 200 MB, 5 runs, /dev/shm
 *     bench_run --capture FILE...                               9 runs over each; make_captures.sh makes real ones
 *
 * Contenders take turns, and the median of each one's runs is printed; behind it the best one's, over the best of the
 * bare loop: a machine whose cores are not its own half the time shows it there. tshark, where it is installed, and
 * gzip'd input are measured at the first size. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench_capture.h"
#include "bench_contenders.h"

enum { RUNS_MAX = 100, SIZES_MAX = 8, CAPTURE_RUNS = 9 };

struct settings {
    uint64_t megabytes[SIZES_MAX];
    size_t sizes;
    int runs;
    const char *folder;
};

static const struct traffic {
    const char *name;
    enum bench_traffic kind;
} traffics[] = {
    {"keep-alive JSON", BENCH_KEEP_ALIVE_JSON}, {"large bodies", BENCH_LARGE_BODIES},
    {"TLS handshakes", BENCH_TLS_HANDSHAKES},   {"TLS with keys", BENCH_TLS_KEYS},
    {"TLS bodies", BENCH_TLS_BODIES},
};

struct field {
    const struct bench_contender *contender;
    struct bench_result runs[RUNS_MAX];
};

static int by_seconds(const void *a, const void *b)
{
    const struct bench_result *x = a, *y = b;
    return (x->seconds > y->seconds) - (x->seconds < y->seconds);
}

static void compete(struct field *fields, size_t n, int runs, const struct bench_input *input)
{
    for (int run = 0; run < runs; run++)
        for (size_t i = 0; i < n; i++)
            fields[i].runs[run] = bench_run_apart(fields[i].contender, input);
    for (size_t i = 0; i < n; i++)
        qsort(fields[i].runs, (size_t)runs, sizeof *fields[i].runs, by_seconds);
}

static void print_row(const struct field *f, int runs, const struct bench_size *size, const struct field *bare)
{
    const struct bench_result *r = &f->runs[runs / 2];
    double mb = (double)size->bytes / 1e6;

    printf("  %-24s %8.3f s %6.0f MB/s %6.2f Mpkt/s %8.0f exch/s %6ld MB peak", f->contender->name, r->seconds,
           mb / r->seconds, (double)size->packets / r->seconds / 1e6, (double)size->exchanges / r->seconds,
           r->peak_kb / 1024);
    if (bare != NULL)
        printf("  x %.2f, best x %.2f", r->seconds / bare->runs[runs / 2].seconds,
               f->runs[0].seconds / bare->runs[0].seconds);
    printf("\n");
    fflush(stdout);
}

static void print_rows(const struct field *fields, size_t n, int runs, const struct bench_size *size)
{
    for (size_t i = 0; i < n; i++)
        print_row(&fields[i], runs, size, &fields[0]);
}

/* The first one is what the others are measured by. */
static void measure(const struct bench_contender *const *contenders, size_t n, int runs,
                    const struct bench_input *input, const struct bench_size *size)
{
    struct field fields[8];

    for (size_t i = 0; i < n; i++)
        fields[i].contender = contenders[i];
    compete(fields, n, runs, input);
    print_rows(fields, n, runs, size);
}

static void measure_gzip(const struct bench_input *plain, const struct bench_size *size, int runs)
{
    static const struct bench_contender *const contenders[] = {&bench_gunzip, &bench_one_job, &bench_two_jobs};
    char path[520];

    snprintf(path, sizeof path, "%s.gz", plain->path);
    bench_gzip(plain->path, path);
    struct bench_input input = {path, plain->keylog};
    printf(" the same, gzip'd\n");
    measure(contenders, sizeof contenders / sizeof *contenders, runs, &input, size);
    unlink(path);
}

/* In a process of its own: what it takes would count as memory of each run. */
static struct bench_size write_capture(const struct bench_input *input, enum bench_traffic kind, uint64_t bytes)
{
    struct bench_size size = {0};
    int ends[2], status = 0;
    pid_t pid = pipe(ends) == 0 ? fork() : -1;

    if (pid == 0) {
        size = bench_capture_write(input->path, input->keylog, kind, bytes);
        _exit(write(ends[1], &size, sizeof size) != (ssize_t)sizeof size);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0 ||
        read(ends[0], &size, sizeof size) != (ssize_t)sizeof size) {
        fprintf(stderr, "bench: the capture could not be written\n");
        exit(1);
    }
    close(ends[0]);
    close(ends[1]);
    return size;
}

static void measure_traffic(const struct traffic *t, const struct settings *s, uint64_t megabytes, bool first)
{
    static const struct bench_contender *const contenders[] = {&bench_libpcap, &bench_one_job, &bench_two_jobs};
    char path[512], keylog[520];

    snprintf(path, sizeof path, "%s/pcap2trace-bench-%d.pcap", s->folder, (int)getpid());
    snprintf(keylog, sizeof keylog, "%s.keys", path);
    struct bench_input input = {path, keylog};
    struct bench_size size = write_capture(&input, t->kind, megabytes * 1000000);
    if (t->kind != BENCH_TLS_KEYS)
        input.keylog = NULL;
    printf("%s, %.0f MB, %llu packets, %llu exchanges\n", t->name, (double)size.bytes / 1e6,
           (unsigned long long)size.packets, (unsigned long long)size.exchanges);
    measure(contenders, sizeof contenders / sizeof *contenders, s->runs, &input, &size);
    if (first && bench_has_tshark()) {
        struct field peer = {.contender = &bench_tshark};
        compete(&peer, 1, 1, &input);
        print_row(&peer, 1, &size, NULL);
    }
    if (first)
        measure_gzip(&input, &size, s->runs);
    unlink(path);
    if (input.keylog != NULL)
        unlink(keylog);
}

static bool parse_sizes(const char *text, struct settings *s)
{
    while (s->sizes < SIZES_MAX) {
        char *end;
        s->megabytes[s->sizes] = strtoull(text, &end, 10);
        if (s->megabytes[s->sizes++] == 0)
            return false;
        if (*end == '\0')
            return true;
        if (*end != ',')
            return false;
        text = end + 1;
    }
    return false;
}

/* ---- captures of others ---- */

static struct bench_size size_of(const char *path)
{
    struct bench_size size = {0};
    struct stat st;

    if (stat(path, &st) != 0 || st.st_size == 0 || !bench_count(path, &size)) {
        fprintf(stderr, "bench: %s cannot be read\n", path);
        exit(1);
    }
    size.bytes = (uint64_t)st.st_size;
    return size;
}

static int measure_captures(char **paths)
{
    static const struct bench_contender *const contenders[] = {&bench_libpcap, &bench_one_job, &bench_two_jobs};

    for (; *paths != NULL; paths++) {
        struct bench_input input = {*paths, NULL};
        struct bench_size size = size_of(*paths);
        printf("%s, %.0f MB, %llu packets, %llu exchanges\n", *paths, (double)size.bytes / 1e6,
               (unsigned long long)size.packets, (unsigned long long)size.exchanges);
        measure(contenders, sizeof contenders / sizeof *contenders, CAPTURE_RUNS, &input, &size);
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "--capture") == 0)
        return measure_captures(argv + 2);
    struct settings s = {.runs = argc > 2 ? atoi(argv[2]) : 5, .folder = argc > 3 ? argv[3] : "/dev/shm"};

    if (!parse_sizes(argc > 1 ? argv[1] : "200", &s) || s.runs < 1 || s.runs > RUNS_MAX) {
        fprintf(stderr, "usage: bench_run [MEGABYTES[,MEGABYTES...] [RUNS [FOLDER]]]\n"
                        "       bench_run --capture FILE...\n");
        return 2;
    }
    for (size_t t = 0; t < sizeof traffics / sizeof *traffics; t++)
        for (size_t i = 0; i < s.sizes; i++)
            measure_traffic(&traffics[t], &s, s.megabytes[i], i == 0);
    return 0;
}
