/* What the sequence numbers and acknowledgements of a connection show of its path and its ends: counted as packets come, and
 * told where something stood still. */
#ifndef P2T_FLOW_TRANSPORT_H
#define P2T_FLOW_TRANSPORT_H

#include "packet/packet.h"
#include "pcap2trace/transport.h"

enum { FLOW_RTT_KEPT = 8, FLOW_FLIGHT_MARKS = 4 };

/* Round trips to one end. Of many, each stride-th is kept, so that they are spread evenly. */
struct flow_rtt {
    uint32_t samples, min_us, median_us, max_us;
    uint32_t stride, n;
    uint32_t kept[FLOW_RTT_KEPT];
};

/* A time in which a direction stood still, as struct p2t_stall has it. */
struct flow_stall {
    enum p2t_stall_kind kind;
    bool client; /* its bytes are the client's */
    struct packet_mark from, to;
    uint64_t off, end;          /* those bytes; of a window or a pause, where they would have begun */
    uint32_t after_us;          /* IDLE: how long before all was acknowledged */
    uint32_t repeats, segments; /* segments: repeats of all segments in it */
    bool by_timer, open;
    bool arrived; /* LOST_AFTER: the receiver had them before they were sent again, as it said (RFC 2883) */
};

/* What stands still now. repeats of `repeat`, marks of the others: none when zero. */
struct flow_trouble {
    struct flow_stall repeat, hole, window;
    uint32_t repeat_ts, hole_ts; /* timestamps of the first repeat, and of the first packet beyond the hole */
    uint32_t repeat_len, last_len;
    int64_t beyond_ns; /* when the packet right beyond the hole came */
    bool has_repeat_ts, has_hole_ts;
};

/* Where bytes of a flight begin, and when they were sent. */
struct flow_flight {
    uint64_t off;
    struct packet_mark mark;
};

/* Of one direction's bytes, and of the packets that acknowledge them. */
struct flow_sent {
    uint32_t segments;                              /* with bytes that were new */
    uint32_t dup_acks;                              /* since the last new one */
    uint32_t keep_alives, keep_alives_open;         /* probes; those since the peer's last packet */
    uint32_t longest, longest_acked, longest_stuck; /* lengths of segments */
    uint32_t dsacks;                                /* of its bytes */
    uint32_t unseen;                                /* times that bytes were acknowledged which were never seen */
    uint32_t sample_len; /* of the segment whose acknowledgement is a round trip; 0: none */
    uint32_t flights;
    uint32_t
        window; /* the largest that its receiver advertised with an acknowledgement, in bytes; 0: scale not seen */
    uint32_t first_ts, last_ts; /* RFC 7323 timestamps of packets with new bytes ... */
    int64_t first_ts_ns;        /* ... and when the first came; 0: none has one */
    bool peer_spoke;            /* since `last` */
    bool offload;               /* frames longer than an MSS */
    bool small_acked_late;      /* `last` was small, and acknowledged as late as acknowledgements are delayed */
    uint64_t high, acked;       /* offsets: end of what was seen, and of what was acknowledged of it */
    uint64_t longest_end, sample_end;
    uint64_t hole;                 /* the largest that was given up unacknowledged */
    uint64_t claimed;              /* offset that a packet without bytes showed as sent */
    uint64_t acked_end;            /* all that was seen up to there ... */
    struct packet_mark acked_mark; /* ... was first acknowledged by this packet */
    struct packet_mark claimed_mark;
    struct packet_mark last;                    /* packet with new bytes */
    struct packet_mark probe_first, probe_last; /* of keep_alives_open */
    int64_t sample_ns;
    int64_t idle_before_ns; /* silence before the flight that is under way */
    struct flow_flight flight[FLOW_FLIGHT_MARKS];
    struct flow_rtt rtt;          /* to the receiver and back */
    struct flow_trouble *trouble; /* NULL: nothing was ever wrong */
};

struct flow_transport {
    struct flow_sent sent[2]; /* by enum flow_dir */
    bool troubled;            /* one of them has `trouble` */
};

void flow_rtt_add(struct flow_rtt *r, uint32_t us);

#endif
