/* Which request an estimated answer of HTTP/2 belongs to, where several are open on a connection. */
#ifndef P2T_CORRELATE_TLS_ANSWERS_H
#define P2T_CORRELATE_TLS_ANSWERS_H

#include "correlate/conn.h"

/* The exchange that the server's records belong to; what they show to be answered is ended. NULL: they cannot be an answer
 * to any. */
struct exchange *answers_find(struct correlate *c, struct cconn *cc, const struct fact_tls_records *r);
/* The records are part of the answer to e. */
void answers_note(struct cconn *cc, struct exchange *e, const struct fact_tls_records *r);
/* A round trip is over since e's request, as far as is known. */
bool answers_had_time(const struct cconn *cc, const struct exchange *e, int64_t now_ns);
/* How many answers a record of empty frames ends, as servers send them that do not know where a body ends. 0: it is no
 * such record. before: the last of the record before it. */
uint32_t answers_ended_by(const struct cconn *cc, const struct fact_tls_records *r, struct packet_mark *before);
/* The server sent what may be the answer to any request that is open for a round trip. */
void answers_possible(struct cconn *cc, const struct fact_tls_records *r);
/* The server sent a frame as long as a RST_STREAM, or, `again`, one more since the last request: a WINDOW_UPDATE is as long, and
 * comes more than once. It may have reset the request that waits, if only one does. */
void answers_reset_like(struct cconn *cc, const struct fact_tls_records *r, bool again);
/* The client sent something after it: it did not leave for that. */
void answers_reset_passed(struct cconn *cc);
/* A frame of the server as short as a WINDOW_UPDATE: true when it must be an answer. */
bool answers_short_frame(const struct cconn *cc, const struct fact_tls_records *r);

#endif
