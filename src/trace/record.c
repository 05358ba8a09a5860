/* A connection's record, in the public shape. */
#include "trace/build.h"

static const char *endpoint_text(struct trace *t, const struct endpoint *e)
{
    struct slice text = copy_endpoint(t, e);

    return text.p != NULL ? (const char *)text.p : "";
}

static const char *ip_text(struct trace *t, const struct ip_addr *ip)
{
    char text[IP_TEXT_MAX];

    if (ip->family == 0)
        return NULL;
    return (const char *)arena_copy(&t->arena, slice_of(text, ip_format(ip, text))).p;
}

static struct p2t_flow_record side_of(struct trace *t, const struct conn_record_side *s)
{
    return (struct p2t_flow_record){.packets = s->packets,
                                    .bytes = s->bytes,
                                    .segments = s->segments,
                                    .retransmitted = s->retransmitted,
                                    .reordered = s->reordered,
                                    .mss = s->mss,
                                    .scale = (int8_t)(s->scale - 1),
                                    .ttl = s->ttl,
                                    .rst_ttl = s->rst_ttl,
                                    .rtt = transport_rtt_of(&s->rtt),
                                    .handshake_us = s->handshake_us,
                                    .fin = transport_moment(t, &s->fin),
                                    .rst = transport_moment(t, &s->rst),
                                    .last_bytes = transport_moment(t, &s->last_bytes),
                                    .duplicate_sacks = s->duplicate_sacks,
                                    .keep_alives = s->keep_alives,
                                    .keep_alives_unanswered = s->keep_alives_unanswered,
                                    .largest_acked = s->longest_acked,
                                    .largest_stuck = s->longest_stuck,
                                    .largest_hole = s->hole,
                                    .unacked_bytes = s->unacked,
                                    .unseen = s->unseen};
}

static void fill_handshake(struct trace *t, struct p2t_connection_record *out, const struct conn_record *r)
{
    out->syns = r->syns;
    out->syn = transport_moment(t, &r->syn);
    out->last_syn = transport_moment(t, &r->last_syn);
    out->syn_acks = r->syn_acks;
    out->syn_ack = transport_moment(t, &r->syn_ack);
    out->ack = transport_moment(t, &r->ack);
    out->late_syn_acks = r->late_syn_acks;
    out->last_late_syn_ack = transport_moment(t, &r->last_late_syn_ack);
    out->refused = transport_moment(t, &r->refused);
    if (mark_set(&r->refused))
        out->refused_ttl = r->side[FLOW_S2C].rst_ttl;
    out->icmp = transport_moment(t, &r->icmp);
    out->icmp_family = r->icmp_family;
    out->icmp_type = r->icmp_type;
    out->icmp_code = r->icmp_code;
    out->icmp_sender = ip_text(t, &r->icmp_sender);
    out->challenged = transport_moment(t, &r->challenged);
}

static enum p2t_closer closer_of(enum exchange_closer by)
{
    static const enum p2t_closer closers[] = {[CLOSED_BY_NONE] = P2T_CLOSER_NONE,
                                              [CLOSED_BY_CLIENT_FIN] = P2T_CLOSER_CLIENT_FIN,
                                              [CLOSED_BY_CLIENT_RST] = P2T_CLOSER_CLIENT_RST,
                                              [CLOSED_BY_SERVER_FIN] = P2T_CLOSER_SERVER_FIN,
                                              [CLOSED_BY_SERVER_RST] = P2T_CLOSER_SERVER_RST};
    return closers[by];
}

static void fill_stalls(struct trace *t, struct p2t_connection_record *out, const struct conn_record *r)
{
    struct p2t_stall *stalls = arena_alloc(&t->arena, (r->stall_count + 1) * sizeof *stalls);

    if (stalls == NULL) {
        t->failed = true;
        return;
    }
    for (uint32_t i = 0; i < r->stall_count; i++)
        stalls[i] = transport_stall_of(t, &r->stalls[i]);
    out->stalls = stalls;
    out->stall_count = r->stall_count;
    out->stalls_dropped = r->stalls_dropped;
}

const struct p2t_connection_record *trace_build_record(struct trace *t, const struct conn_record *r)
{
    struct p2t_connection_record *out = &t->record;

    trace_begin(t);
    *out = (struct p2t_connection_record){.id = r->id,
                                          .vantage = r->vantage,
                                          .closer = closer_of(r->closer),
                                          .input_ended = r->input_ended,
                                          .clock_back = transport_moment(t, &r->clock_back),
                                          .clock_back_us = r->clock_back_ns / 1000,
                                          .clock_jumped = transport_moment(t, &r->clock_jumped),
                                          .clock_jump_us = r->clock_jump_ns / 1000,
                                          .exchanges = r->exchanges,
                                          .idle_before_unacked_us = r->idle_before_unacked_us,
                                          .one_direction = r->one_direction};
    out->client = endpoint_text(t, &r->client);
    out->server = endpoint_text(t, &r->server);
    out->first = transport_moment(t, &r->first);
    out->last = transport_moment(t, &r->last);
    fill_handshake(t, out, r);
    out->side[P2T_SIDE_CLIENT] = side_of(t, &r->side[FLOW_C2S]);
    out->side[P2T_SIDE_SERVER] = side_of(t, &r->side[FLOW_S2C]);
    fill_stalls(t, out, r);
    out->files = t->files;
    out->file_count = t->file_count;
    return t->failed ? NULL : out;
}
