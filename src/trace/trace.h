/* Exchanges to hook events: when each of the 16 hooks of net/http/httptrace fired, how that is known, between which
 * bounds, and by which packets (hooks.md 9). Redaction happens here, once, for every output. */
#ifndef P2T_TRACE_TRACE_H
#define P2T_TRACE_TRACE_H

#include "correlate/exchange.h"
#include "correlate/record.h"
#include "trace/redact.h"

/* Builds one timeline after the other, and reuses its memory for the next. */
struct trace;

struct trace_options {
    struct redact_options redact;                       /* read by trace_new() only */
    void *ctx;                                          /* handed to file_path */
    const char *(*file_path)(void *ctx, uint32_t file); /* path of a capture file; lives as long as the trace */
};

/* NULL when memory ran out. To be freed with trace_free(). */
struct trace *trace_new(const struct trace_options *options);
/* NULL is allowed. */
void trace_free(struct trace *t);
/* The exchange must have been judged; it is not changed, and must live as long as the result is used, because texts of it
 * are borrowed. The result belongs to `t` and is valid until the next call. NULL when memory ran out; `t` can be used
 * again then. */
const struct p2t_exchange *trace_build(struct trace *t, const struct exchange *e);
/* The same for a connection's record: the result is valid until the next call of either. */
const struct p2t_connection_record *trace_build_record(struct trace *t, const struct conn_record *r);

#endif
