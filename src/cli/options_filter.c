#include "cli/options_parts.h"
#include "pcap2trace/status.h"

int options_wrong(struct buf *complaint, const char *option, const char *value, const char *wanted)
{
    buf_printf(complaint, "%s '%s': %s", option, value, wanted);
    return P2T_ERR_USAGE;
}

int options_named(int status, struct buf *complaint, const char *option, const char *value, const char *wanted)
{
    return status == P2T_ERR_USAGE ? options_wrong(complaint, option, value, wanted) : status;
}

static int take_time(struct filter_time *t, const char *option, const char *value, struct buf *complaint)
{
    return options_named(filter_set_time(t, value), complaint, option, value,
                         "expected a time: 2026-11-29T10:13:40Z, 10:13:40, or +5m after the first packet");
}

/* Those that say what the exchange is. */
static int take_text_filter(struct filter *f, int option, const char *value, struct buf *complaint)
{
    switch (option) {
    case OPT_HOST:
        return options_named(filter_add_host(f, value), complaint, "--host", value,
                             "expected a pattern, e.g. '*.example.com'");
    case OPT_METHOD:
        return options_named(filter_add_method(f, value), complaint, "--method", value,
                             "expected a method, e.g. GET");
    case OPT_PATH:
        return options_named(filter_add_path(f, value), complaint, "--path", value,
                             "expected a pattern, e.g. '/v1/*'");
    case OPT_TRACE_ID:
        return options_named(filter_add_trace_id(f, value), complaint, "--trace-id", value,
                             "expected a trace or request id");
    case OPT_SERVER:
        return options_named(filter_add_server(f, value), complaint, "--server", value,
                             "expected an IP address, or a pattern of addresses");
    case OPT_PORT:
        return options_named(filter_add_port(f, value), complaint, "--port", value,
                             "expected a port from 0 to 65535");
    default:
        return options_named(filter_add_kind(f, value), complaint, "--kind", value,
                             "expected http1, http2, tls, connect or lookup");
    }
}

int options_take_filter(struct filter *f, int option, const char *value, struct buf *complaint)
{
    switch (option) {
    case OPT_STATUS:
        return options_named(filter_add_status(f, value), complaint, "--status", value,
                             "expected a status, a class from 1xx to 5xx, or a list, e.g. 404,5xx");
    case OPT_SLOWER_THAN:
        return options_named(filter_set_slower_than(f, value), complaint, "--slower-than", value,
                             "expected a time with its unit, e.g. 250ms, 1.5s or wait=800us");
    case OPT_ID:
        return options_named(filter_add_id(f, value), complaint, "--id", value,
                             "expected up to 16 hexadecimal digits");
    case OPT_SINCE:
        return take_time(&f->since, "--since", value, complaint);
    case OPT_UNTIL:
        return take_time(&f->until, "--until", value, complaint);
    case OPT_FAILED:
        f->failed = true;
        return P2T_OK;
    case OPT_PROBLEMS:
        f->problems = true;
        return P2T_OK;
    case OPT_INCOMPLETE:
        f->incomplete = true;
        return P2T_OK;
    default:
        return take_text_filter(f, option, value, complaint);
    }
}
