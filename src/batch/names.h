/* Names of the files that evidence may point into. */
#ifndef P2T_BATCH_NAMES_H
#define P2T_BATCH_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct name {
    uint32_t file;
    char *text;
    bool used;
};

struct names {
    struct name *items; /* by number */
    size_t count, cap;
};

/* 0 or P2T_ERR_MEMORY. Numbers come in ascending order; one that is there already is left. */
int names_add(struct names *n, uint32_t file, struct slice text);
/* NULL: not known. */
struct name *names_find(const struct names *n, uint32_t file);
/* Forgets those that are not marked as used, below `from`, and takes the marks away. */
void names_sweep(struct names *n, uint32_t from);
void names_fini(struct names *n);

#endif
