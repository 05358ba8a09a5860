/* What a unit of traffic costs does not grow with what is open or was said before: the CPU time of twice as many is at
 * most DOUBLING times that, and no kind's unit costs more than YARDSTICK connections do.
 *
 *     growth_test PROGRAM [summary] [SIZE[,SIZE...] [KIND...]]      default: 10000,20000 of every kind; summary: of that command
 *
 * The long set, by hand:
 *
 *     build/tests/growth/growth_test build/src/cli/pcap2trace 50000,100000,200000,400000 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "growth/kinds.h"

enum { SIZES_MAX = 8, CPU_MAX_S = 120, YARDSTICK = 8, ATTEMPTS = 3 };

static const double DOUBLING = 2.6;
static const double FLOOR_S = 0.2; /* below it, nothing is asserted */

struct settings {
    char *program;
    bool summary;
    uint32_t size[SIZES_MAX];
    size_t sizes;
    char path[64];
};

static void die(const char *what)
{
    fprintf(stderr, "growth_test: %s\n", what);
    exit(1);
}

/* ---- measuring ---- */

static void write_capture(const char *path, const struct growth_kind *kind, uint32_t units)
{
    struct wire w;
    FILE *to = fopen(path, "wbe");

    if (to == NULL)
        die("a capture cannot be made");
    wire_begin(&w, to);
    kind->write(&w, units);
    if (ferror(to) != 0 || fclose(to) != 0)
        die("a capture cannot be written");
}

static void become(const struct settings *s, char *path)
{
    char *const trace[] = {s->program, "-j1", "-q", "-T", "ndjson", path, NULL};
    char *const summary[] = {s->program, "summary", "-j1", "-q", "-T", "json", path, NULL};
    const struct rlimit limit = {CPU_MAX_S, CPU_MAX_S};
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    if (null < 0 || dup2(null, STDOUT_FILENO) < 0 || setrlimit(RLIMIT_CPU, &limit) != 0)
        _exit(126);
    execv(s->program, s->summary ? summary : trace);
    _exit(127);
}

/* User and system time; negative: the program failed, or took too long. */
static double seconds_of(struct settings *s)
{
    struct rusage u;
    int status;
    pid_t pid = fork();

    if (pid == 0)
        become(s, s->path);
    if (pid < 0 || wait4(pid, &status, 0, &u) != pid)
        die("a run failed");
    if (status != 0)
        return -1;
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static double measure(struct settings *s, const struct growth_kind *kind, uint32_t units)
{
    write_capture(s->path, kind, units);
    double took = seconds_of(s);
    unlink(s->path);
    return took;
}

/* ---- judging ---- */

static double at_least(double seconds, double floor)
{
    return seconds > floor ? seconds : floor;
}

/* Sizes need not be doublings: what is allowed follows from how much larger one is. */
static double allowed(double took, uint32_t units, uint32_t more)
{
    double least = took > 0 ? took : 0;

    for (uint64_t n = units; n < more; n *= 2)
        least *= DOUBLING;
    return at_least(least, FLOOR_S);
}

static bool holds(const struct settings *s, const double *took, double yardstick)
{
    size_t last = s->sizes - 1;

    for (size_t i = 0; i < s->sizes; i++)
        if (took[i] < 0)
            return false;
    for (size_t i = last > 2 ? last - 1 : 1; i < s->sizes; i++)
        if (took[i] > allowed(took[i - 1], s->size[i - 1], s->size[i]))
            return false;
    return took[last] <= YARDSTICK * at_least(yardstick, FLOOR_S / 2);
}

static void print_row(const struct growth_kind *kind, const double *took, size_t n, const char *verdict)
{
    printf("%-26s", kind->name);
    for (size_t i = 0; i < n; i++)
        if (took[i] < 0)
            printf("   failed");
        else
            printf(" %8.2f", took[i]);
    printf("  %s\n", verdict);
    fflush(stdout);
}

/* What another process's load made of a figure is gone at the next attempt; what grows, grows again. */
static bool judge(struct settings *s, const struct growth_kind *kind, double yardstick)
{
    double took[SIZES_MAX];
    bool good = false;

    for (int attempt = 0; attempt < ATTEMPTS && !good; attempt++) {
        for (size_t i = 0; i < s->sizes; i++)
            took[i] = measure(s, kind, s->size[i]);
        good = holds(s, took, yardstick);
    }
    print_row(kind, took, s->sizes, good ? "" : "GROWS");
    return good;
}

/* ---- the command line ---- */

static bool parse_sizes(const char *text, struct settings *s)
{
    while (s->sizes < SIZES_MAX) {
        char *end;
        unsigned long size = strtoul(text, &end, 10);
        if (size == 0 || size > 10000000)
            return false;
        s->size[s->sizes++] = (uint32_t)size;
        if (*end != ',')
            return *end == '\0';
        text = end + 1;
    }
    return false;
}

static bool chosen(char **names, const char *name)
{
    for (size_t i = 0; names[i] != NULL; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return names[0] == NULL;
}

int main(int argc, char **argv)
{
    struct settings s = {.program = argc > 1 ? argv[1] : NULL,
                         .summary = argc > 2 && strcmp(argv[2], "summary") == 0};
    char *every[] = {NULL};
    char **rest = argv + (s.summary ? 3 : 2), **kinds = argc > rest - argv + 1 ? rest + 1 : every;
    int failed = 0;

    if (argc < 2 || !parse_sizes(argc > rest - argv ? *rest : "10000,20000", &s))
        die("usage: growth_test PROGRAM [summary] [SIZE[,SIZE...] [KIND...]]");
    (void)snprintf(s.path, sizeof s.path, "/tmp/growth-%d.pcap", (int)getpid());
    double yardstick = measure(&s, &growth_kinds[0], s.size[s.sizes - 1]);
    for (size_t k = 0; k < growth_kind_count; k++)
        if (chosen(kinds, growth_kinds[k].name) && !judge(&s, &growth_kinds[k], yardstick))
            failed++;
    return failed != 0;
}
