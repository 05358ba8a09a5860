/* Names of the files that evidence may refer to, by their number. */
#ifndef P2T_BATCH_NAMES_H
#define P2T_BATCH_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct name {
    uint32_t file;
    char *text;
    bool used; /* marked by the owner: survives the next sweep */
};

struct names {
    struct name *items; /* sorted by number */
    size_t count, cap;
};

/* Copies the text. A number that has a name keeps it. Cheap when numbers ascend. 0 or P2T_ERR_MEMORY. */
int names_add(struct names *n, uint32_t file, struct slice text);
/* Valid until the next call of names_add() or names_sweep(). NULL: not known. */
struct name *names_find(const struct names *n, uint32_t file);
/* Forgets the names of files below `from` that are not marked as used, and clears all marks. */
void names_sweep(struct names *n, uint32_t from);
void names_fini(struct names *n);

#endif
