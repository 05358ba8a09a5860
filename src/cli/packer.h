/* Compresses what is written as zstd, on a thread of its own. */
#ifndef P2T_CLI_PACKER_H
#define P2T_CLI_PACKER_H

#include <stddef.h>

struct packer;

struct packer_sink {
    void *ctx;
    /* Takes all n bytes of the compressed stream, on the packer's thread. 0, or an errno, after which it is called no more. */
    int (*write)(void *ctx, const void *bytes, size_t n);
};

/* Copies the sink and starts the thread. NULL when memory ran out or no thread can be started. */
struct packer *packer_new(const struct packer_sink *sink);
/* Copies the bytes; waits while much is queued. 0, or the first failure's errno, as far as it is known. */
int packer_write(struct packer *p, const void *bytes, size_t n);
/* Ends the stream and the thread. 0, or the first failure's errno. */
int packer_finish(struct packer *p);
/* Ends the thread, where packer_finish() has not; then the stream is not whole. NULL is allowed. */
void packer_free(struct packer *p);

#endif
