/* Exchanges made by hand, for the judge and for trace. Times are in microseconds, and a mark's packet has its time for a
 * number: at(1200) is packet 1200, captured 1200 us after 1970. */
#ifndef P2T_TESTS_UNIT_JUDGE_MADE_H
#define P2T_TESTS_UNIT_JUDGE_MADE_H

#include "correlate/exchange.h"

enum { MADE_ATTEMPTS_MAX = 3 };

struct made {
    struct exchange e;
    struct exchange_lookup lookup;
    struct lookup_detours detours; /* the lookup's */
    struct exchange_attempt attempts[MADE_ATTEMPTS_MAX];
    struct exchange_tls tls, dial_tls;
};

static inline struct packet_mark at(uint64_t us)
{
    return (struct packet_mark){(int64_t)us * 1000, packet_ref_of(us, 0)};
}

/* Each of the following begins anew; m->e.arena is to be freed with made_free().
 *
 * GET http://a.test/ from 10.0.0.1:40000 to 10.0.0.2:80, answered with 200 and kept alive: SYN 1000, SYN-ACK 1100, ACK
 * 1110, request 2000 (one packet), response 3000 to 4000. */
void made_http(struct made *m);
/* The same on stream 1 of an HTTP/2 connection, whose preface is at 1500. */
void made_http2(struct made *m);
/* A request estimated from records, after a handshake: ClientHello 1200, done 1800. */
void made_tls(struct made *m);
/* A lookup of a.test alone: queries 100 and 110, answers 200 and 210, no address yet: result is LOOKUP_OK. */
void made_lookup(struct made *m);
/* One attempt at 10.0.0.2:80, SYN 1000, pending, that led to no request. */
void made_dial(struct made *m);

/* To an exchange that was made: its lookup as above, with 10.0.0.2 for an answer. */
void made_add_lookup(struct made *m);
/* Its own successful dial: one attempt with SYN, SYN-ACK and ACK of the connection. */
void made_add_dial(struct made *m);
/* The response did not come. */
void made_unanswered(struct made *m);
/* The server's FIN, after all it sent. */
void made_server_fin(struct made *m, uint64_t us);

void made_free(struct made *m);

#endif
