#include "unit/input/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *write_capture(const char *folder, const char *name, uint32_t second, int count)
{
    struct buf b = {0};

    put_pcap_file(&b, second, count, 20);
    const char *path = write_file(folder, name, buf_view(&b));
    buf_fini(&b);
    return path;
}

static const char *sub_folder(const char *folder, const char *name)
{
    static char path[8][512];
    static size_t next;
    char *p = path[next++ % 8];

    snprintf(p, sizeof path[0], "%s/%s", folder, name);
    assert_int_equal(mkdir(p, 0700), 0);
    return p;
}

static void what_cannot_be_read_is_a_problem_and_the_others_are_read(void **state)
{
    char *folder = make_folder();
    (void)state;
    const char *paths[] = {write_file(folder, "empty", slice_of("", 0)),
                           write_file(folder, "text", SLICE_LIT("not a capture at all, only some text")),
                           "/nonexistent/file", write_capture(folder, "good", 1, 2)};
    static const char *const texts[] = {"empty file", "not a capture file", "cannot open: No such file or directory"};
    for (size_t i = 0; i < 3; i++) {
        const char *pair[] = {paths[i], paths[3]};
        struct seen *s = read_paths(pair, 2, false, NULL);
        assert_int_equal(s->problems, 1);
        assert_string_equal(s->path, paths[i]);
        assert_string_equal(s->text, texts[i]);
        assert_int_equal(s->count, 2);
        assert_int_equal(s->frames[0].file, 0);
        seen_free(s);
        s = read_paths(pair, 1, false, NULL);
        assert_int_equal(s->problems, 1);
        assert_int_equal(s->count, 0);
        seen_free(s);
    }
    remove_folder(folder);
}

static void a_folder_gives_its_captures_and_no_word_of_the_rest(void **state)
{
    char *folder = make_folder();
    const char *deep = sub_folder(folder, "sub");
    (void)state;
    write_capture(folder, "b.txt", 20, 1);
    write_capture(folder, "a", 10, 1);
    write_capture(deep, "c", 5, 1);
    write_file(folder, "notes.pcap", SLICE_LIT("these are notes and not packets"));
    write_file(folder, "empty.pcap", slice_of("", 0));
    struct seen *s = read_paths((const char *const *)&folder, 1, false, NULL);
    assert_int_equal(s->problems, 0);
    assert_int_equal(s->count, 2);
    assert_true(s->frames[0].ts_ns == 10 * SECOND);
    seen_free(s);
    s = read_paths((const char *const *)&folder, 1, true, NULL);
    assert_int_equal(s->problems, 0);
    assert_int_equal(s->count, 3);
    assert_true(s->frames[0].ts_ns == 5 * SECOND);
    seen_free(s);
    remove_folder(folder);
}

static void a_folder_without_captures_is_a_problem(void **state)
{
    char *folder = make_folder();
    (void)state;
    struct seen *s = read_paths((const char *const *)&folder, 1, false, NULL);
    assert_int_equal(s->problems, 1);
    assert_string_equal(s->path, folder);
    assert_string_equal(s->text, "no capture in this folder");
    seen_free(s);
    write_capture(sub_folder(folder, "sub"), "c", 5, 1);
    write_file(folder, "text", SLICE_LIT("not a capture at all, only some text"));
    s = read_paths((const char *const *)&folder, 1, false, NULL);
    assert_int_equal(s->problems, 1);
    assert_string_equal(s->text, "no capture in this folder (its subfolders were not searched)");
    seen_free(s);
    s = read_paths((const char *const *)&folder, 1, true, NULL);
    assert_int_equal(s->problems, 0);
    assert_int_equal(s->count, 1);
    seen_free(s);
    remove_folder(folder);
}

/* One problem is enough: the damaged file has been named. */
static void a_folder_with_a_damaged_capture_is_not_called_empty(void **state)
{
    char *folder = make_folder();
    (void)state;
    const char *path = write_file(folder, "cut", SLICE_LIT("\xd4\xc3\xb2\xa1\2\0\4\0"));
    struct seen *s = read_paths((const char *const *)&folder, 1, false, NULL);
    assert_int_equal(s->problems, 1);
    assert_string_equal(s->path, path);
    assert_string_equal(s->text, "cut inside the file header");
    seen_free(s);
    remove_folder(folder);
}

static void links_lead_to_files_and_not_round_in_circles(void **state)
{
    char *folder = make_folder();
    char elsewhere[512], link[512];
    const char *sub = sub_folder(folder, "sub");
    (void)state;
    write_capture(sub, "real", 1, 1);
    snprintf(elsewhere, sizeof elsewhere, "%s/real", sub);
    snprintf(link, sizeof link, "%s/file_link", folder);
    assert_int_equal(symlink(elsewhere, link), 0);
    snprintf(link, sizeof link, "%s/up", sub);
    assert_int_equal(symlink("..", link), 0);
    snprintf(link, sizeof link, "%s/self", folder);
    assert_int_equal(symlink("self", link), 0);
    snprintf(link, sizeof link, "%s/pipe", folder); /* opening it would wait for ever */
    assert_int_equal(mkfifo(link, 0600), 0);
    struct seen *s = read_paths((const char *const *)&folder, 1, false, NULL);
    assert_int_equal(s->count, 1);
    assert_int_equal(s->problems, 0);
    seen_free(s);
    s = read_paths((const char *const *)&folder, 1, true, NULL); /* the same file by two names */
    assert_int_equal(s->count, 1);
    assert_int_equal(s->problems, 0);
    seen_free(s);
    remove_folder(folder);
}

static void a_file_with_many_names_is_read_once(void **state)
{
    char *folder = make_folder();
    char roundabout[512], hard[512];
    (void)state;
    const char *path = write_capture(folder, "a", 1, 3);
    snprintf(roundabout, sizeof roundabout, "%s/./../%s/a", folder, strrchr(folder, '/') + 1);
    snprintf(hard, sizeof hard, "%s/b", folder);
    assert_int_equal(link(path, hard), 0);
    const char *const paths[] = {path, path, roundabout, hard, folder, folder};
    struct seen *s = read_paths(paths, 6, false, NULL);
    assert_int_equal(s->problems, 0);
    assert_int_equal(s->count, 3);
    seen_free(s);
    remove_folder(folder);
}

/* 1000 folders deep: neither stack nor path length break anything. */
static void depth_is_no_danger(void **state)
{
    char *folder = make_folder();
    char back[512];
    (void)state;
    write_capture(folder, "a", 1, 1);
    assert_non_null(getcwd(back, sizeof back));
    assert_int_equal(chdir(folder), 0);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(mkdir("ddddddddd", 0700), 0);
        assert_int_equal(chdir("ddddddddd"), 0);
    }
    struct seen *s = read_paths((const char *const *)&folder, 1, true, NULL);
    assert_int_equal(s->count, 1);
    assert_int_equal(s->problems, 1); /* too deep for the system's path names */
    assert_non_null(strstr(s->text, "cannot open: "));
    seen_free(s);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(chdir(".."), 0);
        assert_int_equal(rmdir("ddddddddd"), 0);
    }
    assert_int_equal(chdir(back), 0);
    remove_folder(folder);
}

/* Runs read_paths() with standard input from fd, and gives standard input back. */
static struct seen *read_with_stdin(int fd, const char *const *paths, size_t count)
{
    int saved = dup(STDIN_FILENO);

    assert_true(saved >= 0);
    assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
    struct seen *s = read_paths(paths, count, false, NULL);
    assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
    close(saved);
    return s;
}

static void standard_input_is_read_along_with_files(void **state)
{
    char *folder = make_folder();
    struct buf b = {0};
    int ends[2];
    (void)state;
    put_pcap_file(&b, 2, 3, 20);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], b.p, b.n), (ssize_t)b.n);
    close(ends[1]);
    const char *const paths[] = {"-", write_capture(folder, "a", 1, 3), "-"};
    struct seen *s = read_with_stdin(ends[0], paths, 3);
    close(ends[0]);
    assert_int_equal(s->problems, 0);
    assert_int_equal(s->count, 6);
    assert_int_equal(s->frames[0].file, 0); /* the file of the first packet, though named second */
    static const int64_t seconds[] = {1, 2, 2, 3, 3, 4};
    for (size_t i = 0; i < 6; i++)
        assert_true(s->frames[i].ts_ns == seconds[i] * SECOND);
    seen_free(s);
    buf_fini(&b);
    remove_folder(folder);
}

static void standard_input_may_be_empty_or_nonsense(void **state)
{
    static const struct {
        struct slice bytes;
        const char *text;
    } rows[] = {{SLICE_LIT(""), "empty file"}, {SLICE_LIT("hello, hello"), "not a capture file"}};
    const char *path = "-";
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        assert_int_equal(write(ends[1], rows[i].bytes.p, rows[i].bytes.n), (ssize_t)rows[i].bytes.n);
        close(ends[1]);
        struct seen *s = read_with_stdin(ends[0], &path, 1);
        close(ends[0]);
        assert_int_equal(s->problems, 1);
        assert_string_equal(s->path, "-");
        assert_string_equal(s->text, rows[i].text);
        seen_free(s);
    }
}

/* A packet that is whole must come out although the writer is still there and has nothing more to say: the child
 * answers each frame it gets, and only then the next one is written. */
static void a_pipe_gives_each_frame_at_once(unsigned ahead)
{
    enum { PACKETS = 5, RECORD = 16 + 20 };
    struct buf b = {0};
    int to[2], from[2];
    put_pcap_file(&b, 2, PACKETS, 20);
    assert_int_equal(pipe(to), 0);
    assert_int_equal(pipe(from), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const char *path = "-";
        const struct input_config config = {.paths = &path, .path_count = 1, .ahead = ahead, .ahead_bytes = SIZE_MAX};
        struct input *in;
        const struct input_frame *f;
        alarm(20);
        close(to[1]);
        if (dup2(to[0], STDIN_FILENO) < 0 || input_open(&in, &config, NULL) != 0)
            _exit(1);
        while (input_next(in, &f) == 1)
            if (write(from[1], f->bytes, 1) != 1)
                _exit(2);
        input_free(in);
        _exit(0);
    }
    close(to[0]);
    close(from[1]);
    assert_int_equal(write(to[1], b.p, 24), 24);
    for (size_t i = 0; i < PACKETS; i++) {
        uint8_t answer = 0xff;
        const uint8_t *record = b.p + 24 + i * RECORD;
        assert_int_equal(write(to[1], record, 10), 10);
        assert_int_equal(write(to[1], record + 10, RECORD - 10), RECORD - 10);
        assert_int_equal(read(from[0], &answer, 1), 1);
        assert_int_equal(answer, i);
    }
    close(to[1]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(from[0]);
    buf_fini(&b);
}

static void a_pipe_gives_each_frame_as_soon_as_it_is_whole(void **state)
{
    (void)state;
    a_pipe_gives_each_frame_at_once(0);
    a_pipe_gives_each_frame_at_once(2); /* it is not read ahead */
}

static void progress_reaches_its_total_whatever_became_of_the_files(void **state)
{
    char *folder = make_folder();
    (void)state;
    write_capture(folder, "a", 1, 3);
    write_capture(folder, "b", 2, 3);
    write_capture(folder, "none", 2, 0);
    write_file(folder, "text", SLICE_LIT("not a capture at all, only some text"));
    struct buf b = {0};
    put_pcap_file(&b, 5, 1, 20);
    put_pcap_packet(&b, false, 1, 1, INPUT_FRAME_USUAL_MAX + 1, 1);
    write_file(folder, "damaged", buf_view(&b));
    const struct input_config config = {.paths = (const char *const *)&folder, .path_count = 1};
    struct input *in;
    const struct input_frame *f;
    assert_int_equal(input_open(&in, &config, NULL), 0);
    struct input_progress p = input_progress(in);
    assert_true(p.bytes_total > INPUT_FRAME_USUAL_MAX);
    assert_true(p.bytes_read < p.bytes_total);
    while (input_next(in, &f) == 1)
        continue;
    p = input_progress(in);
    assert_true(p.bytes_read == p.bytes_total);
    assert_true(p.bytes_read > 3 * 132);
    assert_int_equal(input_file_count(in), 4);
    assert_true(input_file(in, 2)->damaged);
    assert_false(input_file(in, 0)->damaged);
    assert_int_equal(input_file(in, 3)->packets, 0); /* files without packets come last */
    assert_null(input_file(in, 4));
    input_free(in);
    buf_fini(&b);
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_read_is_a_problem_and_the_others_are_read),
        cmocka_unit_test(a_folder_gives_its_captures_and_no_word_of_the_rest),
        cmocka_unit_test(a_folder_without_captures_is_a_problem),
        cmocka_unit_test(a_folder_with_a_damaged_capture_is_not_called_empty),
        cmocka_unit_test(links_lead_to_files_and_not_round_in_circles),
        cmocka_unit_test(a_file_with_many_names_is_read_once),
        cmocka_unit_test(depth_is_no_danger),
        cmocka_unit_test(standard_input_is_read_along_with_files),
        cmocka_unit_test(standard_input_may_be_empty_or_nonsense),
        cmocka_unit_test(a_pipe_gives_each_frame_as_soon_as_it_is_whole),
        cmocka_unit_test(progress_reaches_its_total_whatever_became_of_the_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
