/* The same work for each of several things, on several threads. */
#ifndef P2T_BASE_PARALLEL_H
#define P2T_BASE_PARALLEL_H

#include <stddef.h>

/* Calls one(ctx, i) exactly once for each i below n, on up to `threads` threads, the caller's among them; 0 means 1.
 * Each thread takes the next i when it has finished one. If threads cannot be started, fewer do the work. Returns when
 * all is done. Calls may run at the same time: what ctx points to must allow that. */
void parallel_for(unsigned threads, size_t n, void (*one)(void *ctx, size_t i), void *ctx);

#endif
