/* Emits finished exchanges on a thread of its own, in the order in which they were put. Building a timeline and writing it
 * take about as long as all stages before them together. */
#ifndef P2T_SESSION_EMITTER_H
#define P2T_SESSION_EMITTER_H

#include <stdint.h>

#include "correlate/exchange.h"
#include "correlate/record.h"

struct emitter;

struct emitter_config {
    void *ctx;
    /* On the emitter's thread, one exchange at a time. Anything but 0 is the emitter's status from then on: no other
     * exchange is emitted. */
    int (*emit)(void *ctx, const struct exchange *e);
    /* The same for a connection's record, which is freed afterwards. NULL where none are put. */
    int (*emit_record)(void *ctx, const struct conn_record *r);
    /* On the caller's thread, during emitter_put() and emitter_finish(): e was emitted, or skipped after a failure. */
    void (*give_back)(void *ctx, struct exchange *e);
};

/* Copies the config and starts the thread. NULL when memory ran out or no thread can be started. */
struct emitter *emitter_new(const struct emitter_config *config);
/* Hands e over; it is the emitter's until give_back(). Waits while too many exchanges are queued. Returns 0, or the status
 * as far as it is known. */
int emitter_put(struct emitter *m, struct exchange *e);
/* The same for a record. */
int emitter_put_record(struct emitter *m, struct conn_record *r);
/* Emits and gives back what is queued, and ends the thread. Returns the status; calling it again is harmless. */
int emitter_finish(struct emitter *m);
/* Stops emitting after the exchange that is being emitted. The thread goes on until emitter_finish(). */
void emitter_silence(struct emitter *m);
/* Exchanges emitted so far. */
uint64_t emitter_count(struct emitter *m);
/* After emitter_finish(). NULL is allowed. */
void emitter_free(struct emitter *m);

#endif
