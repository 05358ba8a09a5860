/* Times that decide what cannot be seen: each with where it comes from and what it decides. Nanoseconds. */
#ifndef P2T_CORRELATE_TIMES_H
#define P2T_CORRELATE_TIMES_H

#include <stdint.h>

/* clang-format off */
/*      name                 value          source                              decides */
#define CORRELATE_TIMES(X) \
    X(SETTLE_NS,             1000000000,    "chosen",                           "how long an ended exchange waits for what its connection does next (PutIdleConn's upper bound, a FIN)") \
    X(FOLLOW_NS,             200000000,     "measured: under 1 ms; busy hosts", "how long after a failure, or after the time for it, the next address, search name or retry may follow") \
    X(HALF_CLOSED_NS,        5000000000,    "chosen",                           "how long a client that closed its half may still be answered") \
    X(ORPHAN_NS,             100000000,     "measured: scheduling delays tens of ms", "a first request this long after its handshake was not what the connection was dialled for") \
    X(ORPHAN_JAVA_NS,        2000000000,    "measured: a cold JVM takes 0.4 s",  "the same of Java's clients, which dial for one request") \
    X(WALK_NS,               20000000,      "measured",                         "longest pause between an answer and the question for the next search name") \
    X(QUERY_RETRY_MIN_NS,    900000000,     "resolvers retry after whole seconds", "a second question sooner, from another socket, is another lookup's") \
    X(LATE_RETRY_NS,         60000000,      "measured: 40 ms",                  "how late a resolver's timer may be for a question to be its repetition") \
    X(LOOKUP_TIMEOUT_NS,     5000000000,    "resolv.conf(5): timeout",          "when a question that is not repeated was given up") \
    X(LOOKUP_OPEN_NS,        30000000000,   "chosen: longer than resolvers wait", "how long a question without an answer, or an answer that nobody followed, is kept open") \
    X(RESOLUTION_DELAY_NS,   60000000,      "RFC 8305 3: 50 ms",                "a dial this long after an answer of one type waited for the other type's, too") \
    X(OTHER_TYPE_NS,         50000000,      "measured: under 1 ms",             "how soon a resolver with two sockets asks for the other address type") \
    X(HALF_ASKED_NS,         1000000,       "measured: under 1 ms in Go",       "how soon Go, whose questions for both types go out at once, asks for the other one") \
    X(NAT_COPY_NS,           2000000,       "measured: under 0.1 ms",           "how late a NAT's copy of a question may be") \
    X(RACE_MIN_NS,           150000000,     "RFC 8305 5: 250 ms; Go 300, curl 200", "silence after which a second address is tried beside the first") \
    X(RACE_CURL_NS,          200000000,     "curl: --happy-eyeballs-timeout-ms",    "when curl tries the other family, too") \
    X(RACE_NS,               250000000,     "RFC 8305 5; Node, Chromium, aiohttp",  "when most clients do") \
    X(RACE_GO_NS,            300000000,     "Go: Dialer.FallbackDelay",             "when Go does") \
    X(RACE_LATE_NS,          10000000,      "measured: under 2 ms; busy hosts",     "how far from these times a SYN is still told by them whose it is") \
    X(SYN_FIRST_REPEAT_NS,   1000000000,    "RFC 6298 2.1",                     "when the first SYN is repeated") \
    X(SYN_LATE_NS,           1000000000,    "measured: timers, scheduling, round trips", "how long after its last chance a SYN or its answer may still come") \
    X(SYN_ACKS_REPEATED_NS,  63000000000,   "Linux: tcp_synack_retries is 5",   "for how long a server repeats its SYN-ACK") \
    X(SYN_ACK_LATE_NS,       100000000,     "chosen",                           "a SYN-ACK later by this than twice the next round trip was the server's own delay") \
    X(LOOKUP_FRESH_NS,       1000000000,    "measured: under 1 ms in Go",       "a dial this long after an answer that none followed yet still follows it; later it is a cache's") \
    X(LOOKUP_SHARED_NS,      50000000,      "measured: singleflight, busy hosts", "a dial this long after an answer that another dial followed still shares it") \
    X(DIAL_BURST_NS,         5000000,       "measured: under 1 ms",             "a SYN this soon after an answer, or after another dial that followed it, follows it, too") \
    X(PROXY_LOOKUP_NS,       20000000,      "measured: under 1 ms",             "a lookup this long before the dial of a proxy was not of the proxy's name") \
    X(POOL_IDLE_NS,          20000000,      "measured",                         "a connection free for longer was in the pool when a dialler looked") \
    X(POOL_HANDED_NS,        300000,        "measured",                         "how soon who waited sends on a connection that came free") \
    X(POOL_UNUSED_NS,        3000000,       "measured: under 2 ms; busy hosts", "a connection without a request for so long was not needed by who dialled it, if another one served") \
    X(POOL_KEPT_NS,          1000000,       "measured",                         "an idle connection that was not closed for so long is kept") \
    X(CLOSED_AT_ONCE_NS,     300000,        "measured: microseconds",           "a pool that refuses a connection closes it within this") \
    X(CLOSED_AFTER_NS,       5000000,       "measured",                         "a server that closes within this after an estimated response closes because of it") \
    X(LINK_RETRY_NS,         1000000000,    "Go: at once",                      "how long after a dropped request its silent repetition may begin") \
    X(LINK_AT_ONCE_NS,       10000000,      "Go: under 1 ms; busy hosts",       "a repetition that begins later is the application's, which saw the error") \
    X(LINK_REDIRECT_NS,      5000000000,    "chosen",                           "how long after a 3xx the redirected request may begin") \
    X(TICKET_WAIT_NS,        3000000000,    "chosen",                           "how long a response may take of which only what looks like a ticket was seen") \
    X(FINISHED_LATE_NS,      1000000,       "measured: one write",              "a TLS 1.3 client's Finished this much later than its ChangeCipherSpec was held back (RFC 896)") \
    X(CADENCE_NS,            1000000,       "measured",                         "HTTP/2 frames this far apart are taken for those of different streams") \
    X(TLS_HANDSHAKE_TIMEOUT_NS, 10000000000, "http.DefaultTransport",           "a handshake broken off after this was timed out") \
    X(TLS_TIMEOUT_LATE_NS,   500000000,     "measured: busy hosts",             "how far from that time a timed out handshake may end") \
    X(GOAWAY_NS,             1000000000,    "measured: a round trip",           "a client that closes this soon after an unanswered short record may have said goodbye with it (RFC 9113 6.8)") \
    X(PING_LOST_NS,          1000000000,    "Go waits 15 s, gRPC 20 s",        "a client that closes no sooner after its unanswered PING gave the connection up for it") \
    X(STALE_SLACK_NS,        3000000,       "measured",                         "a close this much later than a round trip after the request was no close of an idle connection") \
    X(STALE_RTT_MAX_NS,      1000000000,    "chosen",                           "a longer handshake had a SYN repeated, and says nothing of the round trip")
/* clang-format on */

#define CORRELATE_TIME(name, ns, source, decides) static const int64_t name = ns;
CORRELATE_TIMES(CORRELATE_TIME)
#undef CORRELATE_TIME

/* Time-outs of resolvers and dialers are multiples of it. */
static const int64_t SECOND_NS = 1000000000;

#endif
