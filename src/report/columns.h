/* The columns of the page's tables. The page learns their names and kinds from these lists, and finds a column by name.
 *
 * Kinds: n a number; k a number that may be unknown (0), else it is one less; d a number as its difference to the one before;
 * t a text by its number, 0 for none; i an id of eight bytes. Times are nanoseconds since the page's base, durations are
 * nanoseconds. */
#ifndef P2T_REPORT_COLUMNS_H
#define P2T_REPORT_COLUMNS_H

#include "pcap2trace/transport.h"
#include "report/pack.h"

/* One value a row: what the table shows, sorts and filters by. */
#define REPORT_ROW_LIST(X)                                                                                           \
    X(ID, id, i)                                                                                                     \
    X(START, start, d)                                                                                               \
    X(TOTAL, total, k)                                                                                               \
    X(BLOCKED, blocked, k)                                                                                           \
    X(DNS, dns, k)                                                                                                   \
    X(CONNECT, connect, k)                                                                                           \
    X(TLS, tls, k)                                                                                                   \
    X(SEND, send, k)                                                                                                 \
    X(WAIT, wait, k)                                                                                                 \
    X(RECEIVE, receive, k)                                                                                           \
    X(DURATION, duration, k) /* end less start */                                                                    \
    X(KIND, kind, n)                                                                                                 \
    X(OUTCOME, outcome, n)                                                                                           \
    X(FLAGS, flags, n)                                                                                               \
    X(STATUS, status, n)                                                                                             \
    X(GRPC, grpc, k)                                                                                                 \
    X(BYTES, bytes, k) /* of the response's body */                                                                  \
    X(METHOD, method, t)                                                                                             \
    X(URL, url, t)                                                                                                   \
    X(HOST, host, t)                                                                                                 \
    X(SERVER, server, t)                                                                                             \
    X(CLIENT, client, t)                                                                                             \
    X(ERROR, error, t)                                                                                               \
    X(FINDING, finding, t)                                                                                           \
    X(TRACE, trace, t)                                                                                               \
    X(CONN, conn, t)                                                                                                 \
    X(STREAM, stream, k)

enum report_row_flag {
    REPORT_FAILED = 1,
    REPORT_PROBLEM = 2, /* failed, or a finding of warning or above */
    REPORT_QUIET = 4,
    REPORT_REUSED = 8,
    REPORT_REUSE_KNOWN = 16,
    REPORT_BY_GO = 32,
    REPORT_RETRY = 64 /* it repeats another one */
};

/* One exchange's details. The first ones have a value a row; then come those with as many values as the row has files,
 * events, findings and links, and as each of those has packets. */
#define REPORT_DETAIL_LIST(X)                                                                                        \
    X(FILES, files, n)                                                                                               \
    X(EVENTS, events, n)                                                                                             \
    X(FINDINGS, findings, n)                                                                                         \
    X(LINKS, links, n)                                                                                               \
    X(REQUEST_HEADER, request_header, k)                                                                             \
    X(REQUEST_BODY, request_body, k)                                                                                 \
    X(REQUEST_TYPE, request_type, t)                                                                                 \
    X(REQUEST_PROTO, request_proto, t)                                                                               \
    X(RESPONSE_HEADER, response_header, k)                                                                           \
    X(RESPONSE_TYPE, response_type, t)                                                                               \
    X(RESPONSE_PROTO, response_proto, t)                                                                             \
    X(POSITION, position, k)                                                                                         \
    X(NAT_SERVER, nat_server, t)                                                                                     \
    X(NAT_CLIENT, nat_client, t)                                                                                     \
    X(PROXY, proxy, t)                                                                                               \
    X(VANTAGE, vantage, t)                                                                                           \
    X(RTT, rtt, k)                                                                                                   \
    X(TLS_VERSION, tls_version, t)                                                                                   \
    X(TLS_CIPHER, tls_cipher, t)                                                                                     \
    X(TLS_ALPN, tls_alpn, t)                                                                                         \
    X(TLS_NAME, tls_name, t)                                                                                         \
    X(TLS_FLAGS, tls_flags, n) /* 1: there was TLS, 2: resumed, 4: decrypted */                                      \
    X(MORE, more, t)           /* JSON: transport, http2, grpc, websocket */                                         \
    X(FILE, file, t)                                                                                                 \
    X(HOOK, hook, n) /* its number, at the moment of the event before it << 5 (then it has no TIME to           \
                                PACKET of its own), basis << 6, earliest is known << 8, latest << 9 */    \
    X(TIME, time, d) /* in a row, from the row's start on */                                                         \
    X(EARLIEST, earliest, n) /* before time */                                                                       \
    X(LATEST, latest, n)     /* after time */                                                                        \
    X(ARGS, args, t)         /* JSON */                                                                              \
    X(EVENT_PACKETS, event_packets, n)                                                                               \
    X(PACKET_FILE, packet_file, n)                                                                                   \
    X(PACKET, packet, d)                                                                                             \
    X(CODE, code, t)                                                                                                 \
    X(SEVERITY, severity, n)                                                                                         \
    X(TEXT, text, t)                                                                                                 \
    X(FINDING_PACKETS, finding_packets, n)                                                                           \
    X(FINDING_FILE, finding_file, n)                                                                                 \
    X(FINDING_PACKET, finding_packet, d)                                                                             \
    X(RELATION, relation, t)                                                                                         \
    X(LINK, link, i)

/* One value a connection. Moments are nanoseconds after its first packet. */
#define REPORT_LANE_LIST(X)                                                                                          \
    X(ID, id, t)                                                                                                     \
    X(CLIENT, client, t)                                                                                             \
    X(SERVER, server, t)                                                                                             \
    X(FIRST, first, d)                                                                                               \
    X(LAST, last, k)                                                                                                 \
    X(SYN, syn, k)                                                                                                   \
    X(SYN_ACK, syn_ack, k)                                                                                           \
    X(ACK, ack, k)                                                                                                   \
    X(LAST_SYN, last_syn, k)                                                                                         \
    X(REFUSED, refused, k)                                                                                           \
    X(ICMP, icmp, k)                                                                                                 \
    X(CLIENT_FIN, client_fin, k)                                                                                     \
    X(SERVER_FIN, server_fin, k)                                                                                     \
    X(CLIENT_RST, client_rst, k)                                                                                     \
    X(SERVER_RST, server_rst, k)                                                                                     \
    X(CLOSER, closer, n)                                                                                             \
    X(FLAGS, flags, n) /* 1: the capture ended first, 2: one direction only */                                       \
    X(SYNS, syns, n)                                                                                                 \
    X(EXCHANGES, exchanges, n)                                                                                       \
    X(CLIENT_PACKETS, client_packets, n)                                                                             \
    X(SERVER_PACKETS, server_packets, n)                                                                             \
    X(CLIENT_BYTES, client_bytes, n)                                                                                 \
    X(SERVER_BYTES, server_bytes, n)                                                                                 \
    X(CLIENT_REPEATS, client_repeats, n)                                                                             \
    X(SERVER_REPEATS, server_repeats, n)                                                                             \
    X(CLIENT_RTT, client_rtt, k)                                                                                     \
    X(SERVER_RTT, server_rtt, k)

#define X(id, name, kind) REPORT_ROW_##id,
enum report_row_column { REPORT_ROW_LIST(X) REPORT_ROW_COLUMNS };
#undef X
#define X(id, name, kind) REPORT_DETAIL_##id,
enum report_detail_column { REPORT_DETAIL_LIST(X) REPORT_DETAIL_COLUMNS };
#undef X
#define X(id, name, kind) REPORT_LANE_##id,
enum report_lane_column { REPORT_LANE_LIST(X) REPORT_LANE_COLUMNS };
#undef X

_Static_assert((int)REPORT_DETAIL_COLUMNS <= (int)PACK_COLUMNS_MAX, "a pack holds the columns");

/* Each adds a row to a pack with the columns of its list. base_ns is subtracted from times. */
void report_put_row(struct pack *p, const struct p2t_exchange *x, int64_t base_ns);
void report_put_detail(struct pack *p, const struct p2t_exchange *x);
void report_put_lane(struct pack *p, const struct p2t_connection_record *r, int64_t base_ns);

#endif
