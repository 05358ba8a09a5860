#include "pcap2trace/exchange.h"

#include "base/slice.h"

const char *p2t_stall_name(enum p2t_stall_kind kind)
{
    static const char *const names[] = {
#define X(id, name) name,
        P2T_STALL_LIST(X)
#undef X
    };
    return (unsigned)kind < P2T_STALL_COUNT ? names[kind] : NULL;
}

const char *p2t_limit_name(enum p2t_limit limit)
{
    static const char *const names[] = {
#define X(id, name) name,
        P2T_LIMIT_LIST(X)
#undef X
    };
    return (unsigned)limit < P2T_LIMIT_COUNT ? names[limit] : NULL;
}

const char *p2t_hook_name(enum p2t_hook hook)
{
    static const char *const names[] = {
#define X(id, name) name,
        P2T_HOOK_LIST(X)
#undef X
    };
    return (unsigned)hook < P2T_HOOK_COUNT ? names[hook] : "";
}

const char *p2t_kind_name(enum p2t_kind kind)
{
    static const char *const names[] = {
#define X(id, name) name,
        P2T_KIND_LIST(X)
#undef X
    };
    return (unsigned)kind < P2T_KIND_COUNT ? names[kind] : "";
}

const char *p2t_outcome_name(enum p2t_outcome outcome)
{
    static const char *const names[] = {
#define X(id, name) name,
        P2T_OUTCOME_LIST(X)
#undef X
    };
    return (unsigned)outcome < P2T_OUTCOME_COUNT ? names[outcome] : "";
}

const char *p2t_basis_name(enum p2t_basis basis)
{
    static const char *const names[] = {"observed", "inferred", "assumed"};
    return (unsigned)basis < 3 ? names[basis] : "";
}

const char *p2t_vantage_name(enum p2t_vantage vantage)
{
    static const char *const names[] = {NULL, "client", "server", "middle"};
    return (unsigned)vantage < 4 ? names[vantage] : NULL;
}

static bool is_event_stream(const struct p2t_exchange *x)
{
    return slice_istarts(slice_of(x->response.content_type.p, x->response.content_type.n),
                         SLICE_LIT("text/event-stream"));
}

bool p2t_exchange_failed(const struct p2t_exchange *x)
{
    if (x->outcome != P2T_OUTCOME_OK && x->outcome != P2T_OUTCOME_INCOMPLETE && x->error.p != NULL)
        return true;
    return x->status >= 500 || (x->grpc != NULL && x->grpc->status > 0);
}

/* Whether it ended, the capture does not show. */
static bool lacks_packets(enum p2t_finding_code code)
{
    switch (code) {
    case P2T_FINDING_DNS_CUT:
    case P2T_FINDING_TLS_DECRYPTION_LOST:
    case P2T_FINDING_CAPTURE_GAP:
    case P2T_FINDING_CAPTURE_ONE_DIRECTION:
    case P2T_FINDING_CAPTURE_CUT:
    case P2T_FINDING_CAPTURE_NO_REQUEST:
    case P2T_FINDING_LIMIT_HEAD:
        return true;
    default:
        return false;
    }
}

bool p2t_exchange_open(const struct p2t_exchange *x)
{
    if (x->outcome != P2T_OUTCOME_INCOMPLETE || x->websocket != NULL || is_event_stream(x))
        return false;
    for (size_t i = 0; i < x->finding_count; i++)
        if (lacks_packets(x->findings[i].id))
            return false;
    return true;
}
