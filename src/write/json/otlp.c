/* OTLP in its JSON mapping, one ExportTraceServiceRequest a line: a span for each call, and under it those of its hooks. */
#include "pcap2trace/session.h"
#include "write/format.h"
#include "write/json/otlp/span.h"

#define SCOPE_HTTPTRACE "go.opentelemetry.io/otel/instrumentation/httptrace"
#define SCOPE_VERSION   "0.72.0"

static void otlp_exchange(struct buf *b, const struct out_options *options, const struct p2t_exchange *x)
{
    struct otlp o = otlp_begin(b, x);
    const char *version = p2t_version();
    char *w = pen_begin(b);

    (void)options;
    if (w == NULL)
        return;
    w = PEN_PUT(w, "{\"resourceSpans\":[{\"resource\":{\"attributes\":[" OTLP_TEXT(
                       "service.name") "\"pcap2trace\"}}]},"
                                       "\"scopeSpans\":[{\"scope\":{\"name\":\"pcap2trace\",\"version\":");
    w = pen_string(b, w, (struct p2t_text){version, strlen(version)});
    w = otlp_call(&o, PEN_PUT(w, "},\"spans\":["));
    w = PEN_PUT(w, "]},{\"scope\":{\"name\":\"" SCOPE_HTTPTRACE "\",\"version\":\"" SCOPE_VERSION "\"},\"spans\":[");
    w = otlp_list_end(&o, otlp_hooks(&o, w));
    pen_end(b, PEN_PUT(w, "}]}]}\n"));
}

const struct out_format_ops out_otlp = {.exchange = otlp_exchange};
