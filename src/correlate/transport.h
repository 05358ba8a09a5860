/* What flow measured of a connection, cut to the messages of its exchanges. */
#ifndef P2T_CORRELATE_TRANSPORT_H
#define P2T_CORRELATE_TRANSPORT_H

#include "correlate/conn.h"

/* A fact told of the exchange's message in dir: it reaches to where the stream stands now. */
void transport_told(struct cconn *cc, struct exchange *e, enum flow_dir dir);
/* The same, and that was its last byte. */
void transport_ended(struct cconn *cc, struct exchange *e, enum flow_dir dir);
/* What was acknowledged so far is part of no message: a handshake, or what asked for a tunnel. */
void transport_skip(struct cconn *cc);
/* FLOW_STALL: for the exchanges whose messages it held up. */
void transport_stall(struct cconn *cc, const struct fact *f);
/* Packets of one side only came, though the other must have sent some. */
bool transport_is_one_direction(const struct cconn *cc);
/* Bytes, 1,000 at least, that never came and were never acknowledged, though later ones were sent; 0: none. */
uint64_t transport_hole(const struct flow_sent *s);
/* The exchange is settled, and its end known. */
void transport_settle(const struct cconn *cc, struct exchange *e);
/* FACT_CONN_GAP, of bytes that the peer has: the capture lacks them. */
void transport_gap(struct cconn *cc, const struct fact *f);
/* Round trips to the receiver of dir and back, as far as is known: the handshake's, and those that flow measured. */
struct exchange_rtt transport_rtt(const struct cconn *cc, enum flow_dir dir);

#endif
