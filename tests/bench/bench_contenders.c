#include "bench_contenders.h"

#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "write/writer.h"
#include "pcap2trace/session.h"

/* ---- libpcap ---- */

static int read_with_libpcap(const struct bench_input *input)
{
    char error[PCAP_ERRBUF_SIZE];
    pcap_t *pcap = pcap_open_offline(input->path, error);
    struct pcap_pkthdr *header;
    const unsigned char *bytes;
    unsigned sum = 0;

    if (pcap == NULL)
        return 1;
    while (pcap_next_ex(pcap, &header, &bytes) == 1)
        sum += bytes[0];
    pcap_close(pcap);
    return sum == 0xffffffffu;
}

const struct bench_contender bench_libpcap = {"bare libpcap loop", read_with_libpcap};

/* ---- the library, NDJSON to /dev/null ---- */

static int write_fd(void *ctx, const void *bytes, size_t n)
{
    return write(*(int *)ctx, bytes, n) == (ssize_t)n ? P2T_OK : P2T_ERR_IO;
}

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    return out_writer_exchange(ctx, x);
}

static int trace_with(const struct bench_input *input, unsigned jobs)
{
    int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    struct out_options options = {0};
    struct out_sink sink = {&fd, write_fd};
    enum out_format format;
    if (!out_format_parse("ndjson", &format))
        return 1;
    struct out_writer *w = out_writer_new(format, &options, &sink);
    struct p2t_config config = {.paths = &input->path,
                                .path_count = 1,
                                .keylog = input->keylog,
                                .jobs = jobs,
                                .ctx = w,
                                .exchange = on_exchange};
    struct p2t_session *s;

    if (w == NULL || p2t_session_open(&s, &config, NULL) != P2T_OK)
        return 1;
    if (p2t_session_run(s) != P2T_OK)
        return 1;
    struct p2t_counters counters;
    p2t_session_counters(s, &counters);
    p2t_session_free(s);
    int status = out_writer_finish(w);
    out_writer_free(w);
    return status != P2T_OK || (input->keylog != NULL && counters.tls_decrypted != counters.connections);
}

static int trace_with_one(const struct bench_input *input)
{
    return trace_with(input, 1);
}

static int trace_with_two(const struct bench_input *input)
{
    return trace_with(input, 2);
}

const struct bench_contender bench_one_job = {"pcap2trace -j 1", trace_with_one};
const struct bench_contender bench_two_jobs = {"pcap2trace -j 2", trace_with_two};

/* ---- what is in a capture ---- */

static int no_exchange(void *ctx, const struct p2t_exchange *x)
{
    (void)ctx;
    (void)x;
    return P2T_OK;
}

static bool count(const char *path, struct bench_size *size)
{
    struct p2t_config config = {.paths = &path, .path_count = 1, .jobs = 1, .exchange = no_exchange};
    struct p2t_counters counters;
    struct p2t_session *s;

    if (p2t_session_open(&s, &config, NULL) != P2T_OK)
        return false;
    bool done = p2t_session_run(s) == P2T_OK;
    p2t_session_counters(s, &counters);
    p2t_session_free(s);
    size->packets = counters.frames;
    size->exchanges = counters.exchanges;
    return done;
}

bool bench_count(const char *path, struct bench_size *size)
{
    int ends[2], status = 0;
    pid_t pid = pipe(ends) == 0 ? fork() : -1;

    if (pid == 0)
        _exit(!count(path, size) || write(ends[1], size, sizeof *size) != (ssize_t)sizeof *size);
    bool done = pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 &&
                read(ends[0], size, sizeof *size) == (ssize_t)sizeof *size;
    close(ends[0]);
    close(ends[1]);
    return done;
}

/* ---- tshark ---- */

bool bench_has_tshark(void)
{
    return access("/usr/bin/tshark", X_OK) == 0;
}

static int dissect(const struct bench_input *input)
{
    char option[600];
    int fd = open("/dev/null", O_WRONLY);

    if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
        return 1;
    snprintf(option, sizeof option, "tls.keylog_file:%s", input->keylog != NULL ? input->keylog : "");
    execl("/usr/bin/tshark", "tshark", "-n", "-o", option, "-q", "-z", "http,tree", "-r", input->path, (char *)NULL);
    return 1;
}

const struct bench_contender bench_tshark = {"tshark -q -z http,tree", dissect};

/* ---- gzip ---- */

static int gunzip(const struct bench_input *input)
{
    static char bytes[1 << 18];
    gzFile file = gzopen(input->path, "rb");
    int n = -1;

    if (file == NULL)
        return 1;
    (void)gzbuffer(file, sizeof bytes);
    while ((n = gzread(file, bytes, sizeof bytes)) > 0)
        continue;
    gzclose(file);
    return n;
}

const struct bench_contender bench_gunzip = {"decompressing alone", gunzip};

static void die(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

void bench_gzip(const char *from, const char *to)
{
    static char bytes[1 << 18];
    FILE *in = fopen(from, "rbe");
    gzFile out = gzopen(to, "wb6");
    size_t n;

    if (in == NULL || out == NULL)
        die("a capture cannot be compressed");
    while ((n = fread(bytes, 1, sizeof bytes, in)) > 0)
        if (gzwrite(out, bytes, (unsigned)n) != (int)n)
            die("a capture cannot be compressed");
    fclose(in);
    if (gzclose(out) != Z_OK)
        die("a capture cannot be compressed");
}

/* ---- measuring ---- */

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct bench_result bench_run_apart(const struct bench_contender *contender, const struct bench_input *input)
{
    struct rusage usage;
    int status;
    double start = now();
    pid_t pid = fork();

    if (pid == 0)
        _exit(contender->work(input));
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid || status != 0)
        die("a run failed");
    return (struct bench_result){now() - start, usage.ru_maxrss};
}
