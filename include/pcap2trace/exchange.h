/* One rebuilt exchange: the causal record of one HTTP request, or of an attempt that never became one.
 *
 * Everything here is borrowed: it is valid during the callback that hands it over, and no longer. Texts come from
 * the wire: they may hold any byte, are not terminated, and must be escaped for whatever they are written to.
 * A text with p == NULL is unknown; one with n == 0 is known to be empty. */
#ifndef PCAP2TRACE_EXCHANGE_H
#define PCAP2TRACE_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pcap2trace/api.h"
#include "pcap2trace/finding.h"
#include "pcap2trace/hooks.h"
#include "pcap2trace/transport.h"

#ifdef __cplusplus
extern "C" {
#endif

struct p2t_text {
    const char *p;
    size_t n;
};

/* How an event is known. */
enum p2t_basis {
    P2T_OBSERVED, /* a packet marks it */
    P2T_INFERRED, /* packets bound it */
    P2T_ASSUMED   /* nothing on the wire bounds it on one side */
};

struct p2t_value {
    enum p2t_value_kind kind;
    union {
        bool boolean;
        int64_t integer;
        struct p2t_text text;
        struct {
            const struct p2t_value *items;
            size_t n;
        } list;
        struct {
            const struct p2t_arg *args;
            size_t n;
        } object;
    } as;
};

/* name is UTF-8 without characters that JSON escapes, except inside objects whose keys come from the wire. */
struct p2t_arg {
    struct p2t_text name;
    struct p2t_value value;
};

enum { P2T_EVIDENCE_MAX = 4, P2T_FINDING_EVIDENCE_MAX = 16 };

struct p2t_event {
    enum p2t_hook hook;
    enum p2t_basis basis;
    int64_t time_ns; /* since 1970 UTC: the packet's own time, or the best estimate */
    /* The live event lay in [earliest_ns, latest_ns]; a side that nothing bounds is absent. */
    bool has_earliest, has_latest;
    int64_t earliest_ns, latest_ns;
    uint8_t evidence_count;
    struct p2t_evidence evidence[P2T_EVIDENCE_MAX];
    const struct p2t_arg *args; /* the hook's, in the order of P2T_HOOK_ARG_LIST: the first arg_count of them */
    size_t arg_count;
};

#define P2T_KIND_LIST(X)                                                                                             \
    X(HTTP1, "http1")                                                                                                \
    X(HTTP2, "http2")                                                                                                \
    X(TLS, "tls")                                                                                                    \
    X(CONNECT, "connect")                                                                                            \
    X(LOOKUP, "lookup")

enum p2t_kind {
#define X(id, name) P2T_KIND_##id,
    P2T_KIND_LIST(X)
#undef X
        P2T_KIND_COUNT
};

#define P2T_OUTCOME_LIST(X)                                                                                          \
    X(OK, "ok")                                                                                                      \
    X(DNS_ERROR, "dns_error")                                                                                        \
    X(CONNECT_ERROR, "connect_error")                                                                                \
    X(TLS_ERROR, "tls_error")                                                                                        \
    X(REQUEST_ERROR, "request_error")                                                                                \
    X(NO_RESPONSE, "no_response")                                                                                    \
    X(RESPONSE_ERROR, "response_error")                                                                              \
    X(INCOMPLETE, "incomplete")

enum p2t_outcome {
#define X(id, name) P2T_OUTCOME_##id,
    P2T_OUTCOME_LIST(X)
#undef X
        P2T_OUTCOME_COUNT
};

struct p2t_finding {
    enum p2t_finding_code id;
    const char *code; /* of id: dotted, stable: "dns.empty_answer", "capture.gap", ... */
    enum p2t_severity severity;
    struct p2t_text text; /* one sentence for people; UTF-8, printable */
    uint8_t evidence_count;
    struct p2t_evidence evidence[P2T_FINDING_EVIDENCE_MAX];
    uint32_t evidence_dropped; /* packets that show it, too, and for which there was no room */
};

/* What this exchange has to do with another one. */
struct p2t_link {
    const char *relation; /* "retry_of", "retried_as", "redirected_from", "asked_for" */
    uint64_t id;
};

/* HAR's phases in nanoseconds; negative: not applicable or unknown. dns, connect, tls, send, wait, receive and
 * blocked add up to total. */
struct p2t_phases {
    int64_t blocked_ns, dns_ns, connect_ns, tls_ns, send_ns, wait_ns, receive_ns, total_ns;
};

/* Of kind tls: estimated; body_bytes counts the plain text of the whole message, its head included. */
struct p2t_message {
    int64_t header_bytes; /* on the wire, first line and blank line included; negative: unknown */
    int64_t body_bytes;   /* on the wire, chunk framing excluded; negative: unknown */
    struct p2t_text content_type;
};

struct p2t_tls {
    struct p2t_text version, cipher, alpn, server_name; /* alpn: p == NULL where encryption hides it */
    struct p2t_text ja4;                                /* the client's fingerprint, from its ClientHello */
    bool resumed, decrypted;
    int64_t server_hello_ns; /* when it came by; 0: it was not seen */
    int64_t
        certificate_ns; /* when the server's certificate came in the clear; 0: it did not, as always since TLS 1.3 */
    int64_t alert_ns;   /* when the server's first alert came, close_notify among them; 0: none did */
};

struct p2t_connection {
    uint64_t id;
    struct p2t_text network;        /* "tcp" */
    struct p2t_text client, server; /* "ip:port" */
    struct p2t_text nat_server;     /* the server's other address, where both sides of a DNAT were captured */
    struct p2t_text nat_client;     /* the client's, likewise of an SNAT (a masquerade) */
    struct p2t_text proxy;          /* the proxy's "ip:port" when the server is one */
    int64_t exchange;               /* position on the connection from 0; negative: unknown */
    int64_t stream;                 /* HTTP/2 stream; negative: none */
    int reused;                     /* 1, 0; negative: unknown (the capture began later) */
    enum p2t_vantage vantage;
    int64_t rtt_ns;            /* from the handshake; negative: unknown */
    const struct p2t_tls *tls; /* NULL: none seen */
};

/* HTTP/2's own, of one stream. */
struct p2t_http2 {
    /* Times a sender had used up its flow-control window, the stream's or the connection's, with more to send. */
    uint32_t request_stalls, response_stalls;
    uint32_t
        max_streams;    /* that the server allowed at once, when it was asked (RFC 9113 5.1.2); 0: it had not said */
    int64_t reset_code; /* of RST_STREAM (RFC 9113 7); negative: none */
    bool reset_by_server;
};

enum { P2T_MESSAGE_TIMES_MAX = 128 };

/* Messages of one direction inside a body; a message's time is that of its first byte. */
struct p2t_messages {
    uint64_t count;
    bool exact;                /* false: bytes are missing, or the end was not seen: there may be more */
    int64_t first_ns, last_ns; /* where there are any */
    uint8_t evidence_count;
    struct p2t_evidence evidence[2]; /* of the first and the last */
    const int64_t *times_ns;         /* of the first ones, P2T_MESSAGE_TIMES_MAX at the most */
    size_t time_count;
};

struct p2t_grpc {
    struct p2t_text service, method; /* p == NULL: not of the form /SERVICE/METHOD, or not known */
    int64_t status;                  /* grpc-status; negative: none was seen */
    struct p2t_text message;         /* grpc-message, decoded */
    struct p2t_messages request, response;
};

/* What one side of a WebSocket sent: RFC 6455. */
struct p2t_websocket_side {
    struct p2t_messages messages; /* text and binary ones */
    uint64_t text, binary, pings, pongs;
    bool closed; /* it sent a Close frame ... */
    int64_t closed_ns;
    int close_code; /* ... with this code; 0: without one */
};

struct p2t_websocket {
    struct p2t_websocket_side client, server;
};

struct p2t_exchange {
    uint64_t id;
    enum p2t_kind kind;
    enum p2t_outcome outcome;
    struct p2t_text error; /* what the Go client would have logged; p == NULL when ok */
    struct p2t_text trace_id, trace_id_source;
    struct p2t_text method, url, host, request_proto, response_proto;
    int status; /* 0: unknown */
    struct p2t_message request, response;
    struct p2t_text server, via; /* the response's fields of that name; p == NULL: none. Not in every format */
    bool request_closes, response_closes;    /* said so: "Connection: close" */
    const struct p2t_connection *connection; /* NULL for kind lookup */
    const struct p2t_http2 *http2;           /* NULL unless of kind http2 */
    const struct p2t_grpc *grpc;             /* NULL: no gRPC */
    const struct p2t_websocket *websocket;   /* NULL: none was opened */
    const struct p2t_transport *transport;   /* NULL where its packets do not allow it */
    int64_t start_ns, end_ns;                /* of a WebSocket: when it was over */
    struct p2t_phases phases;
    const struct p2t_event *events;
    size_t event_count;
    const struct p2t_finding *findings; /* most severe first */
    size_t finding_count;
    const struct p2t_link *links;
    size_t link_count;
    const char *const *files; /* paths of the captures that hold its packets; evidence points into it */
    size_t file_count;
    bool by_go; /* the client is Go's: `error` is what it logged; of another client it says what Go's would have */
    bool quiet; /* shown only with --all: a lookup that succeeded and led nowhere, a connection without HTTP */
};

/* An outcome neither ok nor incomplete, with an error (there is none where the client itself sent the request again: its
 * application saw none); a status of 500 or more; or a grpc-status other than OK. */
P2T_API bool p2t_exchange_failed(const struct p2t_exchange *exchange);
/* Outcome incomplete, and no packet is missing but those after its last one: it waited for something when the capture of it
 * ended. Neither a WebSocket nor a stream of events. Whether it failed, nobody knows. */
P2T_API bool p2t_exchange_open(const struct p2t_exchange *exchange);

/* Static names, as NDJSON has them: "http1", "ok", "observed". For a value that is none of the enum's: "". */
P2T_API const char *p2t_kind_name(enum p2t_kind kind);
P2T_API const char *p2t_outcome_name(enum p2t_outcome outcome);
P2T_API const char *p2t_basis_name(enum p2t_basis basis);
P2T_API const char *p2t_vantage_name(enum p2t_vantage vantage); /* NULL for unknown */

#ifdef __cplusplus
}
#endif

#endif
