/* A thread for work beside the caller's. */
#ifndef P2T_BASE_THREAD_H
#define P2T_BASE_THREAD_H

#include <pthread.h>

/* Signals stay the caller's, which waits in calls that they are to interrupt; but not those that a thread brings upon
 * itself. 0, or pthread_create()'s error. */
int thread_start(pthread_t *thread, void *(*run)(void *), void *arg);

#endif
