/* Messages inside the bodies of exchanges: gRPC's and WebSocket's. */
#ifndef P2T_CORRELATE_MESSAGES_H
#define P2T_CORRELATE_MESSAGES_H

#include "correlate/conn.h"

/* The request is a gRPC call, if its content type says so. */
void grpc_asked(struct exchange *e, const struct fact_http_head *h);
/* A head of the response, or its trailers: grpc-status stands in these, or in the only head of a call that failed at
 * once. */
void grpc_answered(struct exchange *e, const struct fact_http_head *h);
/* The response consents to a WebSocket, if it does. */
void websocket_answered(struct exchange *e, const struct fact_http_head *h);
/* FACT_HTTP_MESSAGE, FACT_HTTP_MESSAGES_LOST */
void messages_fact(struct correlate *c, struct cconn *cc, const struct fact *f);
/* The direction has sent all it will. */
void messages_end(struct exchange *e, enum flow_dir dir);
/* The exchange is over, and its connection's state is known. */
void messages_settle(struct exchange *e);

#endif
