/* Each finding fires on an exchange that has it, and stays silent on one that differs from that in one fact. A code of
 * P2T_FINDING_LIST without its row here fails. */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "judge/judge.h"
#include "unit/judge/made.h"

/* What has it, and what changes then. */
#define FIRES(id)  static void id##_fires(struct made *m)
#define NEARLY(id) static void id##_nearly(struct made *m)

static void made_stall(struct made *m, enum p2t_stall_kind kind, enum flow_dir dir, uint64_t from_us, uint64_t to_us)
{
    struct flow_stall *x = arena_alloc(&m->e.arena, sizeof *x);

    assert_non_null(x);
    *x = (struct flow_stall){
        .kind = kind, .client = dir == FLOW_C2S, .from = at(from_us), .to = at(to_us), .segments = 1};
    m->e.transport.known = true;
    m->e.transport.stalls = x;
    m->e.transport.stall_count = 1;
}

/* ---- lookups ---- */

FIRES(DNS_EMPTY_ANSWER)
{
    made_lookup(m);
    m->lookup.result = LOOKUP_NOT_FOUND;
    m->lookup.empty = true;
}
NEARLY(DNS_EMPTY_ANSWER)
{
    m->lookup.empty = false;
    m->lookup.rcode = 3;
}

FIRES(DNS_NOT_FOUND)
{
    made_lookup(m);
    m->lookup.result = LOOKUP_NOT_FOUND;
    m->lookup.rcode = 3;
}
NEARLY(DNS_NOT_FOUND)
{
    m->lookup.empty = true;
}

FIRES(DNS_SERVER_FAILURE)
{
    made_lookup(m);
    m->lookup.result = LOOKUP_MISBEHAVING;
    m->lookup.rcode = 2;
}
NEARLY(DNS_SERVER_FAILURE)
{
    m->lookup.result = LOOKUP_NOT_FOUND;
}

FIRES(DNS_UNREACHABLE)
{
    made_lookup(m);
    m->lookup.result = LOOKUP_UNREACHABLE;
}
NEARLY(DNS_UNREACHABLE)
{
    m->lookup.result = LOOKUP_TIMEOUT;
}

FIRES(DNS_NO_ANSWER)
{
    made_lookup(m);
    m->lookup.result = LOOKUP_TIMEOUT;
    m->lookup.answers = 0;
}
NEARLY(DNS_NO_ANSWER)
{
    m->lookup.result = LOOKUP_UNREACHABLE;
}

FIRES(DNS_OPEN)
{
    made_lookup(m);
    m->lookup.result = LOOKUP_PENDING;
    m->e.end_ns = at(2000100).ts_ns;
}
NEARLY(DNS_OPEN)
{
    m->lookup.result = LOOKUP_ABANDONED;
}

FIRES(DNS_CUT)
{
    made_lookup(m);
    m->lookup.result = LOOKUP_CUT;
}
NEARLY(DNS_CUT)
{
    m->lookup.result = LOOKUP_OK;
}

FIRES(DNS_SERVER_FAILED)
{
    made_lookup(m);
    m->detours.failed = (struct lookup_trouble){at(150), {.ip = ip_parse(SLICE_LIT("10.0.0.53")), .port = 53}, 2};
}
NEARLY(DNS_SERVER_FAILED)
{
    m->detours.failed.mark = (struct packet_mark){0};
}

/* Two queries at once are A and AAAA. */
FIRES(DNS_RETRIED)
{
    made_lookup(m);
    m->lookup.repeats = 1;
    m->detours.silent = (struct lookup_trouble){at(100), {.ip = ip_parse(SLICE_LIT("10.0.0.53")), .port = 53}, 0};
}
NEARLY(DNS_RETRIED)
{
    m->lookup.repeats = 0;
}

FIRES(DNS_NOT_FOLLOWED)
{
    static struct ip_addr only = {.family = 6};

    made_lookup(m);
    m->lookup.useless = true;
    m->lookup.addrs = &only;
    m->lookup.addr_count = 1;
}
NEARLY(DNS_NOT_FOLLOWED)
{
    m->lookup.useless = false;
}

FIRES(DNS_SEARCH_LIST)
{
    made_lookup(m);
    m->lookup.names = 2;
}
NEARLY(DNS_SEARCH_LIST)
{
    m->lookup.names = 1;
}

/* ---- connection attempts ---- */

FIRES(CONN_REFUSED)
{
    made_dial(m);
    m->attempts[0].result = ATTEMPT_REFUSED;
    m->attempts[0].failed = at(1200);
}
NEARLY(CONN_REFUSED)
{
    m->attempts[0].result = ATTEMPT_ICMP;
}

FIRES(CONN_UNREACHABLE)
{
    made_dial(m);
    m->attempts[0].result = ATTEMPT_ICMP;
    m->attempts[0].failed = at(1200);
    m->attempts[0].icmp_family = 4;
    m->attempts[0].icmp_type = 3;
    m->attempts[0].icmp_code = 1;
}
NEARLY(CONN_UNREACHABLE)
{
    m->attempts[0].result = ATTEMPT_REFUSED;
}

FIRES(CONN_NO_ANSWER)
{
    made_dial(m);
    m->attempts[0].result = ATTEMPT_TIMEOUT;
    m->attempts[0].syns = 3;
    m->attempts[0].last_syn = at(3001000);
}
NEARLY(CONN_NO_ANSWER)
{
    m->attempts[0].result = ATTEMPT_PENDING;
}

FIRES(CONN_UNACKNOWLEDGED)
{
    made_dial(m);
    m->attempts[0].result = ATTEMPT_TIMEOUT;
    m->attempts[0].syns = 3;
    m->attempts[0].syn_ack = at(1100);
    m->attempts[0].last_syn = at(3001000);
}
NEARLY(CONN_UNACKNOWLEDGED)
{
    m->attempts[0].syn_ack = (struct packet_mark){0};
}

FIRES(CONN_OPEN)
{
    made_dial(m);
    m->attempts[0].result = ATTEMPT_PENDING;
    m->attempts[0].syns = 2;
    m->attempts[0].last_syn = at(1001000);
    m->e.end_ns = at(1501000).ts_ns;
}
NEARLY(CONN_OPEN)
{
    m->attempts[0].result = ATTEMPT_TIMEOUT;
}

FIRES(CONN_CLOSED_BY_SERVER)
{
    made_http(m);
    made_unanswered(m);
    made_server_fin(m, 2100);
}
/* Bytes before the FIN are missing: the answer may have been among them. */
NEARLY(CONN_CLOSED_BY_SERVER)
{
    m->e.conn.fin_in_order[FLOW_S2C] = false;
}

FIRES(CONN_CHALLENGED)
{
    made_dial(m);
    m->attempts[0].result = ATTEMPT_TIMEOUT;
    m->attempts[0].syns = 3;
    m->attempts[0].challenges = 3;
    m->attempts[0].challenged = at(1100);
    m->attempts[0].last_syn = at(3001000);
}
NEARLY(CONN_CHALLENGED)
{
    m->attempts[0].challenges = 0;
}

FIRES(CONN_NOT_ACCEPTED)
{
    CONN_CLOSED_BY_SERVER_fires(m);
    m->e.conn.syn_acks = 3;
    m->e.conn.ack = at(1110);
    m->e.conn.last_syn_ack = at(2050);
}
NEARLY(CONN_NOT_ACCEPTED)
{
    m->e.conn.last_syn_ack = at(1105);
}

FIRES(CONN_RST_INJECTED)
{
    CONN_CLOSED_BY_SERVER_fires(m);
    m->e.conn.server_fin = (struct packet_mark){0};
    m->e.conn.server_rst = at(2500);
    m->e.conn.syn = at(1000);
    m->e.conn.ack = at(31000);
    m->e.conn.sent_after_rst = at(32500);
}
NEARLY(CONN_RST_INJECTED)
{
    m->e.conn.sent_after_rst = (struct packet_mark){0};
}

FIRES(CONN_CANCELED)
{
    made_dial(m);
    m->attempts[0].result = ATTEMPT_CANCELED;
    m->attempts[0].failed = at(51000);
}
NEARLY(CONN_CANCELED)
{
    m->attempts[0].lost = true;
}

FIRES(CONN_SYN_REPEATED)
{
    made_http(m);
    made_add_dial(m);
    m->attempts[0].syns = 2;
    m->attempts[0].syn = at(100);
    m->attempts[0].syn_ack = at(1000100);
}
NEARLY(CONN_SYN_REPEATED)
{
    m->attempts[0].syns = 1;
}

/* ---- how the connection ended ---- */

FIRES(CONN_STALE_REUSE)
{
    made_http(m);
    made_unanswered(m);
    m->e.conn.previous_end = at(1000);
    made_server_fin(m, 2100);
}
NEARLY(CONN_STALE_REUSE)
{
    m->e.conn.previous_end = (struct packet_mark){0};
}

FIRES(CONN_CLOSED_BY_CLIENT)
{
    made_http(m);
    made_unanswered(m);
    made_server_fin(m, 52001);
    m->e.conn.client_fin = at(52000);
}
NEARLY(CONN_CLOSED_BY_CLIENT)
{
    made_server_fin(m, 51999);
}

FIRES(CONN_HANDED_OVER)
{
    made_http(m);
    made_add_dial(m);
    m->e.conn.handed_over = true;
}
NEARLY(CONN_HANDED_OVER)
{
    m->e.attempt_count = 0;
}

FIRES(CONN_ORPHAN_DIAL)
{
    made_http(m);
    m->e.request.first = at(51110);
    m->e.conn.orphan_dial = true;
}
NEARLY(CONN_ORPHAN_DIAL)
{
    m->e.conn.orphan_dial = false;
}

FIRES(CONN_POOL_FULL)
{
    made_http(m);
    m->e.conn.client_fin = at(4299);
    m->e.conn.pool_full = true;
}
NEARLY(CONN_POOL_FULL)
{
    m->e.conn.client_fin = at(4300);
}

FIRES(CONN_NOT_POOLED)
{
    made_http(m);
    m->e.conn.client_fin = at(4299);
    m->e.response.body_bytes = 10;
}
NEARLY(CONN_NOT_POOLED)
{
    m->e.response.wants_close = true;
}

FIRES(TCP_RETRANSMISSIONS)
{
    made_http(m);
    made_stall(m, P2T_STALL_SPURIOUS, FLOW_C2S, 2200, 2200);
    m->e.transport.message[FLOW_C2S].retransmitted = 2;
    m->e.transport.message[FLOW_S2C].retransmitted = 1;
}
/* They were sent before it began, or after it ended. */
NEARLY(TCP_RETRANSMISSIONS)
{
    m->e.transport.message[FLOW_C2S].retransmitted = m->e.transport.message[FLOW_S2C].retransmitted = 0;
    m->e.conn.retransmits[FLOW_C2S] = 2;
}

FIRES(TCP_LOSS_STALL)
{
    made_http(m);
    made_stall(m, P2T_STALL_LOST_AFTER, FLOW_C2S, 2000, 192000);
    m->e.transport.stalls[0].by_timer = true;
    m->e.transport.message[FLOW_C2S].stalled_ns = 190000000;
}
NEARLY(TCP_LOSS_STALL)
{
    m->e.transport.stalls[0].to = at(191999);
}

FIRES(TCP_LOSS_FAST)
{
    made_http(m);
    made_stall(m, P2T_STALL_LOST_BEFORE, FLOW_S2C, 3000, 13000);
    m->e.transport.message[FLOW_S2C].stalled_ns = 10000000;
}
/* A round trip is longer than that. */
NEARLY(TCP_LOSS_FAST)
{
    m->e.transport.rtt[FLOW_C2S] = (struct exchange_rtt){1, 10001, 10001, 10001};
}

/* Three sendings of the request, which is 100 bytes long. */
static void made_tries(struct made *m)
{
    made_http(m);
    made_unanswered(m);
    m->e.conn.client_fin = at(52000);
    m->e.transport.known = true;
    m->e.transport.message[FLOW_C2S] = (struct exchange_carried){.begun = true, .ended = true, .end = 100};
    m->e.transport.unacked[FLOW_C2S] = 100;
    m->e.transport.tries = 3;
    m->e.transport.try_length = 100;
    m->e.transport.first_try = at(2000);
    m->e.transport.last_try = at(42000);
}

FIRES(TCP_NOT_ACKNOWLEDGED)
{
    made_tries(m);
    m->e.transport.tries = 2;
}
NEARLY(TCP_NOT_ACKNOWLEDGED)
{
    m->e.transport.tries = 1;
}

FIRES(CONN_IDLE_DROP)
{
    made_tries(m);
    m->e.transport.idle_before_ns = INT64_C(60000000000);
}
NEARLY(CONN_IDLE_DROP)
{
    m->e.transport.idle_before_ns--;
}

FIRES(TCP_PMTUD_BLACKHOLE)
{
    made_tries(m);
    m->e.transport.try_length = 1000;
    m->e.transport.acked_length[FLOW_C2S] = 999;
}
NEARLY(TCP_PMTUD_BLACKHOLE)
{
    m->e.transport.acked_length[FLOW_C2S] = 1000;
}

FIRES(TCP_ZERO_WINDOW_CLIENT)
{
    made_http(m);
    made_stall(m, P2T_STALL_ZERO_WINDOW, FLOW_S2C, 3000, 103000);
    m->e.transport.message[FLOW_S2C].zero_window_ns = 100000000;
}
NEARLY(TCP_ZERO_WINDOW_CLIENT)
{
    m->e.transport.message[FLOW_S2C].zero_window_ns--;
}

FIRES(TCP_ZERO_WINDOW_SERVER)
{
    made_http(m);
    made_stall(m, P2T_STALL_ZERO_WINDOW, FLOW_C2S, 2000, 102000);
    m->e.transport.message[FLOW_C2S].zero_window_ns = 100000000;
}
NEARLY(TCP_ZERO_WINDOW_SERVER)
{
    m->e.transport.rtt[FLOW_C2S] = (struct exchange_rtt){1, 50001, 50001, 50001};
}

FIRES(TCP_SENDER_PAUSED)
{
    made_http(m);
    made_stall(m, P2T_STALL_IDLE, FLOW_S2C, 3000, 53000);
    m->e.transport.message[FLOW_S2C].idle_ns = 50000000;
}
NEARLY(TCP_SENDER_PAUSED)
{
    m->e.transport.message[FLOW_S2C].idle_ns--;
}

FIRES(TCP_NAGLE)
{
    made_http(m);
    made_stall(m, P2T_STALL_NAGLE, FLOW_C2S, 2000, 42000);
    m->e.transport.message[FLOW_C2S].nagle_ns = 40000000;
}
NEARLY(TCP_NAGLE)
{
    m->e.transport.message[FLOW_C2S].nagle_ns = 0;
}

FIRES(TCP_SILENT_PEER)
{
    made_http(m);
    made_unanswered(m);
    m->e.conn.client_rst = at(45000000);
    m->e.transport.known = true;
    m->e.transport.dead_probes = 3;
    m->e.transport.probe_first = at(10000000);
    m->e.transport.probe_last = at(30000000);
}
/* The next probe was due long before. */
NEARLY(TCP_SILENT_PEER)
{
    m->e.conn.client_rst = at(45000001);
}

FIRES(CAPTURE_ONE_DIRECTION)
{
    made_http(m);
    made_unanswered(m);
    m->e.transport.known = m->e.transport.one_direction = true;
    m->e.transport.heard = at(22000);
}
NEARLY(CAPTURE_ONE_DIRECTION)
{
    m->e.transport.one_direction = false;
}

/* ---- TLS ---- */

FIRES(TCP_LOST_ON_WAY)
{
    made_http(m);
    made_unanswered(m);
    m->e.conn.lost_on_way[FLOW_S2C] = at(3000);
    m->e.conn.client_fin = at(6002000);
}
/* It was acknowledged: the capture lacks what the client has. */
NEARLY(TCP_LOST_ON_WAY)
{
    m->e.conn.last_gap[FLOW_S2C] = at(3000);
}

FIRES(TLS_ALERT)
{
    made_tls(m);
    m->tls.failure = TLS_FAILED_SERVER_ALERT;
    m->tls.failed = at(1300);
    m->tls.alert[FLOW_S2C] = (struct tls_alert){.mark = at(1300), .code = 40};
}
/* A later request of the connection. */
NEARLY(TLS_ALERT)
{
    m->e.handshakes = false;
}

FIRES(TLS_NOT_TLS)
{
    made_tls(m);
    m->tls.failure = TLS_FAILED_NOT_TLS;
    m->tls.failed = at(1300);
    m->tls.not_tls_is_http = true;
}
NEARLY(TLS_NOT_TLS)
{
    m->tls.failure = TLS_FAILED_CLOSED;
}

FIRES(TLS_CLOSED)
{
    made_tls(m);
    m->tls.failure = TLS_FAILED_CLOSED;
    m->tls.failed = at(51200);
}
/* The capture ended there. */
NEARLY(TLS_CLOSED)
{
    m->tls.failed = (struct packet_mark){0};
}

FIRES(TLS_OPEN)
{
    made_tls(m);
    m->tls.failure = TLS_FAILED_CLOSED;
    m->tls.version = 0;
    m->e.end_ns = at(2001200).ts_ns;
}
NEARLY(TLS_OPEN)
{
    m->tls.failed = at(51200);
}

FIRES(TLS_CERTIFICATE)
{
    made_tls(m);
    m->tls.certificate = at(1300);
    m->tls.certificate_problem = SLICE_LIT("x509: certificate has expired");
}
NEARLY(TLS_CERTIFICATE)
{
    m->tls.certificate_problem = SLICE_LIT("");
}

FIRES(TLS_CLIENT_CERTIFICATE)
{
    made_tls(m);
    made_unanswered(m);
    m->tls.client_certificate_empty = true;
}
NEARLY(TLS_CLIENT_CERTIFICATE)
{
    m->tls.client_certificate_empty = false;
}

FIRES(TLS_OUTER_NAME)
{
    made_tls(m);
    m->tls.outer_name = true;
}
NEARLY(TLS_OUTER_NAME)
{
    m->tls.server_name = (struct slice){NULL, 0};
}

FIRES(TLS_NOT_HTTP)
{
    made_tls(m);
    m->e.kind = P2T_KIND_CONNECT;
    m->tls.decrypted = true;
    m->tls.decrypted_at = at(1900);
}
NEARLY(TLS_NOT_HTTP)
{
    m->tls.decrypted = false;
}

FIRES(TLS_NOT_DECRYPTED)
{
    made_tls(m);
    m->tls.loss[FLOW_S2C] = (struct tls_loss){at(1850), FACT_TLS_LOSS_KEY};
}
NEARLY(TLS_NOT_DECRYPTED)
{
    m->tls.decrypted = true;
}

FIRES(TLS_DECRYPTION_LOST)
{
    made_tls(m);
    m->tls.decrypted = true;
    m->tls.loss[FLOW_C2S] = (struct tls_loss){at(4000), FACT_TLS_LOSS_MISSING};
}
/* After the exchange. */
NEARLY(TLS_DECRYPTION_LOST)
{
    m->tls.loss[FLOW_C2S].mark = at(4001);
}

/* ---- HTTP ---- */

FIRES(HTTP_SERVER_ERROR)
{
    made_http(m);
    m->e.response.status = 500;
    m->e.response.reason = SLICE_LIT("Oh no");
}
NEARLY(HTTP_SERVER_ERROR)
{
    m->e.response.status = 499;
}

FIRES(HTTP_MALFORMED)
{
    made_http(m);
    made_server_fin(m, 4500);
    m->e.response.bad = FACT_BAD_CHUNK_BYTE;
}
NEARLY(HTTP_MALFORMED)
{
    m->e.response.bad = 0;
}

FIRES(HTTP_OTHER_PROTOCOL)
{
    made_http(m);
    m->e.response.seen = false;
    m->e.response.bad = FACT_BAD_LINE;
    m->e.response.bad_line = SLICE_LIT("\0\0\6\4\0\0\0\0\0\0\3\0\0\0\x80");
}
/* HTTP/1, without a status. */
NEARLY(HTTP_OTHER_PROTOCOL)
{
    m->e.response.bad_line = SLICE_LIT("HTTP/1.1");
}

FIRES(HTTP_LATE_RESPONSE)
{
    made_http(m);
    m->e.conn.client_fin = at(2500);
    m->e.response.first = at(12500);
    m->e.response.unread = true;
}
NEARLY(HTTP_LATE_RESPONSE)
{
    m->e.response.unread = false;
}

FIRES(HTTP_EARLY_RESPONSE)
{
    made_http(m);
    m->e.request.last = at(4500);
}
NEARLY(HTTP_EARLY_RESPONSE)
{
    m->e.request.last = m->e.response.first;
}

FIRES(HTTP_BODY_NOT_SENT)
{
    made_http(m);
    m->e.request.expects_continue = true;
    m->e.request.abandoned = true;
}
NEARLY(HTTP_BODY_NOT_SENT)
{
    m->e.request.abandoned = false;
}

FIRES(HTTP2_STREAM_RESET)
{
    made_http2(m);
    m->e.stream.reset = m->e.stream.reset_by_server = true;
    m->e.stream.error_code = 2;
    m->e.stream.reset_mark = at(3500);
}
NEARLY(HTTP2_STREAM_RESET)
{
    m->e.stream.reset = false;
}

FIRES(HTTP2_FLOW_CONTROL)
{
    made_http2(m);
    m->e.stream.stalls[FLOW_S2C] = 1;
}
NEARLY(HTTP2_FLOW_CONTROL)
{
    m->e.stream.stalls[FLOW_S2C] = 0;
}

FIRES(HTTP2_PING_UNANSWERED)
{
    made_http2(m);
    made_unanswered(m);
    m->e.conn.ping = at(3000);
    m->e.conn.client_fin = at(15003000);
    m->e.conn.silent_since_ping = true;
}
NEARLY(HTTP2_PING_UNANSWERED)
{
    m->e.conn.ping = at(15000000);
}

FIRES(GRPC_STATUS)
{
    made_http2(m);
    m->e.grpc.present = m->e.grpc.has_status = true;
    m->e.grpc.status = 5;
}
NEARLY(GRPC_STATUS)
{
    m->e.grpc.status = 0;
}

FIRES(WEBSOCKET_CLOSED)
{
    made_http(m);
    m->e.websocket.present = true;
    m->e.websocket.closed[FLOW_S2C] = at(5000);
    m->e.websocket.close_code[FLOW_S2C] = 1002;
}
NEARLY(WEBSOCKET_CLOSED)
{
    m->e.websocket.close_code[FLOW_S2C] = 1001;
}

FIRES(WEBSOCKET_NOT_CLOSED)
{
    made_http(m);
    m->e.websocket.present = true;
    m->e.websocket.last = at(5000);
    made_server_fin(m, 5100);
}
/* The Close frame may be among what is missing. */
NEARLY(WEBSOCKET_NOT_CLOSED)
{
    m->e.websocket.messages[FLOW_S2C].lost = true;
}

/* ---- the capture ---- */

FIRES(CAPTURE_GAP)
{
    made_http(m);
    made_unanswered(m);
    m->e.conn.server_fin = at(2100);
}
NEARLY(CAPTURE_GAP)
{
    m->e.conn.fin_in_order[FLOW_S2C] = true;
}

FIRES(CAPTURE_CLOCK_SET_BACK)
{
    made_http(m);
    m->e.conn.clock_ahead_ns = 2000000000;
    m->e.conn.clock_back = at(3000);
}
NEARLY(CAPTURE_CLOCK_SET_BACK)
{
    m->e.clock_ahead_ns = 2000000000; /* it was before this exchange */
}

FIRES(CAPTURE_CUT)
{
    made_http(m);
    m->e.response.extent = FACT_HEAD_CUT;
}
NEARLY(CAPTURE_CUT)
{
    m->e.response.extent = FACT_HEAD_UNFINISHED;
}

FIRES(CAPTURE_NO_REQUEST)
{
    made_http(m);
    m->e.request.seen = false;
}
NEARLY(CAPTURE_NO_REQUEST)
{
    m->e.request.seen = true;
}

FIRES(CAPTURE_ENDED)
{
    made_http(m);
    made_unanswered(m);
    m->e.conn.input_ended = true;
}
NEARLY(CAPTURE_ENDED)
{
    m->e.conn.input_ended = false;
}

FIRES(LIMIT_HEAD)
{
    made_http(m);
    m->e.request.extent = FACT_HEAD_OVER_LIMIT;
}
NEARLY(LIMIT_HEAD)
{
    m->e.request.extent = FACT_HEAD_CUT;
}

FIRES(LIMIT_INTERIM_RESPONSES)
{
    made_http(m);
    m->e.response.interims_dropped = 3;
}
NEARLY(LIMIT_INTERIM_RESPONSES)
{
    m->e.response.interims_dropped = 0;
}

/* ---- what they say ---- */

struct row {
    const char *code;
    enum p2t_severity severity;
    uint64_t packet; /* the first of its evidence; 0: it has none */
    const char *text;
    void (*fires)(struct made *m), (*nearly)(struct made *m);
};

#define ROW(id, code, severity, packet, text)                                                                        \
    [P2T_FINDING_##id] = {code, P2T_SEVERITY_##severity, packet, text, id##_fires, id##_nearly}
static const struct row rows[P2T_FINDING_COUNT] = {
    ROW(DNS_EMPTY_ANSWER, "dns.empty_answer", ERROR, 210,
        "a.test exists but has no address: the server answered NOERROR with an empty list, so no connection was "
        "tried"),
    ROW(DNS_NOT_FOUND, "dns.not_found", ERROR, 210, "a.test does not exist: the server answered NXDOMAIN"),
    ROW(DNS_SERVER_FAILURE, "dns.server_failure", ERROR, 210, "the name server answered SERVFAIL for a.test"),
    ROW(DNS_UNREACHABLE, "dns.unreachable", ERROR, 210, "nothing listens at the name server (ICMP port unreachable)"),
    ROW(DNS_NO_ANSWER, "dns.no_answer", ERROR, 100, "no answer to 2 queries for a.test"),
    ROW(DNS_RETRIED, "dns.retried", WARNING, 100,
        "the lookup of a.test was repeated: 2 queries, 2 answers; no answer from 10.0.0.53:53"),
    ROW(DNS_OPEN, "dns.open", WARNING, 100,
        "2 queries for a.test had no answer when the capture ended, 2.0 s after the first"),
    ROW(DNS_CUT, "dns.cut", WARNING, 210,
        "the name server answered for a.test, but the addresses are not in the capture: snapshot length, or a "
        "fragment is missing"),
    ROW(DNS_SERVER_FAILED, "dns.server_failed", WARNING, 150,
        "the name server 10.0.0.53:53 answered SERVFAIL before another one knew the name"),
    ROW(DNS_NOT_FOLLOWED, "dns.not_followed", WARNING, 100,
        "a.test has only IPv6 addresses now, and the client opened no connection: after its earlier lookups of this "
        "name it connected over IPv4"),
    ROW(DNS_SEARCH_LIST, "dns.search_list", INFO, 100, "2 names were tried for a.test (search list): 2 queries"),
    ROW(CONN_REFUSED, "conn.refused", ERROR, 1000, "10.0.0.2:80 refused the connection (RST)"),
    ROW(CONN_UNREACHABLE, "conn.unreachable", ERROR, 1000,
        "10.0.0.2:80 was reported unreachable: host unreachable (ICMP type 3 code 1)"),
    ROW(CONN_NO_ANSWER, "conn.no_answer", ERROR, 1000, "10.0.0.2:80 did not answer 3 SYNs over 3.0 s"),
    ROW(CONN_UNACKNOWLEDGED, "conn.unacknowledged", ERROR, 1100,
        "10.0.0.2:80 answered, but the client never acknowledged it and sent 3 SYNs over 3.0 s"),
    ROW(CONN_OPEN, "conn.open", WARNING, 1000,
        "10.0.0.2:80 had not answered 2 SYNs when the capture ended, 1.5 s after the first"),
    ROW(CONN_CHALLENGED, "conn.challenged", ERROR, 1000,
        "10.0.0.2:80 still holds an older connection of this port: it answered 3 SYNs over 3.0 s with an ACK that "
        "belongs to that"),
    ROW(CONN_NOT_ACCEPTED, "conn.not_accepted", ERROR, 2050,
        "the server never accepted the connection: it repeated its SYN-ACK 2 times although it was acknowledged"),
    ROW(CONN_RST_INJECTED, "conn.rst_injected", ERROR, 2500,
        "this RST came 0.5 ms after the request on a path of 30.0 ms, and the server went on 30.0 ms after it: "
        "something in between sent it"),
    ROW(CONN_CANCELED, "conn.canceled", ERROR, 1000, "the client gave up connecting to 10.0.0.2:80 after 50 ms"),
    ROW(CONN_SYN_REPEATED, "conn.syn_repeated", WARNING, 100,
        "10.0.0.2:80 answered only after 2 SYNs: connecting took 1000 ms"),
    ROW(CONN_STALE_REUSE, "conn.stale_reuse", ERROR, 2100,
        "the server closed the idle connection as the request was sent, 1 ms after its last use"),
    ROW(CONN_CLOSED_BY_SERVER, "conn.closed_by_server", ERROR, 2100,
        "the server closed the connection without a response"),
    ROW(CONN_CLOSED_BY_CLIENT, "conn.closed_by_client", ERROR, 52000,
        "the client gave up 50 ms after the request was sent, before any response"),
    ROW(CONN_HANDED_OVER, "conn.handed_over", INFO, 1000,
        "most likely it dialled a connection, and while that was being set up another came free and took it, as Go's "
        "pool does; packets do not show which request a dial is for"),
    ROW(CONN_ORPHAN_DIAL, "conn.orphan_dial", INFO, 1110,
        "the connection was opened 50 ms before its first request: most likely for another request, which was served "
        "elsewhere"),
    ROW(CONN_POOL_FULL, "conn.pool_full", INFO, 4000,
        "the client closed the connection after use while others to this host stayed idle: its pool keeps no more of "
        "them"),
    ROW(CONN_NOT_POOLED, "conn.not_pooled", INFO, 4000,
        "the client closed a connection it could have kept: the application left the body unread, keep-alive is off, "
        "its pool was closed, or it exited; packets do not show which"),
    ROW(TCP_RETRANSMISSIONS, "tcp.retransmissions", INFO, 2200,
        "the client sent 2 segments of the request again, and the server 1 of the response"),
    ROW(CONN_IDLE_DROP, "conn.idle_drop", ERROR, 2000,
        "the connection was dead after 60 s without packets: the request was sent 3 times and never acknowledged; a "
        "NAT or firewall may have forgotten it"),
    ROW(TCP_LOSS_STALL, "tcp.loss_stall", WARNING, 2000,
        "190 ms of the request were spent waiting for lost segments to be sent again: lost on the way from here"),
    ROW(TCP_LOSS_FAST, "tcp.loss_fast", INFO, 3000,
        "lost segments of the response were sent again at once, which took 10 ms: lost on the way to here"),
    ROW(TCP_NOT_ACKNOWLEDGED, "tcp.not_acknowledged", ERROR, 2000,
        "the server acknowledged no byte of the request: its first 100 bytes were sent 2 times within 0.0 s"),
    ROW(TCP_PMTUD_BLACKHOLE, "tcp.pmtud_blackhole", WARNING, 2000,
        "segments of 1000 bytes to the server were never acknowledged, one of 999 was, which fits an MTU black hole"),
    ROW(TCP_ZERO_WINDOW_CLIENT, "tcp.zero_window_client", WARNING, 3000,
        "the client did not read for 100 ms: its receive window was closed, and the response waited"),
    ROW(TCP_ZERO_WINDOW_SERVER, "tcp.zero_window_server", WARNING, 2000,
        "the server did not read for 100 ms: its receive window was closed, and the request waited"),
    ROW(TCP_SENDER_PAUSED, "tcp.sender_paused", INFO, 3000,
        "the server paused for 50 ms in the middle of the response: everything was acknowledged, and it sent "
        "nothing"),
    ROW(TCP_NAGLE, "tcp.nagle", INFO, 2000,
        "the client waited 40 ms for an ACK that the server delayed, which fits Nagle's algorithm; TCP_NODELAY turns "
        "it off"),
    ROW(TCP_SILENT_PEER, "tcp.silent_peer", ERROR, 10000000,
        "the server's host stopped answering: 3 keep-alive probes over 20 s got no answer"),
    ROW(CAPTURE_ONE_DIRECTION, "capture.one_direction", WARNING, 2000,
        "the server's packets are not in this capture: it had answered within 20.0 ms, when the client acknowledged "
        "bytes of it"),
    ROW(TCP_LOST_ON_WAY, "tcp.lost_on_way", ERROR, 3000,
        "the client never acknowledged bytes of the response that the server had sent: they were lost on the way to "
        "it"),
    ROW(TLS_ALERT, "tls.alert", ERROR, 1300, "the server aborted the TLS handshake with an alert"),
    ROW(TLS_NOT_TLS, "tls.not_tls", ERROR, 1300, "the server answered the TLS handshake with plain HTTP"),
    ROW(TLS_CLOSED, "tls.closed", ERROR, 51200, "the connection was closed 50 ms into the TLS handshake"),
    ROW(TLS_OPEN, "tls.open", WARNING, 1200,
        "the server had not answered the TLS handshake when the capture ended, 2.0 s after the ClientHello"),
    ROW(TLS_CERTIFICATE, "tls.certificate", WARNING, 1300, "x509: certificate has expired"),
    ROW(TLS_CLIENT_CERTIFICATE, "tls.client_certificate", ERROR, 1800,
        "the server asked for a client certificate and got none"),
    ROW(TLS_OUTER_NAME, "tls.outer_name", INFO, 1200,
        "the client offered Encrypted ClientHello, or pretended to: a.test may be a name that conceals another"),
    ROW(TLS_NOT_HTTP, "tls.not_http", INFO, 1900, "the connection was decrypted, and what it carried is not HTTP"),
    ROW(TLS_NOT_DECRYPTED, "tls.not_decrypted", WARNING, 1850,
        "what the server sent could not be decrypted: the key log's secret does not fit (cipher suite 0x1301)"),
    ROW(TLS_DECRYPTION_LOST, "tls.decryption_lost", WARNING, 4000,
        "what the client sent could not be decrypted from this packet on: packets are missing from the capture "
        "(cipher suite 0x1301)"),
    ROW(HTTP_SERVER_ERROR, "http.server_error", ERROR, 3000, "the server answered 500 Oh no"),
    ROW(HTTP_MALFORMED, "http.malformed", ERROR, 4000, "Go's client rejects the response: its body is malformed"),
    ROW(HTTP_OTHER_PROTOCOL, "http.other_protocol", ERROR, 4000, "the server answered in HTTP/2"),
    ROW(HTTP_LATE_RESPONSE, "http.late_response", ERROR, 12500,
        "the response came 10 ms after the client had given up"),
    ROW(HTTP_EARLY_RESPONSE, "http.early_response", WARNING, 3000,
        "the response began 1.5 ms before the request was complete"),
    ROW(HTTP_BODY_NOT_SENT, "http.body_not_sent", INFO, 2000,
        "the server refused the body announced with Expect: 100-continue; it was never sent"),
    ROW(HTTP2_STREAM_RESET, "http2.stream_reset", ERROR, 3500,
        "the server reset stream 1 (RST_STREAM, error code 2)"),
    ROW(HTTP2_FLOW_CONTROL, "http2.flow_control", INFO, 0, "flow control made the server wait 1 time"),
    ROW(HTTP2_PING_UNANSWERED, "http2.ping_unanswered", ERROR, 3000,
        "the server did not answer the client's PING, and no more packets came from it: the client gave up on "
        "the connection 15000 ms later"),
    ROW(GRPC_STATUS, "grpc.status", ERROR, 4000, "the call ended with grpc-status 5"),
    ROW(WEBSOCKET_CLOSED, "websocket.closed", WARNING, 5000, "the server closed the WebSocket with code 1002"),
    ROW(WEBSOCKET_NOT_CLOSED, "websocket.not_closed", WARNING, 5000,
        "the WebSocket ended without a Close frame from either side"),
    ROW(CAPTURE_GAP, "capture.gap", WARNING, 2000, "bytes of this exchange are missing from the capture"),
    ROW(CAPTURE_CLOCK_SET_BACK, "capture.clock_set_back", WARNING, 3000,
        "the capture's clock was set back by 2000.0 ms before this packet: how long the exchange took is not known, "
        "its later times are the earliest possible"),
    ROW(CAPTURE_CUT, "capture.cut", WARNING, 2000,
        "a message head is only partly in the capture: snapshot length, loss, or its end"),
    ROW(CAPTURE_NO_REQUEST, "capture.no_request", WARNING, 3000,
        "the request of this response is not in the capture"),
    ROW(CAPTURE_ENDED, "capture.ended", INFO, 2000, "the capture ended before the response did"),
    ROW(LIMIT_HEAD, "limit.head", WARNING, 2000,
        "a message head is longer than the limit: the rest of it was not read"),
    ROW(LIMIT_INTERIM_RESPONSES, "limit.interim_responses", WARNING, 3000, "3 more interim responses than are shown"),
};
#undef ROW

static const struct exchange_finding *find(const struct exchange *e, enum p2t_finding_code code)
{
    const struct exchange_finding *found = NULL;

    for (size_t i = 0; i < e->finding_count; i++)
        if (e->findings[i].code == code) {
            assert_null(found);
            found = &e->findings[i];
        }
    return found;
}

static void fires_and_nearly_does_not(void **state)
{
    const struct row *row = *state;
    enum p2t_finding_code code = (enum p2t_finding_code)(row - rows);
    const struct p2t_finding_info *info = p2t_finding_info(code);
    struct made m;

    if (row->fires == NULL)
        fail_msg("%s has no row in this file", info->code);
    assert_string_equal(info->code, row->code);
    assert_true(info->severity == row->severity || info->severity == P2T_SEVERITY_DEPENDS);

    row->fires(&m);
    exchange_judge(&m.e);
    const struct exchange_finding *f = find(&m.e, code);
    assert_non_null(f);
    assert_string_equal((const char *)f->text.p, row->text);
    assert_int_equal(f->severity, row->severity);
    assert_int_equal(f->evidence_count > 0 ? f->evidence[0].number : 0, row->packet);
    made_free(&m);

    row->fires(&m);
    row->nearly(&m);
    exchange_judge(&m.e);
    assert_null(find(&m.e, code));
    made_free(&m);
}

/* ---- those whose severity depends, and whose text does ---- */

static void expect(struct made *m, enum p2t_finding_code code, enum p2t_severity severity, const char *text)
{
    exchange_judge(&m->e);
    const struct exchange_finding *f = find(&m->e, code);
    assert_non_null(f);
    assert_int_equal(f->severity, severity);
    assert_string_equal((const char *)f->text.p, text);
    made_free(m);
}

static void a_reset_with_other_hops_is_not_the_servers(void **state)
{
    struct made m;

    (void)state;
    CONN_STALE_REUSE_fires(&m);
    m.e.conn.server_rst = m.e.conn.server_fin;
    m.e.conn.server_fin = (struct packet_mark){0};
    m.e.conn.server_ttl = 128;
    m.e.conn.rst_ttl = 64;
    expect(&m, P2T_FINDING_CONN_RST_INJECTED, P2T_SEVERITY_ERROR,
           "the connection was reset without a response; the RST has TTL 64, the server's packets 128: something in "
           "between sent it");

    CONN_STALE_REUSE_fires(&m);
    m.e.conn.server_rst = m.e.conn.server_fin;
    m.e.conn.server_fin = (struct packet_mark){0};
    m.e.conn.server_ttl = 64;
    m.e.conn.rst_ttl = 63; /* routes change by a hop */
    exchange_judge(&m.e);
    assert_null(find(&m.e, P2T_FINDING_CONN_RST_INJECTED));
    made_free(&m);
}

static void what_had_arrived_was_not_lost(void **state)
{
    struct made m;

    (void)state;
    TCP_LOSS_STALL_fires(&m);
    for (uint32_t i = 0; i < m.e.transport.stall_count; i++)
        m.e.transport.stalls[i].arrived = true;
    exchange_judge(&m.e);
    const struct exchange_finding *f = find(&m.e, P2T_FINDING_TCP_LOSS_STALL);
    assert_non_null(f);
    assert_non_null(strstr((const char *)f->text.p, "that had arrived, as their receiver said (D-SACK)"));
    made_free(&m);
}

static void a_syn_ack_that_is_reset_at_once_is_told_by_nothing(void **state)
{
    struct made m;

    (void)state;
    CONN_CANCELED_fires(&m);
    m.attempts[0].syns = 1;
    m.attempts[0].syn_ack = at(1060);
    m.attempts[0].failed = at(1090);
    exchange_judge(&m.e);
    assert_null(find(&m.e, P2T_FINDING_CONN_CANCELED));
    assert_int_equal(m.e.outcome, P2T_OUTCOME_OK);
    made_free(&m);
}

static void a_stale_connection_is_a_warning_where_the_request_was_sent_again(void **state)
{
    struct made m;

    (void)state;
    CONN_STALE_REUSE_fires(&m);
    m.e.retried = true;
    expect(
        &m, P2T_FINDING_CONN_STALE_REUSE, P2T_SEVERITY_WARNING,
        "the server closed the idle connection as the request was sent, 1 ms after its last use; the client sent it "
        "again on a new connection");
}

static void a_connection_is_stale_on_a_clock_that_was_set_back_by_years(void **state)
{
    struct made m;

    (void)state;
    CONN_STALE_REUSE_fires(&m);
    m.e.conn.ack.ts_ns -= INT64_C(986722090787073000);
    expect(&m, P2T_FINDING_CONN_STALE_REUSE, P2T_SEVERITY_ERROR,
           "the server closed the idle connection as the request was sent, 1 ms after its last use");
}

static void a_missing_client_certificate_is_an_error_without_an_answer_only(void **state)
{
    struct made m;

    (void)state;
    TLS_CLIENT_CERTIFICATE_fires(&m);
    m.e.response.first = at(3000);
    expect(&m, P2T_FINDING_TLS_CLIENT_CERTIFICATE, P2T_SEVERITY_INFO,
           "the server asked for a client certificate and got none");
}

static void a_client_that_resets_is_a_warning(void **state)
{
    struct made m;

    (void)state;
    HTTP2_STREAM_RESET_fires(&m);
    m.e.stream.reset_by_server = false;
    expect(&m, P2T_FINDING_HTTP2_STREAM_RESET, P2T_SEVERITY_WARNING,
           "the client reset stream 1 (RST_STREAM, error code 2)");
}

/* RFC 9113 8.1: it needs no more of the request, as after 417. */
static void a_reset_without_error_behind_the_answer_is_no_trouble(void **state)
{
    struct made m;

    (void)state;
    HTTP2_STREAM_RESET_fires(&m);
    m.e.stream.error_code = 0;
    exchange_judge(&m.e);
    assert_int_equal(m.e.outcome, P2T_OUTCOME_OK);
    assert_int_equal(m.e.finding_count, 0);
    HTTP2_STREAM_RESET_fires(&m);
    m.e.stream.error_code = 0;
    m.e.response.complete = false;
    expect(&m, P2T_FINDING_HTTP2_STREAM_RESET, P2T_SEVERITY_ERROR,
           "the server reset stream 1 (RST_STREAM, error code 0)");
}

static void a_single_syn_and_many_read_differently(void **state)
{
    struct made m;

    (void)state;
    CONN_NO_ANSWER_fires(&m);
    m.attempts[0].syns = 1;
    m.attempts[0].next_slot_ns = at(3001000).ts_ns;
    expect(&m, P2T_FINDING_CONN_NO_ANSWER, P2T_SEVERITY_ERROR,
           "no answer of 10.0.0.2:80 to one SYN is in the capture within 3.0 s, and the client did not repeat it: "
           "packets do not "
           "show why it stopped");
}

static void a_walk_whose_last_name_had_no_answer_says_that_others_had(void **state)
{
    struct made m;

    (void)state;
    DNS_NO_ANSWER_fires(&m);
    m.lookup.queries = 6;
    m.lookup.answers = 2;
    expect(&m, P2T_FINDING_DNS_NO_ANSWER, P2T_SEVERITY_ERROR, "no answer to 4 of 6 queries for a.test");
}

static void a_silent_address_is_a_warning_where_another_one_answered(void **state)
{
    struct made m;

    (void)state;
    CONN_NO_ANSWER_fires(&m);
    m.attempts[1] = m.attempts[0];
    m.attempts[1].result = ATTEMPT_OK;
    m.attempts[1].syns = 1;
    m.e.attempt_count = 2;
    expect(&m, P2T_FINDING_CONN_NO_ANSWER, P2T_SEVERITY_WARNING, "10.0.0.2:80 did not answer 3 SYNs over 3.0 s");
}

static void a_challenge_is_a_warning_where_the_client_came_in_after_it(void **state)
{
    struct made m;

    (void)state;
    CONN_CHALLENGED_fires(&m);
    m.attempts[0].result = ATTEMPT_OK;
    m.attempts[0].challenges = 1;
    m.attempts[0].syn_ack = at(3001200);
    expect(
        &m, P2T_FINDING_CONN_CHALLENGED, P2T_SEVERITY_WARNING,
        "10.0.0.2:80 still held an older connection of this port and answered the first SYN with an ACK that belongs "
        "to that: connecting took 3 SYNs and 3000.2 ms");
}

static void an_answered_attempt_is_open_without_the_clients_ack(void **state)
{
    struct made m;

    (void)state;
    CONN_OPEN_fires(&m);
    m.attempts[0].syn_ack = at(1100);
    expect(
        &m, P2T_FINDING_CONN_OPEN, P2T_SEVERITY_WARNING,
        "10.0.0.2:80 answered the SYN, but the client's ACK is not in the capture, which ended 1.5 s after the SYN");
}

static void a_name_server_that_refuses_tcp_cannot_be_reached(void **state)
{
    struct made m;

    (void)state;
    DNS_UNREACHABLE_fires(&m);
    m.detours.tcp_refused = at(180);
    expect(&m, P2T_FINDING_DNS_UNREACHABLE, P2T_SEVERITY_ERROR,
           "the answer was truncated, and the name server refused the TCP connection to port 53");
}

static void a_name_server_that_no_way_leads_to_is_not_said_to_listen(void **state)
{
    struct made m;

    (void)state;
    DNS_UNREACHABLE_fires(&m);
    m.detours.icmp = (struct lookup_icmp){.family = 4, .type = 3, .code = 1};
    expect(&m, P2T_FINDING_DNS_UNREACHABLE, P2T_SEVERITY_ERROR,
           "the name server cannot be reached (ICMP host unreachable)");
}

static void a_clock_set_back_inside_a_lookup_is_said_of_it(void **state)
{
    struct made m;

    (void)state;
    DNS_CUT_fires(&m);
    m.lookup.clock_set_back = true;
    expect(&m, P2T_FINDING_CAPTURE_CLOCK_SET_BACK, P2T_SEVERITY_WARNING,
           "the capture's clock was set back during the lookup: how long it took is not known");
}

static void a_clock_set_back_after_the_response_says_nothing_of_it(void **state)
{
    struct made m;

    (void)state;
    CAPTURE_CLOCK_SET_BACK_fires(&m);
    m.e.response.ended = true;
    m.e.conn.clock_back = m.e.response.last;
    m.e.conn.clock_back.ref.number++;
    exchange_judge(&m.e);
    assert_null(find(&m.e, P2T_FINDING_CAPTURE_CLOCK_SET_BACK));
    made_free(&m);
}

static void the_most_severe_comes_first(void **state)
{
    struct made m;

    (void)state;
    HTTP_SERVER_ERROR_fires(&m);
    m.e.transport.known = true;
    m.e.transport.message[0].retransmitted = 1;
    m.e.request.last = at(3500);
    exchange_judge(&m.e);
    assert_int_equal(m.e.finding_count, 3);
    assert_int_equal(m.e.findings[0].code, P2T_FINDING_HTTP_SERVER_ERROR);
    assert_int_equal(m.e.findings[1].code, P2T_FINDING_HTTP_EARLY_RESPONSE);
    assert_int_equal(m.e.findings[2].code, P2T_FINDING_TCP_RETRANSMISSIONS);
    made_free(&m);
}

static void an_ordinary_exchange_has_none(void **state)
{
    struct made m;

    (void)state;
    made_http(&m);
    made_add_lookup(&m);
    made_add_dial(&m);
    exchange_judge(&m.e);
    assert_int_equal(m.e.finding_count, 0);
    made_free(&m);
}

int main(void)
{
    struct CMUnitTest each[P2T_FINDING_COUNT];
    const struct CMUnitTest others[] = {
        cmocka_unit_test(a_reset_with_other_hops_is_not_the_servers),
        cmocka_unit_test(what_had_arrived_was_not_lost),
        cmocka_unit_test(a_syn_ack_that_is_reset_at_once_is_told_by_nothing),
        cmocka_unit_test(a_stale_connection_is_a_warning_where_the_request_was_sent_again),
        cmocka_unit_test(a_connection_is_stale_on_a_clock_that_was_set_back_by_years),
        cmocka_unit_test(a_missing_client_certificate_is_an_error_without_an_answer_only),
        cmocka_unit_test(a_client_that_resets_is_a_warning),
        cmocka_unit_test(a_reset_without_error_behind_the_answer_is_no_trouble),
        cmocka_unit_test(a_single_syn_and_many_read_differently),
        cmocka_unit_test(a_walk_whose_last_name_had_no_answer_says_that_others_had),
        cmocka_unit_test(a_silent_address_is_a_warning_where_another_one_answered),
        cmocka_unit_test(a_challenge_is_a_warning_where_the_client_came_in_after_it),
        cmocka_unit_test(an_answered_attempt_is_open_without_the_clients_ack),
        cmocka_unit_test(a_name_server_that_refuses_tcp_cannot_be_reached),
        cmocka_unit_test(a_name_server_that_no_way_leads_to_is_not_said_to_listen),
        cmocka_unit_test(a_clock_set_back_inside_a_lookup_is_said_of_it),
        cmocka_unit_test(a_clock_set_back_after_the_response_says_nothing_of_it),
        cmocka_unit_test(the_most_severe_comes_first),
        cmocka_unit_test(an_ordinary_exchange_has_none),
    };

    for (int i = 0; i < P2T_FINDING_COUNT; i++)
        each[i] = (struct CMUnitTest){.name = p2t_finding_info((enum p2t_finding_code)i)->code,
                                      .test_func = fires_and_nearly_does_not,
                                      .initial_state = (void *)&rows[i]};
    return cmocka_run_group_tests(each, NULL, NULL) + cmocka_run_group_tests(others, NULL, NULL);
}
