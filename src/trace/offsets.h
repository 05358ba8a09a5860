/* How far a hook is from the packet that gives its time. In microseconds: medians of Go's client on an otherwise idle
 * machine (hooks.md 0.3), but for the grace. None is a bound: bounds are packets. */
#ifndef P2T_TRACE_OFFSETS_H
#define P2T_TRACE_OFFSETS_H

enum trace_offset {
    GET_CONN_BEFORE_QUERY_US = 75,
    GET_CONN_BEFORE_SYN_US = 35,
    GET_CONN_BEFORE_REQUEST_US = 40, /* and before a ClientHello whose SYN was not seen */
    GOT_CONN_BEFORE_REQUEST_US = 30, /* or before the close of a connection that carried none */
    CANCELED_AFTER_WINNER_US = 100,  /* ConnectDone of an address that lost the race, after the winner's SYN-ACK */
    WROTE_REQUEST_AFTER_REFUSAL_US = 50,  /* a body announced with Expect, and the answer came instead */
    WROTE_REQUEST_AFTER_CLOSE_US = 100,   /* an upload broken off */
    WROTE_REQUEST_GRACE_US = 50000,       /* net/http's maxWriteWaitBeforeConnReuse: what it waits for the writer */
    PUT_IDLE_CONN_AFTER_RESPONSE_US = 25, /* after its last byte */
};

enum { NS_PER_US = 1000 };

/* Nanoseconds of an offset. */
static inline int64_t offset_ns(enum trace_offset us)
{
    return (int64_t)us * NS_PER_US;
}

#endif
