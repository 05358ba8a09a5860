/* What a summary keeps of what it is given: calls, DNS questions and TCP connections, each as a small record, and the
 * causes that the rules find in them. Times are nanoseconds since 1970 UTC, 0: none; durations are nanoseconds. */
#ifndef P2T_SUMMARY_MODEL_H
#define P2T_SUMMARY_MODEL_H

#include <pthread.h>

#include "base/buf.h"
#include "pcap2trace/summary.h"
#include "summary/stats.h"
#include "summary/words.h"
#include "write/writer.h"

/* A packet, by the path of its file. */
struct proof {
    const struct word *file;
    uint64_t packet; /* 0: none */
};

struct conn;

/* An exchange. What most rules ask of all calls comes first: that much is read again and again. */
struct call {
    enum p2t_kind kind;
    enum p2t_outcome outcome;
    int status, grpc_status; /* 0: none; grpc_status negative: none */
    bool failed, quiet, left, reused, request_closes, response_closes, via, streams, expects, walked, by_go;
    bool open;            /* p2t_exchange_open() */
    bool alerted;         /* TLS: an alert of the server came, close_notify among them */
    bool head_open;       /* the end of its answer's head did not come */
    bool query;           /* its URL has one */
    bool resumed;         /* its connection continues an earlier TLS session */
    bool proxied;         /* its connection leads to a proxy, which it asked for another host */
    bool reset_by_server; /* its HTTP/2 stream was */
    bool flow_stalled[2]; /* an HTTP/2 window held its request, its answer back */
    bool continued;       /* 100 Continue came */
    bool tls_13;
    bool open_end, slow, usual_of_baseline;    /* filled by the analysis, as conn is */
    const struct word *server, *client, *name; /* name: the host as asked, without its port */
    int64_t start_ns, end_ns, request_ns, answer_ns, total_ns;
    struct conn *conn;
    uint64_t id, trace; /* trace: hash of its trace id; 0: it has none */
    uint64_t url;       /* hash of method and URL */
    uint64_t conn_id;
    const struct word *method, *host, *route, *agent, *server_ip, *software; /* host: as asked, with its port */
    const struct word *error, *dialled[4]; /* the addresses that its dials went to in vain */
    int64_t lookup_ns, looked_up_ns, sent_ns;
    int64_t dns_ns, connect_ns, tls_ns, send_ns, wait_ns, receive_ns; /* 0: not applicable, as total_ns */
    int64_t stalled_later_ns;                                         /* of stalled_ns, after its answer had begun */
    int64_t rtt_ns, stalled_ns, shut_by_client_ns, shut_by_server_ns, acked_ns, late_ns;
    int64_t idle_client_ns, idle_server_ns, nagle_ns;
    int64_t hello_ns;        /* of its TLS handshake, up to the ServerHello; 0: not known */
    int64_t certificate_ns;  /* when the server's came in the clear */
    int64_t nagle_by_server; /* 1: the server's answer waited; 0: the client's request */
    uint64_t stream;         /* HTTP/2; 0: none */
    uint64_t request_bytes, response_bytes;
    uint64_t findings[2]; /* bits by enum p2t_finding_code */
    struct proof proof, last_proof, asked,
        answered; /* asked: the end of its request; answered: the first of its answer, or what ended its handshake */
    uint32_t window;          /* as many bytes a round trip bounded its longer message; 0: none did */
    uint32_t max_streams;     /* HTTP/2: that the server allows at once; 0: not known */
    uint64_t redirected_from; /* another call's id; 0: none */
    uint32_t hops;            /* redirections before it */
    uint32_t mark;            /* scratch of the rules */
    /* Filled by the analysis. */
    int64_t free_ns;     /* when the last call before it on its connection was over; 0: there was none */
    struct call *parent; /* the call to a proxy that this one was made for */
    int64_t upstream_ns; /* of its wait, what its own upstream calls took */
    uint32_t legs, failed_legs;
    struct call *slow_leg;    /* the one that took longest */
    int64_t own_ns, usual_ns; /* time of the one who answered, and its usual; usual negative: not known */
};

struct question {
    const struct word *client, *server, *name, *address[P2T_QUESTION_ADDRESSES_MAX];
    uint16_t client_port, type;
    uint32_t tries, addresses, ttl;
    int rcode;
    int64_t asked_ns, last_asked_ns, answered_ns, unreachable_ns;
    bool truncated, cut, referral, over_tcp;
    struct proof asked, answered;
};

struct stall {
    enum p2t_stall_kind kind;
    bool by_server; /* the bytes that were held up were the server's */
    bool open, by_timer;
    int64_t from_ns, to_ns;
    uint64_t bytes;
    uint32_t repeats;
    struct proof proof;
};

struct conn {
    uint64_t id;
    const struct word *client_ip, *server, *server_ip;
    uint16_t client_port, server_port;
    enum p2t_vantage vantage;
    int64_t first_ns, last_ns, syn_ns, last_syn_ns, syn_ack_ns, ack_ns, late_syn_ack_ns, refused_ns, icmp_ns,
        challenged_ns;
    struct proof syn, last_syn, syn_ack, late_syn_ack, refused, icmp;
    uint32_t syns, syn_acks, late_syn_acks, exchanges;
    uint8_t refused_ttl, icmp_family, icmp_type, icmp_code;
    const struct word *icmp_sender;
    enum p2t_closer closer;
    bool input_ended, one_direction;
    bool hello_lost; /* told of what drops ClientHellos; filled by the analysis */
    bool goes_on;    /* its ports went on right after: its RST was not the listener's, or its SYN not the last */
    int64_t idle_before_unacked_us, clock_back_us, clock_back_ns, clock_jump_us, clock_jumped_ns; /* _ns: when */
    struct proof clock_back, clock_jumped;
    struct p2t_flow_record side[2];
    int64_t fin_ns[2], rst_ns[2], last_bytes_ns[2];
    struct proof rst[2];
    struct stall *stalls;
    size_t stall_count;
    uint32_t stalls_dropped;
    struct call **calls; /* that it carried, by time; filled by the analysis */
    size_t call_count;
};

enum { SUBJECT_SERVERS_MAX = 32, CAUSE_PROOFS_MAX = 16, CAUSE_EXAMPLES_MAX = 3, CLEARED_MAX = 4 };

struct cause {
    enum p2t_cause_code code;
    enum p2t_cause_side side;
    enum p2t_cause_side or_side; /* the packets do not tell it from that one; P2T_CAUSE_SIDE_COUNT: they do */
    const char *phase;
    enum p2t_confidence confidence;
    /* Its subject; those that do not apply are NULL. */
    const char *kind; /* "service", "address", "name", "resolver", "client", "path", "capture" */
    const struct word *name, *address, *resolver, *client, *agent, *method, *route;
    int64_t since_ns, until_ns;
    size_t calls, of, failed; /* failed: as p2t_exchange_failed() has it */
    size_t open;              /* calls that were when the capture ended */
    const char *
        counted; /* what `calls` are: "calls", "dials", "lookups", "connections"; NULL: as the calls that it hit have it */
    size_t hurt; /* for the order, where calls that did not fail are as bad: those */
    int64_t lost_ns;
    int64_t unseen_ns; /* for the order, where calls waited inside the client and no packet shows how long: a guess */
    const struct word *lookups_of; /* it hit lookups of that name that no call came of */
    struct buf text, folded;       /* folded: the consequences that are told with it */
    struct call **hit;
    size_t hit_count, hit_cap;
    const struct word *servers[SUBJECT_SERVERS_MAX]; /* the addresses, without port, of those it speaks of */
    size_t server_count;
    const struct word *port_of; /* of one server, "ip:port" */
    struct proof proof[CAUSE_PROOFS_MAX];
    size_t proof_count, proofs_dropped;
    const struct word *cleared[CLEARED_MAX];
    size_t cleared_count;
    /* Of CONN_UNREACHABLE: who said so, how often, and of how many services. */
    const struct word *reporter;
    uint8_t icmp_type, icmp_code;
    size_t dials, places;
    bool gone;  /* told with another one */
    bool known; /* the baseline has the same */
    bool pool;  /* of a proxy's own pool */
    bool wide;  /* of all paths of a client */
};

/* What one rule found that others must know. */
enum trouble_kind {
    TROUBLE_DNS,      /* a name server failed somebody */
    TROUBLE_LOSS,     /* packets to or from `who` are lost */
    TROUBLE_MTU,      /* full-size segments of the listener `who` vanish */
    TROUBLE_SLOW_PATH /* round trips to `who` became longer: by `ns`, to `to_be_ns` */
};

struct trouble {
    enum trouble_kind kind;
    const struct word *who; /* NULL: everybody */
    int64_t from_ns, to_ns, usual_ns, ns;
};

enum { TROUBLES_MAX = 256 };

struct usuals;
struct changes;

/* A time that captures cover; see periods.h. */
struct period {
    int64_t from_ns, to_ns;
    bool related; /* has to do with the one before: they share a host */
};

/* In so small a capture each call counts. */
enum { SMALL_CALLS_MAX = 8 };

enum { RECORDS_MAX = 1 << 16 };

enum keep_kind { KEEP_CALLS, KEEP_QUESTIONS, KEEP_CONNS, KEEP_KINDS };

struct p2t_summary {
    struct p2t_summary_config config;
    pthread_mutex_t lock; /* of the words and records: they may come from two threads */
    struct words words;
    struct call *calls;
    size_t call_count, call_cap;
    struct question *questions;
    size_t question_count, question_cap;
    struct conn *conns;
    size_t conn_count, conn_cap;
    _Atomic uint64_t calls_seen, calls_failed, questions_seen; /* counted without the lock */
    uint64_t conns_seen;
    struct p2t_counters loaded; /* of the states that were added */
    struct p2t_counters counters;
    /* The analysis. */
    int64_t first_ns, last_ns;        /* packets */
    enum out_time time;               /* how its text shows them */
    int64_t clock_at_ns, clock_by_ns; /* the capture's clock was set forward by so much, just before; 0: it was not */
    struct period *periods;           /* from first_ns to last_ns; one, or several that do not overlap */
    size_t period_count;
    struct groups services;    /* calls with a request, by server; by time */
    struct usuals *baseline;   /* of config.baseline; NULL: none was given */
    struct changes *changes;   /* against it */
    struct call **call_places; /* where the connections list their calls */
    struct trouble trouble[TROUBLES_MAX];
    size_t trouble_count;
    struct cause *causes;
    size_t cause_count, cause_cap;
    size_t causes_before, looks; /* of the rule that runs: causes of those before it, its cause_look()s */
    bool causes_cut;             /* a rule stopped at a limit of cause.h */
    bool small;                  /* so few calls that each counts */
    bool lossy_capture;          /* it lacks packets that were there */
    _Atomic bool failed;         /* memory ran out */
    /* How far records are thinned out (keep.c): of 2^level ordinary ones, one is kept. Only ever higher, so that what is not
     * wanted now is not wanted later: that is asked without the lock. */
    _Atomic uint8_t level[KEEP_KINDS];
    size_t records_max; /* of a kind; 0: RECORDS_MAX */
};

static inline bool call_has(const struct call *c, enum p2t_finding_code f)
{
    return (c->findings[f / 64] >> (f % 64) & 1) != 0;
}
/* It asked something of a server, as far as the wire shows. */
static inline bool call_is_request(const struct call *c)
{
    return (c->kind == P2T_KIND_HTTP1 || c->kind == P2T_KIND_HTTP2) && c->request_ns != 0;
}
static inline void trouble_note(struct p2t_summary *s, struct trouble t)
{
    if (s->trouble_count < TROUBLES_MAX)
        s->trouble[s->trouble_count++] = t;
}
/* The first of that kind about `who` that overlaps the time; NULL: none. */
static inline const struct trouble *trouble_of(const struct p2t_summary *s, enum trouble_kind kind,
                                               const struct word *who, int64_t from_ns, int64_t to_ns)
{
    for (size_t i = 0; i < s->trouble_count; i++) {
        const struct trouble *t = &s->trouble[i];
        if (t->kind == kind && (t->who == NULL || t->who == who) && t->from_ns <= to_ns && t->to_ns >= from_ns)
            return t;
    }
    return NULL;
}
/* When its request left; else when the call began. */
static inline int64_t call_sent_or_begun(const struct call *c)
{
    return c->request_ns != 0 ? c->request_ns : c->start_ns;
}
/* When the first byte of its answer came, also one that the client did not wait for; else when it was over. */
static inline int64_t answer_or_end(const struct call *c)
{
    return c->answer_ns != 0 ? c->answer_ns : c->late_ns != 0 ? c->late_ns : c->end_ns;
}
/* Failed, slow for anybody, or with something to say: kept as long as there is room for all of them. */
static inline bool call_is_notable(const struct call *c)
{
    return c->failed || c->left || c->stalled_ns > 0 || c->total_ns > INT64_C(1000000000);
}
/* Notable ones are thinned out when that of ordinary ones alone is not enough. */
static inline unsigned keep_notable_shift(unsigned level)
{
    return level > 3 ? level - 3 : 0;
}
/* How many calls one that is kept stands for. */
static inline size_t call_weight(const struct p2t_summary *s, const struct call *c)
{
    unsigned level = s->level[KEEP_CALLS];

    return (size_t)1 << (call_is_notable(c) ? keep_notable_shift(level) : level);
}
/* The capture lacks bytes of its connection: that something did not come proves nothing. */
static inline bool call_is_doubtful(const struct call *c)
{
    return c->conn != NULL && c->status < 500 && c->conn->side[0].unseen + c->conn->side[1].unseen > 0;
}
/* What of the time between two moments is the capture's clock, which was set forward in between. */
static inline int64_t clock_part(const struct p2t_summary *s, int64_t from_ns, int64_t to_ns)
{
    int64_t by = s->clock_by_ns;
    bool across =
        by != 0 && from_ns <= s->clock_at_ns - by && to_ns - from_ns >= by && to_ns > s->clock_at_ns - by / 2;

    return across ? by : 0;
}
/* Bytes of the server came after its request; of what it carries, TLS hides which. */
static inline bool call_was_heard(const struct call *c)
{
    return c->kind != P2T_KIND_HTTP2 && c->conn != NULL &&
           c->conn->last_bytes_ns[P2T_SIDE_SERVER] > max_ns(c->request_ns, c->sent_ns);
}
/* In so small a capture each one counts. */
static inline size_t at_least(const struct p2t_summary *s, size_t n)
{
    return s->small ? 1 : n;
}

enum { MS = 1000000 };
#define SECOND_NS INT64_C(1000000000)

#endif
