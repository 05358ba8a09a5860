/* Every public capture as it is, cut anywhere, and with bytes changed: no crash, no hang, little memory, and every
 * promise about the output kept.
 *
 * Captures run in child processes, CHILD_CAPTURES to each (a child of its own for each capture costs sanitizers more
 * than its runs), so that one that fails does not end the run. The same seed makes the same variants; a failure names
 * what --only and --seed repeat it.
 *
 * usage: robust FOLDER [--seed N] [--cuts N] [--flips N] [--every N] [--keys TABLE] [--only PART_OF_NAME [--save
 * FILE]]
 *
 * With --keys the captures of TABLE alone (tests/corpus/tls_truth.tsv), each with its key log. With --save each variant is written to FILE before it runs: the one that fails stays there. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/catalog.h"
#include "support/session_check.h"

enum { HANG_SECONDS = 10, MEMORY_MAX_MB = 256, FLIPS_MAX = 32, CHILD_CAPTURES = 25 };

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN 1
#endif
#endif

struct options {
    const char *folder, *only, *save, *keys;
    const char *keylog; /* of the capture that runs */
    uint64_t seed;
    unsigned cuts, flips;
    size_t every;
};

/* What a child has got to; its parent reads it when the child is gone. */
struct progress {
    size_t capture; /* its place in the catalog */
    unsigned variant;
    size_t captures;
    uint64_t runs, exchanges;
    bool done; /* all that this child had to run; what fails then is no capture's */
    char broken[256];
};

static uint64_t xorshift(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* A start that depends on the seed and the capture's name alone (FNV-1a). */
static uint64_t random_start(uint64_t seed, const char *name)
{
    uint64_t h = 0xcbf29ce484222325u ^ seed * 0x9e3779b97f4a7c15u;

    for (; *name != '\0'; name++)
        h = (h ^ (uint8_t)*name) * 0x100000001b3u;
    return h != 0 ? h : 1;
}

static uint8_t *read_whole(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    uint8_t *bytes = NULL;

    if (f == NULL)
        return NULL;
    if (fseek(f, 0, SEEK_END) == 0) {
        *n = (size_t)ftell(f);
        rewind(f);
        bytes = malloc(*n + 1);
        if (bytes != NULL && fread(bytes, 1, *n, f) != *n) {
            free(bytes);
            bytes = NULL;
        }
    }
    fclose(f);
    return bytes;
}

/* ---- in the child ---- */

static void save(const char *path, const uint8_t *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");

    if (f == NULL || fwrite(bytes, 1, n, f) != n || fclose(f) != 0)
        _exit(2);
}

static void run_variant(const struct options *o, struct progress *p, const uint8_t *bytes, size_t n)
{
    struct session_check check;

    if (o->save != NULL)
        save(o->save, bytes, n);

    alarm(HANG_SECONDS);
    unsigned jobs = 1 + (unsigned)(p->runs & 1); /* in turn */
    bool kept = session_check_bytes(&check, bytes, n, o->keylog, jobs);
    alarm(0);
    p->runs++;
    p->exchanges += check.exchanges;
    if (kept)
        return;
    memcpy(p->broken, check.broken, sizeof p->broken);
    _exit(1);
}

static void flip(uint8_t *bytes, size_t n, uint64_t *random)
{
    for (uint64_t count = 1 + xorshift(random) % FLIPS_MAX; count > 0; count--) {
        uint64_t r = xorshift(random);
        bytes[(r >> 16) % n] ^= (uint8_t)(1 + r % 255);
    }
}

static void run_variants(const struct options *o, struct progress *p, const char *name, const uint8_t *bytes,
                         size_t n)
{
    uint64_t random = random_start(o->seed, name);
    uint8_t *changed = malloc(n + 1);

    run_variant(o, p, bytes, n);
    for (unsigned i = 0; i < o->cuts && n > 0; i++) {
        p->variant++;
        run_variant(o, p, bytes, xorshift(&random) % n);
    }
    for (unsigned i = 0; i < o->flips && n > 0 && changed != NULL; i++) {
        p->variant++;
        memcpy(changed, bytes, n);
        flip(changed, n, &random);
        run_variant(o, p, changed, n);
    }
    free(changed);
}

static void limit_memory(void)
{
#ifndef UNDER_ASAN
    struct rlimit limit = {(rlim_t)MEMORY_MAX_MB << 20, (rlim_t)MEMORY_MAX_MB << 20};

    setrlimit(RLIMIT_AS, &limit);
#endif
}

static void run_capture(const struct options *o, struct progress *p, const struct catalog_entry *e)
{
    size_t n;
    uint8_t *bytes = read_whole(e->path, &n);

    if (bytes == NULL)
        _exit(2);
    p->variant = 0;
    run_variants(o, p, e->name, bytes, n);
    free(bytes);
}

/* ---- in the parent ---- */

static void report(const struct options *o, const struct progress *p, const struct catalog_entry *e, int status)
{
    fprintf(stderr, "%s: variant %u: %s", e->name, p->variant, p->broken);
    if (WIFSIGNALED(status))
        fprintf(stderr, "%s", WTERMSIG(status) == SIGALRM ? "hangs" : strsignal(WTERMSIG(status)));
    fprintf(stderr, "\n  again with: --seed %llu --cuts %u --flips %u --only %s\n", (unsigned long long)o->seed,
            o->cuts, o->flips, e->name);
}

/* ---- key logs ---- */

/* Fills path with the key log of the capture; "" where the capture brings its secrets along. */
static bool find_keys(const struct options *o, const char *name, char *path, size_t max)
{
    FILE *table = fopen(o->keys, "r");
    char *line = NULL;
    size_t cap = 0;
    bool found = false;

    while (table != NULL && !found && getline(&line, &cap, table) > 0) {
        char *rest = line;
        line[strcspn(line, "\n")] = '\0';
        const char *what = tsv_field(&rest), *capture = tsv_field(&rest), *keys = tsv_field(&rest);
        found = keys != NULL && strcmp(what, "capture") == 0 && strcmp(capture, name) == 0;
        if (found && keys[0] != '-')
            snprintf(path, max, "%s/%s", o->folder, keys);
        else if (found)
            path[0] = '\0';
    }
    free(line);
    if (table != NULL)
        fclose(table);
    return found;
}

/* False: not one to run. */
static bool take_keys(struct options *o, const char *name)
{
    static char path[4096];

    if (o->keys == NULL)
        return true;
    if (!find_keys(o, name, path, sizeof path))
        return false;
    o->keylog = path[0] != '\0' ? path : NULL;
    return true;
}

/* ---- children ---- */

static bool is_chosen(struct options *o, const struct catalog_entry *e)
{
    return (o->only == NULL || strstr(e->name, o->only) != NULL) && take_keys(o, e->name);
}

/* Runs up to CHILD_CAPTURES of the catalog from p->capture on and leaves there which comes next. */
static void child(struct options *o, struct progress *p, const struct catalog *c)
{
    limit_memory();
    for (unsigned n = 0; p->capture < c->n && n < CHILD_CAPTURES; p->capture += o->every, n++) {
        if (!is_chosen(o, &c->entries[p->capture]))
            continue;
        p->captures++;
        run_capture(o, p, &c->entries[p->capture]);
    }
    p->done = true;
}

/* False: a capture failed, or something its child found only at its end (a leak). */
static bool run_child(struct options *o, struct progress *p, const struct catalog *c)
{
    int status;

    p->done = false;
    p->broken[0] = '\0';
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        child(o, p, c);
        exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        perror("child");
        exit(2);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    if (p->done) {
        fprintf(stderr, "a leak in the captures before %zu of the catalog, see above\n", p->capture);
        return false;
    }
    report(o, p, &c->entries[p->capture], status);
    p->capture += o->every;
    return false;
}

static int run_all(struct options *o, const struct catalog *c)
{
    struct progress *p = mmap(NULL, sizeof *p, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    size_t failures = 0;
    struct rusage usage;

    if (p == MAP_FAILED)
        return 2;
    p->capture = o->seed % o->every;
    while (p->capture < c->n)
        failures += !run_child(o, p, c);
    getrusage(RUSAGE_CHILDREN, &usage);
    printf("%zu captures, %llu runs, %llu exchanges, %zu failures, at most %ld MB\n", p->captures,
           (unsigned long long)p->runs, (unsigned long long)p->exchanges, failures, usage.ru_maxrss / 1024);
    return failures > 0 || p->captures == 0;
}

static bool parse(struct options *o, int argc, char **argv)
{
    for (int i = 2; i + 1 < argc; i += 2) {
        const char *name = argv[i], *value = argv[i + 1];
        if (strcmp(name, "--seed") == 0)
            o->seed = strtoull(value, NULL, 10);
        else if (strcmp(name, "--cuts") == 0)
            o->cuts = (unsigned)strtoul(value, NULL, 10);
        else if (strcmp(name, "--flips") == 0)
            o->flips = (unsigned)strtoul(value, NULL, 10);
        else if (strcmp(name, "--every") == 0)
            o->every = strtoul(value, NULL, 10);
        else if (strcmp(name, "--only") == 0)
            o->only = value;
        else if (strcmp(name, "--keys") == 0)
            o->keys = value;
        else if (strcmp(name, "--save") == 0)
            o->save = value;
        else
            return false;
    }
    return argc % 2 == 0 && o->every > 0;
}

int main(int argc, char **argv)
{
    struct options o = {.folder = argc > 1 ? argv[1] : NULL, .seed = 1, .cuts = 3, .flips = 3, .every = 1};
    struct catalog catalog;

    if (argc < 2 || !parse(&o, argc, argv) || !catalog_load(&catalog, argv[1])) {
        fprintf(stderr,
                "usage: %s FOLDER [--seed N] [--cuts N] [--flips N] [--every N] [--keys TABLE] [--only PART_OF_NAME "
                "[--save FILE]]\n",
                argv[0]);
        return 2;
    }
    int status = run_all(&o, &catalog);
    catalog_free(&catalog);
    return status;
}
