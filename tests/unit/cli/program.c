#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/cmocka_all.h"

enum { ARGS_MAX = 24 };

static int catcher(void)
{
    FILE *f = tmpfile();

    assert_non_null(f);
    int fd = dup(fileno(f));
    assert_true(fd >= 0);
    fclose(f);
    return fd;
}

static void child(const struct program *p, char **argv)
{
    char *environment[] = {"PATH=/usr/bin:/bin", "TERM=xterm", (char *)p->environment, NULL};
    int in = p->stdin_fd > 0 ? p->stdin_fd : open(p->stdin_path != NULL ? p->stdin_path : "/dev/null", O_RDONLY);
    int out = p->stdout_fd > 0 ? p->stdout_fd : p->out_fd;

    if (p->stdout_path != NULL)
        out = open(p->stdout_path, O_WRONLY);
    if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(p->err_fd, 2) < 0)
        _exit(99);
    for (int fd = 3; fd < 64; fd++)
        close(fd);
    execve(argv[0], argv, environment);
    _exit(98);
}

void program_start(struct program *p, const char *line)
{
    char words[2048];
    char *argv[ARGS_MAX + 2] = {P2T_PROGRAM};
    int n = 1;

    assert_true(strlen(line) < sizeof words);
    strcpy(words, line);
    for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " ")) {
        assert_true(n <= ARGS_MAX);
        argv[n++] = word;
    }
    p->out_fd = catcher();
    p->err_fd = catcher();
    p->pid = fork();
    assert_true(p->pid >= 0);
    if (p->pid == 0)
        child(p, argv);
}

static void slurp(struct buf *b, int fd)
{
    char chunk[4096];
    ssize_t n;

    buf_reset(b);
    assert_true(lseek(fd, 0, SEEK_SET) == 0);
    while ((n = read(fd, chunk, sizeof chunk)) > 0)
        buf_put(b, chunk, (size_t)n);
    buf_putc(b, '\0');
    close(fd);
}

void program_wait(struct program *p)
{
    int status;

    while (waitpid(p->pid, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    p->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    slurp(&p->out, p->out_fd);
    slurp(&p->err, p->err_fd);
}

void program_run(struct program *p, const char *line)
{
    program_start(p, line);
    program_wait(p);
}

void program_free(struct program *p)
{
    buf_fini(&p->out);
    buf_fini(&p->err);
}
