/* Shared by the rules about listeners: listener.c has what they ask, dials.c, silence.c and stale.c what they say. */
#ifndef P2T_SUMMARY_RULES_DIALS_H
#define P2T_SUMMARY_RULES_DIALS_H

#include "summary/cause.h"

/* What became of one connection attempt. */
enum dial_end {
    DIAL_NONE,         /* its SYN is not in the capture */
    DIAL_ANSWERED,     /* at the first try */
    DIAL_REPEATED,     /* only after the SYN was repeated */
    DIAL_LATE_SYN_ACK, /* the SYN-ACK came again after the client's ACK */
    DIAL_REFUSED,
    DIAL_UNREACHABLE, /* by ICMP */
    DIAL_CHALLENGED,  /* by an ACK of an older connection */
    DIAL_SILENT,
    DIAL_OPEN /* the capture ended, or it has one direction only */
};

enum dial_end dial_end_of(const struct p2t_summary *s, const struct conn *k);

/* One address and port, with all attempts to reach it. */
struct listener {
    struct p2t_summary *s;
    const struct word *server, *ip;
    struct keyed *conns; /* by the time of their SYN */
    size_t n;
    /* Of the ends counted last: the first and last SYN, and when the last of them was over. */
    const struct conn *first, *last;
    int64_t from_ns, to_ns, end_ns;
    struct word_list siblings; /* other addresses of its name that took connections meanwhile */
};

/* Those of the ends whose bits are set (1u << DIAL_...); sets the window. */
size_t listener_count(struct listener *l, unsigned ends);
/* Connections that it took at once in the window. */
size_t listener_taken(const struct listener *l);
/* A cause about it, with the calls that those attempts were for, their time and their packets. */
struct cause *listener_blame(struct listener *l, enum p2t_cause_code code, enum p2t_cause_side side,
                             enum p2t_confidence confidence, unsigned ends);
void listener_hit(struct listener *l, struct cause *c, unsigned ends);
/* Fills l->siblings for the window. */
void listener_find_siblings(struct listener *l);
/* What the others do: one of them, or several. */
void say_siblings(struct listener *l, struct cause *c, const char *does, const char *they_do);

/* unreachable.c: what ICMP says. */
void dials_find_unreachable(struct listener *l);
/* Its dials are reported unreachable in that time, or about then: that says why others had no answer, too. */
bool dials_unreachable_in(struct listener *l, int64_t from_ns, int64_t to_ns);
/* blackout.c: nothing at all comes from it for a time. True: told. */
bool dials_find_blackout(struct listener *l);
/* silence.c: SYNs that are not answered, or not at once. */
void dials_find_silence(struct listener *l);
/* stale.c: turns the cause into one about DNS, where the name led there only lately, or leads there no more. */
void dials_tell_dns(struct listener *l, struct cause *c, unsigned ends);

#endif
