/* The judge: takes a settled exchange, once, and fills its outcome, its error in Go's words and its findings. It changes
 * no fact, and it asks nothing back of `correlate`. */
#ifndef P2T_JUDGE_JUDGE_H
#define P2T_JUDGE_JUDGE_H

#include "correlate/exchange.h"

/* Fills e->outcome, e->error, e->tls->error and e->findings. Clears e->quiet of one that failed. Texts are allocated in
 * e->arena; where memory runs out they are empty. */
void exchange_judge(struct exchange *e);

/* The error of one ConnectDone, in Go's words, allocated in `arena`; {NULL, 0} for an attempt that did not fail. */
struct slice attempt_error_text(struct arena *arena, const struct exchange_attempt *a);

#endif
