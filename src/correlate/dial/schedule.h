/* When kernels repeat a SYN, and when dialers give up: what an unanswered attempt's SYNs say about its client. */
#ifndef P2T_CORRELATE_DIAL_SCHEDULE_H
#define P2T_CORRELATE_DIAL_SCHEDULE_H

#include "correlate/exchange.h"

/* The latest moment at which a client that is still trying would have sent its next SYN, by every schedule that fits the
 * SYNs so far. Nanoseconds since 1970. */
int64_t schedule_next_syn_ns(const struct exchange_attempt *a);
/* The best guess at when its dialer gave up, between its last SYN and a->next_slot_ns. */
int64_t schedule_gave_up_ns(const struct exchange_attempt *a);

#endif
