/* TLS handshakes. */
#ifndef P2T_SUMMARY_RULES_HANDSHAKES_H
#define P2T_SUMMARY_RULES_HANDSHAKES_H

#include "summary/model.h"

/* slow_handshakes.c: of one server:port, by time; struct call. */
void find_slow_handshakes(struct p2t_summary *s, struct keyed *calls, size_t n);

#endif
