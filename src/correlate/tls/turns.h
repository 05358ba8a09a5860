/* Exchanges estimated from the flow of encrypted records. */
#ifndef P2T_CORRELATE_TLS_TURNS_H
#define P2T_CORRELATE_TLS_TURNS_H

#include "correlate/conn.h"

/* An exchange of kind tls; first: its first packet. NULL when memory ran out. */
struct exchange *tls_begin(struct correlate *c, struct cconn *cc, const struct packet_mark *first);
/* FACT_TLS_RECORDS */
void tls_records(struct correlate *c, struct cconn *cc, const struct fact *f);
/* The exchange's timer is due. True: more of the estimated response came since its end was last supposed, and the end
 * is supposed anew. */
bool tls_still_flows(struct correlate *c, struct exchange *e);
/* The client's FIN or RST: what looked like a request may have been its farewell. */
void tls_client_closes(struct correlate *c, struct cconn *cc, int64_t at_ns);

#endif
