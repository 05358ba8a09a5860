/* Collects what every stage has counted. */
#include "session/state.h"

/* The input may be ahead of the packets taken: its state as of the last one of them. */
static struct intake_state state_of_input(const struct p2t_session *s)
{
    if (s->intake != NULL)
        return intake_state(s->intake);
    return (struct intake_state){input_progress(s->input), input_file_count(s->input), input_problem_count(s->input),
                                 input_sorted(s->input)};
}

void p2t_session_counters(const struct p2t_session *s, struct p2t_counters *out)
{
    const struct flow_counters *f = flow_table_counters(s->flows);
    const struct proto_counters *p = proto_counters(s->proto);
    const struct http1_counters *h = proto_http1_counters(s->proto);
    const struct correlate_counters *c = correlate_counters(s->correlate);
    struct intake_state input = state_of_input(s);

    *out = (struct p2t_counters){
        .frames = s->frames,
        .bytes = s->bytes,
        .earliest_ns = s->earliest_ns,
        .latest_ns = s->latest_ns,
        .capture_bytes_read = input.progress.bytes_read,
        .capture_bytes_total = input.progress.bytes_total,
        .files = input.files,
        .problems = input.problems + s->own_problems,
        .tcp_packets = f->tcp_packets,
        .udp_packets = f->udp_packets,
        .icmp_errors = f->icmp_errors,
        .tunnelled_packets = s->tunnelled,
        .connections = f->connections,
        .connection_attempts = s->attempts,
        .syn_packets = f->syns,
        .dns_messages = p->dns_messages,
        .http_requests = h->requests,
        .http_responses = h->responses,
        .tls_secrets = proto_keylog_counters(s->proto)->secrets,
        .tls_decrypted = proto_tls_counters(s->proto)->decrypted,
        .exchanges = s->emitter != NULL ? emitter_count(s->emitter) : s->exchanges,
        .duplicate_packets = f->duplicates,
        .retransmitted_segments = f->retransmits,
        .out_of_order_segments = f->out_of_order,
        .lost_bytes = f->hole_bytes,
        .cut_bytes = f->cut_bytes,
        .limits_hit = f->connections_evicted + f->reorder_limit_hits + h->limit_hits + c->lookups_evicted +
                      c->queries_evicted + proto_tls_counters(s->proto)->limit_hits +
                      proto_http2_counters(s->proto)->limit_hits + proto_keylog_counters(s->proto)->limit_hits,
    };
}

void p2t_session_spent(const struct p2t_session *s, struct p2t_spent *spent)
{
    *spent = (struct p2t_spent){0};
    if (!s->finished)
        return;
    spent->following_ns = s->spent_ns;
    if (s->intake != NULL)
        spent->reading_ns = intake_spent_ns(s->intake);
    if (s->emitter != NULL)
        emitter_spent(s->emitter, &spent->making_ns, &spent->writing_ns);
}

bool p2t_session_reason(const struct p2t_session *s, size_t n, struct p2t_reason *reason)
{
    const struct flow_counters *f = flow_table_counters(s->flows);
    const struct proto_counters *p = proto_counters(s->proto);
    const struct http1_counters *h = proto_http1_counters(s->proto);
    const struct correlate_counters *c = correlate_counters(s->correlate);
    const struct tls_counters *t = proto_tls_counters(s->proto);
    const struct p2t_reason others[] = {
        {"capture.sorted", "packets put in order: they stood after later ones in their file",
         state_of_input(s).sorted},
        {"capture.backwards", "packets with a time before that of an earlier packet", s->backwards},
        {"tcp.holes", "gaps in TCP streams that were never filled", f->holes},
        {"tcp.out_of_window", "TCP segments, resets and ICMP quotes that fit no connection", f->out_of_window},
        {"tcp.conflicting_overlaps", "TCP segments that overlap others with different bytes",
         f->overlaps_conflicting},
        {"limit.connections", "connections dropped: too many at once, or too much memory in use",
         f->connections_evicted},
        {"limit.reorder", "reassembly buffers dropped: too many bytes after a gap", f->reorder_limit_hits},
        {"http.bad", "bytes that were expected to be HTTP/1 and were not", h->bad},
        {"http.resynchronised", "HTTP/1 parsers that resynchronised", h->resyncs},
        {"limit.http", "HTTP/1 heads or pipelines beyond their limit", h->limit_hits},
        {"tls.keylog_junk", "key log lines that are malformed, or have a premaster secret of more than 48 bytes",
         proto_keylog_counters(s->proto)->junk},
        {"tls.unopened", "TLS records that their key does not decrypt, or that are only partly in the capture",
         proto_tls_counters(s->proto)->unopened},
        {"tls.lost_key", "directions of TLS connections that their logged secret does not decrypt",
         t->lost[FACT_TLS_LOSS_KEY]},
        {"tls.lost_missing", "directions of TLS connections not decrypted after missing packets",
         t->lost[FACT_TLS_LOSS_MISSING]},
        {"tls.lost_cipher", "directions of TLS connections whose cipher this libcrypto does not offer",
         t->lost[FACT_TLS_LOSS_CIPHER]},
        {"tls.lost_secret", "directions of TLS connections for which the key log lacks a secret",
         t->lost[FACT_TLS_LOSS_SECRET]},
        {"limit.secrets", "TLS secrets forgotten, the oldest first: beyond their limit",
         proto_keylog_counters(s->proto)->limit_hits},
        {"tls.gaps", "TLS records before which others may be missing", t->gaps},
        {"tls.not_tls", "answers to a TLS handshake that were not TLS", t->not_tls},
        {"limit.tls", "TLS messages dropped: too many bytes at once", t->limit_hits},
        {"http2.lost", "directions of HTTP/2 connections that lost synchronisation",
         proto_http2_counters(s->proto)->losses},
        {"http2.unknown_headers", "HTTP/2 header blocks only partly known: loss, or a late start",
         proto_http2_counters(s->proto)->unknown_headers},
        {"http2.unknown_roles", "HTTP/2 connections joined midway in which no frame showed which side is the client",
         proto_http2_counters(s->proto)->unknown_roles},
        {"limit.http2", "HTTP/2 streams or header blocks beyond their limit",
         proto_http2_counters(s->proto)->limit_hits},
        {"dns.malformed", "malformed DNS messages", p->dns_malformed},
        {"dns.cut", "DNS messages cut by the snapshot length", p->dns_cut},
        {"dns.unsolicited", "DNS answers nobody asked for, late or forged", c->dns_unsolicited},
        {"limit.lookups", "lookups and queries dropped: too many at once", c->lookups_evicted + c->queries_evicted},
        {"limit.open_stories", "dials and lookups given up for lack of memory before they were certain",
         c->open_stories},
    };

    if (n + 1 < PACKET_DROP_COUNT) {
        enum packet_drop why = (enum packet_drop)(n + 1);
        *reason = (struct p2t_reason){packet_drop_key(why), packet_drop_text(why), s->drops[why]};
        return true;
    }
    n -= PACKET_DROP_COUNT - 1;
    if (n >= sizeof others / sizeof *others)
        return false;
    *reason = others[n];
    return true;
}

#define P2T_STRING_(x) #x
#define P2T_STRING(x)  P2T_STRING_(x)

const char *p2t_version(void)
{
    return P2T_STRING(P2T_VERSION);
}
