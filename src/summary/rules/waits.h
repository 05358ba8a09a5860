/* Each call's own wait, for the rules about servers that are slow: own_waits.c measures, waits.c judges. */
#ifndef P2T_SUMMARY_RULES_WAITS_H
#define P2T_SUMMARY_RULES_WAITS_H

#include "summary/model.h"

/* Fills own_ns, usual_ns, open_end and slow of all calls. */
void waits_measure(struct p2t_summary *s);
/* What it waited tells of the answerer, and not of a capture with holes, a client that came early, or a stream. */
bool wait_is_measured(const struct p2t_summary *s, const struct call *c);

#endif
