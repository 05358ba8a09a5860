/* A timeline built of an exchange made by hand, and what its events say. Times are in microseconds. */
#ifndef P2T_TESTS_UNIT_TRACE_BUILT_H
#define P2T_TESTS_UNIT_TRACE_BUILT_H

#include "support/cmocka_all.h"

#include "trace/trace.h"
#include "unit/judge/made.h"

struct built {
    struct trace *trace;
    const struct p2t_exchange *x;
};

/* Judges the exchange and builds its timeline. */
void built_of(struct built *b, struct made *m);
/* Frees it, and what the exchange has in its arena. */
void built_free(struct built *b, struct made *m);

/* The n-th event of that hook, from 0; NULL: there are fewer. */
const struct p2t_event *built_nth(const struct built *b, enum p2t_hook hook, size_t n);
/* The only event of that hook. */
const struct p2t_event *built_only(const struct built *b, enum p2t_hook hook);
size_t built_count(const struct built *b, enum p2t_hook hook);

/* A side that nothing bounds. */
#define OPEN INT64_MIN

/* Time and bounds in microseconds; then the packets of its evidence, in order, and 0. */
#define assert_event(ev, basis, us, earliest, latest, ...)                                                           \
    built_assert(ev, basis, us, earliest, latest, (const uint64_t[]){__VA_ARGS__}, __LINE__)
void built_assert(const struct p2t_event *ev, enum p2t_basis basis, int64_t us, int64_t earliest, int64_t latest,
                  const uint64_t *evidence, int line);

/* Names separated by spaces: those of the event's arguments, all of them in this order. */
void assert_arg_names(const struct p2t_event *ev, const char *names);
/* NULL: null */
void assert_arg_text(const struct p2t_event *ev, const char *name, const char *text);
void assert_arg_int(const struct p2t_event *ev, const char *name, int64_t v);
void assert_arg_bool(const struct p2t_event *ev, const char *name, bool v);
void assert_arg_null(const struct p2t_event *ev, const char *name);
/* A list of texts, joined with commas. */
void assert_arg_list(const struct p2t_event *ev, const char *name, const char *joined);

#endif
