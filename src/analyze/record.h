/* One trace of one call, live or rebuilt: the common form in which both sides are compared. */
#ifndef P2T_ANALYZE_RECORD_H
#define P2T_ANALYZE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/arena.h"
#include "base/hash.h"
#include "pcap2trace/exchange.h"

/* Limits on events per trace, traces, and ids per trace. What is beyond them is left out and counted. */
enum { RECORD_EVENTS_MAX = 4096, RECORDS_MAX = 4000000, RECORD_IDS_MAX = 6 };

/* The parts that few events have. */
struct record_detail {
    struct slice error;         /* p == NULL: none */
    struct slice addresses;     /* of DNSDone: sorted, joined by commas; p == NULL: not known */
    struct slice local, remote; /* of GotConn; p == NULL: not known */
    int reused;                 /* of GotConn; negative: not known */
};

struct record_event {
    int64_t time_ns, earliest_ns, latest_ns;
    struct slice
        key; /* what tells it from others of its hook: an address, a name, a field's key; p == NULL: nothing */
    const struct record_detail *detail; /* never NULL */
    uint8_t hook, basis;                /* basis and bounds: of the wire's events only */
    bool has_earliest, has_latest;
};

/* Durations since the call's start, which some live traces have instead of times: X(enum, name, the hook at its end). */
#define RECORD_MARK_LIST(X)                                                                                          \
    X(NAMELOOKUP, "namelookup", DNS_DONE)                                                                            \
    X(CONNECT, "connect", CONNECT_DONE)                                                                              \
    X(APPCONNECT, "appconnect", TLS_HANDSHAKE_DONE)                                                                  \
    X(STARTTRANSFER, "starttransfer", GOT_FIRST_RESPONSE_BYTE)                                                       \
    X(TOTAL, "total", COUNT)

enum record_mark {
#define X(id, name, hook) RECORD_MARK_##id,
    RECORD_MARK_LIST(X)
#undef X
        RECORD_MARKS
};

/* Where a live trace was read. */
struct record_origin {
    uint32_t source;  /* index of the file and form */
    uint32_t attempt; /* counts the trace's retries and redirections, from 0 */
    uint64_t line;
};

/* What only an exchange has. */
struct record_wire {
    uint64_t id;
    struct slice file; /* of its first packet */
    int64_t rtt_ns;    /* negative: unknown */
    enum p2t_kind kind;
    enum p2t_outcome outcome;
    enum p2t_vantage vantage;
    bool client_gave_up; /* the client closed; the wire cannot show why, so any live error fits */
    bool unwanted;       /* filtered out: joined, but not shown */
};

struct record {
    struct slice ids[RECORD_IDS_MAX]; /* trace and request ids, the first is the one to show */
    struct slice method, url, error;  /* p == NULL: not known; an error that is known to be none is empty */
    struct slice host;                /* lower case, without port */
    struct endpoint client, server;
    struct record_event *events; /* by time; those of the same time in their order */
    uint32_t event_count;
    uint8_t id_count;
    bool relative; /* times count from the call's start, whose time of day is not known */
    bool has_end;
    bool no_error_told;     /* live: the trace does not say whether the call failed */
    bool tells_hook_errors; /* live: the form records errors of hooks, so a hook without one succeeded */
    int64_t end_ns;
    int64_t marks_ns[RECORD_MARKS]; /* negative: not known */
    struct record_origin origin;    /* live */
    struct record_wire wire;
};

struct record_list {
    struct record *records;
    size_t n, cap;
    uint64_t refused; /* beyond RECORDS_MAX */
};

/* Texts and details that live as long as the comparison; equal texts are stored once. */
struct record_pool {
    struct arena arena;
    struct hmap texts;
    bool failed; /* memory ran out */
};

void record_pool_fini(struct record_pool *p);
/* The pool's copy of s, and the same in lower case. s.p == NULL gives NULL; an empty text gives an empty one. On failure
 * p->failed is set and the text is empty. */
struct slice record_text(struct record_pool *p, struct slice s);
struct slice record_lower(struct record_pool *p, struct slice s);

/* A record while it is gathered; large, so reuse it. */
struct record_draft {
    struct record record;
    struct record_event events[RECORD_EVENTS_MAX];
    uint64_t events_refused;
};

/* Empties the draft. */
void record_begin(struct record_draft *d);
/* Appends an event, without detail or bounds. NULL: there are too many, which is counted. */
struct record_event *record_add_event(struct record_draft *d, enum p2t_hook hook, int64_t time_ns);
/* Adds an id, unless it is empty or there already. */
void record_add_id(struct record_draft *d, struct record_pool *p, struct slice id);
/* Adds the ids in a header field, if it is known to carry some. */
void record_ids_in_header(struct record_draft *d, struct record_pool *p, struct slice key, struct slice value);
/* A copy of d and its texts in the pool; an empty error becomes none. Never NULL. */
const struct record_detail *record_detail(struct record_pool *p, const struct record_detail *d);
/* Appends the draft as a record, with its events [from, from + n). */
void record_keep(struct record_list *list, struct record_pool *p, const struct record_draft *d, size_t from,
                 size_t n);
/* By time; equal times keep their order. */
void record_sort_events(struct record_draft *d);

/* The first event of this hook, or NULL. */
const struct record_event *record_find(const struct record *r, enum p2t_hook hook);
/* The host in "host:port" or "[v6]:port", and in a URL. */
struct slice record_host_of(struct slice host_port);
struct slice record_host_of_url(struct slice url);
/* True for the text of an IP address. */
bool record_is_address(struct slice host);
/* Parses "ip:port"; family 0 if it is none. */
struct endpoint record_endpoint(struct slice text);

#endif
