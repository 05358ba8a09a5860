/* Dials: the connection attempts that one GetConn sets off, one address after the other or in a race. */
#ifndef P2T_CORRELATE_DIAL_DIAL_H
#define P2T_CORRELATE_DIAL_DIAL_H

#include "base/list.h"
#include "correlate/conn.h"

/* dial.c */
struct dial {
    struct lookup *lookup;      /* NULL: an address literal, or no lookup was captured */
    struct list_link of_lookup; /* among its lookup's dials */
    struct exchange_attempt *attempts;
    struct cconn **conns; /* of each attempt; NULL once it is gone */
    uint32_t n, cap;
    struct exchange_attempt first_attempt; /* attempts and conns point here while there is no other */
    struct cconn *first_conn;
    int winner;  /* index, or -1 */
    bool cached; /* the lookup was long before: its answer came out of the client's own cache */
    struct timer timer;
    struct pool *pool;
    struct list_link waiting;    /* among the dials of its pool whose requests are not found yet */
    int64_t miss_ns;             /* when the request that dialled had found no connection */
    struct cconn *served_on;     /* this connection is promised to that request */
    struct exchange *claimed_by; /* that request, sent on another connection */
};

/* Floods are of open ones: what comes on top of what the packets say stays small. */
_Static_assert(sizeof(struct dial) - sizeof(struct exchange_attempt) <= 256, "");

/* The first SYN of an attempt: of the dial `join`, or of one that it begins; l: the lookup that one follows, or NULL.
 * Returns the dial, NULL when memory ran out. */
struct dial *dial_first_syn(struct correlate *c, struct cconn *cc, const struct fact *f, struct dial *join,
                            struct lookup *l);
/* The SYN of an attempt once more. */
void dial_syn_again(struct correlate *c, struct cconn *cc, const struct fact *f);
/* Any other event. True: the dial has its winner now. */
bool dial_event(struct correlate *c, struct cconn *cc, const struct fact *f);
/* The connection may be the dial's next attempt: another address of its lookup, after the last failed or kept silent. */
bool dial_goes_on_with(const struct dial *d, const struct cconn *cc, int64_t now);
/* Which dial does, of the lookup l or another one that the client made and that gave the address: the one for which it is
 * time, else the one that has waited for the longest. Where a client has an address of either family, its pool does not know both. */
struct dial *dial_going_on_of_lookups(struct correlate *c, const struct lookup *l, const struct cconn *cc,
                                      int64_t now);
/* The last attempt failed, rather than being open; and when that was, or when its first SYN was. */
bool dial_failed_last(const struct dial *d);
int64_t dial_last_event_ns(const struct dial *d);
/* The dial whose winner the connection is, or NULL. */
struct dial *dial_won_by(const struct cconn *cc);
/* The attempt was never answered: when its client gave up is estimated. Does nothing for one that is decided. */
void dial_time_out(struct exchange_attempt *a);
/* An attempt is not decided yet. */
bool dial_is_open(const struct dial *d);
/* The last moment of any of its attempts. */
int64_t dial_end_ns(const struct dial *d);
/* The host named by the request decides between lookups that gave the same address; empty: it says nothing. by_proxy: it
 * is no name of the server, and only a lookup right before the dial can have been of that. */
void dial_check_host(struct correlate *c, struct dial *d, struct slice host, bool by_proxy);
/* Of one that is in no pool. */
void dial_free(struct correlate *c, struct dial *d);

/* attempts.c */
/* One more attempt fits; false: memory ran out. */
bool dial_make_room(struct correlate *c, struct dial *d);
/* The dial has none afterwards. */
void dial_free_attempts(struct correlate *c, struct dial *d);
/* Into the exchange's arena. */
void dial_copy_attempts(const struct dial *d, struct exchange *e);

#endif
