/* Traffic that asks again and again for what the program keeps by name, address, tuple, stream or trace id. */
#ifndef P2T_TESTS_GROWTH_KINDS_H
#define P2T_TESTS_GROWTH_KINDS_H

#include "support/wire.h"

struct growth_kind {
    const char *name;
    void (*write)(struct wire *w, uint32_t units);
};

/* The first one, connections of one exchange each, is what the others are measured by. */
extern const struct growth_kind growth_kinds[];
extern const size_t growth_kind_count;

#endif
