/* Connection attempts, what ended the connection, and how it was reused. */
#include "judge/findings/about.h"

void about_attempts(struct exchange *e)
{
    char addr[ENDPOINT_TEXT_MAX];

    for (size_t i = 0; i < e->attempt_count; i++) {
        const struct exchange_attempt *a = &e->attempts[i];
        (void)endpoint_format(&a->server, addr);
        if (a->result == ATTEMPT_REFUSED)
            finding_add(e, P2T_FINDING_CONN_REFUSED, &a->syn, &a->failed, "%s refused the connection (RST)", addr);
        else if (a->result == ATTEMPT_ICMP)
            finding_add(e, P2T_FINDING_CONN_UNREACHABLE, &a->syn, &a->failed,
                        "%s was reported unreachable (ICMP type %u code %u)", addr, a->icmp_type, a->icmp_code);
        else if (a->result == ATTEMPT_TIMEOUT && a->syns == 1)
            finding_add(e, P2T_FINDING_CONN_NO_ANSWER, &a->syn, NULL,
                        "%s did not answer, and the client did not ask twice", addr);
        else if (a->result == ATTEMPT_TIMEOUT)
            finding_add(e, P2T_FINDING_CONN_NO_ANSWER, &a->syn, &a->last_syn, "%s did not answer %u SYNs over %.1f s",
                        addr, a->syns, (double)(a->last_syn.ts_ns - a->syn.ts_ns) / 1e9);
        else if (a->result == ATTEMPT_CANCELED && !mark_set(&a->winner))
            finding_add(e, P2T_FINDING_CONN_CANCELED, &a->syn, &a->failed,
                        "the client gave up connecting to %s after %.0f ms", addr,
                        ms(a->failed.ts_ns - a->syn.ts_ns));
        else if (a->result == ATTEMPT_OK && a->syns > 1)
            finding_add(e, P2T_FINDING_CONN_SYN_REPEATED, &a->syn, &a->last_syn,
                        "%s answered only after %u SYNs: connecting took %.0f ms", addr, a->syns,
                        ms(a->syn_ack.ts_ns - a->syn.ts_ns));
    }
}

void about_closing(struct exchange *e)
{
    const struct exchange_conn *c = &e->conn;
    enum exchange_closer by = exchange_closer(e);
    const struct packet_mark *marks[] = {NULL, &c->client_fin, &c->client_rst, &c->server_fin, &c->server_rst};
    bool server = by == CLOSED_BY_SERVER_FIN || by == CLOSED_BY_SERVER_RST;
    bool all_captured = e->response.seen || !exchange_answer_hidden(e);

    if (e->outcome == P2T_OUTCOME_OK || by == CLOSED_BY_NONE || !e->request.seen || e->kind == P2T_KIND_CONNECT ||
        !all_captured)
        return;
    if (server && mark_set(&c->previous_end) && !mark_set(&e->response.first))
        finding_add_as(e, P2T_FINDING_CONN_STALE_REUSE, e->retried ? P2T_SEVERITY_WARNING : P2T_SEVERITY_ERROR,
                       marks[by], &e->request.head_end,
                       "the server closed the idle connection as the request was sent, %.0f ms after its last use%s",
                       ms(e->request.first.ts_ns - c->previous_end.ts_ns),
                       e->retried ? "; the client sent it again on a new connection" : "");
    else if (server)
        finding_add(e, P2T_FINDING_CONN_CLOSED_BY_SERVER, marks[by], NULL, "the server %s the connection %s",
                    by == CLOSED_BY_SERVER_RST ? "reset" : "closed",
                    mark_set(&e->response.first) ? "inside the response" : "without a response");
    else
        finding_add(
            e, P2T_FINDING_CONN_CLOSED_BY_CLIENT, marks[by], NULL,
            "the client gave up %.0f ms after the request was sent%s", ms(marks[by]->ts_ns - e->request.first.ts_ns),
            mark_set(&e->response.first) && !e->response.unread ? ", inside the response" : ", before any response");
    if (e->response.unread)
        finding_add(e, P2T_FINDING_HTTP_LATE_RESPONSE, &e->response.first, marks[by],
                    "the response came %.0f ms after the client had given up",
                    ms(e->response.first.ts_ns - marks[by]->ts_ns));
}

void about_reuse(struct exchange *e)
{
    const struct exchange_conn *c = &e->conn;

    if (c->handed_over && e->attempt_count > 0)
        finding_add(
            e, P2T_FINDING_CONN_HANDED_OVER, &e->attempts[0].syn, &e->request.first,
            "while the connection it had dialled was being set up, another came free and took the request, as "
            "Go's pool does");
    if (c->orphan_dial)
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
                    "the client closed a connection it could have kept: its pool was full or closed, keep-alive is "
                    "off, or it "
                    "exited; the wire does not tell which");
}
