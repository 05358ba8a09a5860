/* A folder for one test program, and files in it. */
#ifndef P2T_TESTS_UNIT_BATCH_SCRATCH_H
#define P2T_TESTS_UNIT_BATCH_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

/* Group setup and teardown: makes the folder, and removes it with all that is in it. */
int scratch_make(void **state);
int scratch_remove(void **state);
/* The path of `name` in the folder, or of the folder when name is "". Valid until the eighth call from now. */
const char *scratch(const char *name);
void scratch_write(const char *name, const void *bytes, size_t n);
void scratch_copy(const char *from, const char *name);
bool scratch_has(const char *name);
/* Reads at most n bytes of the file, adds a NUL, and returns how many; out has room for n + 1. */
size_t scratch_read(const char *name, char *out, size_t n);

#endif
