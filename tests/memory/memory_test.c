/* Floods of every kind through the real program: what it becomes resident with stays within --max-memory, ordinary
 * exchanges among them are told in full, what was given up is said, and none of it depends on the number of threads.
 *
 *     memory_test PROGRAM [--full] [KIND]...
 *
 * --full: the numbers that the limits are made for, with the default and with less and more; minutes, and not run by ctest. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/hash.h"
#include "memory/traffic.h"

struct run {
    const char *program, *max_memory, *jobs;
    const struct traffic_kind *kind;
    uint64_t n;
    /* what came of it */
    long canaries, told;
    uint64_t lines, digest, limits_hit;
    long resident_kb;
    bool failed;
};

/* ---- processes ---- */

static void die(const char *what)
{
    perror(what);
    exit(2);
}

static pid_t start_writer(const struct run *r, int to, int report)
{
    pid_t pid = fork();

    if (pid < 0)
        die("fork");
    if (pid > 0)
        return pid;
    signal(SIGPIPE, SIG_IGN);
    FILE *f = fdopen(to, "w");
    long canaries = f != NULL ? traffic_write(f, r->kind, r->n) : -1;
    _exit(write(report, &canaries, sizeof canaries) == (ssize_t)sizeof canaries ? 0 : 1);
}

static pid_t start_program(const struct run *r, int in, int out, int err)
{
    pid_t pid = fork();

    if (pid < 0)
        die("fork");
    if (pid > 0)
        return pid;
    if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
        _exit(126);
    execl(r->program, r->program, "-T", "ndjson", "-v", "--progress", "never", "-j", r->jobs, "--max-memory",
          r->max_memory, "-", (char *)NULL);
    _exit(127);
}

/* ---- what it says ---- */

static bool has(const char *line, const char *what)
{
    return strstr(line, what) != NULL;
}

static bool is_whole_canary(const char *line)
{
    static const char *const parts[] = {"\"outcome\":\"ok\"", "\"ConnectStart\"", "\"ConnectDone\"",
                                        "\"WroteRequest\"", "\"GotFirstResponseByte\""};

    if (!has(line, "\"host\":\"canary\""))
        return false;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!has(line, parts[i]))
            return false;
    return true;
}

static void read_output(struct run *r, int fd)
{
    FILE *f = fdopen(fd, "r");
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;

    if (f == NULL)
        die("fdopen");
    r->digest = 0xcbf29ce484222325u;
    while ((n = getline(&line, &cap, f)) > 0) {
        r->lines++;
        r->told += is_whole_canary(line);
        r->digest = hash_stable(r->digest, line, (size_t)n);
    }
    free(line);
    fclose(f);
}

static void read_counters(struct run *r, FILE *err)
{
    char line[512];
    unsigned long long n;

    rewind(err);
    while (fgets(line, sizeof line, err) != NULL)
        if (has(line, "limits hit") && sscanf(line, "%llu", &n) == 1)
            r->limits_hit = n;
}

static void run(struct run *r)
{
    int in[2], out[2], report[2], status = 0;
    struct rusage usage;
    FILE *err = tmpfile();

    if (err == NULL || pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0 || pipe2(report, O_CLOEXEC) != 0)
        die("pipe");
    pid_t program = start_program(r, in[0], out[1], fileno(err));
    close(in[0]);
    close(out[1]);
    pid_t writer = start_writer(r, in[1], report[1]);
    close(in[1]);
    close(report[1]);
    read_output(r, out[0]);
    if (wait4(program, &status, 0, &usage) != program)
        die("wait4");
    r->failed = status != 0;
    r->resident_kb = usage.ru_maxrss;
    if (read(report[0], &r->canaries, sizeof r->canaries) != (ssize_t)sizeof r->canaries)
        r->canaries = -1;
    close(report[0]);
    if (waitpid(writer, &status, 0) != writer)
        die("waitpid");
    read_counters(r, err);
    fclose(err);
}

/* ---- what is asserted ---- */

static long limit_kb(const char *size)
{
    char *unit;
    long n = strtol(size, &unit, 10);

    return n * (*unit == 'G' ? 1 << 20 : 1 << 10);
}

static struct run try(const struct run *like, const char *max_memory, const char *jobs, int *bad)
{
    struct run r = *like;

    r.max_memory = max_memory;
    r.jobs = jobs;
    run(&r);
    bool ok = !r.failed && r.resident_kb <= limit_kb(max_memory) && r.canaries > 0 && r.told == r.canaries;
    printf("%-14s %8llu  -j %s  %5s  resident %7ld KB  %8llu exchanges  %8llu limits hit  %5ld of %ld whole  %s\n",
           r.kind->name, (unsigned long long)r.n, jobs, max_memory, r.resident_kb, (unsigned long long)r.lines,
           (unsigned long long)r.limits_hit, r.told, r.canaries, ok ? "ok" : "FAILED");
    fflush(stdout);
    *bad += !ok;
    return r;
}

static void expect(bool holds, const char *what, int *bad)
{
    if (holds)
        return;
    printf("FAILED: %s\n", what);
    (*bad)++;
}

static int compare_limits(const struct run *like, const char *const *sizes, size_t n)
{
    int bad = 0;
    struct run first = try(like, sizes[0], "1", &bad), threads = try(like, sizes[0], "4", &bad);

    expect(first.limits_hit > 0, "what was given up is said", &bad);
    expect(first.digest == threads.digest && first.limits_hit == threads.limits_hit,
           "the number of threads makes no difference", &bad);
    for (size_t i = 1; i < n; i++) {
        struct run more = try(like, sizes[i], "2", &bad);
        expect(more.limits_hit < first.limits_hit, "more memory, less is given up", &bad);
        first = more.limits_hit > 0 ? more : first;
    }
    return bad;
}

static bool is_wanted(const char *name, char **names, int n)
{
    for (int i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return n == 0;
}

int main(int argc, char **argv)
{
    static const char *const short_sizes[] = {"40M", "160M"}, *const full_sizes[] = {"64M", "256M", "1G"};
    bool full = argc > 2 && strcmp(argv[2], "--full") == 0;
    int names_at = full ? 3 : 2, bad = 0;

    if (argc < 2) {
        fputs("usage: memory_test PROGRAM [--full] [KIND]...\n", stderr);
        return 2;
    }
    for (size_t i = 0; i < traffic_kind_count; i++) {
        const struct traffic_kind *kind = &traffic_kinds[i];
        struct run like = {.program = argv[1], .kind = kind, .n = full ? kind->full : kind->brief};
        if (is_wanted(kind->name, argv + names_at, argc > names_at ? argc - names_at : 0))
            bad += full ? compare_limits(&like, full_sizes, 3) : compare_limits(&like, short_sizes, 2);
    }
    return bad == 0 ? 0 : 1;
}
