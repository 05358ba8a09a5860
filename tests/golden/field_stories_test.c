/* Small captures from the field, each with its one right story: what is told, and what must not be. A row of `stories` per
 * capture; its lines stand in the order in which the exchanges began. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pcap2trace/session.h"
#include "support/cmocka_all.h"

/* What Go says before the fault of a head. */
#define BROKEN "net/http: HTTP/1.x transport connection broken: "

#define FRAME_LIKE_HTTP1                                                                                             \
    "http2: failed reading the frame payload: http2: frame too large, note that the frame header looked like an "    \
    "HTTP/1.1 header"

enum { LINES_MAX = 6, TOLD_MAX = 1100 };

/* What is not given is not asked. Times in milliseconds, to be met within 0.5 ms. */
struct line {
    enum p2t_kind kind;
    enum p2t_outcome outcome;
    int status;
    const char *url;   /* its end; of a dial or lookup, the host's */
    const char *error; /* whole; a line has one of these two */
    double total, connect, dns, wait, rtt;
    double secured; /* when the handshake was over: within the bounds of TLSHandshakeDone */
    bool no_rtt;
    uint64_t queries;     /* of the lookup */
    const char *dns_done; /* basis of DNSDone; "none": it is not told */
    const char *finding;  /* in a finding's code and text: "conn.no_answer ... did not answer" */
    const char *never;    /* in no finding's */
    const char *client, *nat_client, *nat_server;
};

struct story {
    const char *capture;
    const char *keys;    /* its key log */
    size_t exchanges;    /* that are not quiet */
    size_t quiet;        /* and that are */
    bool all_like_first; /* each is as the first line says */
    bool no_retransmits;
    struct line line[LINES_MAX];
};

static const struct story stories[] = {
    {"01-syn-repeated-after-3s.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_HTTP1,
               .status = 200,
               .url = "/win",
               .connect = 9100,
               .no_rtt = true,
               .finding = "conn.syn_repeated 10.9.0.20:8080 answered only after 3 SYNs"}}},
    {"02-synack-after-1.2s.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_HTTP1, .status = 200, .url = "/late-synack", .connect = 1200, .no_rtt = true}}},
    {"03-synack-captured-never-acked.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_CONNECT,
               .outcome = P2T_OUTCOME_CONNECT_ERROR,
               .error = "dial tcp 10.9.0.20:8080: i/o timeout",
               .finding = "the client never acknowledged it",
               .never = "did not answer"}}},
    {"04-challenge-ack-port-reuse.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_HTTP1,
               .status = 200,
               .url = "/tw",
               .connect = 4.6,
               .total = 24,
               .no_rtt = true,
               .finding = "2 SYNs",
               .never = "conn.canceled"}}},
    {"32-tfo-request-with-all.pcap", .exchanges = 1, .quiet = 0,
     .line = {{.kind = P2T_KIND_HTTP1, .status = 200, .url = "/tfo", .connect = 1.03, .total = 20.0}}},
    {"36-challenge-ack-rst-lost-timeout.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_CONNECT,
               .outcome = P2T_OUTCOME_CONNECT_ERROR,
               .error = "dial tcp 10.9.0.20:1521: i/o timeout",
               .finding = "5 SYNs",
               .never = "conn.canceled"}}},
    {"05-file-order-response-first.pcap", .exchanges = 3,
     .line = {{.kind = P2T_KIND_HTTP1, .status = 200, .url = "/q", .connect = 1.0, .total = 21.6},
              {.kind = P2T_KIND_HTTP1, .status = 200, .url = "/q", .total = 20.4},
              {.kind = P2T_KIND_HTTP1, .status = 200, .url = "/q", .total = 20.4}}},
    /* These two end inside their exchanges. */
    {"06-dumpcap-two-interfaces-tap.pcapng", .exchanges = 24, .quiet = 1, .no_retransmits = true},
    {"07-dumpcap-two-interfaces-copies.pcapng", .exchanges = 56, .quiet = 1, .no_retransmits = true},
    {"26-client-zero-window.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_HTTP1,
               .url = "/zw",
               .status = 200,
               .total = 4002.1,
               .finding = "tcp.zero_window_client the client did not read for 3990 ms"}}},
    {"27-dns-answer-second-fragment-lost.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_LOOKUP,
               .outcome = P2T_OUTCOME_INCOMPLETE,
               .url = "frag.test",
               .finding = "the name server answered",
               .never = "dns.empty_answer"}}},
    {"30-dead-peer-keepalive.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_HTTP1,
               .url = "/slowrep",
               .outcome = P2T_OUTCOME_NO_RESPONSE,
               .error = "read tcp 10.9.0.10:50000->10.9.0.20:8080: read: connection timed out",
               .finding = "tcp.silent_peer the server's host stopped answering: 9 keep-alive probes over 120 s",
               .never = "conn.closed_by_client"}}},
    {"31-dnat-copies-counted-as-queries.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_HTTP1,
               .status = 200,
               .url = "/cart",
               .dns = 0.6,
               .queries = 2,
               .client = "10.244.0.9:50000",
               .nat_server = "10.244.3.3:8080"}}},
    {"39-arp-unanswered-no-route-to-host.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_CONNECT,
               .outcome = P2T_OUTCOME_CONNECT_ERROR,
               .error = "dial tcp 10.98.0.77:8080: connect: no route to host",
               .finding = "conn.unreachable",
               .client = "10.98.0.1:56184"}}},
    {"40-resolver-arp-dead.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_LOOKUP,
               .outcome = P2T_OUTCOME_DNS_ERROR,
               .url = "dead.test",
               .finding = "dns.unreachable"}}},
    /* ---- what Go's client makes of odd responses ---- */
    {"23-status-20-taken-for-1xx.pcap", .exchanges = 2,
     .line = {{.kind = P2T_KIND_HTTP1,
               .outcome = P2T_OUTCOME_RESPONSE_ERROR,
               .status = 200,
               .url = "/dupcl",
               .error = BROKEN "http: message cannot contain multiple Content-Length headers; got [\"10\" \"12\"]",
               .finding = "http.malformed",
               .never = "conn.closed_by"},
              {.kind = P2T_KIND_HTTP1,
               .outcome = P2T_OUTCOME_RESPONSE_ERROR,
               .url = "/st20",
               .error = BROKEN "malformed HTTP status code \"20\"",
               .never = "conn.closed_by"}}},
    {"24-h1-client-to-h2-server.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_HTTP1,
               .outcome = P2T_OUTCOME_RESPONSE_ERROR,
               .url = "/h1",
               .error = BROKEN
               "malformed HTTP response \"\\x00\\x00\\x00\\x04\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\b\\a"
               "\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x01\"",
               .finding = "http.other_protocol the server answered in HTTP/2",
               .never = "conn.closed_by"}}},
    {"25-h2-client-to-h1-server.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_HTTP2,
               .outcome = P2T_OUTCOME_RESPONSE_ERROR,
               .url = "/x",
               .error = FRAME_LIKE_HTTP1,
               .finding = "http.other_protocol the server answered in HTTP/1.1",
               .never = "conn.closed_by"}}},
    {"57-h2-to-h1.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_CONNECT,
               .outcome = P2T_OUTCOME_REQUEST_ERROR,
               .url = "a.rig.test",
               .error = FRAME_LIKE_HTTP1,
               .finding = "http.other_protocol the server answered in HTTP/1.1"}}},
    {"58-h2c-to-tls.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_CONNECT,
               .outcome = P2T_OUTCOME_REQUEST_ERROR,
               .url = "a.rig.test:50443",
               .error = "read tcp 10.77.0.8:38858->10.77.0.2:50443: read: connection reset by peer",
               .finding = "the server reset the connection at HTTP/2's preface: it may expect TLS"}}},
    /* Made with Go's client against plain servers, one of which speaks first, and one of TLS: the client said so, too. */
    {"tls-to-http.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_TLS,
               .outcome = P2T_OUTCOME_TLS_ERROR,
               .error = "http: server gave HTTP response to HTTPS client",
               .finding = "tls.not_tls the server answered the TLS handshake with plain HTTP",
               .never = "conn.closed_by"}}},
    {"tls-to-banner.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_TLS,
               .outcome = P2T_OUTCOME_TLS_ERROR,
               .error = "tls: first record does not look like a TLS handshake",
               .total = 0.889,
               .finding = "tls.not_tls the server answered the TLS handshake with other bytes",
               .never = "conn.closed_by"}}},
    {"http-to-tls-alert.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_HTTP1,
               .outcome = P2T_OUTCOME_RESPONSE_ERROR,
               .url = "/c",
               .error = BROKEN "malformed HTTP response \"\\x15\\x03\\x03\\x00\\x02\\x02F\"",
               .finding = "http.other_protocol the server answered with an alert of TLS: it expects TLS on this port",
               .never = "conn.closed_by"}}},
    {"h2-first-frame-no-settings.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_HTTP2,
               .outcome = P2T_OUTCOME_RESPONSE_ERROR,
               .url = "/x",
               .error = "connection error: PROTOCOL_ERROR",
               .finding = "http.other_protocol the server's first frame was not SETTINGS",
               .never = "conn.closed_by"}}},
    {"h2-goaway-with-debug-data.pcap", .exchanges = 1,
     .line =
         {{.kind = P2T_KIND_HTTP2,
           .outcome = P2T_OUTCOME_NO_RESPONSE,
           .url = "/x",
           .error = "http2: server sent GOAWAY and closed the connection; LastStreamID=1, ErrCode=ENHANCE_YOUR_CALM, "
                    "debug=\"too_many_pings\\x01\""}}},
    /* The second address of the answer, the ServerHello's version and both heads are cut off. */
    {"snaplen-96-second-address-and-tls.pcap", .exchanges = 2,
     .line = {{.kind = P2T_KIND_HTTP1,
               .outcome = P2T_OUTCOME_INCOMPLETE,
               .status = 200,
               .url = "/?bytes=3",
               .dns = 0.234,
               .connect = 0.124,
               .finding = "conn.refused 10.77.0.8:8080 refused"},
              {.kind = P2T_KIND_TLS, .total = 3.101, .secured = 2.719}}},
    /* With its length, in chunks, and one that is gzip's. */
    {"gzip-that-is-none.pcap", .exchanges = 3,
     .line = {{.kind = P2T_KIND_HTTP1,
               .outcome = P2T_OUTCOME_RESPONSE_ERROR,
               .status = 200,
               .url = "/bad",
               .error = "gzip: invalid header",
               .finding = "http.malformed"},
              {.kind = P2T_KIND_HTTP1,
               .outcome = P2T_OUTCOME_RESPONSE_ERROR,
               .status = 200,
               .url = "/chunked",
               .error = "gzip: invalid header"},
              {.kind = P2T_KIND_HTTP1, .status = 200, .url = "/good", .never = "http.malformed"}}},
    {"59-h2-rst.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_HTTP2,
               .outcome = P2T_OUTCOME_NO_RESPONSE,
               .url = "/upload",
               .error = "read tcp 10.77.0.8:51296->10.77.0.2:50052: read: connection reset by peer"}}},
    {"46-responses-go-refuses.pcap", .exchanges = 5,
     .line = {{.kind = P2T_KIND_HTTP1,
               .outcome = P2T_OUTCOME_RESPONSE_ERROR,
               .url = "/te-gzip",
               .error = BROKEN "unsupported transfer encoding: \"gzip\""},
              {.kind = P2T_KIND_HTTP1,
               .outcome = P2T_OUTCOME_RESPONSE_ERROR,
               .url = "/nonascii-name",
               .error = BROKEN "malformed MIME header line: \"X-Gr\xc3\xb6sse: 1\""},
              {.kind = P2T_KIND_HTTP1,
               .outcome = P2T_OUTCOME_RESPONSE_ERROR,
               .url = "/chunk-zz",
               .error = "invalid byte in chunk length",
               .finding = "http.malformed",
               .never = "capture.gap"},
              {.kind = P2T_KIND_HTTP1,
               .outcome = P2T_OUTCOME_RESPONSE_ERROR,
               .url = "/cl-list",
               .error = BROKEN "bad Content-Length \"2 4\""},
              {.kind = P2T_KIND_HTTP1,
               .outcome = P2T_OUTCOME_RESPONSE_ERROR,
               .url = "/version",
               .error = BROKEN "malformed HTTP version \"HTTP/1.01\""}}},
    {"45-any-masquerade-doubles.pcap", .exchanges = 1, .no_retransmits = true,
     .line = {{.kind = P2T_KIND_HTTP1,
               .status = 200,
               .url = "/snat",
               .dns = 0.6,
               .queries = 1,
               .client = "10.244.0.9:50000",
               .nat_client = "10.9.0.5:61000"}}},
    {"08-snaplen96-false-empty-answer.pcap", .exchanges = 4,
     .line = {{.kind = P2T_KIND_LOOKUP,
               .outcome = P2T_OUTCOME_INCOMPLETE,
               .url = "api.shop.test",
               .finding = "dns.cut",
               .never = "dns.empty_answer"}}},
    {"09-snaplen128-cname-false-empty.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_HTTP1,
               .status = 200,
               .url = "img.shop.test:8080/",
               .dns = 0.6,
               .finding = "dns.cut",
               .never = "dns.empty_answer"}}},
    {"18-clock-set-back.pcap", .exchanges = 2,
     .line = {{.kind = P2T_KIND_HTTP1, .status = 200, .url = "/after", .total = 100.04, .never = "capture."},
              {.kind = P2T_KIND_HTTP1,
               .status = 200,
               .url = "/step",
               .connect = 1.03,
               .finding = "capture.clock_set_back",
               .never = "http.early_response"}}},
    {"19-orphan-dial-negative-ms.pcap", .exchanges = 1, .quiet = 1,
     .line = {{.kind = P2T_KIND_HTTP1,
               .status = 200,
               .url = "/first",
               .total = 20.04,
               .finding = "the connection was opened 400 ms before its first request"}}},
    {"20-cilium-socket-lb-slow-dns.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_HTTP1,
               .status = 200,
               .url = "/cart",
               .dns = 5001.1,
               .total = 5022.4,
               .queries = 4,
               .finding = "dns.retried"}}},
    {"28-servfail-then-second-server.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_HTTP1,
               .url = "db.shop.test:8080/a",
               .status = 200,

               .dns = 1.6,
               .finding = "the name server 10.9.0.53:53 answered SERVFAIL before another one knew the name"}}},
    {"29-accept-queue-full.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_HTTP1,
               .url = "/backlog",
               .outcome = P2T_OUTCOME_NO_RESPONSE,
               .finding = "the server never accepted the connection",
               .never = "conn.closed_by"}}},
    {"33-one-failure-told-twice-resolved.pcap", .exchanges = 1, .quiet = 1,
     .line = {{.kind = P2T_KIND_LOOKUP,
               .outcome = P2T_OUTCOME_DNS_ERROR,
               .url = "gone.shop.test",
               .dns = 31.4,
               .finding = "dns.empty_answer"}}},
    {"34-rst-injected.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_HTTP1,
               .url = "/blocked",
               .outcome = P2T_OUTCOME_NO_RESPONSE,
               .finding = "conn.rst_injected",
               .never = "conn.closed_by"}}},
    {"35-client-only-capture.pcap", .exchanges = 3, .all_like_first = true,
     .line =
         {{.kind = P2T_KIND_HTTP1,
           .url = "",
           .outcome = P2T_OUTCOME_INCOMPLETE,
           .finding =
               "capture.one_direction the server's packets are not in this capture: it had answered within 19.9 ms",
           .never = "conn."}}},
    {"37-tls-certificate-mtu-hole.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_TLS,
               .outcome = P2T_OUTCOME_TLS_ERROR,
               .error = "net/http: TLS handshake timeout",
               .finding = "tcp.pmtud_blackhole 2896 bytes of the server never reached the client",
               .never = "capture."}}},
    {"41-first-of-two-addresses-silent.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_HTTP1,
               .url = "/second",
               .status = 200,
               .connect = 15007.2,
               .total = 15010.6,
               .finding = "8 SYNs over 11.2 s; the client went on with the next address"}}},
    {"42-dns-answer-after-8s.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_HTTP1,
               .url = "api.shop.test:8080/",
               .status = 200,
               .dns = 8000,
               .total = 8021.4,
               .never = "dns."}}},
    {"43-windows-dns-retries.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_HTTP1,
               .url = "api.shop.test:8080/",
               .status = 200,
               .dns = 8010,
               .queries = 5,
               .finding = "no answer from 10.9.0.53:53"}}},
    {"44-truncated-then-tcp53-refused.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_LOOKUP,
               .outcome = P2T_OUTCOME_DNS_ERROR,
               .url = "api.shop.test",
               .finding = "the answer was truncated, and the name server refused the TCP connection"}}},
    {"51-serial-fallback-go.pcap", .exchanges = 1, .quiet = 1,
     .line = {{.kind = P2T_KIND_HTTP1,
               .url = "deadhost.rig.test/fast",
               .status = 200,
               .dns = 0.3,
               .connect = 2000.9,
               .total = 2002.0,
               .finding =
                   "10.77.0.9:80 did not answer 2 SYNs over 1.0 s; the client went on with the next address"}}},
    {"52-glibc-pair.pcap", .exchanges = 18, /* the handshakes' last ACKs are not in it */
     .line =
         {{.kind = P2T_KIND_CONNECT, .outcome = P2T_OUTCOME_INCOMPLETE, .url = "10.77.0.2", .finding = "conn.open"},
          {.kind = P2T_KIND_CONNECT,
           .url = "a.rig.test",
           .outcome = P2T_OUTCOME_INCOMPLETE,
           .dns = 0.3,
           .never = "dns."},
          {.kind = P2T_KIND_CONNECT,
           .url = "a.rig.test",
           .outcome = P2T_OUTCOME_INCOMPLETE,
           .dns = 0.3,
           .never = "dns."},
          {.kind = P2T_KIND_CONNECT,
           .url = "a.rig.test",
           .outcome = P2T_OUTCOME_INCOMPLETE,
           .dns = 0.3,
           .never = "dns."},
          {.kind = P2T_KIND_CONNECT,
           .url = "a.rig.test",
           .outcome = P2T_OUTCOME_INCOMPLETE,
           .dns = 0.3,
           .never = "dns."}}},
    {"53-cached-dns.pcap", .exchanges = 2,
     .line =
         {{.kind = P2T_KIND_HTTP1, .url = "/fast", .status = 200, .dns = 0.2},
          {.kind = P2T_KIND_HTTP1, .url = "/fast", .status = 200, .total = 0.7, .connect = 0.06, .never = "dns."}}},
    {"54-proxy-foreign-lookup.pcap", .exchanges = 1, .quiet = 3,
     .line = {{.kind = P2T_KIND_HTTP1, .status = 200, .url = "http://one.rig.test/fast", .total = 1.8}}},
    {"55-wrong-host-sni.pcap", .exchanges = 2,
     .line = {{.kind = P2T_KIND_TLS, .outcome = P2T_OUTCOME_TLS_ERROR, .url = "mismatch.other.test"},
              {.kind = P2T_KIND_TLS, .outcome = P2T_OUTCOME_TLS_ERROR, .url = "a.rig.test"}}},
    {"56-late-dial.pcap", .exchanges = 5,
     .line = {{.kind = P2T_KIND_HTTP1,
               .url = "/close-after",
               .status = 200,
               .connect = 1015.2,
               .finding = "conn.syn_repeated"},
              {.kind = P2T_KIND_CONNECT,
               .url = "a.rig.test:8204",
               .outcome = P2T_OUTCOME_INCOMPLETE,
               .finding = "had not answered 2 SYNs"},
              {.kind = P2T_KIND_HTTP1, .url = "/close-after", .status = 200, .total = 1.0},
              {.kind = P2T_KIND_HTTP1, .status = 200, .url = "/fast", .total = 0.65},
              {.kind = P2T_KIND_HTTP1, .status = 200, .url = "/fast", .total = 0.1, .never = "conn.handed_over"}}},
    {"67-tls-stalled-at-end.pcap", .exchanges = 4,
     .line = {{.kind = P2T_KIND_TLS,
               .outcome = P2T_OUTCOME_TLS_ERROR,
               .error = "the client closed the connection first: canceled, or one of its timeouts",
               .finding = "tls.closed the connection was closed 1998 ms into the TLS handshake",
               .total = 2001.0}}},
    {"61-linear-syn-timeouts.pcap", .exchanges = 15,
     .line = {{.kind = P2T_KIND_CONNECT,
               .url = "10.99.0.77",
               .outcome = P2T_OUTCOME_CONNECT_ERROR,
               .error = "dial tcp 10.99.0.77:80: i/o timeout",
               .connect = 10000,
               .finding = "did not answer 7 SYNs over 7.1 s"}}},
    {"62-eight-syns.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_CONNECT,
               .url = "10.99.0.77",
               .outcome = P2T_OUTCOME_INCOMPLETE,
               .finding = "had not answered 8 SYNs"}}},
    {"64-readme-filter-no-icmp.pcap", .exchanges = 5,
     .line = {{.kind = P2T_KIND_CONNECT,
               .url = "10.98.0.5",
               .outcome = P2T_OUTCOME_INCOMPLETE,
               .finding = "had not answered 1 SYN",
               .never = "conn.no_answer"}}},
    {"64-with-icmp.pcap", .exchanges = 5,
     .line = {{.kind = P2T_KIND_CONNECT,
               .outcome = P2T_OUTCOME_CONNECT_ERROR,
               .error = "dial tcp 10.98.0.5:80: connect: no route to host",
               .finding = "conn.unreachable"}}},
    /* what stands before, between and after the requests of a connection */
    {"10-upload-mtu-black-hole.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_HTTP1,
               .url = "/mtu",
               .outcome = P2T_OUTCOME_NO_RESPONSE,
               .total = 15001.1,
               .finding =
                   "tcp.not_acknowledged the server acknowledged no byte of the request: its first 1460 bytes were "
                   "sent 7 times",
               .never = "capture."}}},
    {"11-request-lost-3-times.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_HTTP1,
               .url = "/lossy",
               .status = 200,
               .finding =
                   "tcp.loss_stall 1400 ms of the request were spent waiting for lost segments to be sent again: "
                   "lost on the way from here",
               .never = "tcp.retransmissions"}}},
    {"12-response-head-lost-once.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_HTTP1,
               .url = "/respl",
               .status = 200,
               .finding =
                   "tcp.loss_stall 1180 ms of the response were spent waiting for lost segments to be sent again: "
                   "lost on the way to here",
               .never = "capture."}}},
    {"13-download-mtu-black-hole.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_HTTP1,
               .url = "/big",
               .outcome = P2T_OUTCOME_NO_RESPONSE,
               .finding =
                   "tcp.pmtud_blackhole 2920 bytes of the server never reached the client, while a shorter segment "
                   "sent after them did",
               .never = "capture."}}},
    /* The time after an interim response is the server's. */
    {"14-100-continue-then-4s.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_HTTP1, .status = 200, .url = "/up", .total = 4001.1, .wait = 3997.5}}},
    {"15-proxy-protocol-v1-http.pcap", .exchanges = 3,
     .line = {{.kind = P2T_KIND_HTTP1, .status = 200, .url = "//shop.test/p1", .connect = 1.03, .total = 21.1},
              {.kind = P2T_KIND_HTTP1, .status = 200, .url = "//shop.test/p1b", .connect = 1.03, .total = 21.1},
              {.kind = P2T_KIND_HTTP1, .status = 200, .url = "//shop.test/p1c", .total = 20.0}}},
    {"16-proxy-protocol-v2-http.pcap", .exchanges = 2,
     .line = {{.kind = P2T_KIND_HTTP1, .status = 200, .url = "//shop.test/p2", .connect = 1.03, .total = 21.1},
              {.kind = P2T_KIND_HTTP1, .status = 200, .url = "//shop.test/p2b", .connect = 1.03, .total = 21.1}}},
    /* 38 behind a header */
    {"proxy-protocol-v2-h2c.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_HTTP2, .outcome = P2T_OUTCOME_NO_RESPONSE, .url = "/hang", .connect = 1.03}}},
    {"17-proxy-protocol-v1-tls.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_TLS,
               .outcome = P2T_OUTCOME_TLS_ERROR,
               .error = "remote error: tls: handshake failure",
               .finding = "tls.alert",
               .connect = 1.03}}},
    {"21-istio-redirect-15001.pcap", .exchanges = 2,
     .line =
         {{.kind = P2T_KIND_HTTP1,
           .status = 200,
           .url = "/cart",
           .client = "10.9.0.10:50000",
           .total = 52.4,
           .dns = 0.6,
           .dns_done = "inferred"},
          {.kind = P2T_KIND_HTTP1, .status = 200, .url = "/cart", .client = "10.9.0.10:51000", .dns_done = "none"}}},
    {"22-408-on-idle-connection.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_HTTP1, .status = 200, .url = "/a", .connect = 1.03, .total = 21.1}}},
    {"38-h2-ping-unanswered.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_HTTP2,
               .outcome = P2T_OUTCOME_NO_RESPONSE,
               .url = "/hang",
               .total = 30011,
               .finding =
                   "http2.ping_unanswered the server did not answer the client's PING, and no more packets came",
               .error = "http2: client connection lost",
               .never = "conn.closed_by_client"}}},
    {"68-mid-stream-after-lost-answer.pcap", .exchanges = 3,
     .line = {{.kind = P2T_KIND_HTTP1, .status = 200, .url = "/passes/320", .total = 12.1},
              {.kind = P2T_KIND_HTTP1, .status = 200, .url = "/passes/126", .total = 3.3},
              {.kind = P2T_KIND_HTTP1,
               .outcome = P2T_OUTCOME_INCOMPLETE,
               .url = "/passes/400",
               .finding = "capture.ended"}}},
    /* 60 and 67 without their SYNs: up to the client's Finished, and up to its FIN */
    {"tls-joined-after-syn-idle.pcap", .exchanges = 0, .quiet = 1},
    {"tls-joined-after-syn-unanswered.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_TLS,
               .outcome = P2T_OUTCOME_TLS_ERROR,
               .error = "the client closed the connection first: canceled, or one of its timeouts",
               .finding = "tls.closed",
               .total = 1998}}},
    /* What broke the program once. */
    {"attack-happy-eyeballs-synack-missing.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_HTTP1, .status = 200, .url = "svc.local/a", .connect = 250.0, .total = 250.1}}},
    {"attack-dns-first-label-fabricated-delay.pcap", .exchanges = 3,
     .line =
         {{.kind = P2T_KIND_LOOKUP,
           .outcome = P2T_OUTCOME_INCOMPLETE,
           .url = "s3.eu-west-1.amazonaws.com",
           .finding = "dns.open"},
          {.kind = P2T_KIND_HTTP1, .status = 200, .url = "s3.us-east-1.amazonaws.com/a", .dns = 1.0, .total = 1.1}}},
    {"attack-dns-first-label-nxdomain.pcap", .exchanges = 3,
     .line = {{.kind = P2T_KIND_LOOKUP,
               .outcome = P2T_OUTCOME_DNS_ERROR,
               .url = "api.eu.example.com",
               .error = "lookup api.eu.example.com: no such host",
               .never = "dns.search_list"},
              {.kind = P2T_KIND_LOOKUP,
               .outcome = P2T_OUTCOME_DNS_ERROR,
               .url = "api.us.example.org",
               .error = "lookup api.us.example.org: no such host"},
              {.kind = P2T_KIND_LOOKUP,
               .outcome = P2T_OUTCOME_DNS_ERROR,
               .url = "api.corp.internal",
               .error = "lookup api.corp.internal: no such host"}}},
    {"attack-dns-first-label-then-refused.pcap", .exchanges = 2,
     .line = {{.kind = P2T_KIND_LOOKUP, .outcome = P2T_OUTCOME_DNS_ERROR, .url = "api.eu.example.com"},
              {.kind = P2T_KIND_CONNECT,
               .outcome = P2T_OUTCOME_CONNECT_ERROR,
               .url = "api.us.example.org",
               .error = "dial tcp 10.0.0.2:80: connect: connection refused"}}},
    {"attack-one-query-said-repeated.pcap", .exchanges = 1,
     .line = {{.kind = P2T_KIND_LOOKUP,
               .outcome = P2T_OUTCOME_INCOMPLETE,
               .url = "svc.local",
               .finding = "dns.open",
               .never = "repeated"}}},
    {"attack-pipeline-1100.pcap", .exchanges = 1100, .all_like_first = true,
     .line = {{.kind = P2T_KIND_HTTP1, .status = 200, .url = ""}}},
    /* Java, resumed: ChangeCipherSpec went out alone, the rest waited for its delayed acknowledgement. */
    {"60-nagle-tls.pcap", .exchanges = 4,
     .line = {{.kind = P2T_KIND_TLS, .url = "a.rig.test", .total = 50.2, .secured = 8.3},
              {.kind = P2T_KIND_TLS, .url = "a.rig.test", .total = 0.2},
              {.kind = P2T_KIND_TLS, .url = "a.rig.test", .total = 0.12}}},
    {"60-nagle-tls.pcap", .keys = "60-nagle-tls.keys", .exchanges = 4,
     .line = {{.kind = P2T_KIND_HTTP1, .status = 200, .url = "/fast", .total = 50.2, .secured = 8.3},
              {.kind = P2T_KIND_HTTP1, .status = 200, .url = "/fast", .total = 0.2},
              {.kind = P2T_KIND_HTTP1, .status = 200, .url = "/fast", .total = 0.12}}},
};

/* ---- what was told ---- */

struct told {
    enum p2t_kind kind;
    enum p2t_outcome outcome;
    int status;
    int64_t start_ns;
    struct p2t_phases phases;
    double rtt, secured_from, secured_to;
    uint64_t queries;
    const char *dns_done;
    char *url, *error, *findings, *client, *nat_client, *nat_server;
};

struct telling {
    struct told told[TOLD_MAX];
    size_t n, quiet;
    struct p2t_counters counters;
};

static char *copied(struct p2t_text t)
{
    char *s = malloc(t.n + 1);

    assert_non_null(s);
    memcpy(s, t.n > 0 ? t.p : "", t.n);
    s[t.n] = '\0';
    return s;
}

static void add(char **all, struct p2t_text t)
{
    size_t before = strlen(*all);

    *all = realloc(*all, before + t.n + 2);
    assert_non_null(*all);
    memcpy(*all + before, t.n > 0 ? t.p : "", t.n);
    memcpy(*all + before + t.n, " ", 2);
}

static char *findings_of(const struct p2t_exchange *x)
{
    char *all = copied((struct p2t_text){0});

    for (size_t i = 0; i < x->finding_count; i++) {
        add(&all, (struct p2t_text){x->findings[i].code, strlen(x->findings[i].code)});
        add(&all, x->findings[i].text);
    }
    return all;
}

static bool slice_is(struct p2t_text t, const char *s)
{
    return t.n == strlen(s) && memcmp(t.p, s, t.n) == 0;
}

/* DNSDone says how many. */
static uint64_t queries_of(const struct p2t_exchange *x)
{
    for (size_t i = 0; i < x->event_count; i++)
        for (size_t k = 0; k < x->events[i].arg_count; k++)
            if (slice_is(x->events[i].args[k].name, "queries"))
                return (uint64_t)x->events[i].args[k].value.as.integer;
    return 0;
}

static const char *dns_done_basis(const struct p2t_exchange *x)
{
    for (size_t i = 0; i < x->event_count; i++)
        if (x->events[i].hook == P2T_HOOK_DNS_DONE)
            return p2t_basis_name(x->events[i].basis);
    return "none";
}

static void note_secured(struct told *t, const struct p2t_exchange *x)
{
    for (size_t i = 0; i < x->event_count; i++) {
        const struct p2t_event *e = &x->events[i];
        if (e->hook != P2T_HOOK_TLS_HANDSHAKE_DONE || !e->has_earliest || !e->has_latest)
            continue;
        t->secured_from = (double)(e->earliest_ns - x->start_ns) / 1e6;
        t->secured_to = (double)(e->latest_ns - x->start_ns) / 1e6;
    }
}

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    struct telling *all = ctx;

    all->quiet += x->quiet;
    if (x->quiet)
        return 0;
    assert_true(all->n < TOLD_MAX);
    const struct p2t_connection *c = x->connection;
    all->told[all->n++] = (struct told){
        .kind = x->kind,
        .outcome = x->outcome,
        .status = x->status,
        .start_ns = x->start_ns,
        .phases = x->phases,
        .rtt = c != NULL ? (double)c->rtt_ns / 1e6 : -1,
        .queries = queries_of(x),
        .dns_done = dns_done_basis(x),
        .url = copied(x->url.n > 0 ? x->url : x->host),
        .error = copied(x->error),
        .findings = findings_of(x),
        .client = copied(c != NULL ? c->client : (struct p2t_text){0}),
        .nat_client = copied(c != NULL ? c->nat_client : (struct p2t_text){0}),
        .nat_server = copied(c != NULL ? c->nat_server : (struct p2t_text){0}),
    };
    note_secured(&all->told[all->n - 1], x);
    return 0;
}

static int by_start(const void *a, const void *b)
{
    const struct told *x = a, *y = b;
    return (x->start_ns > y->start_ns) - (x->start_ns < y->start_ns);
}

static void forget(struct telling *all)
{
    for (size_t i = 0; i < all->n; i++) {
        struct told *t = &all->told[i];
        free(t->url);
        free(t->error);
        free(t->findings);
        free(t->client);
        free(t->nat_client);
        free(t->nat_server);
    }
}

static void tell(const struct story *s, unsigned jobs, struct telling *all)
{
    char path[512], keys[512];
    const char *paths[] = {path};
    struct p2t_config config = {
        .paths = paths, .path_count = 1, .jobs = jobs, .all = true, .ctx = all, .exchange = on_exchange};
    struct p2t_session *session;

    (void)snprintf(path, sizeof path, "%s/field/%s.zst", P2T_GOLDEN, s->capture);
    (void)snprintf(keys, sizeof keys, "%s/field/%s", P2T_GOLDEN, s->keys != NULL ? s->keys : "");
    config.keylog = s->keys != NULL ? keys : NULL;
    *all = (struct telling){.n = 0};
    assert_int_equal(p2t_session_open(&session, &config, NULL), P2T_OK);
    assert_int_equal(p2t_session_run(session), P2T_OK);
    p2t_session_counters(session, &all->counters);
    p2t_session_free(session);
    qsort(all->told, all->n, sizeof all->told[0], by_start);
}

/* ---- what should be ---- */

static const char *capture; /* under test */
static size_t failures;

static void wrong(size_t line, const char *what, const char *got)
{
    failures++;
    print_error("%s, line %zu: %s; told: %s\n", capture, line + 1, what, got);
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

static void check_time(size_t i, const char *what, double want, double got)
{
    char told[64];

    (void)snprintf(told, sizeof told, "%.3f ms", got);
    if (want > 0 && (got < want - 0.5 || got > want + 0.5))
        wrong(i, what, told);
}

static void check(size_t i, const struct line *want, const struct told *got)
{
    if (got->kind != want->kind)
        wrong(i, "kind", p2t_kind_name(got->kind));
    if (got->outcome != want->outcome)
        wrong(i, "outcome", p2t_outcome_name(got->outcome));
    if (want->status != 0 && got->status != want->status)
        wrong(i, "status", got->findings);
    if (want->url != NULL && !ends_with(got->url, want->url))
        wrong(i, want->url, got->url);
    if (want->error != NULL && strcmp(got->error, want->error) != 0)
        wrong(i, want->error, got->error);
    if (want->finding != NULL && strstr(got->findings, want->finding) == NULL)
        wrong(i, want->finding, got->findings);
    if (want->never != NULL && strstr(got->findings, want->never) != NULL)
        wrong(i, want->never, got->findings);
    if (want->client != NULL && strcmp(got->client, want->client) != 0)
        wrong(i, want->client, got->client);
    if (want->nat_client != NULL && strcmp(got->nat_client, want->nat_client) != 0)
        wrong(i, want->nat_client, got->nat_client);
    if (want->nat_server != NULL && strcmp(got->nat_server, want->nat_server) != 0)
        wrong(i, want->nat_server, got->nat_server);
    if (want->dns_done != NULL && strcmp(got->dns_done, want->dns_done) != 0)
        wrong(i, "basis of DNSDone", got->dns_done);
    if (want->queries != 0 && got->queries != want->queries)
        wrong(i, "queries", got->findings);
    check_time(i, "total", want->total, (double)got->phases.total_ns / 1e6);
    check_time(i, "connect", want->connect, (double)got->phases.connect_ns / 1e6);
    check_time(i, "dns", want->dns, (double)got->phases.dns_ns / 1e6);
    check_time(i, "wait", want->wait, (double)got->phases.wait_ns / 1e6);
    check_time(i, "rtt", want->rtt, got->rtt);
    if (want->secured > 0 && (want->secured < got->secured_from || want->secured > got->secured_to))
        wrong(i, "the end of the handshake is out of bounds", got->url);
    if (want->no_rtt && got->rtt >= 0)
        check_time(i, "no round trip is known", -1, got->rtt);
}

static void check_story(const struct story *s, const struct telling *all)
{
    static const struct line not_asked;
    char count[32];

    (void)snprintf(count, sizeof count, "%zu", all->n);
    if (all->n != s->exchanges)
        wrong(0, "number of exchanges", count);
    (void)snprintf(count, sizeof count, "%zu", all->quiet);
    if (all->quiet != s->quiet)
        wrong(0, "number of quiet exchanges", count);
    for (size_t i = 0; i < all->n; i++) {
        const struct line *want = s->all_like_first ? &s->line[0] : i < LINES_MAX ? &s->line[i] : &not_asked;
        if (want->url != NULL || want->error != NULL)
            check(i, want, &all->told[i]);
    }
    if (s->no_retransmits && all->counters.retransmitted_segments > 0)
        wrong(0, "retransmissions", "some");
}

static void each_capture_has_its_right_story(void **state)
{
    (void)state;
    failures = 0;
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++)
        for (unsigned jobs = 1; jobs <= 2; jobs++) {
            struct telling all;
            capture = stories[i].capture;
            tell(&stories[i], jobs, &all);
            check_story(&stories[i], &all);
            forget(&all);
        }
    assert_int_equal(failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_capture_has_its_right_story),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
