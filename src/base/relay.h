/* Hands slots of a ring from one producer thread to one consumer thread, in order. The relay keeps count only: what the
 * slots hold is the caller's. */
#ifndef P2T_BASE_RELAY_H
#define P2T_BASE_RELAY_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Waking a thread costs as much as handling several slots, and many kernels put it on its waker's core: a sleeping side
 * is woken only when `wake` slots are ready for it. */
struct relay {
    size_t slots, wake;
    pthread_mutex_t lock; /* protects what follows */
    pthread_cond_t was_put, was_taken;
    uint64_t put, taken; /* slots since the start */
    bool ended, closed, emptying;
};

/* slots: how many the ring has. wake: 1 to slots. */
void relay_init(struct relay *r, size_t slots, size_t wake);
/* Both threads must be done with it. */
void relay_fini(struct relay *r);

/* For the producer. */

/* Waits for a free slot and gives its index, which stays the same until relay_put(). False: the consumer has closed. */
bool relay_room(struct relay *r, size_t *slot);
/* Hands the slot over; never waits. */
void relay_put(struct relay *r);
/* Waits until the consumer has taken everything. False: the consumer has closed. */
bool relay_empty(struct relay *r);
/* The producer puts nothing more. */
void relay_end(struct relay *r);

/* For the consumer. */

/* Waits for a filled slot and gives its index; it is the consumer's until relay_took(). False: the producer has ended
 * and everything was taken. */
bool relay_next(struct relay *r, size_t *slot);
/* Gives the slot back. */
void relay_took(struct relay *r);
/* The consumer takes nothing more; a waiting producer wakes. */
void relay_close(struct relay *r);

#endif
