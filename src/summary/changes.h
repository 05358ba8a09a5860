/* What changed against the baseline, route by route. */
#ifndef P2T_SUMMARY_CHANGES_H
#define P2T_SUMMARY_CHANGES_H

#include "summary/usual.h"

enum change_kind { CHANGE_FAILS_MORE, CHANGE_FAILS_LESS, CHANGE_SLOWER, CHANGE_FASTER };

/* Of one route. Times in nanoseconds, of the calls that did not fail. */
struct change {
    enum change_kind kind;
    enum p2t_confidence confidence;
    const struct word *host, *method, *route;
    size_t calls_before, failed_before, calls, failed;
    unsigned permille; /* the quantile that moved: 500 or 900 */
    int64_t before_ns, now_ns;
    const char *phase; /* that took most of the difference; NULL: none is known */
    uint64_t weight;   /* for the order */
};

struct arrival {
    const struct word *host;
    size_t calls;
};

struct changes {
    struct usuals before;
    bool elsewhere; /* the two were captured at different places: waits are not compared */
    uint64_t calls_before;
    int64_t span_before_ns;
    struct change *change; /* failures first, then by the time that they cost */
    size_t count, cap;
    struct arrival *added, *gone; /* hosts that only this one, or only the baseline has; by most calls */
    size_t added_count, gone_count;
    bool failed; /* memory ran out */
};

/* Before the rules: makes the baseline's table, s->baseline, where one was given. 0, or -1 when memory ran out. */
int changes_begin(struct p2t_summary *s);
/* After them: what changed; marks the causes that the baseline has, too. */
int changes_find(struct p2t_summary *s);
void changes_free(struct changes *c);

const char *change_name(enum change_kind kind); /* "fails_more" */
/* The part of the summary that tells them; nothing where no baseline was given. */
void tell_changes_text(const struct p2t_summary *s, struct buf *b, size_t top);
/* ",\"baseline\":{...}" */
void tell_changes_json(const struct p2t_summary *s, struct buf *b);

#endif
