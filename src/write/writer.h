/* Writes exchanges as bytes, in the formats that users ask for by name. */
#ifndef P2T_WRITE_WRITER_H
#define P2T_WRITE_WRITER_H

#include <stdbool.h>

#include "base/buf.h"
#include "pcap2trace/exchange.h"
#include "pcap2trace/status.h"

struct out_writer;

/* X(enum, the name that -T takes, NAME of `out_NAME` in write/format.h). Help, usage errors, tests of
 * all formats and the fuzz target follow this list. */
#define OUT_FORMAT_LIST(X)                                                                                           \
    X(TEXT, "text", text)                                                                                            \
    X(NDJSON, "ndjson", ndjson)                                                                                      \
    X(JSON, "json", json)                                                                                            \
    X(TRACE_RESULT, "trace-result", trace_result)                                                                    \
    X(CSV, "csv", csv)                                                                                               \
    X(LINES, "lines", lines)                                                                                         \
    X(HAR, "har", har)                                                                                               \
    X(OTLP, "otlp", otlp)                                                                                            \
    X(PERFETTO, "perfetto", perfetto)

enum out_format {
#define X(id, name, symbol) OUT_FORMAT_##id,
    OUT_FORMAT_LIST(X)
#undef X
        OUT_FORMAT_COUNT
};

/* How the formats for people tell times; those for programs have UTC. */
enum out_time { OUT_TIME_UTC, OUT_TIME_LOCAL, OUT_TIME_EPOCH, OUT_TIME_RELATIVE };

struct out_options {
    bool compact; /* ndjson in its compact form */
    /* Of the formats for people, text and lines. */
    bool color;         /* terminal escapes */
    bool full;          /* ids, days and the names of captures everywhere */
    bool several_files; /* captures are told apart by their names */
    bool cut;           /* no line is longer than `width` */
    size_t width;       /* columns of a terminal; 0: of no terminal */
    enum out_time time;
    int64_t first_packet_ns; /* which OUT_TIME_RELATIVE counts from */
    /* Exchanges that are held to be written in the order of their starts; 0: they are written as they come. */
    size_t sort_bytes;
};

/* Where bytes go. write() takes all n bytes and returns 0, or P2T_ERR_IO. */
struct out_sink {
    void *ctx;
    int (*write)(void *ctx, const void *bytes, size_t n);
};

/* Sets *format; false when no format has that name. */
bool out_format_parse(const char *name, enum out_format *format);
/* Static: as -T takes it. */
const char *out_format_name(enum out_format format);

/* Copies options and sink. NULL when memory ran out. */
struct out_writer *out_writer_new(enum out_format format, const struct out_options *options,
                                  const struct out_sink *sink);
/* Says when the first packet was, where that was not known before; before the first exchange. */
void out_writer_first_packet(struct out_writer *w, int64_t ns);
/* Appends one exchange; the sink is called when enough is buffered. 0, or a negative p2t_status. */
int out_writer_exchange(struct out_writer *w, const struct p2t_exchange *x);
/* Exchanges as text, made apart from the writer, on any thread; zeroed, it is empty and ready. */
struct out_chunk {
    struct buf text;
    struct buf marks; /* struct out_mark of each, where the writer puts something before it, or sorts */
    uint64_t count;
    int64_t earliest_ns; /* the first start of one; where count > 0 */
};

/* As out_writer_exchange(), but into the chunk. Several threads may do so at once, each with a chunk of its own. */
void out_chunk_exchange(struct out_chunk *c, const struct out_writer *w, const struct p2t_exchange *x);
/* Appends the chunk's exchanges, and empties it. 0, or a negative p2t_status. */
int out_writer_chunk(struct out_writer *w, struct out_chunk *c);
void out_chunk_fini(struct out_chunk *c);
/* Writes the end of the format, and everything buffered. 0, or a negative p2t_status. */
int out_writer_finish(struct out_writer *w);
/* How many sorted runs have begun: above 1, not all fitted into sort_bytes. 0 where nothing is sorted, or was written yet. */
uint64_t out_writer_runs(const struct out_writer *w);
/* True while bytes are buffered that the sink has not seen. */
bool out_writer_pending(const struct out_writer *w);
/* Gives everything buffered to the sink. 0, or a negative p2t_status. */
int out_writer_flush(struct out_writer *w);
/* Drops what is buffered. NULL is allowed. */
void out_writer_free(struct out_writer *w);

#endif
