/* Hands slots of a ring from one producer to several workers, each slot to whoever is free, and what they made of them on
 * in the order in which the slots were put. The crew keeps count only: what the slots hold is the caller's. */
#ifndef P2T_BASE_CREW_H
#define P2T_BASE_CREW_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CREW_SLOTS_MAX = 64 };

/* As with a relay (base/relay.h), a sleeping side is woken only when `wake` slots are ready for it. */
struct crew {
    size_t slots, wake;
    pthread_mutex_t lock; /* protects what follows */
    pthread_cond_t was_put, was_passed;
    uint64_t put, taken, passed; /* slots since the start */
    bool made[CREW_SLOTS_MAX];   /* by slot: a worker is done with it, and it was not passed on yet */
    bool ended, passing, clearing;
};

/* slots: how many the ring has, at most CREW_SLOTS_MAX. wake: 1 to slots. */
void crew_init(struct crew *c, size_t slots, size_t wake);
/* All threads must be done with it. */
void crew_fini(struct crew *c);

/* For the producer. */

/* Waits for a free slot, one that was passed on or never put, and returns its index, which stays the same until
 * crew_put(). */
size_t crew_room(struct crew *c);
/* Hands the slot over; never waits. */
void crew_put(struct crew *c);
/* Waits until no more than `most` slots are under way. */
void crew_clear(struct crew *c, size_t most);
/* The producer puts nothing more. */
void crew_end(struct crew *c);

/* For the workers. */

/* Waits for a slot that was put, and gives its index. False: the producer has ended and everything was taken. */
bool crew_next(struct crew *c, size_t *slot);
/* The worker is done with its slot. It then passes on what is due: while crew_turn() gives a slot, no other worker has
 * one, and each of them is given once, in the order in which they were put; crew_passed() makes it free. */
void crew_made(struct crew *c, size_t slot);
bool crew_turn(struct crew *c, size_t *slot);
void crew_passed(struct crew *c);

#endif
