/* Reads the summary that batch saved beside a window's exchanges. */
#ifndef P2T_BATCH_STATES_H
#define P2T_BATCH_STATES_H

#include "base/buf.h"
#include "batch/outputs.h"

struct states {
    struct buf packed, plain;
    void *zstd; /* ZSTD_DCtx */
};

/* 0 or P2T_ERR_MEMORY; call states_fini() in any case. */
int states_init(struct states *s);
void states_fini(struct states *s);
/* The state of one window, valid until the next call; p == NULL: it is missing or damaged, which problem() was told. */
struct slice states_read(struct states *s, const struct outputs_window *w,
                         void (*problem)(void *ctx, const char *path, const char *text), void *ctx);

/* The same of a file by its path, but nobody is told: p == NULL. */
struct slice states_read_file(struct states *s, const char *path);

/* What problem() is told of one whose bytes are no state, after all. */
extern const char states_damaged[];

#endif
