#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/reader.h"
#include "support/cmocka_all.h"

char scratch[64];

/* ---- files ---- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st;
    (void)type;
    return walk->level == 0 ? 0 : remove(path);
}

void scratch_clear(void)
{
    (void)nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    assert_int_equal(mkdir(in_scratch("in"), 0777), 0);
}

/* In memory where there is such a folder: every window waits for the disk. */
void scratch_begin(void)
{
    snprintf(scratch, sizeof scratch, "%s/p2t-batch-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(scratch));
    scratch_clear();
}

void scratch_end(void)
{
    (void)nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    (void)rmdir(scratch);
}

const char *in_scratch(const char *name)
{
    static char paths[8][256];
    static unsigned turn;
    char *path = paths[turn++ % 8];

    snprintf(path, sizeof paths[0], "%s/%s", scratch, name);
    return path;
}

void slurp_file(struct buf *out, const char *path)
{
    FILE *f = fopen(path, "rb");
    char piece[65536];
    size_t n;

    if (f == NULL)
        fail_msg("%s: %s", path, strerror(errno));
    while ((n = fread(piece, 1, sizeof piece, f)) > 0)
        buf_put(out, piece, n);
    fclose(f);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t list(const char *folder, const char *suffix, char ***names)
{
    DIR *dir = opendir(folder);
    size_t n = 0;

    *names = NULL;
    if (dir == NULL)
        return 0;
    for (const struct dirent *e; (e = readdir(dir)) != NULL;) {
        size_t len = strlen(e->d_name), end = strlen(suffix);
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 || len < end ||
            strcmp(e->d_name + len - end, suffix) != 0)
            continue;
        *names = realloc(*names, (n + 1) * sizeof(char *));
        (*names)[n++] = strdup(e->d_name);
    }
    closedir(dir);
    if (n > 0)
        qsort(*names, n, sizeof(char *), by_text);
    return n;
}

size_t files_in(const char *name, const char *suffix)
{
    char **names;
    size_t n = list(in_scratch(name), suffix, &names);

    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
    return n;
}

/* ---- packets ---- */

static void unpack(struct buf *b)
{
    unsigned long long n = ZSTD_getFrameContentSize(b->p, b->n);
    struct buf plain = {0};

    if (b->n < 4 || memcmp(b->p, "\x28\xb5\x2f\xfd", 4) != 0)
        return;
    assert_true(n < 1u << 30 && buf_reserve(&plain, (size_t)n));
    plain.n = ZSTD_decompress(plain.p, (size_t)n, b->p, b->n);
    assert_int_equal(plain.n, n);
    buf_fini(b);
    *b = plain;
}

void packets_take(struct packets *p, const struct buf *capture)
{
    enum { FILE_HEADER = 24, RECORD_HEADER = 16 };
    size_t at = FILE_HEADER;

    *p = (struct packets){0};
    buf_put(&p->bytes, capture->p, capture->n);
    p->at = calloc(capture->n / RECORD_HEADER + 2, sizeof *p->at);
    for (; at + RECORD_HEADER <= capture->n; p->n++) {
        struct reader r = reader_of(capture->p + at + 8, 4);
        p->at[p->n] = at;
        at += RECORD_HEADER + reader_le32(&r);
    }
    assert_int_equal(at, capture->n);
    p->at[p->n] = at;
}

static void gunzip(struct buf *out, const char *path)
{
    gzFile f = gzopen(path, "rb");
    char piece[65536];
    int n;

    assert_non_null(f);
    while ((n = gzread(f, piece, sizeof piece)) > 0)
        buf_put(out, piece, (size_t)n);
    assert_int_equal(gzclose(f), Z_OK);
}

void packets_load(struct packets *p, const char *path)
{
    struct buf b = {0};

    gunzip(&b, path); /* what is not gzip comes as it is */
    unpack(&b);
    packets_take(p, &b);
    buf_fini(&b);
}

uint32_t packets_u32(const struct packets *p, size_t at)
{
    struct reader r = reader_of(p->bytes.p + at, 4);

    return reader_le32(&r);
}

void packets_free(struct packets *p)
{
    buf_fini(&p->bytes);
    free(p->at);
    *p = (struct packets){0};
}

void packets_write(const struct packets *p, size_t from, size_t to, const char *name)
{
    FILE *f = fopen(in_scratch(name), "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(p->bytes.p, 1, 24, f), 24);
    size_t n = p->at[to] - p->at[from];
    assert_int_equal(fwrite(p->bytes.p + p->at[from], 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

void packets_cut(const struct packets *p, const size_t *cuts, size_t n)
{
    char name[64];

    for (size_t i = 0; i <= n; i++) {
        snprintf(name, sizeof name, "in/part-%04zu.pcap", i);
        packets_write(p, i > 0 ? cuts[i - 1] : 0, i < n ? cuts[i] : p->n, name);
    }
}

/* splitmix64 */
uint64_t random_next(uint64_t *seed)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t packets_units(const struct packets *p)
{
    return packets_u32(p, 0) == 0xa1b23c4d ? 1000000000 : 1000000;
}

uint64_t packets_time(const struct packets *p, size_t i)
{
    return packets_u32(p, p->at[i]) * packets_units(p) + packets_u32(p, p->at[i] + 4);
}

size_t *random_cuts(uint64_t *seed, const struct packets *p, size_t n)
{
    size_t *cuts = calloc(n + 1, sizeof *cuts), left = n, begun = 0;

    assert_true(p->n > n);
    for (size_t at = 1; at < p->n && left > 0; at++)
        if (random_next(seed) % (p->n - at) < left && packets_time(p, at) >= packets_time(p, begun))
            cuts[n - left--] = begun = at;
    assert_int_equal(left, 0);
    return cuts;
}

/* ---- running ---- */

enum { WORDS_MAX = 24 };

static void child(const char *environment, char **argv)
{
    char *list_of[4] = {"PATH=/usr/bin:/bin", "ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=1", NULL, NULL};
    char names[512], *second;
    int err = open(in_scratch("stderr"), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    int out = open(in_scratch("stdout"), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    char *env[6] = {list_of[0], list_of[1], NULL};

    if (environment != NULL) { /* two settings with a space between */
        snprintf(names, sizeof names, "%s", environment);
        env[2] = names;
        if ((second = strchr(names, ' ')) != NULL) {
            *second = '\0';
            env[3] = second + 1;
        }
    }
    if (err < 0 || out < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
        _exit(99);
    execve(argv[0], argv, env);
    _exit(98);
}

static pid_t start(const char *environment, const char *format, va_list args)
{
    char line[2048], *argv[WORDS_MAX + 2] = {P2T_PROGRAM};
    int n = 1;

    assert_true(vsnprintf(line, sizeof line, format, args) < (int)sizeof line);
    for (char *word = strtok(line, " "); word != NULL; word = strtok(NULL, " ")) {
        assert_true(n <= WORDS_MAX);
        argv[n++] = word;
    }
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        child(environment, argv);
    return pid;
}

pid_t run_start(const char *environment, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    pid_t pid = start(environment, format, args);
    va_end(args);
    return pid;
}

struct run run_wait(pid_t pid)
{
    struct run r = {0};
    struct buf err = {0};
    int status;

    while (waitpid(pid, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    r.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    if (access(in_scratch("stderr"), F_OK) == 0) /* else it was killed before it began */
        slurp_file(&err, in_scratch("stderr"));
    snprintf(r.err, sizeof r.err, "%.*s", (int)err.n, err.n > 0 ? (const char *)err.p : "");
    buf_fini(&err);
    return r;
}

struct run run(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    pid_t pid = start(NULL, format, args);
    va_end(args);
    return run_wait(pid);
}

/* ---- comparing ---- */

/* What is behind the bracket that stands at `at`, strings with brackets in them passed over. */
static size_t behind_brackets(const struct buf *b, size_t at)
{
    bool quoted = false;
    int depth = 0;

    for (; at < b->n; at++) {
        uint8_t c = b->p[at];
        if (quoted && c == '\\')
            at++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && c == '[')
            depth++;
        else if (!quoted && c == ']' && --depth == 0)
            return at + 1;
    }
    return at;
}

/* What is behind the list of evidence or files whose key stands at `at`; `at` where none does. */
static size_t behind_list(const struct buf *in, size_t at)
{
    static const char *const keys[] = {"\"evidence\":[", "\"files\":["};

    for (size_t k = 0; k < 2; k++) {
        size_t n = strlen(keys[k]);
        if (in->n - at > n && memcmp(in->p + at, keys[k], n) == 0)
            return behind_brackets(in, at + n - 1);
    }
    return at;
}

static void strip(struct buf *out, const struct buf *in)
{
    for (size_t i = 0, next; i < in->n; i = next) {
        size_t key = i + slice_find(slice_of(in->p + i, in->n - i), '"');
        buf_put(out, in->p + i, key - i);
        next = key < in->n ? behind_list(in, key) : key;
        if (next == key && key < in->n)
            buf_putc(out, (char)in->p[next++]);
    }
}

void whole(struct buf *out, const char *capture)
{
    struct buf raw = {0};
    struct run r = run("-T ndjson --all %s", capture);

    assert_int_equal(r.status, 0);
    slurp_file(&raw, in_scratch("stdout"));
    strip(out, &raw);
    buf_fini(&raw);
}

void as_written(struct buf *out, const char *name)
{
    char **names, path[256];
    size_t n = list(in_scratch(name), ".ndjson", &names);

    for (size_t i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/%s", in_scratch(name), names[i]);
        if (strcmp(names[i], "manifest.ndjson") != 0)
            slurp_file(out, path);
        free(names[i]);
    }
    free(names);
}

void joined(struct buf *out, const char *name)
{
    struct buf raw = {0};

    as_written(&raw, name);
    strip(out, &raw);
    buf_fini(&raw);
}

size_t count_lines(const struct buf *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n; i++)
        n += b->p[i] == '\n';
    return n;
}

static struct slice line_at(const struct buf *b, size_t at)
{
    struct slice rest = at < b->n ? slice_of(b->p + at, b->n - at) : slice_of("", 0);

    return slice_of(rest.p, slice_find(rest, '\n'));
}

enum { SHOWN = 160 }; /* of each line: cmocka cuts what is long */

static int shown(struct slice line, size_t from)
{
    return line.n - from < SHOWN ? (int)(line.n - from) : SHOWN;
}

static size_t line_number(const struct buf *b, size_t at)
{
    const struct buf before = {.p = b->p, .n = at};

    return count_lines(&before) + 1;
}

void assert_same_lines(const struct buf *expected, const struct buf *got, const char *what)
{
    if (expected->n == got->n && (got->n == 0 || memcmp(expected->p, got->p, got->n) == 0))
        return;
    size_t at = 0;
    struct slice a = line_at(expected, at), b = line_at(got, at);
    while (slice_eq(a, b) && at < expected->n) {
        at += a.n + 1;
        a = line_at(expected, at);
        b = line_at(got, at);
    }
    size_t same = 0;
    while (same < a.n && same < b.n && a.p[same] == b.p[same])
        same++;
    fail_msg("%s: %zu lines instead of %zu; the first that differs, line %zu from byte %zu on:\n  %.*s\n  %.*s\n"
             "instead of\n  %.*s",
             what, count_lines(got), count_lines(expected), line_number(expected, at), same, shown(b, 0),
             (const char *)b.p, shown(b, same), (const char *)b.p + same, shown(a, same), (const char *)a.p + same);
}

size_t windows(void)
{
    struct buf manifest = {0};

    if (access(in_scratch("out/manifest.ndjson"), F_OK) != 0)
        return 0;
    slurp_file(&manifest, in_scratch("out/manifest.ndjson"));
    size_t n = count_lines(&manifest);
    buf_fini(&manifest);
    return n;
}

void wait_for_windows(size_t n)
{
    const struct timespec step = {0, 2000000};

    for (int i = 0; i < 10000 && windows() < n; i++)
        (void)nanosleep(&step, NULL);
    assert_int_equal(windows(), n);
}

void forget(const char *name)
{
    assert_int_equal(unlink(in_scratch(name)), 0);
}

void compress_file(const char *from, const char *to)
{
    struct buf b = {0}, packed = {0};

    slurp_file(&b, in_scratch(from));
    assert_true(buf_reserve(&packed, ZSTD_compressBound(b.n)));
    packed.n = ZSTD_compress(packed.p, packed.cap, b.p, b.n, 1);
    FILE *f = fopen(in_scratch(to), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(packed.p, 1, packed.n, f), packed.n);
    fclose(f);
    buf_fini(&b);
    buf_fini(&packed);
}
