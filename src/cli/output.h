/* The output: standard output, or a file that appears under its name only when it is complete: until then it has none, or, where the
 * system has no such files, a temporary one. One whose name ends with .zst is
 * compressed, on a thread of its own. */
#ifndef P2T_CLI_OUTPUT_H
#define P2T_CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/folded.h"

struct packer;

struct output {
    int fd;
    struct packer *packer; /* NULL: what is written is not compressed */
    char *target;          /* NULL: standard output */
    char *temporary;       /* NULL: written directly (a device, a pipe, standard output by its name) */
    bool nameless;         /* it gets that name when it is whole */
    bool replaces;         /* a file of that name is there */
    int error;             /* errno of the first failure, else 0 */
    struct buf *into;      /* not NULL: there, and nowhere else */
    struct folded folded;  /* of text */
};

/* What goes to standard output is appended to this buffer instead; NULL: no longer. */
void output_standard_to(struct buf *into);
/* path == NULL: standard output. 0, or P2T_ERR_IO or P2T_ERR_MEMORY with errno set. */
int output_open(struct output *o, const char *path);
/* What is written is text for people: lines are broken at the width of the terminal, elsewhere at 100 columns; with `cut`, no line
 * on a terminal is longer. */
void output_is_text(struct output *o, bool cut);
/* Writes all n bytes; fits struct out_sink. ctx: the struct output. 0, or P2T_ERR_IO with o->error. */
int output_write(void *ctx, const void *bytes, size_t n);
/* Closes the file and gives it its name; where a signal ended the run and a file of that name is there, this one stays, and the new
 * one becomes NAME.part, which is said. 0, or P2T_ERR_IO with o->error set, and the file is removed. */
int output_commit(struct output *o);
/* Closes and removes what was written. */
void output_abandon(struct output *o);

#endif
