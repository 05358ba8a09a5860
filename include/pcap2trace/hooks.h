/* The hooks of net/http/httptrace.ClientTrace and their arguments. Each is declared once, here; what writes events, what
 * reads them, and `pcap2trace --list hooks` go by these lists. */
#ifndef PCAP2TRACE_HOOKS_H
#define PCAP2TRACE_HOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pcap2trace/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/* In the order in which ties are broken. */
#define P2T_HOOK_LIST(X)                                                                                             \
    X(GET_CONN, "GetConn")                                                                                           \
    X(DNS_START, "DNSStart")                                                                                         \
    X(DNS_DONE, "DNSDone")                                                                                           \
    X(CONNECT_START, "ConnectStart")                                                                                 \
    X(CONNECT_DONE, "ConnectDone")                                                                                   \
    X(TLS_HANDSHAKE_START, "TLSHandshakeStart")                                                                      \
    X(TLS_HANDSHAKE_DONE, "TLSHandshakeDone")                                                                        \
    X(GOT_CONN, "GotConn")                                                                                           \
    X(WROTE_HEADER_FIELD, "WroteHeaderField")                                                                        \
    X(WROTE_HEADERS, "WroteHeaders")                                                                                 \
    X(WAIT_100_CONTINUE, "Wait100Continue")                                                                          \
    X(WROTE_REQUEST, "WroteRequest")                                                                                 \
    X(GOT_FIRST_RESPONSE_BYTE, "GotFirstResponseByte")                                                               \
    X(GOT_100_CONTINUE, "Got100Continue")                                                                            \
    X(GOT_1XX_RESPONSE, "Got1xxResponse")                                                                            \
    X(PUT_IDLE_CONN, "PutIdleConn")

enum p2t_hook {
#define X(id, name) P2T_HOOK_##id,
    P2T_HOOK_LIST(X)
#undef X
        P2T_HOOK_COUNT
};

/* What an argument's value is. Any may be null instead: unknown. */
enum p2t_value_kind {
    P2T_VALUE_NULL,
    P2T_VALUE_BOOL,
    P2T_VALUE_INT,
    P2T_VALUE_TEXT,
    P2T_VALUE_LIST,  /* of values */
    P2T_VALUE_OBJECT /* of named values */
};

/* X(hook, id, name, kind, whose): the arguments of each hook in the order in which its events have them; FIRST begins a
 * hook. An event may end early, but leaves none out before its last one. GO's are the hook's own parameters, or fields of
 * them, under Go's names; times are in nanoseconds. OURS are what the wire tells besides. */
#define P2T_HOOK_ARG_LIST(FIRST, X)                                                                                  \
    FIRST(GET_CONN, HOST_PORT, "hostPort", TEXT, GO)                                                                 \
    FIRST(DNS_START, HOST, "Host", TEXT, GO)                                                                         \
    FIRST(DNS_DONE, ADDRS, "Addrs", LIST, GO)                                                                        \
    X(DNS_DONE, ERR, "Err", TEXT, GO)                                                                                \
    X(DNS_DONE, COALESCED, "Coalesced", BOOL, GO)                                                                    \
    X(DNS_DONE, RCODE, "rcode", INT, OURS)                                                                           \
    X(DNS_DONE, QUERIES, "queries", INT, OURS)                                                                       \
    X(DNS_DONE, CLIENT, "client", TEXT, OURS)                                                                        \
    X(DNS_DONE, SERVER, "server", TEXT, OURS)                                                                        \
    FIRST(CONNECT_START, NETWORK, "network", TEXT, GO)                                                               \
    X(CONNECT_START, ADDR, "addr", TEXT, GO)                                                                         \
    FIRST(CONNECT_DONE, NETWORK, "network", TEXT, GO)                                                                \
    X(CONNECT_DONE, ADDR, "addr", TEXT, GO)                                                                          \
    X(CONNECT_DONE, ERR, "err", TEXT, GO)                                                                            \
    X(CONNECT_DONE, SYNS, "syns", INT, OURS)                                                                         \
    FIRST(TLS_HANDSHAKE_DONE, VERSION, "Version", INT, GO)                                                           \
    X(TLS_HANDSHAKE_DONE, CIPHER_SUITE, "CipherSuite", INT, GO)                                                      \
    X(TLS_HANDSHAKE_DONE, NEGOTIATED_PROTOCOL, "NegotiatedProtocol", TEXT, GO)                                       \
    X(TLS_HANDSHAKE_DONE, SERVER_NAME, "ServerName", TEXT, GO)                                                       \
    X(TLS_HANDSHAKE_DONE, DID_RESUME, "DidResume", BOOL, GO)                                                         \
    X(TLS_HANDSHAKE_DONE, ERR, "err", TEXT, GO)                                                                      \
    X(TLS_HANDSHAKE_DONE, VERSION_NAME, "version_name", TEXT, OURS)                                                  \
    X(TLS_HANDSHAKE_DONE, CIPHER_NAME, "cipher_name", TEXT, OURS)                                                    \
    FIRST(GOT_CONN, REUSED, "Reused", BOOL, GO)                                                                      \
    X(GOT_CONN, WAS_IDLE, "WasIdle", BOOL, GO)                                                                       \
    X(GOT_CONN, IDLE_TIME, "IdleTime", INT, GO)                                                                      \
    X(GOT_CONN, LOCAL_ADDR, "LocalAddr", TEXT, GO)                                                                   \
    X(GOT_CONN, REMOTE_ADDR, "RemoteAddr", TEXT, GO)                                                                 \
    FIRST(WROTE_HEADER_FIELD, KEY, "key", TEXT, GO)                                                                  \
    X(WROTE_HEADER_FIELD, VALUE, "value", LIST, GO)                                                                  \
    FIRST(WROTE_REQUEST, ERR, "Err", TEXT, GO)                                                                       \
    FIRST(GOT_1XX_RESPONSE, CODE, "code", INT, GO)                                                                   \
    X(GOT_1XX_RESPONSE, HEADER, "header", OBJECT, GO)                                                                \
    FIRST(PUT_IDLE_CONN, ERR, "err", TEXT, GO)

enum p2t_hook_arg {
#define FIRST(hook, id, name, kind, whose) P2T_ARG_##hook##_##id, P2T_ARG_##hook##_FIRST = P2T_ARG_##hook##_##id,
#define X(hook, id, name, kind, whose)     P2T_ARG_##hook##_##id,
    P2T_HOOK_ARG_LIST(FIRST, X)
#undef FIRST
#undef X
        P2T_ARG_COUNT
};

struct p2t_hook_arg_info {
    enum p2t_hook hook;
    unsigned index; /* in the args of an event of that hook */
    const char *name;
    size_t name_bytes;
    enum p2t_value_kind kind;
    bool ours;
};

enum { P2T_ARG_IS_GO = 0, P2T_ARG_IS_OURS = 1 };

/* By enum p2t_hook_arg. Here, not in the library, so that names and indices fold at compile time. */
static const struct p2t_hook_arg_info p2t_hook_args[P2T_ARG_COUNT] = {
#define X(hook, id, name, kind, whose)                                                                               \
    {P2T_HOOK_##hook,   P2T_ARG_##hook##_##id - P2T_ARG_##hook##_FIRST, name, sizeof(name) - 1, P2T_VALUE_##kind,    \
     P2T_ARG_IS_##whose},
    P2T_HOOK_ARG_LIST(X, X)
#undef X
};

/* "" for a value that is none of the list's. */
P2T_API const char *p2t_hook_name(enum p2t_hook hook);

#ifdef __cplusplus
}
#endif

#endif
