/* A joined exchange: what `correlate` makes of facts, and all that `trace` needs to tell its story.
 *
 * Moments are packet marks; one with ref.number == 0 did not happen or was not seen. Slices live in the
 * exchange's arena. */
#ifndef P2T_CORRELATE_EXCHANGE_H
#define P2T_CORRELATE_EXCHANGE_H

#include "base/addr.h"
#include "base/arena.h"
#include "base/hash.h"
#include "base/heap.h"
#include "base/list.h"
#include "packet/packet.h"
#include "pcap2trace/exchange.h"
#include "proto/fact.h"

/* The mark is that of a packet; a zeroed one is not. */
static inline bool mark_set(const struct packet_mark *m)
{
    return m->ref.number != 0;
}

static inline int64_t later_ns(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

enum { LOOKUP_ADDRS_MAX = 32 };

enum lookup_result {
    LOOKUP_PENDING,     /* the capture ended before it did */
    LOOKUP_OK,          /* at least one address */
    LOOKUP_CUT,         /* answered, but the capture does not have the addresses */
    LOOKUP_NOT_FOUND,   /* NXDOMAIN, or NOERROR without addresses */
    LOOKUP_MISBEHAVING, /* SERVFAIL, REFUSED, ... */
    LOOKUP_LAME,        /* NOERROR, empty, neither authoritative nor recursive */
    LOOKUP_UNREACHABLE, /* ICMP said that nobody listens, or TCP was refused after a truncated answer */
    LOOKUP_TIMEOUT,     /* every attempt unanswered */
    LOOKUP_ABANDONED    /* unanswered, and the client stopped asking before its attempts were used up */
};

/* Habits that tell resolvers apart (RFC 6891 OPT of 1232 bytes: Go). */
enum lookup_resolver { RESOLVER_UNKNOWN, RESOLVER_GO, RESOLVER_OTHER };

/* What one name of a walk along a search list got; what says most comes first. */
enum lookup_name_result {
    LOOKUP_NAME_OK,
    LOOKUP_NAME_CUT, /* answered, but the capture does not have the addresses */
    LOOKUP_NAME_EMPTY,
    LOOKUP_NAME_NXDOMAIN,
    LOOKUP_NAME_FAILED,
    LOOKUP_NAME_SILENT
};

struct lookup_name {
    struct slice name;
    enum lookup_name_result result;
    uint16_t rcode;
    struct packet_mark answer; /* or its last question, where there was none */
};

enum { LOOKUP_NAMES_MAX = 8 };

/* A server that failed or kept silent before another one answered. */
struct lookup_trouble {
    struct packet_mark mark; /* its answer, or the last question to it */
    struct endpoint server;
    uint16_t rcode;
};

struct lookup_icmp {
    uint8_t family, type, code; /* family 0: none */
};

/* What few lookups have. */
struct lookup_detours {
    struct packet_mark superseded; /* unanswered, and asked anew by a client that asks once at a time */
    struct packet_mark partial;    /* the first fragment of an answer whose rest never came */
    uint32_t partials;             /* such answers */
    struct packet_mark asked;      /* of a walk: the answer to the name that the application asked for */
    struct lookup_trouble silent, failed;
    struct lookup_icmp icmp;
    struct packet_mark tcp_refused;
};

/* One name lookup as DNSStart/DNSDone see it: all its queries, over types, servers, retries and search names. */
struct exchange_lookup {
    struct slice host;      /* the name asked for, without search suffix */
    struct slice last_name; /* the last name on the wire */
    struct endpoint client; /* of the last query */
    struct endpoint server; /* of the last query */
    struct packet_mark first_query, last_query, last_answer;
    int64_t gave_up_ns;             /* where gave_up: when the resolver's timer ran out after the last query */
    struct ip_addr *addrs;          /* NULL while it is under way: they stand in its index */
    struct lookup_name *tried;      /* the names of a walk, in the order in which they were asked for */
    struct lookup_detours *detours; /* NULL: none; see lookup_detours() */
    uint32_t addr_count, addrs_dropped, tried_count;
    uint32_t queries, answers, names;
    uint32_t repeats; /* questions asked again for want of an answer */
    enum lookup_result result;
    enum lookup_resolver resolver;
    uint16_t rcode; /* of the deciding answer */
    bool has_rcode;
    bool empty;    /* NOERROR without an address: the founding incident */
    bool shared;   /* more than one dial used it: singleflight */
    bool inferred; /* joined with its dial by name and time, not by address */
    bool over_tcp;
    bool forced_out; /* by memory, before it was answered */
    bool gave_up;
    bool useless;        /* answered with addresses that its client cannot use, as it seems: nobody followed */
    bool clock_set_back; /* an answer claims to be older than its question */
};

enum attempt_result {
    ATTEMPT_PENDING,
    ATTEMPT_OK,
    ATTEMPT_REFUSED,
    ATTEMPT_ICMP,
    ATTEMPT_TIMEOUT, /* SYNs unanswered until the client stopped */
    ATTEMPT_CANCELED /* another address won the race */
};

/* One ConnectStart/ConnectDone pair: one address tried. */
struct exchange_attempt {
    struct endpoint client, server, nat_server;
    uint64_t conn_id;
    struct packet_mark syn, last_syn, syn_ack, ack;
    struct packet_mark failed;     /* RST or ICMP; where `lost`, the SYN-ACK that won */
    struct packet_mark challenged; /* the first ACK that answered its SYN and acknowledged nothing of it */
    int64_t last_interval_ns;      /* between the last two SYNs; 0: there was one */
    int64_t next_slot_ns;          /* TIMEOUT: when the next SYN would have come; it gave up before */
    int64_t gave_up_ns;            /* TIMEOUT: best estimate of when it gave up */
    uint32_t syns, syn_acks;
    uint32_t challenges; /* such ACKs */
    bool lost;           /* CANCELED: another one won the race */
    bool followed;       /* TIMEOUT: its client went on with the next address, at gave_up_ns */
    enum attempt_result result;
    uint8_t icmp_family, icmp_type, icmp_code;
};

enum exchange_proxy { PROXY_NONE, PROXY_HTTP, PROXY_CONNECT, PROXY_SOCKS };

/* An interim response. */
struct exchange_interim {
    struct packet_mark mark;
    uint16_t status;
    const struct fact_header *headers;
    size_t header_count;
};

enum { INTERIMS_MAX = 64 };

/* Of kind tls: estimated from records. head_end is where its first record ended, lengths are of all plain text. */
struct exchange_request {
    bool seen;
    enum fact_head_extent extent;
    struct packet_mark first, head_end, last, last_body_chunk;
    struct slice method, target, host; /* host: Host field */
    uint8_t version_major, version_minor;
    const struct fact_header *headers;
    size_t header_count;
    uint64_t head_bytes, body_bytes, length;
    bool chunked, has_length, ended, complete, abandoned, lost;
    bool expects_continue, body_in_segment, wants_close;
};

struct exchange_response {
    bool seen;
    enum fact_head_extent extent;
    struct packet_mark first;          /* first byte of the first response, interim ones included */
    struct packet_mark first_possible; /* kind tls: the first record that may have been it */
    struct packet_mark reset_like;     /* kind tls, HTTP/2: the last frame before it as long as a RST_STREAM */
    struct packet_mark head_end, last;
    struct slice reason, content_type, location;
    struct slice server, via; /* RFC 9110 10.2.4, 7.6.3: who says that he answered, and who passed it on */
    uint16_t status;
    uint8_t version_major, version_minor;
    uint64_t head_bytes, body_bytes, length;
    bool chunked, has_length, until_close, ended, complete, lost, wants_close, keep_alive;
    bool extra_bytes;  /* more followed it that nobody had asked for */
    bool unread;       /* it came when the client had closed the connection for good */
    enum fact_bad bad; /* 0: none */
    struct slice bad_line;
    struct exchange_interim *interims;
    size_t interim_count;
    uint32_t interims_dropped;
};

/* HTTP/2's own; RFC 9113. */
struct exchange_stream {
    uint32_t id; /* 0: not HTTP/2 */
    bool reset, reset_by_server;
    uint32_t error_code; /* of RST_STREAM */
    struct packet_mark reset_mark;
    uint32_t stalls[2];   /* times a sender's flow-control window was used up */
    uint32_t max_streams; /* that the server allowed at once, when it was asked; 0: it had not said */
};

enum { MESSAGE_TIMES_MAX = 128 };

/* Messages of one direction inside a body: gRPC's, or WebSocket's text and binary ones. */
struct exchange_messages {
    uint64_t count;
    bool lost;     /* bytes are missing: there may be more of them */
    bool complete; /* the direction's end was seen, and all before it */
    struct packet_mark first, last;
    int64_t *times_ns; /* of the first MESSAGE_TIMES_MAX */
    size_t time_count, time_cap;
};

/* gRPC over HTTP/2: the calls' own messages and verdict. */
struct exchange_grpc {
    bool present, has_status;
    uint32_t status; /* grpc-status */
    struct slice message;
    struct exchange_messages messages[2];
};

/* RFC 6455; over HTTP/2 RFC 8441. */
struct exchange_websocket {
    bool present; /* the server agreed to it */
    struct exchange_messages messages[2];
    uint64_t text[2], binary[2], pings[2], pongs[2];
    struct packet_mark closed[2]; /* the first Close frame */
    uint16_t close_code[2];       /* 0: it has none */
    struct packet_mark last;      /* of any frame that begins a message */
};

struct exchange_finding {
    enum p2t_finding_code code;
    enum p2t_severity severity;
    struct slice text;
    struct packet_ref *evidence; /* in the arena */
    uint32_t evidence_count, evidence_room, evidence_dropped;
};

enum { FINDINGS_MAX = 16, LINKS_MAX = 2 };

struct exchange_link {
    const char *relation;
    uint64_t id;
};

/* How the connection stood around this exchange. */
struct exchange_conn {
    bool present;
    uint64_t id;
    struct endpoint client, server, nat_server, nat_client;
    struct packet_mark first, syn, syn_ack, ack;
    struct packet_mark last_syn_ack; /* syn_ack is the first */
    uint32_t syns, syn_acks;
    bool late_syn_ack;                 /* the server took longer over it than the path needs */
    uint8_t server_ttl, rst_ttl;       /* of the server's packets, of its RST; 0: none */
    struct packet_mark sent_after_rst; /* the server went on after what claimed to be its RST */
    bool fin_in_order[2];              /* all bytes before the FIN were captured, or are known to be lost */
    bool handshake_seen;               /* the SYN or SYN-ACK: positions and reuse are known */
    uint32_t position;                 /* of this exchange on the connection, from 0 */
    bool pipelined;                    /* sent before the previous response was complete */
    bool orphan_dial;                  /* its first request, and dialled for another one */
    bool pool_full;                    /* closed by the client when it came free, while others stayed idle */
    bool handed_over;                  /* came free while the request waited for another that it had dialled */
    enum exchange_proxy proxy;
    struct slice dialled_host;       /* the name that its lookup was for, where one was seen */
    struct slice proxy_target;       /* host:port asked of a CONNECT or SOCKS proxy */
    struct packet_mark tunnel_ready; /* the proxy's consent */
    struct packet_mark previous_end; /* last byte of the previous response */
    struct packet_mark next_head;    /* first byte of the next request */
    struct packet_mark client_fin, client_rst, server_fin, server_rst;
    struct packet_mark preface;    /* HTTP/2: the client's */
    struct packet_mark ping;       /* HTTP/2: the client's first PING without an answer ... */
    uint64_t heard_at_ping;        /* ... and the server's packets until then */
    struct packet_mark refused_at; /* HTTP/2: the server began with something that is no frame ... */
    enum fact_bad refused;         /* ... 0: it did not */
    bool silent_since_ping;        /* none came from the PING until the client closed the connection */
    bool goaway;                   /* the server is going away: RFC 9113 6.8 */
    uint32_t goaway_last, goaway_code;
    struct slice goaway_debug; /* its words, if any */
    bool input_ended;          /* the capture ended with the connection open */
    uint64_t lost_bytes[2];
    struct packet_mark last_gap[2];    /* the packet after the last gap that was never filled ... */
    struct packet_mark lost_on_way[2]; /* ... and of those whose bytes the peer lacks, too */
    uint32_t retransmits[2];           /* while the exchange was under way */
    struct packet_mark last_retransmit[2];
    enum fact_proto proto;
    uint64_t payload_bytes[2];
    uint32_t
        rst_untaken[2];     /* by direction of the RST, of a socket that was gone: bytes that it never acknowledged */
    int64_t clock_ahead_ns; /* struct flow_conn's, when the exchange ended ... */
    struct packet_mark clock_back; /* ... and the packet that first showed it */
};

/* What ended a TLS handshake before it was done. */
enum tls_failure {
    TLS_FAILED_NOT = 0,
    TLS_FAILED_SERVER_ALERT,
    TLS_FAILED_CLIENT_ALERT,
    TLS_FAILED_NOT_TLS, /* the server answered with something else */
    TLS_FAILED_CLOSED   /* the connection was closed, or the capture ended */
};

struct tls_alert {
    struct packet_mark mark;
    uint8_t code;
    bool hidden; /* encrypted: recognised by its size, and the code is not known */
};

/* Where decryption ended for one direction, although secrets are known. */
struct tls_loss {
    struct packet_mark mark;
    enum fact_tls_loss why; /* 0: nowhere */
};

/* What a handshake agreed on. */
struct tls_agreed {
    bool known;
    uint16_t version, cipher;
    struct slice server_name, alpn; /* p == NULL: none, or not seen */
    bool resumed;
};

/* The TLS story of a connection. */
struct exchange_tls {
    struct packet_mark hello; /* first byte of the ClientHello */
    struct packet_mark done;  /* the handshake is over for the client */
    struct packet_mark server_hello;
    bool done_guessed;
    uint16_t version, cipher; /* 0: not known */
    struct slice server_name; /* p == NULL: none was sent, or not seen */
    struct slice alpn;        /* p == NULL: not known */
    struct slice ja4;
    bool resumed, h2;
    bool decrypted; /* application data came out */
    struct packet_mark decrypted_at;
    struct tls_loss loss[2];
    bool prefixed;   /* the client says what it was verifying, as Go does since 1.20 */
    bool outer_name; /* Encrypted ClientHello was offered: server_name may be its decoy */
    enum tls_failure failure;
    struct packet_mark failed;
    struct tls_alert alert[2];     /* the first of each side */
    bool client_certificate_empty; /* the server asked for one and got none */
    struct slice certificate_problem;
    struct packet_mark certificate;
    /* TLS inside TLS, behind an https proxy: its handshake, as far as the outer records show it. */
    struct packet_mark inner_hello, inner_answer, inner_done;
    struct tls_agreed inner; /* known where the outer records were decrypted */
    bool not_tls_is_http;
    struct slice error; /* TLSHandshakeDone's */
};

/* One message as TCP carried it. Offsets are those of its direction's stream. */
struct exchange_carried {
    bool begun, ended;
    uint64_t begin, end;
    uint32_t segments, retransmitted, reordered, probes;
    /* What held it, inside the exchange; no moment counts twice. */
    int64_t stalled_ns, zero_window_ns, idle_ns, nagle_ns;
    /* Slow start: after each flight the sender waits a round trip, and sends more. */
    uint32_t rounds;               /* such waits */
    bool uneven;                   /* a flight was not larger than the one before */
    uint64_t flight, flight_begin; /* bytes of the last one, and where the one under way begins */
    int64_t rounds_ns;
};

struct exchange_rtt {
    uint32_t samples, min_us, median_us, max_us;
};

enum { EXCHANGE_STALLS_MAX = 16 };

/* What TCP did around the exchange: pcap2trace/transport.h. */
struct exchange_transport {
    struct exchange_carried message[2]; /* by enum flow_dir */
    struct packet_mark acked;           /* the first packet that acknowledged all of the request */
    struct packet_mark answered;        /* a packet beyond a hole in which the response began */
    struct packet_mark heard;           /* the client acknowledged bytes of the server that the capture lacks */
    int64_t counted_to_ns;              /* what held it before is counted */
    struct flow_stall *stalls;          /* the longest, EXCHANGE_STALLS_MAX at most */
    uint32_t stall_count, stalls_dropped;
    /* From here on known when it is settled. */
    bool known;
    bool offload, one_direction;
    struct exchange_rtt rtt[2]; /* to that direction's receiver and back */
    uint64_t unacked[2];        /* bytes of the message that were never acknowledged */
    uint32_t tries, try_length; /* of the first segment of the request that never was ... */
    struct packet_mark first_try, last_try;
    int64_t idle_before_ns;   /* ... and the silence on the connection before it */
    uint64_t hole;            /* bytes of the server, 1,000 at least, that never came, though later ones did */
    uint32_t window[2];       /* the largest that the receiver of that direction advertised; 0: not known */
    uint32_t acked_length[2]; /* the longest segment of that direction that was acknowledged */
    uint32_t dead_probes;     /* keep-alive probes of the client since the server's last packet ... */
    struct packet_mark probe_first, probe_last; /* ... the first and the last of them */
};

enum timer_kind { TIMER_LOOKUP, TIMER_DIAL, TIMER_EXCHANGE, TIMER_POOL };

struct timer {
    struct heap_node node; /* key: when due */
    enum timer_kind kind;
};

struct exchange;

struct exchange {
    uint64_t id;
    enum p2t_kind kind;
    enum p2t_outcome outcome;
    struct slice error;
    bool quiet;
    bool retried;                   /* a later attempt took its place: the application saw no error */
    struct exchange_lookup *lookup; /* NULL: none, or none seen */
    struct exchange_attempt *attempts;
    size_t attempt_count;
    struct exchange_conn conn;
    struct exchange_request request;
    struct exchange_response response;
    struct exchange_stream stream;
    struct exchange_grpc grpc;
    struct exchange_websocket websocket;
    struct exchange_tls *tls; /* NULL: no TLS on the connection */
    struct exchange_transport transport;
    bool handshakes;               /* its own dial made the TLS handshake */
    bool by_go;                    /* its client is Go's, as its fields or its resolver show */
    bool upstream;                 /* a lookup that a resolver made for another one */
    struct exchange_tls *dial_tls; /* the handshake of the connection it dialled, when it was sent on another */
    struct slice socks_error;      /* SOCKS reply in words; NULL when none failed */
    int64_t end_ns;
    struct packet_mark start; /* its first packet */
    int64_t clock_ahead_ns;   /* how much later than that packet's own time it is: struct flow_conn's */
    size_t finding_count, link_count;
    struct exchange_finding *findings; /* the judge's; room for FINDINGS_MAX where there is one */
    struct arena arena;

    /* The rest is correlate's own. */
    struct heap_node order; /* in the outbox */
    struct timer timer;
    bool may_have_ended;   /* provisionally, at end_ns */
    bool remembered;       /* a successor would be linked to it */
    bool late;             /* answered after the client's FIN: ended with it, unless the client takes the answer */
    struct list_link open; /* among those under way on its connection, or among the free ones */
    struct hmap_node by_number;
    bool in_map;
    void *owner;
    uint32_t number;         /* as proto counts */
    uint64_t lost_before[2]; /* of its connection, when it began */
    uint64_t heard_before;   /* bytes of the server, likewise */
    uint32_t retransmits_before[2];
    struct dial *claims;
    void *pool;                /* where it may yet turn out to have dialled */
    struct list_link unplaced; /* among the exchanges of its pool without a dial */
    int64_t free_ns;           /* since when its connection was */

    /* Not zeroed with the rest: the count says what is filled. */
    struct exchange_link links[LINKS_MAX];
};

/* Who ended the connection first. */
enum exchange_closer {
    CLOSED_BY_NONE,
    CLOSED_BY_CLIENT_FIN,
    CLOSED_BY_CLIENT_RST,
    CLOSED_BY_SERVER_FIN,
    CLOSED_BY_SERVER_RST
};

/* The lookup's, or those of one that has none. */
const struct lookup_detours *lookup_detours(const struct exchange_lookup *l);

/* The handshake was seen without repeats, so that its times are those of the path. */
bool exchange_conn_handshaked(const struct exchange_conn *c);
/* Where the capture was taken, by the halves of such a handshake. */
enum p2t_vantage exchange_conn_vantage(const struct exchange_conn *c);

enum exchange_closer exchange_conn_closer(const struct exchange_conn *c);
enum exchange_closer exchange_closer(const struct exchange *e);
bool exchange_closed_by_server(const struct exchange *e);
/* The packet by which it was, or that of the connection alone; not set where nobody did. */
const struct packet_mark *exchange_closing_mark(const struct exchange *e);
const struct packet_mark *exchange_conn_closing_mark(const struct exchange_conn *c);
/* The server sent something since the request that the capture lacks, or that could not be decrypted: silence is no
 * fact then. */
bool exchange_answer_hidden(const struct exchange *e);
/* The client acknowledged what the server answered to its ClientHello, and the capture lacks that. */
bool exchange_server_hello_hidden(const struct exchange *e);
/* The capture joined its connection on the way, and the server sent something since the request that could not be read; or
 * all is encrypted, and what was taken for a request may be none: silence is no fact then, either. */
bool exchange_answer_unread(const struct exchange *e);
/* Bytes of the answer never reached the client: it never acknowledged them. What the capture lacks, the client lacked. */
bool exchange_answer_lost_on_way(const struct exchange *e);
/* The client's kernel gave the connection up: probe after probe was not answered, and its RST came when the next was due. */
bool exchange_peer_silent(const struct exchange *e);
/* HTTP/2 inside TLS: the client closed the connection as soon as it had a frame as long as a RST_STREAM. A client that
 * gives up does not wait for one. */
bool exchange_reset_like(const struct exchange *e);
/* HTTP/2: the client closed the connection because the server did not answer its PING. */
bool exchange_ping_lost(const struct exchange *e);
/* The stream was reset before its answer was whole. A server may reset one with NO_ERROR whose answer is whole while the
 * request still comes (RFC 9113 8.1). */
bool exchange_stream_broken_off(const struct exchange *e);
/* Go's client would keep the connection for the next request, as far as the messages tell. */
bool exchange_keeps_alive(const struct exchange *e);
/* ... but it closed it at once. */
bool exchange_closed_at_once(const struct exchange *e);
/* The name to check a lookup against: the host without its port; none where a proxy stands between. */
struct slice exchange_dialled_host(const struct exchange *e);
/* Its first packet is its lookup's or its dial's, where those are earlier. */
void exchange_begins_with_dial(struct exchange *e);
/* Kind tls: its answer is taken to be the first record that may have been it. */
void exchange_suppose_answer(struct exchange *e);
/* Its SYN is not in the capture, only the ICMP error that quotes it: when it began is not known. */
bool attempt_known_by_quote(const struct exchange_attempt *a);
/* The SYNs used up the kernel's own schedule: it was the kernel that gave up. */
bool attempt_hit_kernel_limit(const struct exchange_attempt *a);
/* A SYN-ACK came at once, and a RST followed: whoever asked wanted to know that and no more (health checks, port scans). */
bool attempt_is_probe(const struct exchange_attempt *a);

#endif
