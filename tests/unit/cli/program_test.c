#include "support/cmocka_all.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "capture.h"
#include "program.h"

static char folder[64];

/* ---- helpers ---- */

static void in_folder(char out[128], const char *name)
{
    snprintf(out, 128, "%s/%s", folder, name);
}

#define OUT(p) ((const char *)(p).out.p)
#define ERR(p) ((const char *)(p).err.p)

static size_t count(const char *text, const char *word)
{
    size_t n = 0;

    for (const char *p = text; (p = strstr(p, word)) != NULL; p += strlen(word))
        n++;
    return n;
}

/* Runs with DIR/ standing for the test's folder. */
static void run(struct program *p, const char *line)
{
    char full[2048];
    size_t n = 0;

    for (const char *s = line; *s != '\0' && n + sizeof folder < sizeof full; s++)
        if (strncmp(s, "DIR/", 4) == 0) {
            n += (size_t)snprintf(full + n, sizeof full - n, "%s", folder);
            s += 2;
        } else
            full[n++] = *s;
    full[n] = '\0';
    program_run(p, full);
}

static size_t files_in_folder(void)
{
    DIR *d = opendir(folder);
    size_t n = 0;

    assert_non_null(d);
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d))
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(d);
    return n;
}

static bool exists(const char *name)
{
    char path[128];

    in_folder(path, name);
    return access(path, F_OK) == 0;
}

static void forget(const char *name)
{
    char path[128];

    in_folder(path, name);
    assert_int_equal(unlink(path), 0);
}

static void sleep_ms(long ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

/* The reading end of a pipe that holds the file's bytes and has no writer any more. */
static int pipe_of(const char *path)
{
    char bytes[16384];
    int ends[2], fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, bytes, sizeof bytes);

    assert_true(n > 0 && (size_t)n < sizeof bytes);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], bytes, (size_t)n), n);
    close(ends[1]);
    close(fd);
    return ends[0];
}

static void save(const char *name, const struct buf *b, size_t n)
{
    char path[128];
    struct buf part = {.p = b->p, .n = n};

    in_folder(path, name);
    capture_save(&part, path);
}

/* three: 200, 404, 503 and a refused connection. cut: the first of them, then a packet cut in the middle. */
static int make_captures(void **state)
{
    struct buf b = {0};

    (void)state;
    strcpy(folder, "/tmp/p2t-cli-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    capture_begin(&b);
    size_t head = b.n;
    capture_exchange(&b, 0, 200, "plain");
    size_t first = b.n;
    capture_exchange(&b, 1, 404, "plain");
    capture_exchange(&b, 2, 503, "\x1b[31m\xe2\x80\xae");
    capture_refused(&b, 3);
    save("three.pcap", &b, b.n);
    save("cut.pcap", &b, first + 30);
    save("empty.pcap", &b, head);
    b.n = head;
    capture_slow_around(&b, 1);
    save("around.pcap", &b, b.n);
    static uint8_t stray[] =
        "CLIENT_TRAFFIC_SECRET_0 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f "
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";
    save("stray.keys", &(struct buf){.p = stray}, sizeof stray - 1);
    save("text.pcap", &(struct buf){.p = (uint8_t *)"no capture at all, but long enough to look like one"}, 51);
    buf_fini(&b);
    return 0;
}

static int remove_captures(void **state)
{
    (void)state;
    forget("three.pcap");
    forget("cut.pcap");
    forget("empty.pcap");
    forget("around.pcap");
    forget("text.pcap");
    forget("stray.keys");
    return rmdir(folder);
}

/* ---- what comes out ---- */

static void exit_status_and_messages(void **state)
{
    static const struct {
        const char *line;
        int status;
        const char *err; /* is part of what stands on stderr; "": nothing stands there */
    } rows[] = {
        {"DIR/three.pcap", 0, ""},
        {"-r DIR/three.pcap", 0, ""},
        {"trace DIR/three.pcap", 0, ""},
        {"DIR/missing.pcap", 1, "/missing.pcap: "},
        {"DIR/three.pcap DIR/missing.pcap", 1, "/missing.pcap: "},
        {"DIR/text.pcap", 1, "/text.pcap: "},
        {"DIR/cut.pcap", 1, "/cut.pcap: cut inside packet 9"},
        {"-q DIR/cut.pcap", 1, ""},
        {"DIR/empty.pcap", 0, "no HTTP exchange"},
        {"-q DIR/empty.pcap", 0, ""},
        {"--method PUT DIR/three.pcap", 0, "none of the 4 exchanges"},
        {"", 2, "usage: pcap2trace"},
        {"-T xml DIR/three.pcap", 2, "-T 'xml': expected text, "},
        {"-T text -o DIR/three.pcap DIR/three.pcap", 2, "would be overwritten"},
        {"summary -T text -o DIR/three.pcap DIR/.", 2, "would be overwritten"},
        {"sumary DIR/three.pcap", 2, "did you mean 'summary'"},
        {"-w DIR/out DIR/three.pcap", 2, "-w belongs to the commands 'extract' and 'mcp'"},
        {"report DIR/three.pcap", 2, "-o FILE.html"},
        {"report -o DIR/no/such/folder DIR/three.pcap", 1, "/no/such/folder: No such file or directory"},
        {"report -o /dev/full DIR/three.pcap", 1, "/dev/full: No space left on device"},
        {"report -o /dev/null DIR/missing.pcap", 1, "/missing.pcap: "},
        {"report -o /dev/null -f tcp_prt DIR/three.pcap", 2, "tcp_prt"},
        {"explain --id 1 -", 2, "standard input can be read only once"},
        {"explain --id 1234567812345678 DIR/three.pcap", 1, "no exchange of these captures has this id"},
        {"explain --trace-id nobody DIR/three.pcap", 1, "no exchange of these captures has this trace id"},
        {"extract --id 1234567812345678 -w DIR/x.pcapng DIR/three.pcap", 1,
         "no exchange of these captures has this id"},
        {"-f tcp_prt DIR/three.pcap", 2, "tcp_prt"},
        {"summary --sort DIR/three.pcap", 2, "usage: pcap2trace summary"},
        {"-f ndjson DIR/three.pcap", 2, "did you mean '-T ndjson'?"},
        {"-f host DIR/three.pcap", 2, "goes in quotes"},
        {"--trace-id nobody DIR/three.pcap", 0, "an id is on the wire only if its request left"},
        {"-o DIR/no/such/folder DIR/three.pcap", 1, "/no/such/folder: No such file or directory"},
        {"-o /dev/full DIR/three.pcap", 1, "/dev/full: No space left on device"},
        {"-v DIR/three.pcap", 0, "          26  packets"},
        {"--keylog DIR/empty.pcap DIR/three.pcap", 0, "/empty.pcap: it contains no TLS secrets"},
        {"-q --keylog DIR/empty.pcap DIR/three.pcap", 0, ""},
        {"--keylog DIR/stray.keys DIR/three.pcap", 0,
         "/stray.keys: none of the TLS secrets in it (1) opens a connection"},
    };
    struct program p = {0};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        run(&p, rows[i].line);
        bool said = rows[i].err[0] == '\0' ? ERR(p)[0] == '\0' : strstr(ERR(p), rows[i].err) != NULL;
        if (p.status != rows[i].status || !said)
            fail_msg("%s: status %d, stderr: %s", rows[i].line, p.status, ERR(p));
    }
    program_free(&p);
}

static void every_format_has_every_exchange(void **state)
{
    static const struct {
        const char *format, *mark;
        size_t count;
    } rows[] = {
        {"text", " GetConn ", 4},   {"ndjson", "\"schema\":\"pcap2trace.exchange/2\"", 4},
        {"json", "\"schema\":", 4}, {"trace-result", "{\"TraceId\":", 4},
        {"csv", "\r\n", 5},
    };
    struct program p = {0};
    char line[128];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(line, sizeof line, "-T %s DIR/three.pcap", rows[i].format);
        run(&p, line);
        assert_int_equal(p.status, 0);
        if (count(OUT(p), rows[i].mark) != rows[i].count)
            fail_msg("%s: %s", rows[i].format, OUT(p));
    }
    program_free(&p);
}

/* What ends later is settled later, and begins earlier. */
static void files_are_sorted_by_start_where_people_read_them(void **state)
{
    static const struct {
        const char *line;
        bool by_pipe;
        const char *first, *second; /* NULL: nothing */
    } rows[] = {
        {"-T ndjson DIR/around.pcap", false, "/2\"", "/1\""},
        {"-T json DIR/around.pcap", false, "/2\"", "/1\""},
        {"-T trace-result DIR/around.pcap", false, "/2\"", "/1\""},
        {"-T text DIR/around.pcap", false, "/1  200", "/2  200"},
        {"-T text -j 4 DIR/around.pcap", false, "/1  200", "/2  200"},
        {"-T csv DIR/around.pcap", false, "/1,", "/2,"},
        {"-T text -c 1 DIR/around.pcap", false, "/2  200", NULL},
        {"-T csv -c 1 DIR/around.pcap", false, "/2,", NULL},
        {"-T text -", false, "/1  200", "/2  200"},
        {"-T text -", true, "/2  200", "/1  200"},
        {"-T csv -", true, "/2,", "/1,"},
    };
    struct program p = {0};
    char path[128];

    (void)state;
    in_folder(path, "around.pcap");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        p.stdin_path = rows[i].by_pipe ? NULL : path;
        p.stdin_fd = rows[i].by_pipe ? pipe_of(path) : 0;
        run(&p, rows[i].line);
        const char *first = strstr(OUT(p), rows[i].first);
        const char *second = rows[i].second != NULL ? strstr(OUT(p), rows[i].second) : NULL;
        if (first == NULL || (rows[i].second != NULL) != (second != NULL) || (second != NULL && second < first))
            fail_msg("%s: %s", rows[i].line, OUT(p));
        assert_string_equal(ERR(p), "");
    }
    program_free(&p);
}

static void filters_and_counts_narrow_the_output(void **state)
{
    static const struct {
        const char *options;
        size_t lines;
    } rows[] = {
        {"-c 1", 1},
        {"-c 9", 4},
        {"--status 5xx", 1},
        {"--status 404,503", 2},
        {"--failed", 2}, /* refused; a 503 */
        {"--problems --port 80 --kind http1", 1},
        {"--path /2", 1},
        {"--since +59m", 0},
        {"--host web.test", 3},
        {"--host 10.0.0.2", 1},
        {"--method GET --status 2xx", 1},
        {"--slower-than 5ms", 3},
        {"--slower-than 1s", 0},
        {"--status 5xx -c 1", 1},
    };
    struct program p = {0};
    char line[128];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(line, sizeof line, "-T ndjson %s DIR/three.pcap", rows[i].options);
        run(&p, line);
        assert_int_equal(p.status, 0);
        if (count(OUT(p), "\n") != rows[i].lines)
            fail_msg("%s: %s", rows[i].options, OUT(p));
    }
    program_free(&p);
}

static void no_format_lets_a_terminal_be_steered(void **state)
{
    static const char *const formats[] = {"text", "lines", "ndjson", "json", "trace-result", "csv"};
    struct program p = {0};
    char line[128];

    (void)state;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        snprintf(line, sizeof line, "-T %s DIR/three.pcap", formats[i]);
        run(&p, line);
        for (const char *s = OUT(p); *s != '\0'; s++)
            assert_true((unsigned char)*s >= 0x20 || *s == '\n' || *s == '\r');
        assert_null(strstr(OUT(p), "\xe2\x80\xae")); /* reads from right to left */
    }
    run(&p, "-T text DIR/three.pcap");
    assert_non_null(strstr(OUT(p), "X-Test: \\x1b[31m\\u202e"));
    program_free(&p);
}

static void colour_is_asked_for_or_left_out(void **state)
{
    static const struct {
        const char *line, *environment;
        bool colour;
    } rows[] = {
        {"DIR/three.pcap", NULL, false}, /* no terminal */
        {"--color always DIR/three.pcap", NULL, true},
        {"--color always DIR/three.pcap", "NO_COLOR=1", true}, /* the command line is nearer */
        {"--color never DIR/three.pcap", NULL, false},
        {"--color auto DIR/three.pcap", "NO_COLOR=1", false},
        {"--color always -T ndjson DIR/three.pcap", NULL, false},
        {"--color always -T csv DIR/three.pcap", NULL, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct program p = {.environment = rows[i].environment};
        run(&p, rows[i].line);
        assert_int_equal(p.status, 0);
        assert_int_equal(strchr(OUT(p), '\x1b') != NULL, rows[i].colour);
        program_free(&p);
    }
}

/* A pseudo-terminal as standard output; what was written to it. */
static void on_terminal(struct program *p, const char *line, char *out, size_t size)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);

    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    p->stdout_path = ptsname(master);
    int slave = open(p->stdout_path, O_RDWR | O_NOCTTY); /* keeps what was written until it is read */
    run(p, line);
    ssize_t n = read(master, out, size - 1);
    out[n > 0 ? n : 0] = '\0';
    close(slave);
    close(master);
}

static void on_a_terminal_colour_is_the_default(void **state)
{
    static const struct {
        const char *environment;
        bool colour;
    } rows[] = {{NULL, true}, {"NO_COLOR=1", false}, {"NO_COLOR=", true}, {"LC_ALL=C", true}};
    char out[4096];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct program p = {.environment = rows[i].environment};
        on_terminal(&p, "-c 1 DIR/three.pcap", out, sizeof out);
        assert_non_null(strstr(out, "web.test"));
        assert_int_equal(strchr(out, '\x1b') != NULL, rows[i].colour);
        program_free(&p);
    }
}

static void version_names_the_libraries(void **state)
{
    static const char *const names[] = {"pcap2trace 0.", "libpcap", "llhttp ", "zlib ", "zstd ", "lz4 ", "xz "};
    struct program p = {0};

    (void)state;
    run(&p, "--version");
    assert_int_equal(p.status, 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_non_null(strstr(OUT(p), names[i]));
    p.stdout_path = "/dev/full";
    run(&p, "--help");
    assert_int_equal(p.status, 1);
    program_free(&p);
}

/* ---- where it goes ---- */

static void a_full_disk_is_said(void **state)
{
    struct program p = {.stdout_path = "/dev/full"};

    (void)state;
    run(&p, "-T ndjson DIR/three.pcap");
    assert_int_equal(p.status, 1);
    assert_non_null(strstr(ERR(p), "standard output: No space left on device"));
    program_free(&p);
}

static void an_output_file_appears_whole_and_leaves_nothing_else(void **state)
{
    struct program p = {0};
    char path[128];
    struct stat st;

    (void)state;
    size_t before = files_in_folder();
    run(&p, "-T csv -o DIR/new.csv DIR/three.pcap");
    assert_int_equal(p.status, 0);
    assert_string_equal(OUT(p), "");
    assert_int_equal(files_in_folder(), before + 1);
    in_folder(path, "new.csv");
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_size > 500);
    assert_int_equal(st.st_mode & 0600, 0600);
    forget("new.csv");
    program_free(&p);
}

static void an_old_output_keeps_its_permissions_and_its_link(void **state)
{
    struct program p = {0};
    char real[128], link[128];
    struct stat st;

    (void)state;
    in_folder(real, "real");
    in_folder(link, "link");
    close(open(real, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(chmod(real, 0640), 0);
    assert_int_equal(symlink("real", link), 0);
    run(&p, "-o DIR/link DIR/three.pcap");
    assert_int_equal(p.status, 0);
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(stat(real, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_true(st.st_size > 0);
    forget("link");
    forget("real");
    program_free(&p);
}

static void no_output_file_without_a_run(void **state)
{
    struct program p = {0};

    (void)state;
    size_t before = files_in_folder();
    run(&p, "-f tcp_prt -o DIR/never DIR/three.pcap");
    assert_int_equal(p.status, 2);
    assert_false(exists("never"));
    assert_int_equal(files_in_folder(), before);
    program_free(&p);
}

/* As other tools: the signal where it is not ignored, its status where it is; never a message. */
static void a_closed_pipe_ends_quietly(void **state)
{
    static void (*const dispositions[])(int) = {SIG_DFL, SIG_IGN};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct program p = {0};
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        close(ends[0]);
        p.stdout_fd = ends[1];
        void (*old)(int) = signal(SIGPIPE, dispositions[i]);
        run(&p, "-T ndjson DIR/three.pcap");
        signal(SIGPIPE, old);
        close(ends[1]);
        assert_int_equal(p.status, 141);
        assert_string_equal(ERR(p), "");
        program_free(&p);
    }
}

/* ---- signals ---- */

/* A capture that grows: what was written stays readable, and the pipe stays open. */
static void start_on_growing_input(struct program *p, int *feed, const char *line)
{
    struct buf b = {0};
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    assert_true(fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0);
    capture_begin(&b);
    capture_exchange(&b, 0, 200, "x");
    capture_exchange(&b, 60, 200, "x"); /* its clock lets the first one go */
    assert_int_equal(write(ends[1], b.p, b.n), b.n);
    buf_fini(&b);
    p->stdin_fd = ends[0];
    *feed = ends[1];
    program_start(p, line);
    close(ends[0]);
}

/* Until the program waits for more input: both its packets are read, and nothing happens any more. */
static void wait_until_idle(int feed)
{
    int unread = 1;

    for (int tries = 0; tries < 500 && unread > 0; tries++) {
        sleep_ms(10);
        assert_int_equal(ioctl(feed, FIONREAD, &unread), 0);
    }
    assert_int_equal(unread, 0);
    sleep_ms(200);
}

static void an_interrupt_writes_what_is_complete(void **state)
{
    static const struct {
        int signal, status;
    } rows[] = {{SIGINT, 130}, {SIGTERM, 143}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct program p = {0};
        char line[160], path[128];
        int feed;
        in_folder(path, "out.json");
        snprintf(line, sizeof line, "-T json -o %s -", path);
        start_on_growing_input(&p, &feed, line);
        wait_until_idle(feed);
        assert_false(exists("out.json"));
        assert_int_equal(kill(p.pid, rows[i].signal), 0);
        program_wait(&p);
        close(feed);
        assert_int_equal(p.status, rows[i].status);
        assert_int_equal(count(ERR(p), "\n"), 1);
        assert_non_null(strstr(ERR(p), "interrupted after 16 packets"));
        assert_true(exists("out.json"));
        forget("out.json");
        program_free(&p);
    }
}

/* A whole file is worth more than the beginning of another. */
static void an_interrupt_leaves_an_older_file_alone(void **state)
{
    struct program p = {0};
    struct buf older = {0};
    char line[160], path[128];
    int feed;

    (void)state;
    in_folder(path, "out.json");
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs("older", f) >= 0 && fclose(f) == 0);
    snprintf(line, sizeof line, "-o %s -", path);
    start_on_growing_input(&p, &feed, line);
    wait_until_idle(feed);
    assert_int_equal(kill(p.pid, SIGINT), 0);
    program_wait(&p);
    close(feed);
    assert_int_equal(p.status, 130);
    assert_non_null(strstr(ERR(p), "/out.json: was not changed; what was written before the interruption is in "));
    assert_non_null(strstr(ERR(p), "/out.json.part"));
    f = fopen(path, "r");
    assert_non_null(f);
    assert_true(buf_reserve(&older, 64));
    older.n = fread(older.p, 1, 64, f);
    (void)fclose(f);
    assert_true(slice_eq(buf_view(&older), slice_str("older")));
    assert_true(exists("out.json.part"));
    forget("out.json");
    forget("out.json.part");
    buf_fini(&older);
    program_free(&p);
}

/* A named pipe cannot be ended from here: the first signal waits for its next packet, the second waits for nothing. */
static void a_second_interrupt_ends_at_once_and_leaves_nothing(void **state)
{
    struct program p = {0};
    struct buf b = {0};
    char fifo[128], line[300];

    (void)state;
    in_folder(fifo, "fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    int feed = open(fifo, O_RDWR | O_CLOEXEC);
    capture_begin(&b);
    capture_exchange(&b, 0, 200, "x");
    assert_int_equal(write(feed, b.p, b.n), b.n);
    size_t before = files_in_folder();
    snprintf(line, sizeof line, "-o %s/out.txt %s", folder, fifo);
    program_start(&p, line);
    wait_until_idle(feed);
    assert_false(exists("out.txt"));
    assert_true(files_in_folder() <= before + 1); /* a temporary name, where there are no files without one */
    assert_int_equal(kill(p.pid, SIGINT), 0);
    sleep_ms(50);
    assert_int_equal(kill(p.pid, SIGINT), 0);
    program_wait(&p);
    assert_int_equal(p.status, 130);
    assert_int_equal(files_in_folder(), before);
    close(feed);
    forget("fifo");
    buf_fini(&b);
    program_free(&p);
}

static void append_gzip(const char *path, const struct buf *b)
{
    gzFile f = gzopen(path, "ab");

    assert_non_null(f);
    assert_int_equal(gzwrite(f, b->p, (unsigned)b->n), b->n);
    assert_int_equal(gzclose(f), Z_OK);
}

/* A gzip file of many times the same packets, which to read takes seconds. */
static void make_long_capture(const char *path)
{
    enum { PACKETS = 3000, PACKET_BYTES = 1400, TIMES = 1500 };
    static const uint8_t nothing[PACKET_BYTES];
    static uint8_t packed[1 << 20];
    struct buf b = {0};

    capture_begin(&b);
    capture_exchange(&b, 0, 200, "x");
    append_gzip(path, &b);
    FILE *f = fopen(path, "a+b");
    assert_true(f != NULL && fseek(f, 0, SEEK_END) == 0);
    buf_reset(&b);
    for (int i = 0; i < PACKETS; i++) {
        const uint32_t record[] = {1001, 0, PACKET_BYTES, PACKET_BYTES};
        buf_put(&b, record, sizeof record);
        buf_put(&b, nothing, PACKET_BYTES);
    }
    append_gzip(path, &b);
    size_t n = fread(packed, 1, sizeof packed, f);
    assert_in_range(n, 1, sizeof packed - 1);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    for (int i = 1; i < TIMES; i++)
        assert_int_equal(fwrite(packed, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
    buf_fini(&b);
}

static bool has_open(pid_t pid, const char *path)
{
    char name[64], at[256];

    for (int fd = 3; fd < 32; fd++) {
        snprintf(name, sizeof name, "/proc/%d/fd/%d", (int)pid, fd);
        ssize_t n = readlink(name, at, sizeof at - 1);
        if (n > 0 && (size_t)n == strlen(path) && memcmp(at, path, (size_t)n) == 0)
            return true;
    }
    return false;
}

/* Its reader waits for the thread that decompresses, or decompresses itself. */
static void an_interrupt_ends_the_reading_of_a_file(void **state)
{
    char path[128], line[400];

    (void)state;
    in_folder(path, "long.gz");
    make_long_capture(path);
    for (unsigned jobs = 1; jobs <= 3; jobs++) {
        struct program p = {0};
        snprintf(line, sizeof line, "-j %u -T ndjson -o %s/out.json %s", jobs, folder, path);
        program_start(&p, line);
        for (int tries = 0; tries < 1000 && !has_open(p.pid, path); tries++)
            sleep_ms(5);
        sleep_ms(30);
        assert_int_equal(kill(p.pid, SIGINT), 0);
        program_wait(&p);
        assert_int_equal(p.status, 130);
        assert_int_equal(count(ERR(p), "\n"), 1);
        assert_non_null(strstr(ERR(p), "interrupted after "));
        forget("out.json");
        program_free(&p);
    }
    forget("long.gz");
}

static void live_exchanges_are_not_held_back(void **state)
{
    struct program p = {0};
    char chunk[64];
    int feed;

    (void)state;
    start_on_growing_input(&p, &feed, "-T ndjson -");
    wait_until_idle(feed);
    assert_true(pread(p.out_fd, chunk, sizeof chunk, 0) > 0);
    close(feed);
    program_wait(&p);
    assert_int_equal(p.status, 0);
    assert_int_equal(count(OUT(p), "\n"), 2);
    program_free(&p);
}

static void sigusr1_prints_progress_when_packets_come(void **state)
{
    struct program p = {0};
    struct buf b = {0};
    int feed;

    (void)state;
    start_on_growing_input(&p, &feed, "-T ndjson -");
    wait_until_idle(feed);
    assert_int_equal(kill(p.pid, SIGUSR1), 0);
    capture_exchange(&b, 61, 200, "x");
    assert_int_equal(write(feed, b.p, b.n), b.n);
    close(feed);
    program_wait(&p);
    assert_int_equal(p.status, 0);
    assert_int_equal(count(ERR(p), "exchanges"), 1);
    buf_fini(&b);
    program_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exit_status_and_messages),
        cmocka_unit_test(every_format_has_every_exchange),
        cmocka_unit_test(files_are_sorted_by_start_where_people_read_them),
        cmocka_unit_test(filters_and_counts_narrow_the_output),
        cmocka_unit_test(no_format_lets_a_terminal_be_steered),
        cmocka_unit_test(colour_is_asked_for_or_left_out),
        cmocka_unit_test(on_a_terminal_colour_is_the_default),
        cmocka_unit_test(version_names_the_libraries),
        cmocka_unit_test(a_full_disk_is_said),
        cmocka_unit_test(an_output_file_appears_whole_and_leaves_nothing_else),
        cmocka_unit_test(an_old_output_keeps_its_permissions_and_its_link),
        cmocka_unit_test(no_output_file_without_a_run),
        cmocka_unit_test(a_closed_pipe_ends_quietly),
        cmocka_unit_test(an_interrupt_writes_what_is_complete),
        cmocka_unit_test(an_interrupt_leaves_an_older_file_alone),
        cmocka_unit_test(a_second_interrupt_ends_at_once_and_leaves_nothing),
        cmocka_unit_test(an_interrupt_ends_the_reading_of_a_file),
        cmocka_unit_test(live_exchanges_are_not_held_back),
        cmocka_unit_test(sigusr1_prints_progress_when_packets_come),
    };
    return cmocka_run_group_tests(tests, make_captures, remove_captures);
}
