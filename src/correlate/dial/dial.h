/* Dials: the connection attempts that one GetConn sets off, one address after the other or in a race. */
#ifndef P2T_CORRELATE_DIAL_DIAL_H
#define P2T_CORRELATE_DIAL_DIAL_H

#include "correlate/conn.h"

/* dial.c */
struct dial {
    struct lookup *lookup; /* NULL: an address literal, or no lookup was captured */
    struct dial *next;     /* of the same lookup */
    struct exchange_attempt *attempts;
    struct cconn **conns; /* of each attempt; NULL once it is gone */
    size_t n, cap;
    struct exchange_attempt first_attempt; /* attempts and conns point here while there is no other */
    struct cconn *first_conn;
    int winner; /* index, or -1 */
    struct timer timer;
    struct hold hold;
    struct pool *pool;
    struct dial *pool_before, *pool_next;
    int64_t miss_ns;             /* when the request that dialled had found no connection */
    struct cconn *served_on;     /* this connection is promised to that request */
    struct exchange *claimed_by; /* that request, sent on another connection */
};

/* What an event of a connection did to its dial. */
enum dial_step {
    DIAL_WAITS,      /* nothing that others have to know */
    DIAL_BEGUN,      /* its first SYN */
    DIAL_ESTABLISHED /* its winner is known */
};

/* A SYN of the client: it begins a dial, joins one, or repeats an attempt. */
enum dial_step dial_syn(struct correlate *c, struct cconn *cc, const struct fact *f);
enum dial_step dial_event(struct correlate *c, struct cconn *cc, const struct fact *f);
/* The dial whose winner the connection is, or NULL. */
struct dial *dial_won_by(const struct cconn *cc);
/* The attempt was never answered: when its client gave up is estimated. Does nothing for one that is decided. */
void dial_time_out(struct exchange_attempt *a);
/* The last moment of any of its attempts. */
int64_t dial_end_ns(const struct dial *d);
/* The host named by the request decides between lookups that gave the same address; empty: it says nothing. */
void dial_check_host(struct correlate *c, struct dial *d, struct slice host);
/* Of one that is in no pool. */
void dial_free(struct correlate *c, struct dial *d);

/* attempts.c */
/* One more attempt fits; false: memory ran out. */
bool dial_make_room(struct correlate *c, struct dial *d);
void dial_free_attempts(struct correlate *c, struct dial *d);
/* Into the exchange's arena. */
void dial_copy_attempts(const struct dial *d, struct exchange *e);

#endif
