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
                         "a time is wanted: 2026-11-29T10:13:40Z, 10:13:40, or +5m after the first packet");
}

/* Those that say what the exchange is. */
static int take_text_filter(struct filter *f, int option, const char *value, struct buf *complaint)
{
    switch (option) {
    case OPT_HOST:
        return options_named(filter_add_host(f, value), complaint, "--host", value,
                             "a pattern is wanted, e.g. '*.example.com'");
    case OPT_METHOD:
        return options_named(filter_add_method(f, value), complaint, "--method", value,
                             "a method is wanted, e.g. GET");
    case OPT_PATH:
        return options_named(filter_add_path(f, value), complaint, "--path", value,
                             "a pattern is wanted, e.g. '/v1/*'");
    case OPT_TRACE_ID:
        return options_named(filter_add_trace_id(f, value), complaint, "--trace-id", value,
                             "a trace or request id is wanted");
    case OPT_SERVER:
        return options_named(filter_add_server(f, value), complaint, "--server", value,
                             "an address or pattern is wanted");
    case OPT_PORT:
        return options_named(filter_add_port(f, value), complaint, "--port", value,
                             "a port is wanted, from 0 to 65535");
    default:
        return options_named(filter_add_kind(f, value), complaint, "--kind", value,
                             "http1, http2, tls, connect or lookup is wanted");
    }
}

int options_take_filter(struct filter *f, int option, const char *value, struct buf *complaint)
{
    switch (option) {
    case OPT_STATUS:
        return options_named(filter_add_status(f, value), complaint, "--status", value,
                             "e.g. 404, 5xx or 404,5xx is wanted, with a class from 1xx to 5xx");
    case OPT_SLOWER_THAN:
        return options_named(filter_set_slower_than(f, value), complaint, "--slower-than", value,
                             "a time with its unit is wanted, e.g. 250ms, 1.5s or wait=800us");
    case OPT_ID:
        return options_named(filter_add_id(f, value), complaint, "--id", value,
                             "up to 16 hexadecimal digits are wanted");
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

/* A file of that name would be ./env. */
