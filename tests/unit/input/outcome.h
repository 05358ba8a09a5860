/* All that reading gave, in one number: two ways of reading that agree in it gave the same. */
#ifndef P2T_TESTS_INPUT_OUTCOME_H
#define P2T_TESTS_INPUT_OUTCOME_H

#include "base/slice.h"

struct outcome {
    uint64_t digest; /* of each frame with its bytes, and of problems and secrets, in their order */
    uint64_t frames, problems, secrets;
    int found, end; /* results of opening and of the last next */
    char text[300]; /* of the last problem */
};

/* A file in memory; reading fails behind `fails_at` bytes. */
struct outcome_file {
    struct slice bytes;
    size_t chunk;    /* at most so many bytes a read */
    size_t fails_at; /* SIZE_MAX: never */
};

/* With so many threads that read ahead, or 0. */
struct outcome outcome_of_file(const struct outcome_file *file, unsigned ahead);
struct outcome outcome_of_paths(const char *const *paths, size_t count, unsigned ahead);
/* Fails where they differ. */
void assert_same_outcome(const char *name, const struct outcome *a, const struct outcome *b);

#endif
