/* A live trace beside its exchange, hook by hook. */
#ifndef P2T_ANALYZE_COMPARE_PAIR_H
#define P2T_ANALYZE_COMPARE_PAIR_H

#include "analyze/clock.h"
#include "analyze/record.h"

/* Why a hook that one side lacks is no disagreement. */
enum pair_excuse {
    PAIR_NO_EXCUSE,
    PAIR_NOT_RECORDED,   /* the live traces of this file never tell of it */
    PAIR_AFTER_CAPTURE,  /* it fired when no packet was captured any more */
    PAIR_BEFORE_CAPTURE, /* or before the first one */
    PAIR_ENCRYPTED,      /* its exchange is known from encrypted records only */
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

/* Two hooks of which one side has the one first, the other side the other. */
struct pair_order {
    enum p2t_hook first, second; /* as they must be */
    bool live;                   /* the live side has them the wrong way round; else the wire */
};

enum { PAIR_ROWS_MAX = 2 * RECORD_EVENTS_MAX, PAIR_ORDERS_MAX = 64 };

struct pair {
    const struct record *live, *wire;
    int64_t offset_ns; /* of the live clock, at this call */
    struct pair_row rows[PAIR_ROWS_MAX];
    size_t n;
    struct pair_order orders[PAIR_ORDERS_MAX];
    size_t order_count;
    size_t missing_live, missing_wire, outside, error_differences, value_differences;
    bool errors_differ; /* the calls' own */
};

struct pair_config {
    int64_t tolerance_ns;
    int64_t first_packet_ns, last_packet_ns;
};

/* recorded: the hooks that the live source tells of. */
void pair_make(struct pair *p, const struct record *live, const struct record *wire, const struct clock *clock,
               uint32_t recorded, const struct pair_config *config);
/* pair_order.c */
void pair_check_order(struct pair *p);
bool pair_agrees(const struct pair *p);
const char *pair_excuse_text(enum pair_excuse excuse);

/* The row's hook, from whichever side has it. */
static inline enum p2t_hook pair_hook(const struct pair_row *row)
{
    return (enum p2t_hook)(row->live != NULL ? row->live : row->wire)->hook;
}

/* What tells the hook from others of its kind, such as an address; the live side's where it has one. p is NULL: nothing. */
static inline struct slice pair_key(const struct pair_row *row)
{
    if (row->live != NULL && row->live->key.p != NULL)
        return row->live->key;
    return row->wire != NULL ? row->wire->key : (struct slice){NULL, 0};
}

#endif
