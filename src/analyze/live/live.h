/* Reads what clients logged of their own calls. The form of a file, or of each line, is recognised by content: our own
 * NDJSON, lines that hold a trace result somewhere, OTLP, HAR, or what curl -w '%{json}' prints. */
#ifndef P2T_ANALYZE_LIVE_LIVE_H
#define P2T_ANALYZE_LIVE_LIVE_H

#include "analyze/record.h"
#include "base/buf.h"
#include "trace/redact.h"

#define LIVE_FORM_LIST(X)                                                                                            \
    X(HOOKS, "hook traces")                                                                                          \
    X(RESULT, "trace results")                                                                                       \
    X(OTLP, "OTLP traces")                                                                                           \
    X(HAR, "HAR entries")                                                                                            \
    X(CURL, "curl transfers")

enum live_form {
#define X(id, name) LIVE_##id,
    LIVE_FORM_LIST(X)
#undef X
        LIVE_FORMS
};

/* Limits on the bytes of one JSON value or line, and on the values in it: against one that never ends, and one of nothing
 * but commas. */
enum { LIVE_VALUE_BYTES_MAX = 64 << 20, LIVE_VALUES_MAX = 4000000 };

/* The traces of one form in one file. */
struct live_source {
    struct slice file;
    enum live_form form;
    uint32_t recorded; /* a bit per hook that its traces would record if it fired */
    uint64_t traces;
};

struct live;

struct live_config {
    struct record_pool *pool;
    struct redact_options redact; /* read by live_new() only */
    struct record_list *records;  /* where traces go, in the order in which they were read */
    void *ctx;
    /* Something that could not be read; text is one line. */
    void (*problem)(void *ctx, struct slice file, uint64_t line, const char *text);
};

struct live_counters {
    uint64_t lines, plain_lines; /* plain: without JSON that records hooks */
    uint64_t problems;
    uint64_t events_refused;
};

/* NULL when memory ran out. */
struct live *live_new(const struct live_config *config);
/* NULL is allowed. */
void live_free(struct live *l);
/* Files are fed one after the other, each in pieces of any size. name must live as long as the records. */
void live_begin_file(struct live *l, struct slice name);
void live_feed(struct live *l, struct slice piece);
void live_end_file(struct live *l);
/* All sources so far; valid until the next piece is fed. */
const struct live_source *live_sources(const struct live *l, size_t *n);
/* Of all files so far. */
struct live_counters live_counters(const struct live *l);
/* Static: "hooks", "trace-result", ... */
const char *live_form_name(enum live_form form);

#endif
