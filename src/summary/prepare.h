/* Puts the records in order before the rules look at them. */
#ifndef P2T_SUMMARY_PREPARE_H
#define P2T_SUMMARY_PREPARE_H

#include "summary/model.h"

/* Sorts calls, questions and connections by time; joins calls with their connections and with the calls that a proxy made
 * for them; names addresses. 0, or -1 when memory ran out. */
int prepare(struct p2t_summary *s);
/* Fills s->services. 0, or -1 when memory ran out. */
int list_services(struct p2t_summary *s);
/* bounds.c: brings times and durations that are far from all others near enough to be counted with: no difference of two is
 * more than two years. 0, or -1 when memory ran out. */
int bound_times(struct p2t_summary *s);
/* legs.c: finds for each call of a proxy the call that it was made for. */
void join_legs(struct p2t_summary *s);
/* naming.c: gives each address the name that DNS or a call leads to it with. */
void name_addresses(struct p2t_summary *s);
/* naming.c: where the calls to one service ask for other names, gives it the one that most of them ask for. Needs
 * s->services. */
void name_services(struct p2t_summary *s);
/* naming.c: a cause that hits only calls to one name of a service with several has that name in its subject. */
void name_subjects(struct p2t_summary *s);
/* The address answers calls and makes others for them. */
bool is_proxy(const struct p2t_summary *s, const struct word *ip);

#endif
