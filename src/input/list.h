/* Turns the paths given into the list of files to read: folders are listed, and each file is listed once. */
#ifndef P2T_INPUT_LIST_H
#define P2T_INPUT_LIST_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/hash.h"

struct input_list_item {
    const char *path; /* as named, or folder/name */
    size_t root;      /* index of the path given that it came from */
    uint64_t bytes;   /* size when regular, else 0 */
    dev_t device;
    ino_t inode;
    bool regular; /* can be opened again: a regular file, not standard input */
};

struct input_list_root {
    const char *path;
    bool folder;
    bool subfolders; /* it has subfolders that were not searched */
    bool settled;    /* not to be reported as empty: a problem was reported, or another path listed its files */
};

struct input_list {
    struct arena memory;
    struct input_list_item *items;
    size_t count, cap;
    struct input_list_root *roots;
    size_t root_count;
    struct hmap seen; /* files, by device and inode */
};

typedef void list_problem_fn(void *ctx, const char *path, const char *text);

/* Lists each path in turn; a folder's files come sorted by path. What cannot be read is reported to problem().
 * Symbolic links to files are followed, those to folders inside a folder are not. 0 or P2T_ERR_MEMORY. */
int input_list_open(struct input_list *l, const char *const *paths, size_t count, bool recursive,
                    list_problem_fn *problem, void *ctx);
/* Frees everything; safe after a failed open. */
void input_list_close(struct input_list *l);

#endif
