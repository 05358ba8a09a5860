/* Can this capture answer the question? */
#include "summary/tell.h"

struct facts {
    size_t named, encrypted, joined, half, handshakes;
};

static bool is_name(const struct word *w)
{
    for (size_t i = 0; w != NULL && i < w->n; i++)
        if ((w->text[i] >= 'a' && w->text[i] <= 'z') || (w->text[i] >= 'A' && w->text[i] <= 'Z'))
            return true;
    return false;
}

static struct facts facts_of(const struct p2t_summary *s)
{
    struct facts f = {0};

    for (size_t i = 0; i < s->call_count; i++) {
        f.named += is_name(s->calls[i].name);
        f.encrypted += s->calls[i].kind == P2T_KIND_TLS;
    }
    for (size_t i = 0; i < s->conn_count; i++) {
        f.handshakes += s->conns[i].syns > 0 || s->conns[i].syn_acks > 0;
        f.joined += s->conns[i].syns == 0 && s->conns[i].syn_acks == 0;
        f.half += s->conns[i].one_direction;
    }
    return f;
}

static bool has_cause(const struct p2t_summary *s, enum p2t_cause_code code)
{
    for (size_t i = 0; i < s->cause_count; i++)
        if (s->causes[i].code == code)
            return true;
    return false;
}

size_t capture_limits(const struct p2t_summary *s, struct capture_limit out[CAPTURE_LIMITS_MAX])
{
    const struct facts f = facts_of(s);
    const struct p2t_counters *k = &s->counters;
    size_t n = 0;

    if (f.half * 10 > s->conn_count * 8 && s->conn_count > 0)
        out[n++] = (struct capture_limit){
            "one_direction", "only one direction of most connections is in it: waiting times are not known",
            "tcpdump -i any (or mirror both directions)"};
    if (k->cut_bytes > 0)
        out[n++] = (struct capture_limit){
            "snaplen", "packets are cut by the snapshot length: heads may be incomplete", "tcpdump -s 0"};
    if (s->lossy_capture || has_cause(s, P2T_CAUSE_CAPTURE_DROPS))
        out[n++] =
            (struct capture_limit){"drops", "it lacks packets that were on the wire", "tcpdump -B 65536 -w FILE"};
    if (k->dns_messages == 0 && f.named > 0)
        out[n++] = (struct capture_limit){"no_dns", "it has no DNS messages, although calls went to names",
                                          "tcpdump '... or port 53'"};
    if (k->icmp_errors == 0)
        out[n++] = (struct capture_limit){
            "no_icmp", "it has no ICMP errors: either there were none, or the filter left them out",
            "tcpdump '... or icmp or icmp6'"};
    if (f.joined * 10 > s->conn_count * 3 && s->conn_count > 0)
        out[n++] = (struct capture_limit){
            "late_start", "many connections were open before it began: their lookups and handshakes are missing",
            "start the capture before the clients, or earlier"};
    if (f.encrypted > 0 && k->tls_decrypted == 0)
        out[n++] = (struct capture_limit){"no_keys",
                                          "TLS is not decrypted: requests are estimated from the sizes of records",
                                          "SSLKEYLOGFILE=keys.log ...; pcap2trace --keylog keys.log"};
    if (has_cause(s, P2T_CAUSE_CAPTURE_CLOCK))
        out[n++] = (struct capture_limit){"clock", "its clock was set: times across that moment are not comparable",
                                          "stop time synchronisation from stepping the clock during the capture"};
    return n;
}
