/* What many exchanges say together: who was slow or failed, since when, and why.
 *
 *     p2t_summary_new(&summary, &config);
 *     session callbacks: p2t_summary_exchange(), p2t_summary_question(), p2t_summary_connection()
 *     p2t_summary_finish(summary, &counters);
 *     p2t_summary_cause(summary, 0), ... or p2t_summary_write()
 *
 * A summary takes exchanges from one thread and questions from another at the same time. */
#ifndef PCAP2TRACE_SUMMARY_H
#define PCAP2TRACE_SUMMARY_H

#include "pcap2trace/session.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Whose fault it is. */
#define P2T_CAUSE_SIDE_LIST(X)                                                                                       \
    X(CLIENT, "client")                                                                                              \
    X(RESOLVER, "resolver")         /* it answers late, wrongly or not at all */                                     \
    X(NAME_SERVICE, "name_service") /* the records themselves */                                                     \
    X(NETWORK, "network")                                                                                            \
    X(SERVER, "server")                                                                                              \
    X(PROXY, "proxy")                                                                                                \
    X(CAPTURE, "capture")

enum p2t_cause_side {
#define X(id, name) P2T_CAUSE_SIDE_##id,
    P2T_CAUSE_SIDE_LIST(X)
#undef X
        P2T_CAUSE_SIDE_COUNT
};

/* CERTAIN: the packets prove it. LIKELY: they fit nothing else that is common. POSSIBLE. */
enum p2t_confidence { P2T_CERTAIN, P2T_LIKELY, P2T_POSSIBLE };

/* X(id, code, what it says), in the order in which one explains those below it. Codes are stable. */
#define P2T_CAUSE_LIST(X)                                                                                            \
    X(CAPTURE_ONE_DIRECTION, "capture.one_direction", "only one direction of the connections is in the capture")     \
    X(CAPTURE_CLOCK, "capture.clock", "the capture's clock was set while it ran")                                    \
    X(CAPTURE_DROPS, "capture.drops", "the capture lacks packets that were on the wire")                             \
    X(CLIENT_STOPPED, "client.stopped", "a client process stopped running while its host continued")                 \
    X(TCP_PMTUD_BLACKHOLE, "tcp.pmtud_blackhole", "full-size segments never arrive, small ones do")                  \
    X(TLS_HELLO_DROPPED, "tls.hello_dropped", "ClientHello messages are lost on the way")                            \
    X(HTTP_RETRY_STORM, "http.retry_storm", "calls are abandoned and retried, which creates the load")               \
    X(HTTP2_FLOW_CONTROL, "http2.flow_control", "a receiver let an HTTP/2 flow-control window run out")              \
    X(HTTP2_MAX_STREAMS, "http2.max_streams", "calls wait because the limit of open streams is reached")             \
    X(CONN_ACCEPT_QUEUE, "conn.accept_queue", "a listener does not accept new connections")                          \
    X(TCP_ZERO_WINDOW_SERVER, "tcp.zero_window_server", "a server does not read what is sent to it")                 \
    X(TCP_ZERO_WINDOW_CLIENT, "tcp.zero_window_client", "a client does not read what is sent to it")                 \
    X(DNS_EMPTY_ANSWER, "dns.empty_answer", "a name exists but has no address")                                      \
    X(DNS_NOT_FOUND, "dns.not_found", "a name no longer exists, or does not exist yet")                              \
    X(DNS_UNREACHABLE, "dns.unreachable", "nothing listens at a name server")                                        \
    X(DNS_NO_ANSWER, "dns.no_answer", "a name server, or a name at it, is silent")                                   \
    X(DNS_SERVER_FAILURE, "dns.server_failure", "a name server answers with errors")                                 \
    X(DNS_ONE_FAMILY, "dns.one_family", "questions for one address family are never answered")                       \
    X(DNS_RACE_5S, "dns.race_5s", "one of two parallel questions is lost repeatedly")                                \
    X(DNS_RETRIED, "dns.retried", "questions or their answers are lost")                                             \
    X(DNS_TRUNCATED, "dns.truncated", "an answer is too big for UDP, and TCP does not work")                         \
    X(DNS_SLOW, "dns.slow", "a name server, or a name at it, became slow")                                           \
    X(DNS_CHANGED, "dns.changed", "a name resolved to another address, which does not work")                         \
    X(DNS_STALE_TTL, "dns.stale_ttl", "a client dials an address that its name has left")                            \
    X(DNS_SEARCH_LIST, "dns.search_list", "lookups try every name of a search list without success")                 \
    X(CONN_ONE_ADDRESS_DEAD, "conn.one_address_dead", "one address of several is silent")                            \
    X(DNS_ADDRESS_REFUSES, "dns.address_refuses", "one address of several refuses connections")                      \
    X(CONN_BACKLOG_RESET, "conn.backlog_reset", "a listener resets some connections and accepts others")             \
    X(CONN_REFUSED_BY_MIDDLE, "conn.refused_by_middle", "something on the way refuses connections")                  \
    X(CONN_REFUSED, "conn.refused", "nothing listens at an address")                                                 \
    X(CONN_UNREACHABLE, "conn.unreachable", "an address is reported unreachable")                                    \
    X(CONN_PORT_REUSE, "conn.port_reuse", "a client's port is used again while the server still holds it")           \
    X(CONN_PORT_EXHAUSTION, "conn.port_exhaustion", "a client has no port left for one more connection")             \
    X(CONN_NO_ANSWER, "conn.no_answer", "an address answers no SYN")                                                 \
    X(TCP_LOSSY_PATH, "tcp.lossy_path", "packets on a path are lost")                                                \
    X(CONN_SYN_REPEATED, "conn.syn_repeated", "SYNs, or their answers, were lost")                                   \
    X(CONN_IDLE_DROP, "conn.idle_drop", "something on the way forgot idle connections")                              \
    X(TCP_SILENT_PEER, "tcp.silent_peer", "a peer went silent on open connections")                                  \
    X(CONN_SLOW_PATH, "conn.slow_path", "round trips on a path became longer")                                       \
    X(TCP_BUFFERBLOAT, "tcp.bufferbloat", "transfers fill a queue on the path, and everything else waits in it")     \
    X(CONN_RESET_BY_MIDDLE, "conn.reset_by_middle", "something on the way resets connections")                       \
    X(HTTP2_GOAWAY, "http2.goaway", "a server closes HTTP/2 connections during calls")                               \
    X(CONN_RESET_MIDWAY, "conn.reset_midway", "a server closes connections instead of answering")                    \
    X(CONN_STALE_REUSE, "conn.stale_reuse", "requests are sent just as the server closes idle connections")          \
    X(TLS_CERTIFICATE, "tls.certificate", "a certificate is refused")                                                \
    X(TLS_CLIENT_REJECTS, "tls.client_rejects", "clients abort TLS handshakes")                                      \
    X(TLS_VERSION_MISMATCH, "tls.version_mismatch", "the sides have no TLS version in common")                       \
    X(TLS_NOT_TLS, "tls.not_tls", "one side speaks TLS and the other does not")                                      \
    X(TLS_ALERT, "tls.alert", "TLS handshakes fail")                                                                 \
    X(TLS_CLOSED, "tls.closed", "connections are closed during the TLS handshake")                                   \
    X(TLS_SLOW_SERVER, "tls.slow_server", "a server became slow in TLS handshakes")                                  \
    X(TLS_SLOW_CLIENT, "tls.slow_client", "a client became slow in TLS handshakes")                                  \
    X(CONN_POOL_WAIT, "conn.pool_wait", "calls wait in the client for a connection")                                 \
    X(HTTP_WHO_ANSWERED, "http.who_answered", "a proxy returns errors of its own")                                   \
    X(HTTP_PROXY_QUEUE, "http.proxy_queue", "a proxy delays calls")                                                  \
    X(TCP_NAGLE, "tcp.nagle", "small writes wait for delayed acknowledgements")                                      \
    X(HTTP_CONTINUE_EXPIRED, "http.continue_expired", "a server never says 100 Continue")                            \
    X(HTTP_GAVE_UP, "http.gave_up", "a client's time limit is too short")                                            \
    X(TIME_PERIODIC, "time.periodic", "a server process stops at regular intervals")                                 \
    X(HTTP_THINK_TIME, "http.think_time", "a server takes longer to answer than usual")                              \
    X(HTTP_TRUNCATED, "http.truncated", "responses are cut off before their end")                                    \
    X(TCP_SENDER_PAUSED, "tcp.sender_paused", "a server pauses in the middle of its responses")                      \
    X(TCP_WINDOW_LIMITED, "tcp.window_limited", "a receiver allows few bytes per round trip")                        \
    X(HTTP_SLOW_UPLOAD, "http.slow_upload", "request bodies came slowly")                                            \
    X(HTTP_SLOW_DOWNLOAD, "http.slow_download", "response bodies came slowly")                                       \
    X(HTTP_ERROR_CLUSTER, "http.error_cluster", "a server returns errors")                                           \
    X(GRPC_STATUS, "grpc.status", "gRPC calls end with an error status")                                             \
    X(GRPC_DEADLINE, "grpc.deadline", "gRPC calls exceed their deadline")                                            \
    X(HTTP2_STREAM_RESET, "http2.stream_reset", "streams are reset")                                                 \
    X(HTTP_REDIRECT_CHAIN, "http.redirect_chain", "calls are redirected again and again")                            \
    X(CONN_CHURN, "conn.churn", "each call opens a connection of its own")

enum p2t_cause_code {
#define X(id, code, text) P2T_CAUSE_##id,
    P2T_CAUSE_LIST(X)
#undef X
        P2T_CAUSE_COUNT
};

/* DOCTOR: only what the capture can and cannot show, as text. */
enum p2t_summary_format { P2T_SUMMARY_TEXT, P2T_SUMMARY_JSON, P2T_SUMMARY_DOCTOR };

struct p2t_summary;

struct p2t_summary_config {
    size_t top; /* causes and services to show; 0: ten */
    /* A finished summary of another time: what it says takes the place of the capture's own usual, and the differences
     * are told. It must stay until this one is freed. NULL: none. */
    struct p2t_summary *baseline;
    /* Bytes that it may come to hold, 1,700 for each call, with as many questions and connections; 0: P2T_SUMMARY_MEMORY, which is
     * the most. Beyond that, records are thinned out. Less than P2T_SUMMARY_MEMORY_LEAST counts as that. */
    size_t memory;
    unsigned jobs; /* threads that p2t_summary_finish() may use; 0: one. The result is the same for any number */
};

#define P2T_SUMMARY_MEMORY       ((size_t)160 << 20)
#define P2T_SUMMARY_MEMORY_LEAST ((size_t)10 << 20)

/* 0 or P2T_ERR_MEMORY. */
P2T_API int p2t_summary_new(struct p2t_summary **summary, const struct p2t_summary_config *config);
/* Each copies what it needs. 0 or P2T_ERR_MEMORY, as session callbacks want it. */
P2T_API int p2t_summary_exchange(struct p2t_summary *s, const struct p2t_exchange *exchange);
P2T_API int p2t_summary_connection(struct p2t_summary *s, const struct p2t_connection_record *connection);
P2T_API void p2t_summary_question(struct p2t_summary *s, const struct p2t_question *question);
/* Before p2t_summary_finish(): what the summary was given so far, as bytes that p2t_summary_load() adds to another one, and
 * counters of the captures that it comes from. Summaries add up: from the same exchanges, connections and questions, whatever
 * parts they were saved in and in whatever order they are loaded, comes the same summary. free() it; NULL when memory ran
 * out. */
P2T_API uint8_t *p2t_summary_save(struct p2t_summary *s, const struct p2t_counters *counters, size_t *length);
/* Before p2t_summary_finish(). 0, P2T_ERR_MEMORY, or P2T_ERR_USAGE: the bytes are no such state, of another version, or
 * damaged; what came before the damage is taken. */
P2T_API int p2t_summary_load(struct p2t_summary *s, const uint8_t *bytes, size_t length);
/* All was given: finds the causes. 0 or P2T_ERR_MEMORY. */
P2T_API int p2t_summary_finish(struct p2t_summary *s, const struct p2t_counters *counters);
/* After p2t_summary_finish(): the summary in that format, terminated; *length without the NUL. free() it. NULL when memory
 * ran out. */
P2T_API char *p2t_summary_write(const struct p2t_summary *s, enum p2t_summary_format format, size_t *length);
/* A cause in short. */
struct p2t_call_cause {
    enum p2t_cause_code code;
    enum p2t_cause_side side;
    enum p2t_confidence confidence;
    struct p2t_text text; /* valid until p2t_summary_free() */
    size_t calls;         /* that it hit */
};

/* After p2t_summary_finish(): the n-th cause, as they are ranked, that hit the exchange with this id; false when there are no
 * more. Those that are told with another one are left out. */
P2T_API bool p2t_summary_cause_of(const struct p2t_summary *s, uint64_t id, size_t n, struct p2t_call_cause *cause);
/* The n-th of all causes, likewise. */
P2T_API bool p2t_summary_cause(const struct p2t_summary *s, size_t n, struct p2t_call_cause *cause);
/* After p2t_summary_finish(): the ids of the calls that the n-th cause hit, in the order of the JSON, as far as the summary kept
 * them. Writes up to max of them; returns how many there are, 0 where there is no such cause. */
P2T_API size_t p2t_summary_cause_calls(const struct p2t_summary *s, size_t n, uint64_t *ids, size_t max);
/* NULL is allowed. */
P2T_API void p2t_summary_free(struct p2t_summary *s);

/* Static names; "" for a value that is none of the enum's. */
P2T_API const char *p2t_cause_name(enum p2t_cause_code code);
P2T_API const char *p2t_cause_text(enum p2t_cause_code code); /* what it says, without a full stop */
P2T_API const char *p2t_cause_side_name(enum p2t_cause_side side);
P2T_API const char *p2t_confidence_name(enum p2t_confidence confidence);

#ifdef __cplusplus
}
#endif

#endif
