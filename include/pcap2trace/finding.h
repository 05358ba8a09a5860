/* The findings: what a person should know about an exchange beside its timeline. Each is declared once, here; names, the
 * manual page's table, `pcap2trace --list findings` and the tests come from this list. */
#ifndef PCAP2TRACE_FINDING_H
#define PCAP2TRACE_FINDING_H

#include "pcap2trace/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Most severe first. DEPENDS stands in the list only: each finding of such a code has one of the other three. */
enum p2t_severity { P2T_SEVERITY_ERROR, P2T_SEVERITY_WARNING, P2T_SEVERITY_INFO, P2T_SEVERITY_DEPENDS };

/* Where to look for the cause. EITHER: the finding's text says which of client and server. */
#define P2T_SIDE_LIST(X)                                                                                             \
    X(CLIENT, "client")                                                                                              \
    X(SERVER, "server")                                                                                              \
    X(EITHER, "either")                                                                                              \
    X(RESOLVER, "resolver")                                                                                          \
    X(NETWORK, "network")                                                                                            \
    X(CAPTURE, "capture")

enum p2t_side {
#define X(id, name) P2T_SIDE_##id,
    P2T_SIDE_LIST(X)
#undef X
        P2T_SIDE_COUNT
};

/* X(id, code, severity, side, what it says). Codes are stable: users search for them. */
#define P2T_FINDING_LIST(X)                                                                                          \
    X(DNS_EMPTY_ANSWER, "dns.empty_answer", ERROR, RESOLVER, "the name exists but has no address")                   \
    X(DNS_NOT_FOUND, "dns.not_found", ERROR, RESOLVER, "the name does not exist")                                    \
    X(DNS_SERVER_FAILURE, "dns.server_failure", ERROR, RESOLVER, "the name server answered with an error")           \
    X(DNS_UNREACHABLE, "dns.unreachable", ERROR, RESOLVER, "nothing listens at the name server")                     \
    X(DNS_NO_ANSWER, "dns.no_answer", ERROR, RESOLVER, "no query of the lookup was answered")                        \
    X(DNS_RETRIED, "dns.retried", WARNING, RESOLVER, "the lookup succeeded only after queries were repeated")        \
    X(DNS_OPEN, "dns.open", WARNING, CAPTURE, "the lookup had no answer yet when the capture ended")                 \
    X(DNS_CUT, "dns.cut", WARNING, CAPTURE, "the lookup was answered, but the capture lacks the addresses")          \
    X(DNS_SERVER_FAILED, "dns.server_failed", WARNING, RESOLVER, "one name server failed before another answered")   \
    X(DNS_NOT_FOLLOWED, "dns.not_followed", WARNING, RESOLVER,                                                       \
      "no connection followed: the answer has addresses of one family only, and the client used the other before")   \
    X(DNS_SEARCH_LIST, "dns.search_list", INFO, CLIENT, "several names were tried: the resolver's search list")      \
    X(CONN_REFUSED, "conn.refused", ERROR, SERVER, "an address refused the connection")                              \
    X(CONN_UNREACHABLE, "conn.unreachable", ERROR, NETWORK, "an address was reported unreachable by ICMP")           \
    X(CONN_NO_ANSWER, "conn.no_answer", DEPENDS, NETWORK,                                                            \
      "an address answered no SYN; a warning where the client reached another one")                                  \
    X(CONN_UNACKNOWLEDGED, "conn.unacknowledged", DEPENDS, NETWORK,                                                  \
      "an address answered, but the client never acknowledged it; a warning where it reached another one")           \
    X(CONN_OPEN, "conn.open", WARNING, CAPTURE, "an address had not answered yet when the capture ended")            \
    X(CONN_CHALLENGED, "conn.challenged", DEPENDS, SERVER,                                                           \
      "the server still held an older connection of the client's port; an error where it kept the client out")       \
    X(CONN_NOT_ACCEPTED, "conn.not_accepted", ERROR, SERVER, "the server never accepted an acknowledged connection") \
    X(CONN_RST_INJECTED, "conn.rst_injected", ERROR, NETWORK, "a RST that the server did not send ended the call")   \
    X(CONN_CANCELED, "conn.canceled", ERROR, CLIENT, "the client gave up a connection attempt")                      \
    X(CONN_SYN_REPEATED, "conn.syn_repeated", WARNING, NETWORK, "an address answered only a repeated SYN")           \
    X(CONN_STALE_REUSE, "conn.stale_reuse", DEPENDS, SERVER,                                                         \
      "the server closed the idle connection as the request was sent; a warning where it was sent again")            \
    X(CONN_CLOSED_BY_SERVER, "conn.closed_by_server", ERROR, SERVER, "the server closed the connection too early")   \
    X(CONN_CLOSED_BY_CLIENT, "conn.closed_by_client", ERROR, CLIENT, "the client gave up after it sent the request") \
    X(CONN_HANDED_OVER, "conn.handed_over", INFO, CLIENT,                                                            \
      "another connection came free and took the request while its own was being set up")                            \
    X(CONN_ORPHAN_DIAL, "conn.orphan_dial", INFO, CLIENT, "the connection was opened for another request")           \
    X(CONN_POOL_FULL, "conn.pool_full", INFO, CLIENT, "the connection was closed after use: the pool was full")      \
    X(CONN_NOT_POOLED, "conn.not_pooled", INFO, CLIENT,                                                              \
      "the connection was closed after use, for a reason that packets do not show")                                  \
    X(CONN_IDLE_DROP, "conn.idle_drop", ERROR, NETWORK,                                                              \
      "a connection was dead when it was used after a long idle time")                                               \
    X(TCP_RETRANSMISSIONS, "tcp.retransmissions", INFO, NETWORK, "segments of the exchange were sent again")         \
    X(TCP_LOSS_STALL, "tcp.loss_stall", WARNING, NETWORK,                                                            \
      "lost segments delayed a message until a timer of the sender expired")                                         \
    X(TCP_LOSS_FAST, "tcp.loss_fast", INFO, NETWORK, "lost segments delayed a message briefly")                      \
    X(TCP_NOT_ACKNOWLEDGED, "tcp.not_acknowledged", ERROR, NETWORK, "the server never acknowledged the request")     \
    X(TCP_PMTUD_BLACKHOLE, "tcp.pmtud_blackhole", WARNING, NETWORK,                                                  \
      "large segments did not get through where smaller ones did")                                                   \
    X(TCP_ZERO_WINDOW_CLIENT, "tcp.zero_window_client", WARNING, CLIENT, "the client did not read the response")     \
    X(TCP_ZERO_WINDOW_SERVER, "tcp.zero_window_server", WARNING, SERVER, "the server did not read the request")      \
    X(TCP_SENDER_PAUSED, "tcp.sender_paused", INFO, EITHER, "one side sent nothing in the middle of a message")      \
    X(TCP_NAGLE, "tcp.nagle", INFO, EITHER, "one side waited for an acknowledgement that the other delayed")         \
    X(TCP_SILENT_PEER, "tcp.silent_peer", ERROR, SERVER, "the server no longer answered keep-alive probes")          \
    X(TCP_LOST_ON_WAY, "tcp.lost_on_way", ERROR, NETWORK, "bytes of the response never reached the client")          \
    X(TLS_ALERT, "tls.alert", ERROR, EITHER, "one side aborted the TLS handshake with an alert")                     \
    X(TLS_NOT_TLS, "tls.not_tls", ERROR, SERVER, "the server answered the TLS handshake with something else")        \
    X(TLS_CLOSED, "tls.closed", ERROR, EITHER, "the connection was closed during the TLS handshake")                 \
    X(TLS_OPEN, "tls.open", WARNING, CAPTURE, "the TLS handshake was not complete when the capture ended")           \
    X(TLS_CERTIFICATE, "tls.certificate", WARNING, SERVER, "the server's certificate has a fault")                   \
    X(TLS_CLIENT_CERTIFICATE, "tls.client_certificate", DEPENDS, CLIENT,                                             \
      "the server asked for a client certificate and got none; an error where it did not answer")                    \
    X(TLS_OUTER_NAME, "tls.outer_name", INFO, CLIENT, "the server name may conceal another: Encrypted ClientHello")  \
    X(TLS_NOT_HTTP, "tls.not_http", INFO, EITHER, "the connection was decrypted and does not carry HTTP")            \
    X(TLS_NOT_DECRYPTED, "tls.not_decrypted", WARNING, CAPTURE, "there are TLS secrets, but nothing was decrypted")  \
    X(TLS_DECRYPTION_LOST, "tls.decryption_lost", WARNING, CAPTURE, "decryption ended before the exchange did")      \
    X(HTTP_SERVER_ERROR, "http.server_error", ERROR, SERVER, "the status is 500 or more")                            \
    X(HTTP_MALFORMED, "http.malformed", ERROR, SERVER, "the server sent a response that Go's client refuses")        \
    X(HTTP_OTHER_PROTOCOL, "http.other_protocol", ERROR, EITHER, "the server answered in another protocol")          \
    X(HTTP_LATE_RESPONSE, "http.late_response", ERROR, SERVER, "the response came after the client had given up")    \
    X(HTTP_EARLY_RESPONSE, "http.early_response", WARNING, SERVER, "the response began before the request ended")    \
    X(HTTP_BODY_NOT_SENT, "http.body_not_sent", INFO, SERVER, "a body announced with Expect was refused")            \
    X(HTTP2_STREAM_RESET, "http2.stream_reset", DEPENDS, EITHER,                                                     \
      "the stream was reset; an error by the server, a warning by the client")                                       \
    X(HTTP2_FLOW_CONTROL, "http2.flow_control", INFO, EITHER, "flow control made one side wait")                     \
    X(HTTP2_PING_UNANSWERED, "http2.ping_unanswered", ERROR, SERVER,                                                 \
      "the client gave up on the connection: the server did not answer its PING")                                    \
    X(GRPC_STATUS, "grpc.status", ERROR, SERVER, "the call ended with a grpc-status other than 0")                   \
    X(WEBSOCKET_CLOSED, "websocket.closed", WARNING, EITHER, "the WebSocket was closed with an error code")          \
    X(WEBSOCKET_NOT_CLOSED, "websocket.not_closed", WARNING, EITHER, "the WebSocket ended without a Close frame")    \
    X(CAPTURE_GAP, "capture.gap", WARNING, CAPTURE, "bytes of the exchange are missing from the capture")            \
    X(CAPTURE_ONE_DIRECTION, "capture.one_direction", WARNING, CAPTURE,                                              \
      "the packets of one side of the connection are not in the capture")                                            \
    X(CAPTURE_CLOCK_SET_BACK, "capture.clock_set_back", WARNING, CAPTURE,                                            \
      "the capture's clock was set back during the exchange: durations are not known")                               \
    X(CAPTURE_CUT, "capture.cut", WARNING, CAPTURE, "a message head is only partly in the capture")                  \
    X(CAPTURE_NO_REQUEST, "capture.no_request", WARNING, CAPTURE, "the response's request is not in the capture")    \
    X(CAPTURE_ENDED, "capture.ended", INFO, CAPTURE, "the capture ended before the response did")                    \
    X(LIMIT_HEAD, "limit.head", WARNING, CAPTURE, "a message head is longer than this program reads")                \
    X(LIMIT_INTERIM_RESPONSES, "limit.interim_responses", WARNING, CAPTURE,                                          \
      "there were more interim responses than are shown")

enum p2t_finding_code {
#define X(id, code, severity, side, text) P2T_FINDING_##id,
    P2T_FINDING_LIST(X)
#undef X
        P2T_FINDING_COUNT
};

/* What the list says of one code. Texts are static. */
struct p2t_finding_info {
    const char *code;
    enum p2t_severity severity;
    enum p2t_side side;
    const char *text; /* one line, without a full stop */
};

/* NULL for a value that is none of the list's. */
P2T_API const struct p2t_finding_info *p2t_finding_info(enum p2t_finding_code code);
/* "error", "warning", "info", "depends"; "" for any other value. */
P2T_API const char *p2t_severity_name(enum p2t_severity severity);
/* "" for a value that is none of the list's. */
P2T_API const char *p2t_side_name(enum p2t_side side);

#ifdef __cplusplus
}
#endif

#endif
