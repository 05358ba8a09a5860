#include "write/text/text.h"

static const char *into_connection(const struct p2t_exchange *x, enum p2t_hook before, enum p2t_hook after)
{
    switch (after) {
    case P2T_HOOK_DNS_DONE:
        return "waiting for the resolver";
    case P2T_HOOK_CONNECT_START:
        return before == P2T_HOOK_CONNECT_START ? "waiting for TCP connect, before the next address is tried"
                                                : "in the client, before dialing";
    case P2T_HOOK_CONNECT_DONE:
        return "waiting for TCP connect";
    case P2T_HOOK_TLS_HANDSHAKE_DONE:
        return "in the TLS handshake";
    case P2T_HOOK_TLS_HANDSHAKE_START:
        return "before the TLS handshake";
    case P2T_HOOK_GOT_CONN:
        return x->connection != NULL && x->connection->proxy.p != NULL
                   ? "in the client or its proxy, before the request"
                   : "in the client, before the request";
    default:
        return "in the client";
    }
}

static bool still_sending(const struct p2t_exchange *x, enum p2t_hook before)
{
    for (size_t i = x->event_count; i > 0 && x->events[i - 1].hook != before; i--)
        if (x->events[i - 1].hook == P2T_HOOK_WROTE_REQUEST)
            return true;
    return false;
}

static const char *into_nothing(const struct p2t_exchange *x, enum p2t_hook before)
{
    switch (before) {
    case P2T_HOOK_CONNECT_START:
        return "waiting for TCP connect";
    case P2T_HOOK_DNS_START:
        return "waiting for the resolver";
    case P2T_HOOK_TLS_HANDSHAKE_START:
        return "in the TLS handshake";
    case P2T_HOOK_GOT_FIRST_RESPONSE_BYTE:
    case P2T_HOOK_GOT_100_CONTINUE:
    case P2T_HOOK_GOT_1XX_RESPONSE:
        return still_sending(x, before) ? "still sending the request" : "receiving the response";
    case P2T_HOOK_WROTE_REQUEST:
    case P2T_HOOK_WROTE_HEADERS:
    case P2T_HOOK_WAIT_100_CONTINUE:
        return x->status == 0 || x->outcome == P2T_OUTCOME_NO_RESPONSE ? "waiting for the server, in vain"
                                                                       : "receiving the response";
    default:
        return x->status > 0 ? "waiting for the proxy" : "open, without a request that could be read";
    }
}

const char *text_gap_name(const struct p2t_exchange *x, enum p2t_hook before, enum p2t_hook after)
{
    switch (after) {
    case P2T_HOOK_COUNT:
        return into_nothing(x, before);
    case P2T_HOOK_WROTE_REQUEST:
        return before == P2T_HOOK_WAIT_100_CONTINUE ? "waiting for 100 Continue" : "sending the request";
    case P2T_HOOK_GOT_FIRST_RESPONSE_BYTE:
        return "waiting for the server";
    case P2T_HOOK_GOT_100_CONTINUE:
        return "waiting for 100 Continue";
    case P2T_HOOK_GOT_1XX_RESPONSE:
        return "waiting for the server";
    case P2T_HOOK_PUT_IDLE_CONN:
        return "receiving the response";
    default:
        return into_connection(x, before, after);
    }
}
