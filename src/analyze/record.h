/* One trace of one call, live or rebuilt, in the shape in which the two sides are compared. */
#ifndef P2T_ANALYZE_RECORD_H
#define P2T_ANALYZE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/arena.h"
#include "base/hash.h"
#include "pcap2trace/exchange.h"

/* Limits, with what they bound: endless events in one trace; endless traces. What is beyond is counted. */
enum { RECORD_EVENTS_MAX = 4096, RECORDS_MAX = 4000000, RECORD_IDS_MAX = 6 };

/* What few events carry. */
struct record_detail {
    struct slice error;         /* p == NULL: none */
    struct slice addresses;     /* of DNSDone: sorted, with commas; p == NULL: not told */
    struct slice local, remote; /* of GotConn; p == NULL: not told */
    int reused;                 /* of GotConn; negative: not told */
};

struct record_event {
    int64_t time_ns, earliest_ns, latest_ns;
    struct slice
        key; /* what tells it from others of its hook: an address, a name, a field's key; p == NULL: nothing */
    const struct record_detail *detail; /* never NULL */
    uint8_t hook, basis;                /* basis and bounds: of the wire's events only */
    bool has_earliest, has_latest;
};

/* Durations that some live traces tell instead of times, from the call's start on; negative: not told. */
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
    uint32_t attempt; /* the trace's retries and redirections count from 0 */
    uint64_t line;
};

/* What of an exchange its live trace may miss or word otherwise. */
struct record_wire {
    uint64_t id;
    struct slice file; /* of its first packet */
    int64_t rtt_ns;    /* negative: unknown */
    enum p2t_kind kind;
    enum p2t_outcome outcome;
    enum p2t_vantage vantage;
    bool client_gave_up; /* its error stands for whatever made the client close */
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
    bool relative; /* times count from the call's own start, which is not known */
    bool has_end;
    bool no_error_told;     /* live: nothing was said about the call's error */
    bool tells_hook_errors; /* live: a hook without an error had none */
    int64_t end_ns;
    int64_t marks_ns[RECORD_MARKS];
    struct record_origin origin; /* live */
    struct record_wire wire;
};

struct record_list {
    struct record *records;
    size_t n, cap;
    uint64_t refused; /* beyond RECORDS_MAX */
};

/* Texts that live as long as the comparison; equal ones are kept once. */
struct record_pool {
    struct arena arena;
    struct hmap texts;
    bool failed; /* memory ran out */
};

void record_pool_fini(struct record_pool *p);
/* NULL stays NULL; an empty text stays empty. */
struct slice record_text(struct record_pool *p, struct slice s);
struct slice record_lower(struct record_pool *p, struct slice s);

/* A record that is being gathered: memory that is used again. */
struct record_draft {
    struct record record;
    struct record_event events[RECORD_EVENTS_MAX];
    uint64_t events_refused;
};

void record_begin(struct record_draft *d);
/* NULL when there are too many. */
struct record_event *record_add_event(struct record_draft *d, enum p2t_hook hook, int64_t time_ns);
/* Neither empty ids nor the same one twice are kept. */
void record_add_id(struct record_draft *d, struct record_pool *p, struct slice id);
/* Ids in a header field that is known to carry some. */
void record_ids_in_header(struct record_draft *d, struct record_pool *p, struct slice key, struct slice value);
/* A copy of d and its texts. An empty error is none. */
const struct record_detail *record_detail(struct record_pool *p, const struct record_detail *d);
/* Copies events [from, from + n) and all else of the draft to the list. */
void record_keep(struct record_list *list, struct record_pool *p, const struct record_draft *d, size_t from,
                 size_t n);
void record_sort_events(struct record_draft *d);

const struct record_event *record_find(const struct record *r, enum p2t_hook hook);
/* "host:port" or "[v6]:port" without the port; a URL's host. */
struct slice record_host_of(struct slice host_port);
struct slice record_host_of_url(struct slice url);
bool record_is_address(struct slice host);
/* "ip:port"; family 0 when it is none. */
struct endpoint record_endpoint(struct slice text);

#endif
