/* Exchanges to bytes, in the formats that users ask for by name. */
#ifndef P2T_WRITE_WRITER_H
#define P2T_WRITE_WRITER_H

#include <stdbool.h>

#include "pcap2trace/exchange.h"
#include "pcap2trace/status.h"

struct out_writer;

#define OUT_FORMAT_LIST(X)                                                                                           \
    X(TEXT, "text", text)                                                                                            \
    X(NDJSON, "ndjson", ndjson)                                                                                      \
    X(JSON, "json", json)                                                                                            \
    X(TRACE_RESULT, "trace-result", trace_result)                                                                    \
    X(CSV, "csv", csv)

enum out_format {
#define X(id, name, symbol) OUT_FORMAT_##id,
    OUT_FORMAT_LIST(X)
#undef X
        OUT_FORMAT_COUNT
};

struct out_options {
    bool color; /* terminal escapes in the text format */
};

/* Where bytes go. Returns 0, or P2T_ERR_IO. */
struct out_sink {
    void *ctx;
    int (*write)(void *ctx, const void *bytes, size_t n);
};

/* NULL when the name is none of the formats. */
bool out_format_parse(const char *name, enum out_format *format);
const char *out_format_name(enum out_format format);

/* NULL when memory ran out. The sink is copied. */
struct out_writer *out_writer_new(enum out_format format, const struct out_options *options,
                                  const struct out_sink *sink);
/* 0, or a negative p2t_status. */
int out_writer_exchange(struct out_writer *w, const struct p2t_exchange *x);
/* Writes what the format needs at its end, and everything buffered. */
int out_writer_finish(struct out_writer *w);
/* Something is buffered that the sink has not seen. */
bool out_writer_pending(const struct out_writer *w);
/* Everything buffered goes to the sink now. */
int out_writer_flush(struct out_writer *w);
void out_writer_free(struct out_writer *w);

#endif
