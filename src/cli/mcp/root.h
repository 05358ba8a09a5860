/* The folder below which everything that a client names must lie. */
#ifndef P2T_CLI_MCP_ROOT_H
#define P2T_CLI_MCP_ROOT_H

#include "base/arena.h"
#include "base/buf.h"

struct root {
    char *path; /* its real path */
    size_t n;   /* of its bytes, without a slash at its end */
};

struct names {
    const char **item;
    size_t n;
};

enum { ROOT_FILES_MAX = 4096 };

/* 0, or P2T_ERR_IO with errno. root_fini() in any case. */
int root_open(struct root *r, const char *folder);
void root_fini(struct root *r);
/* Finds a file by its name, relative to the root or absolute; links are followed, and must not lead out. Its real path,
 * in the arena; NULL with one line in *complaint. */
const char *root_file(const struct root *r, const char *name, struct arena *arena, struct buf *complaint);
/* The same of a file, or of a folder, which stands for the files that lie in it, by name; those that lead out of the root
 * are left out. They are appended to *files. 0, or P2T_ERR_USAGE with a complaint, or P2T_ERR_MEMORY. */
int root_files(const struct root *r, const char *name, struct arena *arena, struct names *files,
               struct buf *complaint);
/* Files are named as clients name them: takes the root's path, where one below it is named, out of a text. */
void root_leave_out(const struct root *r, struct buf *text);

#endif
