/* Starting a thread. */
#ifndef P2T_BASE_THREAD_H
#define P2T_BASE_THREAD_H

#include <pthread.h>
#include <stdint.h>

/* As pthread_create(), but the new thread blocks all signals except those it may cause itself (SIGSEGV, SIGPIPE, ...), so
 * that the others interrupt the caller's blocking calls. Returns 0, or pthread_create()'s error number. */
int thread_start(pthread_t *thread, void *(*run)(void *), void *arg);
/* Processor time that the calling thread has taken. */
int64_t thread_spent_ns(void);

#endif
