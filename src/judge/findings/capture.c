/* What the capture lacks. */
#include "judge/findings/about.h"

static bool answer_missing(const struct exchange *e)
{
    enum fact_tls_loss why = e->tls != NULL ? e->tls->loss[FLOW_S2C].why : 0;

    return !e->response.seen && (why == 0 || why == FACT_TLS_LOSS_MISSING) && exchange_answer_hidden(e);
}

/* The connection goes on after its exchange, and so does what is known of it. */
static bool came_after(const struct exchange *e, const struct packet_mark *m)
{
    const struct packet_mark *last = &e->response.last;

    return e->response.ended &&
           (m->ts_ns > last->ts_ns || (m->ts_ns == last->ts_ns && m->ref.number > last->ref.number));
}

static void about_clock(struct exchange *e)
{
    int64_t back_ns = e->conn.clock_ahead_ns - e->clock_ahead_ns;

    if (e->lookup != NULL && e->lookup->clock_set_back)
        finding_add(e, P2T_FINDING_CAPTURE_CLOCK_SET_BACK, &e->lookup->last_query, &e->lookup->last_answer,
                    "the capture's clock was set back during the lookup: how long it took is not known");
    if (back_ns > 0 && !came_after(e, &e->conn.clock_back))
        finding_add(
            e, P2T_FINDING_CAPTURE_CLOCK_SET_BACK, &e->conn.clock_back, NULL,
            "the capture's clock was set back by %.1f ms before this packet: how long the exchange took is not "
            "known, its later times are the earliest possible",
            ms(back_ns));
}

/* What was not read of a connection that was joined on its way, and is over. */
static bool joined_unread(const struct exchange *e)
{
    return e->outcome == P2T_OUTCOME_INCOMPLETE && exchange_answer_unread(e) && exchange_closer(e) != CLOSED_BY_NONE;
}

void about_capture(struct exchange *e)
{
    about_clock(e);
    bool on_way = exchange_answer_lost_on_way(e);
    bool one_direction = e->transport.one_direction;
    if (!one_direction && (e->request.lost || (e->response.lost && !on_way) || answer_missing(e)))
        finding_add(e, P2T_FINDING_CAPTURE_GAP, &e->request.last,
                    e->response.seen ? &e->response.last : &e->conn.server_fin,
                    "bytes of this exchange are missing from the capture");
    if (e->request.extent == FACT_HEAD_CUT || e->response.extent == FACT_HEAD_CUT)
        finding_add(e, P2T_FINDING_CAPTURE_CUT, &e->request.head_end, &e->response.head_end,
                    "a message head is only partly in the capture: snapshot length, loss, or its end");
    if (e->request.extent == FACT_HEAD_OVER_LIMIT || e->response.extent == FACT_HEAD_OVER_LIMIT)
        finding_add(e, P2T_FINDING_LIMIT_HEAD, &e->request.head_end, &e->response.head_end,
                    "a message head is longer than the limit: the rest of it was not read");
    if (!e->request.seen && e->kind == P2T_KIND_HTTP1)
        finding_add(e, P2T_FINDING_CAPTURE_NO_REQUEST, &e->response.first, NULL,
                    "the request of this response is not in the capture");
    if (joined_unread(e))
        finding_add(e, P2T_FINDING_CAPTURE_GAP, &e->request.last, NULL,
                    e->kind == P2T_KIND_TLS ? "the capture begins in the middle of the connection: encrypted bytes "
                                              "do not show whether this was a request"
                                            : "the capture begins in the middle of the connection: what the server "
                                              "sent since the request could not be "
                                              "read");
    else if (e->outcome == P2T_OUTCOME_INCOMPLETE && e->conn.input_ended && e->request.seen && !e->response.ended &&
             !one_direction)
        finding_add(e, P2T_FINDING_CAPTURE_ENDED, &e->request.last, NULL,
                    "the capture ended before the response did");
}
