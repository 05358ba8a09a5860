/* Hands what lies in a ring of slots from one thread to another, in order. The slots are the caller's: here is which of
 * them is whose. */
#ifndef P2T_BASE_RELAY_H
#define P2T_BASE_RELAY_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Waking a thread costs as much as handling some slots, and many a kernel puts it where its waker runs: who sleeps is
 * woken for `wake` slots. */
struct relay {
    size_t slots, wake;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t was_put, was_taken;
    uint64_t put, taken;
    bool ended, closed, emptying;
};

void relay_init(struct relay *r, size_t slots, size_t wake);
void relay_fini(struct relay *r);

/* The giver's. Waits for a slot to fill; it stays the same until it is put. False: nobody takes any more. */
bool relay_room(struct relay *r, size_t *slot);
void relay_put(struct relay *r);
/* Waits until all that was put is taken. False: nobody takes any more. */
bool relay_empty(struct relay *r);
/* Nothing more is put. */
void relay_end(struct relay *r);

/* The taker's. Waits for a filled slot, which is the taker's until relay_took. False: there are no more. */
bool relay_next(struct relay *r, size_t *slot);
void relay_took(struct relay *r);
/* Nothing more is taken. */
void relay_close(struct relay *r);

#endif
