/* Compares a live trace with its exchange, hook by hook. */
#ifndef P2T_ANALYZE_COMPARE_PAIR_H
#define P2T_ANALYZE_COMPARE_PAIR_H

#include "analyze/clock.h"
#include "analyze/record.h"

/* Why a hook that one side lacks is not counted as missing. */
enum pair_excuse {
    PAIR_NO_EXCUSE,
    PAIR_NOT_RECORDED,   /* no live trace of this file records it */
    PAIR_AFTER_CAPTURE,  /* it fired after the last packet */
    PAIR_BEFORE_CAPTURE, /* it fired before the first packet */
    PAIR_ENCRYPTED,      /* its exchange is known from encrypted records only */
    PAIR_STILL_OPEN,     /* the capture ended before its exchange did */
    PAIR_NEVER_SENT,     /* the client wrote to a connection that ended before any of it was sent */
    PAIR_EXCUSES
};

struct pair_row {
    const struct record_event *live, *wire; /* NULL: missing there */
    int64_t difference_ns;                  /* live - wire on one clock; both are there */
    int64_t outside_ns;      /* how far outside of the claimed bounds, negative: too early; 0: inside */
    enum pair_excuse excuse; /* one is missing */
    bool in_bounds;          /* give or take the tolerance */
    bool errors_differ, values_differ;
};

/* Two hooks that one side has in the wrong order, and the other in the right one. */
struct pair_order {
    enum p2t_hook first, second; /* in the right order */
    bool live;                   /* true: the live side is wrong; false: the wire */
};

enum { PAIR_ROWS_MAX = 2 * RECORD_EVENTS_MAX, PAIR_ORDERS_MAX = 64 };

struct pair {
    const struct record *live, *wire;
    int64_t offset_ns; /* live clock - capture clock, at this call */
    struct pair_row rows[PAIR_ROWS_MAX];
    size_t n;
    struct pair_order orders[PAIR_ORDERS_MAX];
    size_t order_count;
    size_t missing_live, missing_wire, outside, error_differences, value_differences;
    bool errors_differ; /* of the calls as a whole */
    bool cut;           /* the capture ended, or lacks packets, inside of the call */
};

struct pair_config {
    int64_t tolerance_ns;
    int64_t first_packet_ns, last_packet_ns;
};

/* Fills *p, with pointers into both records. recorded: a bit per hook that the live source records. */
void pair_make(struct pair *p, const struct record *live, const struct record *wire, const struct clock *clock,
               uint32_t recorded, const struct pair_config *config);
/* pair_order.c: appends to p->orders; called by pair_make(). */
void pair_check_order(struct pair *p);
/* Nothing differs, or what differs may be due to the capture's end. */
bool pair_agrees(const struct pair *p);
/* Nothing differs. */
bool pair_is_same(const struct pair *p);
/* The last thing that the live side knows, on its clock. */
int64_t pair_last_ns(const struct record *live);
/* In words, for an output. NULL for PAIR_NO_EXCUSE. */
const char *pair_excuse_text(enum pair_excuse excuse);

/* pair_row.c */

/* The row's hook, from whichever side has it. */
enum p2t_hook pair_hook(const struct pair_row *row);
/* What tells the hook from others of its kind, such as an address; the live side's where it has one. p == NULL: nothing. */
struct slice pair_key(const struct pair_row *row);

#endif
