/* Shared by the rules about name servers: resolvers.c has most of them, slow_resolvers.c those about time. */
#ifndef P2T_SUMMARY_RULES_RESOLVERS_H
#define P2T_SUMMARY_RULES_RESOLVERS_H

#include "summary/cause.h"

struct resolver {
    struct p2t_summary *s;
    const struct word *server;
    struct keyed *all; /* its questions, by time */
    size_t n;
    int64_t usual_lookup_ns;
    struct word_list others; /* the other name servers */
    bool any_answer;         /* somebody answered something: answers are captured */
};

typedef bool question_is(const struct p2t_summary *s, const struct question *q);

struct view {
    size_t bad, inside;              /* bad ones; all from the first of them to the last */
    int64_t from_ns, to_ns, took_ns; /* took_ns: all of them together, until their answers */
    size_t aaaa, aaaa_answered, paired;
    size_t later;                     /* of bad ones: answered in the end */
    struct word_list names, answered; /* of bad ones; of those that were answered meanwhile */
    bool name_answered;               /* one of the bad names also got an answer meanwhile */
    struct proof first, last;
};

/* It was asked again for want of an answer, and then answered at once. */
static inline bool is_late_by_loss(const struct question *q)
{
    return q->tries > 1 && q->answered_ns != 0 &&
           (q->answered_ns - q->last_asked_ns) * 4 < q->last_asked_ns - q->asked_ns;
}

static inline bool is_answer(const struct question *q)
{
    return q->answered_ns != 0 && (q->rcode == 0 || q->rcode == 3);
}

/* Of those of its questions that are bad. */
struct view resolver_view(const struct resolver *r, question_is *bad);
/* A cause about it, in the time of the bad questions. */
struct cause *resolver_blame(struct resolver *r, enum p2t_cause_code code, enum p2t_cause_side side,
                             enum p2t_confidence confidence, const struct view *v);
/* Adds the calls whose lookup asked a bad question; what they lost is over the usual. */
void resolver_hit(const struct resolver *r, struct cause *c, question_is *bad);
void resolver_say_hits(const struct resolver *r, struct cause *c);

/* slow_resolvers.c */
void resolver_find_slowness(struct resolver *r);

#endif
