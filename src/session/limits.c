#include "session/limits.h"

#include "pcap2trace/session.h"

/* What does not grow with the input: the program, its libraries, tables, queued exchanges, one large exchange being
 * written. */
#define FIXED_BYTES ((size_t)20 << 20)

/* What exchanges leave unused in the heap where other threads give them back: as measured, so much, however many threads there
 * are; less where there is little. */
#define APART_BYTES ((size_t)12 << 20)
enum { APART_SHARE = 6 };

/* One part in 24 is reserved for reading ahead, even when nothing is: limits must not depend on the number of threads. */
enum { AHEAD_SHARE = 24 };

/* Fragmentation: of every seven bytes that become resident after floods of many kinds, five are counted. */
enum { COUNTED_PARTS = 5, RESIDENT_PARTS = 7 };

enum {
    EXCHANGE_BYTES = 5000, /* typical sizes in memory; an exchange with small heads */
    LOOKUP_BYTES = 1100,
    QUERY_BYTES = 112,
    SECRET_BYTES = 144,
    FRAGMENT_SET_BYTES = 2048,
    STREAMS_LEAST = 100,    /* what servers announce at least, RFC 9113 6.5.2 */
    CONNECTION_BYTES = 1024 /* less than any takes: the budget evicts before this limit does */
};

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static struct proto_limits proto_limits_of(size_t flight, struct budget *budget)
{
    struct proto_limits l = proto_limits_default;

    l.budget = l.http1.budget = l.http2.budget = l.tls.budget = budget;
    l.http1.head_bytes = smaller(l.http1.head_bytes, flight / 32);
    l.http1.head_bytes_total = flight / 8;
    l.http2.block_bytes = smaller(l.http2.block_bytes, flight / 128);
    l.http2.decoded_bytes = smaller(l.http2.decoded_bytes, flight / 32);
    l.http2.streams = smaller(l.http2.streams, flight / 8 / EXCHANGE_BYTES);
    if (l.http2.streams < STREAMS_LEAST)
        l.http2.streams = STREAMS_LEAST;
    l.http1.pipelined = smaller(l.http1.pipelined, flight / 16 / EXCHANGE_BYTES);
    l.tls.held_bytes = flight / 8;
    l.tls.secrets = flight / 16 * 7 / SECRET_BYTES;
    return l;
}

struct session_limits session_limits_of(size_t max_memory, struct budget *budget)
{
    size_t total = max_memory == 0 ? P2T_MEMORY_DEFAULT : max_memory;

    if (total < P2T_MEMORY_LEAST)
        total = P2T_MEMORY_LEAST;
    budget->used = 0;
    size_t ahead = total / AHEAD_SHARE;
    size_t apart = smaller(APART_BYTES, total / APART_SHARE);
    size_t flight = (total - FIXED_BYTES - ahead - apart) / RESIDENT_PARTS * COUNTED_PARTS;
    struct session_limits l = {.flow = flow_limits_default,
                               .proto = proto_limits_of(flight, budget),
                               .correlate = correlate_limits_default,
                               .packet = packet_limits_default,
                               .ahead_bytes = ahead};

    budget->limit = flight;
    l.flow.budget = l.correlate.budget = budget;
    l.flow.connections = flight / CONNECTION_BYTES;
    l.flow.reorder_bytes = smaller(l.flow.reorder_bytes, flight / 16);
    l.flow.reorder_bytes_total = flight / 4;
    l.correlate.lookups = flight / 8 / LOOKUP_BYTES;
    l.correlate.pending_queries = flight / 32 / QUERY_BYTES;
    l.packet.fragment_bytes = smaller(l.packet.fragment_bytes, total / 64);
    l.packet.fragment_sets = smaller(l.packet.fragment_sets, total / 64 / FRAGMENT_SET_BYTES);
    return l;
}
