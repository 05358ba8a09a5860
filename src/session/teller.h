/* Tells finished exchanges on a thread of its own, in the order in which they were put: their timelines, and what the
 * caller makes of them, take as long as all that goes before. */
#ifndef P2T_SESSION_TELLER_H
#define P2T_SESSION_TELLER_H

#include <stdint.h>

#include "correlate/exchange.h"

struct teller;

struct teller_config {
    void *ctx;
    /* On the teller's thread, one at a time. Anything but 0 ends it: nothing more is told. */
    int (*tell)(void *ctx, const struct exchange *e);
    /* On the caller's thread, from within teller_put and teller_finish: told, or passed over. */
    void (*give_back)(void *ctx, struct exchange *e);
};

/* The config is copied. NULL when memory ran out or there is no thread to be had. */
struct teller *teller_new(const struct teller_config *config);
/* Waits where too much is under way. What tell returned, as far as that is known. */
int teller_put(struct teller *t, struct exchange *e);
/* Returns when everything was told and given back, and the thread is over; what tell returned. Again: the same. */
int teller_finish(struct teller *t);
/* Nothing more is told, starting with the next. */
void teller_silence(struct teller *t);
/* How many were told so far. */
uint64_t teller_told(struct teller *t);
/* After teller_finish. NULL is allowed. */
void teller_free(struct teller *t);

#endif
