/* Recognises what connections carry, and runs the decoders on them: flow callbacks in, facts out. */
#ifndef P2T_PROTO_CONN_CONN_H
#define P2T_PROTO_CONN_CONN_H

#include "proto/fact.h"
#include "proto/http1/http1.h"
#include "proto/http2/http2.h"
#include "proto/tls/tls.h"

struct proto;

struct proto_limits {
    struct http1_limits http1;
    struct http2_limits http2;
    struct tls_limits tls;
    struct budget *budget; /* where connections count, or NULL */
};

extern const struct proto_limits proto_limits_default;

struct proto_counters {
    uint64_t dns_messages, dns_malformed, dns_cut;
    uint64_t tls_connections, http2_connections, other_connections;
};

/* One per worker. NULL when memory ran out. */
struct proto *proto_new(const struct proto_limits *limits, const struct fact_sink *sink);
/* NULL is allowed. Close its connections before. */
void proto_free(struct proto *p);
/* The callbacks that turn flow's products into facts; ctx is the proto. */
struct flow_sink proto_flow_sink(struct proto *p);
/* True when the datagram would be decoded as DNS. */
bool proto_speaks_dns(const struct flow_datagram *datagram);
/* True when nothing is kept of the connection's bytes so far: their protocol is not decoded, or was not recognised. */
bool proto_forgets(const struct flow_conn *conn);
/* True when nothing more is decoded: all bytes and the FINs of both directions came, and were reported; or memory ran
 * out when the connection opened. */
bool proto_is_over(const struct flow_conn *conn);
/* After flow_tcp_skip(): the next bytes begin HTTP/1 messages, those of exchange `number`, whatever was missing
 * before. */
void proto_skip(struct flow_conn *conn, uint32_t number);
/* The next bytes of a key log; _end: it is over, be it in the middle of a line. 0 or P2T_ERR_MEMORY. */
int proto_secrets(struct proto *p, struct slice bytes);
int proto_secrets_end(struct proto *p);
/* Where another thread sees packets before their flow does: it makes keys ahead of them, from secrets that are there by
 * then. _worth: the payload may matter. connection: a hash of the endpoints, the same in both directions. 0 or
 * P2T_ERR_MEMORY. */
int proto_look_ahead_begin(struct proto *p);
bool proto_worth_looking(struct slice payload);
void proto_look_ahead(struct proto *p, uint64_t connection, struct slice payload);
/* Appends the secrets of one connection; those of sessions that other connections may go on with, up to max bytes. */
void proto_save_secrets(const struct flow_conn *conn, struct buf *out);
void proto_save_sessions(const struct proto *p, size_t max, struct buf *out);
/* Takes what they made. 0, P2T_ERR_USAGE: it makes no sense, or P2T_ERR_MEMORY. */
int proto_load_secrets(struct proto *p, struct slice saved);
/* Counters so far; valid as long as the proto. */
const struct tls_keylog_counters *proto_keylog_counters(const struct proto *p);
const struct proto_counters *proto_counters(const struct proto *p);
const struct http1_counters *proto_http1_counters(const struct proto *p);
const struct http2_counters *proto_http2_counters(const struct proto *p);
const struct tls_counters *proto_tls_counters(const struct proto *p);

#endif
