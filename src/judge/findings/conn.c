/* Connection attempts, what ended the connection, and how it was reused. */
#include "base/icmp.h"
#include "correlate/times.h"
#include "judge/findings/about.h"

static bool reached_another(const struct exchange *e)
{
    for (size_t i = 0; i < e->attempt_count; i++)
        if (e->attempts[i].result == ATTEMPT_OK)
            return true;
    return false;
}

static void about_silence(struct exchange *e, const struct exchange_attempt *a, const char *addr)
{
    enum p2t_severity severity = reached_another(e) ? P2T_SEVERITY_WARNING : P2T_SEVERITY_ERROR;
    const char *then = a->followed ? "; the client went on with the next address" : "";
    double over = (double)(a->last_syn.ts_ns - a->syn.ts_ns) / 1e9;

    if (a->challenges > 0)
        finding_add_as(
            e, P2T_FINDING_CONN_CHALLENGED, severity, &a->syn, &a->challenged,
            "%s still holds an older connection of this port: it answered %u SYN%s over %.1f s with an ACK that "
            "belongs to that",
            addr, a->syns, plural(a->syns), over);
    else if (mark_set(&a->syn_ack))
        finding_add_as(e, P2T_FINDING_CONN_UNACKNOWLEDGED, severity, &a->syn_ack, &a->last_syn,
                       "%s answered, but the client never acknowledged it and sent %u SYN%s over %.1f s%s", addr,
                       a->syns, plural(a->syns), over, then);
    else if (a->syns == 1)
        finding_add_as(e, P2T_FINDING_CONN_NO_ANSWER, severity, &a->syn, NULL,
                       "no answer of %s to one SYN is in the capture within %.1f s%s", addr,
                       (double)(a->next_slot_ns - a->syn.ts_ns) / 1e9,
                       a->followed ? then : ", and the client did not repeat it: packets do not show why it stopped");
    else
        finding_add_as(e, P2T_FINDING_CONN_NO_ANSWER, severity, &a->syn, &a->last_syn,
                       "%s did not answer %u SYNs over %.1f s%s", addr, a->syns, over, then);
}

static void about_open_attempt(struct exchange *e, const struct exchange_attempt *a, const char *addr)
{
    double open_s = (double)(e->end_ns - a->syn.ts_ns) / 1e9;

    if (mark_set(&a->syn_ack))
        finding_add(
            e, P2T_FINDING_CONN_OPEN, &a->syn, &a->syn_ack,
            "%s answered the SYN, but the client's ACK is not in the capture, which ended %.1f s after the SYN", addr,
            open_s);
    else
        finding_add(e, P2T_FINDING_CONN_OPEN, &a->syn, &a->last_syn,
                    "%s had not answered %u SYN%s when the capture ended, %.1f s after the first", addr, a->syns,
                    a->syns == 1 ? "" : "s", open_s);
}

static const char known_by_answer[] =
    "; the SYN itself is not in the capture, so that the client's wait is not known";

static void about_attempt(struct exchange *e, const struct exchange_attempt *a)
{
    char addr[ENDPOINT_TEXT_MAX];

    (void)endpoint_format(&a->server, addr);
    switch (a->result) {
    case ATTEMPT_REFUSED:
        finding_add(e, P2T_FINDING_CONN_REFUSED, &a->syn, &a->failed, "%s refused the connection (RST)%s", addr,
                    attempt_known_by_quote(a) ? known_by_answer : "");
        break;
    case ATTEMPT_ICMP:
        finding_add(e, P2T_FINDING_CONN_UNREACHABLE, &a->syn, &a->failed,
                    "%s was reported unreachable: %s (ICMP type %u code %u)%s", addr,
                    icmp_unreachable_name(a->icmp_family, a->icmp_code), a->icmp_type, a->icmp_code,
                    attempt_known_by_quote(a) ? known_by_answer : "");
        break;
    case ATTEMPT_TIMEOUT:
        about_silence(e, a, addr);
        break;
    case ATTEMPT_PENDING:
        about_open_attempt(e, a, addr);
        break;
    case ATTEMPT_CANCELED:
        if (!a->lost && mark_set(&a->failed) && !attempt_is_probe(a))
            finding_add(e, P2T_FINDING_CONN_CANCELED, &a->syn, &a->failed,
                        "the client gave up connecting to %s after %.0f ms", addr,
                        ms(a->failed.ts_ns - a->syn.ts_ns));
        break;
    case ATTEMPT_OK:
        if (a->challenges > 0 && mark_set(&a->syn_ack))
            finding_add_as(
                e, P2T_FINDING_CONN_CHALLENGED, P2T_SEVERITY_WARNING, &a->syn, &a->challenged,
                "%s still held an older connection of this port and answered the first SYN with an ACK that "
                "belongs to that: connecting took %u SYNs and %.1f ms",
                addr, a->syns, ms(a->syn_ack.ts_ns - a->syn.ts_ns));
        else if (a->syns > 1 && mark_set(&a->syn_ack))
            finding_add(e, P2T_FINDING_CONN_SYN_REPEATED, &a->syn, &a->last_syn,
                        "%s answered only after %u SYNs: connecting took %.0f ms", addr, a->syns,
                        ms(a->syn_ack.ts_ns - a->syn.ts_ns));
        break;
    }
}

void about_attempts(struct exchange *e)
{
    for (size_t i = 0; i < e->attempt_count; i++)
        about_attempt(e, &e->attempts[i]);
}

/* The closing and the request passed each other on the wire: neither side knew of the other's. Later, the server had read
 * the request. */
static bool crossed_the_close(const struct exchange *e, const struct packet_mark *closed)
{
    const struct exchange_conn *c = &e->conn;
    int64_t rtt = mark_set(&c->ack) && mark_set(&c->syn) ? c->ack.ts_ns - c->syn.ts_ns : 0;

    if (rtt < 0) /* the clock was set back */
        rtt = 0;
    if (rtt > STALE_RTT_MAX_NS)
        rtt = STALE_RTT_MAX_NS;
    return closed->ts_ns - e->request.first.ts_ns <= rtt * 13 / 10 + STALE_SLACK_NS;
}

/* The server's own RST comes a round trip after what it answers, and nothing comes from it afterwards. */
static void about_reset(struct exchange *e, const struct packet_mark *rst)
{
    const struct exchange_conn *c = &e->conn;
    double path = mark_set(&c->ack) && mark_set(&c->syn) ? ms(c->ack.ts_ns - c->syn.ts_ns) : 0;

    finding_add(
        e, P2T_FINDING_CONN_RST_INJECTED, rst, &c->sent_after_rst,
        "this RST came %.1f ms after the request on a path of %.1f ms, and the server went on %.1f ms after it: "
        "something in between sent it",
        ms(rst->ts_ns - e->request.first.ts_ns), path, ms(c->sent_after_rst.ts_ns - rst->ts_ns));
}

/* Its kernel repeats a SYN-ACK that was acknowledged when the listener has no room for the connection. */
static bool was_never_accepted(const struct exchange *e)
{
    const struct exchange_conn *c = &e->conn;

    return c->syn_acks > 1 && mark_set(&c->ack) && c->last_syn_ack.ts_ns > c->ack.ts_ns &&
           !mark_set(&e->response.first);
}

/* Its hops are not the server's. */
static bool is_of_another(const struct exchange_conn *c)
{
    return c->rst_ttl != 0 && c->server_ttl != 0 &&
           (c->rst_ttl > c->server_ttl + 1 || c->server_ttl > c->rst_ttl + 1);
}

static void about_server_closing(struct exchange *e, const struct packet_mark *closed)
{
    const struct exchange_conn *c = &e->conn;
    bool reset = exchange_closer(e) == CLOSED_BY_SERVER_RST;

    if (reset && mark_set(&c->sent_after_rst))
        about_reset(e, closed);
    else if (reset && is_of_another(c) && !mark_set(&e->response.first))
        finding_add(e, P2T_FINDING_CONN_RST_INJECTED, closed, NULL,
                    "the connection was reset without a response; the RST has TTL %u, the server's packets %u: "
                    "something in between sent it",
                    (unsigned)c->rst_ttl, (unsigned)c->server_ttl);
    else if (was_never_accepted(e))
        finding_add(e, P2T_FINDING_CONN_NOT_ACCEPTED, &c->last_syn_ack, &e->request.last,
                    "the server never accepted the connection: it repeated its SYN-ACK %u time%s although it was "
                    "acknowledged",
                    c->syn_acks - 1, plural(c->syn_acks - 1));
    else if (mark_set(&c->previous_end) && !mark_set(&e->response.first) && crossed_the_close(e, closed))
        finding_add_as(e, P2T_FINDING_CONN_STALE_REUSE, e->retried ? P2T_SEVERITY_WARNING : P2T_SEVERITY_ERROR,
                       closed, &e->request.head_end,
                       "the server closed the idle connection as the request was sent, %.0f ms after its last use%s",
                       ms(e->request.first.ts_ns - c->previous_end.ts_ns),
                       e->retried ? "; the client sent it again on a new connection" : "");
    else
        finding_add_as(e, P2T_FINDING_CONN_CLOSED_BY_SERVER, e->retried ? P2T_SEVERITY_WARNING : P2T_SEVERITY_ERROR,
                       closed, NULL, "the server %s the connection %s%s", reset ? "reset" : "closed",
                       mark_set(&e->response.first) ? "in the middle of the response" : "without a response",
                       e->retried ? "; the client sent it again" : "");
}

void about_closing(struct exchange *e)
{
    const struct packet_mark *closed = exchange_closing_mark(e);
    bool server = exchange_closed_by_server(e);
    bool all_captured = e->response.seen || !(exchange_answer_hidden(e) || exchange_answer_unread(e));

    if (e->outcome == P2T_OUTCOME_REQUEST_ERROR && e->kind == P2T_KIND_CONNECT && e->conn.refused == 0)
        finding_add(e, P2T_FINDING_CONN_CLOSED_BY_SERVER, closed, &e->conn.preface,
                    "the server %s the connection at HTTP/2's preface: it may expect TLS, or HTTP/1",
                    exchange_closer(e) == CLOSED_BY_SERVER_RST ? "reset" : "closed");
    if (e->outcome == P2T_OUTCOME_OK || !mark_set(closed) || !e->request.seen || e->kind == P2T_KIND_CONNECT ||
        !all_captured || e->response.bad != 0 || e->conn.refused != 0)
        return;
    if (!server && e->response.seen && (e->response.lost || e->response.extent == FACT_HEAD_CUT))
        return; /* what it lacks, the capture lacks */
    if (server)
        about_server_closing(e, closed);
    else if (exchange_peer_silent(e))
        return; /* its kernel gave it up: about_transport() says why */
    else if (exchange_reset_like(e))
        finding_add_as(e, P2T_FINDING_HTTP2_STREAM_RESET, P2T_SEVERITY_ERROR, &e->response.reset_like, closed,
                       "most likely the server reset the stream: %.0f ms after the request was sent came a frame as "
                       "long as RST_STREAM, which TLS hides, and at once the client closed the connection",
                       ms(e->response.reset_like.ts_ns - e->request.first.ts_ns));
    else if (exchange_ping_lost(e))
        finding_add(
            e, P2T_FINDING_HTTP2_PING_UNANSWERED, &e->conn.ping, closed,
            "the server did not answer the client's PING%s: the client gave up on the connection %.0f ms later",
            e->conn.silent_since_ping ? ", and no more packets came from it" : "",
            ms(closed->ts_ns - e->conn.ping.ts_ns));
    else if (e->response.unread && e->response.first.ts_ns < closed->ts_ns)
        finding_add(
            e, P2T_FINDING_CONN_CLOSED_BY_CLIENT, closed, &e->response.first,
            "the client had given up when the response came, %.0f ms after the request was sent: its host took "
            "none of it; packets do not show when it did",
            ms(e->response.first.ts_ns - e->request.first.ts_ns));
    else
        finding_add(e, P2T_FINDING_CONN_CLOSED_BY_CLIENT, closed, NULL,
                    "the client gave up %.0f ms after the request was sent%s",
                    ms(closed->ts_ns - e->request.first.ts_ns),
                    mark_set(&e->response.first) && !e->response.unread ? ", in the middle of the response"
                                                                        : ", before any response");
    if (e->response.unread && e->response.first.ts_ns >= closed->ts_ns)
        finding_add(e, P2T_FINDING_HTTP_LATE_RESPONSE, &e->response.first, closed,
                    "the response came %.0f ms after the client had given up",
                    ms(e->response.first.ts_ns - closed->ts_ns));
}

void about_reuse(struct exchange *e)
{
    const struct exchange_conn *c = &e->conn;

    if (c->handed_over && e->attempt_count > 0)
        finding_add(
            e, P2T_FINDING_CONN_HANDED_OVER, &e->attempts[0].syn, &e->request.first,
            "most likely it dialled a connection, and while that was being set up another came free and took it, as "
            "Go's pool does; packets do not show which request a dial is for");
    if (c->orphan_dial && mark_set(&c->ack) && mark_set(&e->request.first))
        finding_add(e, P2T_FINDING_CONN_ORPHAN_DIAL, &c->ack, &e->request.first,
                    "the connection was opened %.0f ms before its first request: most likely for another request, "
                    "which was served elsewhere",
                    ms(e->request.first.ts_ns - c->ack.ts_ns));
    if (exchange_keeps_alive(e) && exchange_closed_at_once(e) && c->pool_full)
        finding_add(
            e, P2T_FINDING_CONN_POOL_FULL, &e->response.last, &c->client_fin,
            "the client closed the connection after use while others to this host stayed idle: its pool keeps "
            "no more of them");
    else if (exchange_keeps_alive(e) && exchange_closed_at_once(e))
        finding_add(e, P2T_FINDING_CONN_NOT_POOLED, &e->response.last, &c->client_fin,
                    "the client closed a connection it could have kept: %skeep-alive is off, its pool was closed, or "
                    "it exited; packets do not show which",
                    e->response.body_bytes > 0 ? "the application left the body unread, " : "");
}
