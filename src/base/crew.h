/* The same work for each of several things, on several threads. */
#ifndef P2T_BASE_CREW_H
#define P2T_BASE_CREW_H

#include <stddef.h>

/* Calls one(ctx, i) once for each i below n, on up to `hands` threads, the caller's among them. Who is done takes the
 * next i. Where there are no threads to be had, fewer do it. Returns when all is done. */
void crew_work(unsigned hands, size_t n, void (*one)(void *ctx, size_t i), void *ctx);

#endif
