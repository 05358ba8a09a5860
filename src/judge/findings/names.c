#include "pcap2trace/finding.h"

#include <stddef.h>

const struct p2t_finding_info *p2t_finding_info(enum p2t_finding_code code)
{
    static const struct p2t_finding_info list[] = {
#define X(id, code, severity, side, text) {code, P2T_SEVERITY_##severity, P2T_SIDE_##side, text},
        P2T_FINDING_LIST(X)
#undef X
    };
    return (unsigned)code < P2T_FINDING_COUNT ? &list[code] : NULL;
}

const char *p2t_severity_name(enum p2t_severity severity)
{
    static const char *const names[] = {"error", "warning", "info", "depends"};
    return (unsigned)severity < sizeof names / sizeof *names ? names[severity] : "";
}

const char *p2t_side_name(enum p2t_side side)
{
    static const char *const names[] = {
#define X(id, name) name,
        P2T_SIDE_LIST(X)
#undef X
    };
    return (unsigned)side < P2T_SIDE_COUNT ? names[side] : "";
}
