/* The fields of an exchange in JSON (pcap2trace.exchange/2), for --list fields and pcap2trace-json(5). */
#ifndef P2T_CLI_FIELDS_H
#define P2T_CLI_FIELDS_H

/* X(path, type, text). In the path, [] stands for each element of an array. "or null" in the type: where it is not known, or does
 * not apply; "optional": left out then. */
#define CLI_FIELD_LIST(X)                                                                                            \
    X("schema", "text", "pcap2trace.exchange/2")                                                                     \
    X("id", "text", "16 hexadecimal digits, the same for the same packets however the files were cut")               \
    X("trace_id", "text or null", "trace or request id from the request's own headers")                              \
    X("trace_id_source", "text or null", "the header field that it is from")                                         \
    X("kind", "text",                                                                                                \
      "http1, http2, tls (encrypted, estimated), connect (a connection that failed or carried no request), lookup "  \
      "(a name lookup that no connection followed)")                                                                 \
    X("outcome", "text",                                                                                             \
      "ok, dns_error, connect_error, tls_error, request_error, no_response, response_error, or incomplete (only "    \
      "partly in the capture)")                                                                                      \
    X("error", "text or null", "the error that Go's client would have returned")                                     \
    X("method", "text or null", "the request's method")                                                              \
    X("url", "text or null", "its URL, as far as it is known")                                                       \
    X("host", "text or null", "its host, with the port where the request has it")                                    \
    X("status", "number or null", "status code of the final response")                                               \
    X("request_proto", "text or null", "protocol of the request, e.g. HTTP/1.1")                                     \
    X("response_proto", "text or null", "protocol of the response")                                                  \
    X("request", "object", "the request's message")                                                                  \
    X("request.header_bytes", "number or null", "bytes of its head")                                                 \
    X("request.body_bytes", "number or null", "bytes of its body as sent")                                           \
    X("request.content_type", "text or null", "its media type")                                                      \
    X("response", "object", "the response's message")                                                                \
    X("response.header_bytes", "number or null", "bytes of its head")                                                \
    X("response.body_bytes", "number or null", "bytes of its body as sent")                                          \
    X("response.content_type", "text or null", "its media type")                                                     \
    X("connection", "object or null", "the TCP connection that it used or tried")                                    \
    X("connection.id", "text", "the same for all exchanges of the connection")                                       \
    X("connection.network", "text", "tcp")                                                                           \
    X("connection.client", "text or null", "address and port of the client")                                         \
    X("connection.server", "text or null", "address and port of the server")                                         \
    X("connection.nat_client", "text, optional",                                                                     \
      "the client's other address, where a translation is in the capture")                                           \
    X("connection.nat_server", "text, optional",                                                                     \
      "the server's other address, where a translation is in the capture")                                           \
    X("connection.exchange", "number or null", "place of the exchange on its connection, from 0")                    \
    X("connection.stream", "number or null", "HTTP/2 stream")                                                        \
    X("connection.reused", "boolean or null", "an earlier request used the connection")                              \
    X("connection.proxy", "text or null", "address of the proxy that it goes through")                               \
    X("connection.tls", "object or null", "its TLS session")                                                         \
    X("connection.tls.version", "text or null", "e.g. TLS 1.3")                                                      \
    X("connection.tls.cipher", "text or null", "name of the cipher suite")                                           \
    X("connection.tls.alpn", "text or null", "protocol that was negotiated")                                         \
    X("connection.tls.server_name", "text or null", "name that the client asked for (SNI)")                          \
    X("connection.tls.ja4", "text, optional", "JA4 fingerprint of the ClientHello")                                  \
    X("connection.tls.resumed", "boolean", "an earlier session was resumed")                                         \
    X("connection.tls.decrypted", "boolean", "keys opened it")                                                       \
    X("connection.vantage", "text or null",                                                                          \
      "where it was captured, from handshake timing: client, server or middle")                                      \
    X("connection.rtt_us", "number or null", "round-trip time of the TCP handshake")                                 \
    X("transport", "object or null",                                                                                 \
      "how the network, server and client share the waits; members that are zero or unknown are left out")           \
    X("transport.rtt_us", "object, optional", "round-trip times seen on the connection so far")                      \
    X("transport.rtt_us.client", "object, optional",                                                                 \
      "between the place of capture and the client: min, median, max, samples")                                      \
    X("transport.rtt_us.client.min", "number", "the shortest")                                                       \
    X("transport.rtt_us.client.median", "number", "the median")                                                      \
    X("transport.rtt_us.client.max", "number", "the longest")                                                        \
    X("transport.rtt_us.client.samples", "number", "how many there were")                                            \
    X("transport.rtt_us.server", "object, optional", "between the place of capture and the server")                  \
    X("transport.rtt_us.server.min", "number", "the shortest")                                                       \
    X("transport.rtt_us.server.median", "number", "the median")                                                      \
    X("transport.rtt_us.server.max", "number", "the longest")                                                        \
    X("transport.rtt_us.server.samples", "number", "how many there were")                                            \
    X("transport.request", "object, optional", "how the bytes of the request were carried")                          \
    X("transport.request.segments", "number", "segments with data, copies removed")                                  \
    X("transport.request.retransmitted", "number, optional", "segments that were sent again")                        \
    X("transport.request.reordered", "number, optional", "segments that arrived out of order")                       \
    X("transport.request.stalled_us", "number, optional", "time for which lost bytes held the message back")         \
    X("transport.request.zero_window_us", "number, optional", "time for which the receiver's window was too small")  \
    X("transport.request.probes", "number, optional", "zero-window probes")                                          \
    X("transport.response", "object, optional", "how the bytes of the response were carried")                        \
    X("transport.response.segments", "number", "segments with data, copies removed")                                 \
    X("transport.response.retransmitted", "number, optional", "segments that were sent again")                       \
    X("transport.response.reordered", "number, optional", "segments that arrived out of order")                      \
    X("transport.response.stalled_us", "number, optional", "time for which lost bytes held the message back")        \
    X("transport.response.zero_window_us", "number, optional", "time for which the receiver's window was too small") \
    X("transport.response.probes", "number, optional", "zero-window probes")                                         \
    X("transport.acked_us", "number, optional", "from the last byte of the request to its first ACK")                \
    X("transport.server_us", "object, optional", "the server's own time")                                            \
    X("transport.server_us.value", "number", "the best estimate")                                                    \
    X("transport.server_us.low", "number, optional", "at least this")                                                \
    X("transport.server_us.high", "number, optional", "at most this")                                                \
    X("transport.idle_client_us", "number, optional", "pauses while the peer waited for this client's bytes")        \
    X("transport.idle_server_us", "number, optional", "pauses of the server inside the response body")               \
    X("transport.limit", "text, optional",                                                                           \
      "what held the longer message back: none, network_loss, receiver_window, sender, congestion_window or "        \
      "nagle_delayed_ack")                                                                                           \
    X("transport.limit_window", "number, optional", "bytes of the window that limited it")                           \
    X("transport.offload", "boolean, optional",                                                                      \
      "frames were longer than the MSS: stalls are known to one round trip only")                                    \
    X("transport.unacked_bytes", "number, optional", "bytes of the request that were never acknowledged")            \
    X("transport.unheard_bytes", "number, optional", "bytes that the peer acknowledged and the capture lacks")       \
    X("transport.dead_probes", "number, optional", "keep-alive probes that nobody answered")                         \
    X("transport.one_direction", "boolean, optional", "only one side's packets are in the capture")                  \
    X("http2", "object, optional", "of HTTP/2 streams")                                                              \
    X("http2.request_stalls", "number", "how often flow control held the request back")                              \
    X("http2.response_stalls", "number", "how often flow control held the response back")                            \
    X("http2.reset", "object or null", "the stream was reset")                                                       \
    X("http2.reset.code", "number", "error code of RST_STREAM")                                                      \
    X("http2.reset.by", "text", "client or server")                                                                  \
    X("grpc", "object, optional", "of gRPC calls")                                                                   \
    X("grpc.service", "text or null", "full name of the service")                                                    \
    X("grpc.method", "text or null", "name of the method")                                                           \
    X("grpc.status", "number or null", "grpc-status")                                                                \
    X("grpc.message", "text or null", "grpc-message")                                                                \
    X("grpc.request_messages", "object", "messages of the client")                                                   \
    CLI_MESSAGE_FIELDS(X, "grpc.request_messages")                                                                   \
    X("grpc.response_messages", "object", "messages of the server")                                                  \
    CLI_MESSAGE_FIELDS(X, "grpc.response_messages")                                                                  \
    X("websocket", "object, optional", "of WebSockets")                                                              \
    CLI_WEBSOCKET_FIELDS(X, "websocket.client", "what the client sent")                                              \
    CLI_WEBSOCKET_FIELDS(X, "websocket.server", "what the server sent")                                              \
    X("start", "text", "when it began: RFC 3339, UTC, nanoseconds")                                                  \
    X("end", "text", "when it ended")                                                                                \
    X("start_us", "number", "the same in whole microseconds since 1970")                                             \
    X("end_us", "number", "the same in whole microseconds since 1970")                                               \
    X("phases_us", "object", "the phases of HAR, in microseconds; they add up to total")                             \
    X("phases_us.blocked", "number or null", "waiting for a connection, and gaps between other phases")              \
    X("phases_us.dns", "number or null", "name lookup")                                                              \
    X("phases_us.connect", "number or null", "TCP connect")                                                          \
    X("phases_us.tls", "number or null", "TLS handshake")                                                            \
    X("phases_us.send", "number or null", "sending the request")                                                     \
    X("phases_us.wait", "number or null", "waiting for the first byte of the response")                              \
    X("phases_us.receive", "number or null", "receiving the response")                                               \
    X("phases_us.total", "number or null", "all of it")                                                              \
    X("events", "array", "the timeline, in order")                                                                   \
    X("events[].hook", "text", "name of the hook, see HOOKS")                                                        \
    X("events[].time", "text", "time of the packet that marks it, or the best estimate")                             \
    X("events[].basis", "text",                                                                                      \
      "observed (a packet marks it), inferred (packets bound it) or assumed (nothing bounds it on one side)")        \
    X("events[].bounds_us", "array",                                                                                 \
      "two numbers or nulls: the live event lay between time + first and time + second")                             \
    X("events[].evidence", "array", "pairs of an index into files and a packet number, from 1 as in Wireshark")      \
    X("events[].args", "object", "the hook's arguments, see HOOKS")                                                  \
    X("findings", "array", "what was found, the most severe first")                                                  \
    X("findings[].code", "text", "see FINDINGS")                                                                     \
    X("findings[].severity", "text", "error, warning or info")                                                       \
    X("findings[].text", "text", "a sentence for people")                                                            \
    X("findings[].evidence", "array", "packets, as in events, up to 16")                                             \
    X("findings[].evidence_dropped", "number", "packets beyond these; left out where there are none")                \
    X("links", "array", "exchanges that this one belongs to")                                                        \
    X("links[].relation", "text", "e.g. retry_of")                                                                   \
    X("links[].id", "text", "id of the other one")                                                                   \
    X("files", "array", "names of the captures that hold its packets")

#define CLI_MESSAGE_FIELDS(X, of)                                                                                    \
    X(of ".count", "number", "how many were seen")                                                                   \
    X(of ".exact", "boolean", "false where there may be more than were seen")                                        \
    X(of ".first", "text or null", "time of the first")                                                              \
    X(of ".last", "text or null", "time of the last")                                                                \
    X(of ".evidence", "array", "packets of the first and the last")                                                  \
    X(of ".times_us", "array", "times of the first 128 of them, from start")

#define CLI_WEBSOCKET_FIELDS(X, of, text)                                                                            \
    X(of, "object", text)                                                                                            \
    X(of ".messages", "object", "text and binary messages")                                                          \
    CLI_MESSAGE_FIELDS(X, of ".messages")                                                                            \
    X(of ".text", "number", "text messages")                                                                         \
    X(of ".binary", "number", "binary messages")                                                                     \
    X(of ".ping", "number", "pings")                                                                                 \
    X(of ".pong", "number", "pongs")                                                                                 \
    X(of ".close", "object or null", "its Close frame")                                                              \
    X(of ".close.time", "text", "when it was sent")                                                                  \
    X(of ".close.code", "number or null", "its code")

#endif
