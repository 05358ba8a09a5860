/* Emits finished exchanges on threads of its own: building a timeline and writing it take about as long as all stages before
 * them together. Batches of exchanges go to whichever worker is free, and are passed on in the order in which they were
 * put. */
#ifndef P2T_SESSION_EMITTER_H
#define P2T_SESSION_EMITTER_H

#include <stdint.h>

#include "correlate/exchange.h"
#include "correlate/record.h"

struct emitter;

enum { EMITTER_WORKERS_MAX = 4 };

struct emitter_config {
    void *ctx;
    unsigned workers; /* 1 to EMITTER_WORKERS_MAX */
    /* On the thread of that worker. Exchanges of one slot come one after the other, in order; those of other slots at the
     * same time on other workers. With one worker all come in order. A negative status is the emitter's from then on: no
     * other exchange is emitted. 1: the exchange was left out. */
    int (*emit)(void *ctx, unsigned worker, size_t slot, struct exchange *e);
    /* The same for a connection's record, which is freed afterwards. NULL where none are put. */
    int (*emit_record)(void *ctx, const struct conn_record *r);
    /* All of a slot was emitted. On any worker's thread, one slot at a time, in order. Returns as emit() does. NULL: nobody
     * asks. */
    int (*pass)(void *ctx, size_t slot);
    /* On the caller's thread, during emitter_put() and emitter_finish(): e was emitted, or skipped after a failure. */
    void (*give_back)(void *ctx, struct exchange *e);
};

/* Copies the config and starts the threads. NULL when memory ran out or no thread can be started. */
struct emitter *emitter_new(const struct emitter_config *config);
/* Hands e over; it is the emitter's until give_back(). Waits while too many exchanges are queued. Returns 0, or the status
 * as far as it is known. */
int emitter_put(struct emitter *m, struct exchange *e);
/* The same for a record. */
int emitter_put_record(struct emitter *m, struct conn_record *r);
/* Emits and gives back what is queued, and ends the threads. Returns the status; calling it again is harmless. */
int emitter_finish(struct emitter *m);
/* Stops emitting after the exchanges that are being emitted. The threads go on until emitter_finish(). */
void emitter_silence(struct emitter *m);
/* Exchanges emitted so far. */
uint64_t emitter_count(struct emitter *m);
/* After emitter_finish(): processor time that the workers took for emitting, and for passing on. */
void emitter_spent(const struct emitter *m, int64_t *emitting_ns, int64_t *passing_ns);
/* After emitter_finish(). NULL is allowed. */
void emitter_free(struct emitter *m);

#endif
