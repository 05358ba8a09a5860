/* Running the built program and looking at what came out. */
#ifndef P2T_TESTS_UNIT_CLI_PROGRAM_H
#define P2T_TESTS_UNIT_CLI_PROGRAM_H

#include <sys/types.h>

#include "base/buf.h"

struct program {
    const char *stdin_path;  /* NULL: /dev/null */
    const char *stdout_path; /* NULL: caught in `out` */
    const char *environment; /* one "NAME=value", or NULL */
    int stdin_fd, stdout_fd; /* instead of the paths when > 0 */
    struct buf out, err;     /* terminated texts */
    int status;              /* exit status, or 128 + signal */
    pid_t pid;
    int out_fd, err_fd;
};

/* Arguments separated by single spaces, without the program's name. */
void program_run(struct program *p, const char *line);
/* The two halves of program_run. */
void program_start(struct program *p, const char *line);
void program_wait(struct program *p);
void program_free(struct program *p);

#endif
