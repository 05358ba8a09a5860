/* One name server and its questions, for the rules about name servers: resolver.c counts and blames, resolver_silence.c tells of
 * questions that are not answered, resolvers.c of the others. */
#ifndef P2T_SUMMARY_RULES_RESOLVER_H
#define P2T_SUMMARY_RULES_RESOLVER_H

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

/* A kind of questions. */
typedef bool question_is(const struct p2t_summary *s, const struct question *q);

/* What questions of one kind have in common. */
struct resolver_view {
    size_t bad, inside;              /* bad ones; all from the first of them to the last */
    int64_t from_ns, to_ns, took_ns; /* took_ns: all of them together, until their answers */
    size_t aaaa, aaaa_answered, paired;
    size_t later;                     /* of bad ones: answered in the end */
    struct word_list names, answered; /* of bad ones; of those that were answered meanwhile */
    bool name_answered;               /* one of the bad names also got an answer meanwhile */
    struct proof first, last;
};

/* Not answered, though there was time, or only when it was asked again. */
question_is question_is_silent;
/* It was asked again for want of an answer, and then answered at once. */
bool question_is_late_by_loss(const struct question *q);
/* With addresses or without, but of the name itself. */
bool question_is_answer(const struct question *q);

struct resolver_view resolver_view(const struct resolver *r, question_is *bad);
/* A cause about it, in the time of the view. */
struct cause *resolver_blame(struct resolver *r, enum p2t_cause_code code, enum p2t_cause_side side,
                             enum p2t_confidence confidence, const struct resolver_view *v);
/* Adds the calls whose lookup asked a bad question, of those that asked this name server meanwhile; what they lost is over
 * the usual. */
void resolver_hit(const struct resolver *r, struct cause *c, question_is *bad);
void resolver_say_hits(const struct resolver *r, struct cause *c);
/* Calls whose lookup asked a bad question, and took over a second. */
size_t resolver_crowd(const struct resolver *r, question_is *bad);
/* That other name servers answer. */
void resolver_say_others(struct resolver *r, struct cause *c);

/* Whether no call to the name is seen in that time, where one was every so often before. */
bool resolver_calls_ceased(const struct resolver *r, const struct word *name, int64_t since_ns, int64_t until_ns,
                           int64_t *pace_ns);

void resolver_find_silence(struct resolver *r);

#endif
