/* Each fact about a connection, to all that it concerns, in one fixed order. */
#include "correlate/facts.h"

#include "base/hot.h"
#include "correlate/http.h"
#include "correlate/join.h"
#include "correlate/lookup/lookup.h"
#include "correlate/notes.h"
#include "correlate/pool/pool.h"
#include "correlate/settle.h"
#include "correlate/tls/handshake.h"
#include "correlate/tls/turns.h"
#include "correlate/transport.h"

/* Leaves the pool, and is freed. */
static void leave(struct correlate *c, struct cconn *cc)
{
    record_emit(c, cc);
    tls_conn_left(c, cc);
    pool_conn_gone(c, cc);
    conn_free(c, cc);
}

/* Both sides have closed, and nothing waits for it any more, though its flow may linger. */
static bool is_over(const struct cconn *cc)
{
    return cc->view.fin_in_order[FLOW_C2S] && cc->view.fin_in_order[FLOW_S2C] && list_empty(&cc->open) &&
           cc->settling == NULL && cc->dial == NULL;
}

static void on_event(struct correlate *c, struct cconn *cc, const struct fact *f)
{
    if (f->as.event->kind == FLOW_STALL) {
        transport_stall(cc, f);
        notes_stall(c, cc, f);
        return;
    }
    notes_event(cc, f);
    conn_note_event(cc, f);
    if (cc->is_dns) {
        if (f->as.event->kind == FLOW_RST && f->dir == FLOW_S2C && !mark_set(&cc->view.syn_ack))
            lookup_tcp_refused(c, &cc->view.client.ip, &cc->view.server, &f->mark);
        return;
    }
    if (f->as.event->kind == FLOW_FIN || f->as.event->kind == FLOW_RST) {
        pool_conn_closing(cc, f->dir == FLOW_C2S);
        if (f->dir == FLOW_C2S)
            tls_client_closes(c, cc, f->mark.ts_ns);
    }
    join_conn_event(c, cc, f);
    tls_conn_event(c, cc, f);
    settle_conn_event(c, cc, f);
    join_conn_closed(c, cc);
    if (is_over(cc))
        leave(c, cc);
}

static void on_close(struct correlate *c, struct cconn *cc, enum flow_end why)
{
    cc->view.input_ended = why == FLOW_END_INPUT || why == FLOW_END_EVICTED;
    tls_conn_gone(c, cc);
    settle_conn_gone(c, cc);
    join_conn_gone(c, cc, why);
    leave(c, cc);
}

void conn_lost(struct correlate *c, struct cconn *cc)
{
    conn_follow(c, cc, &c->gone);
    on_close(c, cc, FLOW_END_EVICTED);
}

HOT void conn_fact(struct correlate *c, const struct fact *f)
{
    if (f->kind == FACT_CONN_OPEN) {
        (void)conn_open(c, f);
        return;
    }
    struct cconn *cc = f->conn->follower;
    if (cc == NULL)
        return;
    switch (f->kind) {
    case FACT_CONN_EVENT:
        on_event(c, cc, f);
        break;
    case FACT_CONN_PROTO:
        cc->view.proto = f->as.proto;
        if (!cc->view.handshake_seen)
            conn_take_endpoints(cc);
        break;
    case FACT_CONN_ROLES:
        conn_take_endpoints(cc);
        break;
    case FACT_CONN_GAP:
        *(f->as.gap_unacked ? &cc->view.lost_on_way[f->dir] : &cc->view.last_gap[f->dir]) = f->mark;
        transport_gap(cc, f);
        break;
    case FACT_SOCKS_REQUEST:
        conn_socks_request(cc, f);
        break;
    case FACT_SOCKS_REPLY:
        conn_socks_reply(cc, f);
        break;
    case FACT_CONN_CLOSE:
        on_close(c, cc, f->as.end);
        break;
    case FACT_TLS_CLIENT_HELLO:
    case FACT_TLS_SERVER_HELLO:
    case FACT_TLS_CERTIFICATE:
    case FACT_TLS_ALERT:
    case FACT_TLS_DONE:
    case FACT_TLS_RECORDS:
    case FACT_TLS_NOT_TLS:
    case FACT_TLS_DECRYPTED:
    case FACT_TLS_LOST:
        tls_fact(c, cc, f);
        break;
    default:
        http_fact(c, cc, f);
        break;
    }
}
