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

/* Whose time the wait for an answer was where most of it was not the server's; NULL: it was. */
static const char *held_by_transport(const struct p2t_exchange *x)
{
    enum { DEAD_PROBES = 3 };
    const struct p2t_transport *t = x->transport;

    if (t == NULL)
        return NULL;
    int64_t half_us = (x->phases.wait_ns > x->phases.receive_ns ? x->phases.wait_ns : x->phases.receive_ns) / 2000;
    if (t->one_direction)
        return "no packet of the server is in the capture";
    if (t->unacked_bytes > 0 && t->first_tries > 1)
        return "waiting for the request to be acknowledged, in vain";
    if (t->dead_probes >= DEAD_PROBES && x->status == 0)
        return "waiting for a server that answered no probe";
    if (t->request.stalled_us > half_us)
        return "waiting for lost segments of the request";
    if (t->response.stalled_us > half_us)
        return "waiting for lost segments of the response";
    if (t->response.zero_window_us > half_us)
        return "waiting for the client to read";
    return t->request.zero_window_us > half_us ? "waiting for the server to read" : NULL;
}

static bool in_vain(const struct p2t_exchange *x)
{
    return x->outcome == P2T_OUTCOME_NO_RESPONSE || (x->status == 0 && x->outcome != P2T_OUTCOME_OK);
}

static const char *unanswered(const struct p2t_exchange *x)
{
    const char *held = held_by_transport(x);

    return held != NULL ? held : "waiting for the server, in vain";
}

/* With a response: the server's work, or the bytes of its answer, whichever took longer. */
static const char *answered(const struct p2t_exchange *x)
{
    const char *held = held_by_transport(x);

    if (held != NULL)
        return held;
    return x->phases.wait_ns > x->phases.receive_ns ? "waiting for the server" : "receiving the response";
}

static const char *receiving(const struct p2t_exchange *x)
{
    const char *held = x->phases.receive_ns >= x->phases.wait_ns ? held_by_transport(x) : NULL;

    return held != NULL ? held : "receiving the response";
}

static const char *waiting(const struct p2t_exchange *x)
{
    const char *held = x->phases.wait_ns >= x->phases.receive_ns ? held_by_transport(x) : NULL;

    return held != NULL ? held : "waiting for the server";
}

/* Dialled for a request that another connection served, it may have had one later. */
static const char *open_unused(const struct p2t_exchange *x)
{
    return x->connection != NULL && x->connection->reused > 0 ? "open before its first request"
                                                              : "open, no request was read";
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
    case P2T_HOOK_GOT_100_CONTINUE:
    case P2T_HOOK_GOT_1XX_RESPONSE:
        return in_vain(x) ? unanswered(x) : answered(x);
    case P2T_HOOK_GOT_FIRST_RESPONSE_BYTE:
        return still_sending(x, before) ? "still sending the request" : receiving(x);
    case P2T_HOOK_WROTE_REQUEST:
    case P2T_HOOK_WROTE_HEADERS:
    case P2T_HOOK_WAIT_100_CONTINUE:
        return in_vain(x) ? unanswered(x) : answered(x);
    default:
        return x->status > 0 ? "waiting for the proxy" : open_unused(x);
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
        return waiting(x);
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

static int64_t phase_to_end(const struct p2t_phases *p, enum p2t_hook before)
{
    switch (before) {
    case P2T_HOOK_GOT_100_CONTINUE:
    case P2T_HOOK_GOT_1XX_RESPONSE:
    case P2T_HOOK_WROTE_REQUEST:
    case P2T_HOOK_WROTE_HEADERS:
        return p->wait_ns > p->receive_ns ? p->wait_ns : p->receive_ns;
    case P2T_HOOK_GOT_FIRST_RESPONSE_BYTE:
        return p->receive_ns;
    default:
        return -1;
    }
}

static bool several_attempts(const struct p2t_exchange *x)
{
    size_t starts = 0;

    for (size_t i = 0; i < x->event_count; i++)
        starts += x->events[i].hook == P2T_HOOK_CONNECT_START;
    return starts > 1;
}

/* The phase that a gap lies in; -1: in none that it could be all of. */
static int64_t phase_of(const struct p2t_exchange *x, enum p2t_hook before, enum p2t_hook after)
{
    switch (after) {
    case P2T_HOOK_DNS_DONE:
        return x->phases.dns_ns;
    case P2T_HOOK_CONNECT_DONE:
        return several_attempts(x) ? -1 : x->phases.connect_ns;
    case P2T_HOOK_TLS_HANDSHAKE_DONE:
        return x->phases.tls_ns;
    case P2T_HOOK_WROTE_REQUEST:
        return x->phases.send_ns;
    case P2T_HOOK_GOT_FIRST_RESPONSE_BYTE:
        return x->phases.wait_ns;
    case P2T_HOOK_COUNT:
        return phase_to_end(&x->phases, before);
    default:
        return -1;
    }
}

int64_t text_gap_ns(const struct p2t_exchange *x, enum p2t_hook before, enum p2t_hook after, int64_t ns)
{
    int64_t phase_ns = phase_of(x, before, after);

    if (phase_ns < 0)
        return ns;
    return phase_ns >= ns ? phase_ns : 0;
}
