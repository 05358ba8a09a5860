/* Facts about TLS handshakes and their ends. */
#ifndef P2T_CORRELATE_TLS_HANDSHAKE_H
#define P2T_CORRELATE_TLS_HANDSHAKE_H

#include "correlate/conn.h"

/* Any fact of TLS. */
void tls_fact(struct correlate *c, struct cconn *cc, const struct fact *f);
/* To be called before settle_conn_event and settle_conn_gone: a handshake that ends with the connection failed. */
void tls_conn_event(struct correlate *c, struct cconn *cc, const struct fact *f);
void tls_conn_gone(struct correlate *c, struct cconn *cc);
/* Nothing more comes of the connection: a handshake that no exchange tells of is reported for its own sake. */
void tls_conn_left(struct correlate *c, struct cconn *cc);

#endif
