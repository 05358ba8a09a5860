/* Shared by the rules about clients: clients.c has the groups. */
#ifndef P2T_SUMMARY_RULES_CLIENTS_H
#define P2T_SUMMARY_RULES_CLIENTS_H

#include "summary/model.h"

/* stopped.c: calls of one process, by time. */
void client_find_stop(struct p2t_summary *s, struct keyed *calls, size_t n);

#endif
