/* Exchanges to hook events: when each of the 16 hooks of net/http/httptrace fired, how that is known, between which
 * bounds, and by which packets (hooks.md 9). Redaction happens here, once, for every output. */
#ifndef P2T_TRACE_TRACE_H
#define P2T_TRACE_TRACE_H

#include "correlate/exchange.h"

struct trace;

struct trace_options {
    bool show_secrets;
    void *ctx;
    const char *(*file_path)(void *ctx, uint32_t file); /* path of a capture file; lives as long as the trace */
};

struct trace *trace_new(const struct trace_options *options);
void trace_free(struct trace *t);
/* The result is valid until the next call. NULL when memory ran out. */
const struct p2t_exchange *trace_build(struct trace *t, const struct exchange *e);

#endif
