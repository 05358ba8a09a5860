/* One DNS question on the wire, whether anybody waited for it or not. An exchange's lookup is made of several. */
#ifndef PCAP2TRACE_QUESTION_H
#define PCAP2TRACE_QUESTION_H

#include <stdbool.h>
#include <stdint.h>

#include "pcap2trace/exchange.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { P2T_QUESTION_ADDRESSES_MAX = 16 };

/* A packet by the path of its capture and its number there, from 1; number 0: none. */
struct p2t_packet {
    const char *path;
    uint64_t number;
};

/* A question is what one socket asks one server under one id; asked again, it is the same. All is borrowed: valid during
 * the callback. Times are nanoseconds since 1970 UTC; 0: never. */
struct p2t_question {
    struct p2t_text client; /* "ip" */
    uint16_t client_port;
    struct p2t_text server; /* "ip:port" */
    struct p2t_text name;   /* in lower case, presentation form (RFC 4343 2.1) without a dot at the end */
    uint16_t type;          /* RFC 1035 3.2.2: 1 A, 28 AAAA */
    uint32_t tries;
    int64_t asked_ns, last_asked_ns;
    int64_t answered_ns;    /* the first answer */
    int64_t unreachable_ns; /* an ICMP error that quotes it */
    int rcode;              /* of the answer; RFC 1035 4.1.1 */
    uint32_t addresses;     /* that the answer holds; the first of them as text: */
    struct p2t_text address[P2T_QUESTION_ADDRESSES_MAX];
    uint32_t ttl;   /* the least of its records, in seconds */
    bool truncated; /* TC */
    bool cut;       /* the capture does not have all of the answer */
    bool
        referral; /* it holds no address, and comes from a server that neither knows nor asks for it (AA and RA unset) */
    bool over_tcp;
    struct p2t_packet asked, answered;
};

#ifdef __cplusplus
}
#endif

#endif
