/* What bad calls have that others have not: the attribute that separates them best. */
#ifndef P2T_SUMMARY_RULES_APART_H
#define P2T_SUMMARY_RULES_APART_H

#include "summary/cause.h"

struct apart {
    const struct keyed *calls; /* bad ones and others, of the same time */
    size_t n;
    bool (*bad)(const void *call);
    bool of_answers; /* their answers are what is bad: that these differ explains nothing */
};

/* "; it hits 20 of 20 calls with a query, and 1 of 55 others": of new connections, HTTP's version, method, query, status,
 * trace header, program, client and size, the one that separates best. Nothing, where none does sharply or they are few. */
void say_apart(struct p2t_summary *s, struct buf *b, const struct apart *a);

#endif
