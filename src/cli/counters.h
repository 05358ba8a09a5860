/* What -v and --list say of the members of struct p2t_counters: X(member, what it counts), in the order shown. */
#ifndef P2T_CLI_COUNTERS_H
#define P2T_CLI_COUNTERS_H

#define CLI_COUNTER_LIST(X)                                                                                          \
    X(files, "captures")                                                                                             \
    X(problems, "captures with problems")                                                                            \
    X(frames, "packets")                                                                                             \
    X(bytes, "bytes on the wire")                                                                                    \
    X(tcp_packets, "TCP packets")                                                                                    \
    X(udp_packets, "UDP packets")                                                                                    \
    X(icmp_errors, "ICMP errors")                                                                                    \
    X(tunnelled_packets, "packets in tunnels")                                                                       \
    X(connections, "connections")                                                                                    \
    X(connection_attempts, "connection attempts")                                                                    \
    X(dns_messages, "DNS messages")                                                                                  \
    X(tls_secrets, "TLS secrets known")                                                                              \
    X(tls_decrypted, "TLS connections decrypted")                                                                    \
    X(http_requests, "HTTP requests")                                                                                \
    X(http_responses, "HTTP responses")                                                                              \
    X(exchanges, "exchanges")                                                                                        \
    X(duplicate_packets, "duplicate packets")                                                                        \
    X(retransmitted_segments, "retransmitted segments")                                                              \
    X(out_of_order_segments, "segments out of order")                                                                \
    X(lost_bytes, "bytes never captured")                                                                            \
    X(cut_bytes, "bytes cut by the snapshot length")                                                                 \
    X(limits_hit, "limits hit")

#endif
