/* What of each record a state holds: all that was taken from the session, and nothing that the analysis fills. */
#include <stdlib.h>

#include "summary/state.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

static void bools(struct state_io *io, bool *const *list, size_t n)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < n; i++)
        bits |= (uint64_t)*list[i] << i;
    state_u64(io, &bits);
    state_below(io, &bits, UINT64_C(1) << n);
    for (size_t i = 0; i < n; i++)
        *list[i] = (bits >> i & 1) != 0;
}

static void texts(struct state_io *io, const struct word **const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        state_text(io, list[i]);
}

static void times(struct state_io *io, int64_t *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        state_time(io, list[i]);
}

static void durations(struct state_io *io, int64_t *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        state_i64(io, list[i]);
}

/* ---- calls ---- */

static void call_flags(struct state_io *io, struct call *c)
{
    bool *const list[] = {&c->reset_by_server,
                          &c->flow_stalled[0],
                          &c->flow_stalled[1],
                          &c->continued,
                          &c->tls_13,
                          &c->failed,
                          &c->quiet,
                          &c->left,
                          &c->reused,
                          &c->request_closes,
                          &c->response_closes,
                          &c->via,
                          &c->streams,
                          &c->expects,
                          &c->walked,
                          &c->by_go,
                          &c->head_open,
                          &c->proxied,
                          &c->query,
                          &c->resumed,
                          &c->open,
                          &c->alerted};

    bools(io, list, COUNT(list));
}

static void call_texts(struct state_io *io, struct call *c)
{
    const struct word **const list[] = {&c->method,     &c->host,       &c->name,       &c->route,     &c->agent,
                                        &c->client,     &c->server,     &c->server_ip,  &c->software,  &c->error,
                                        &c->dialled[0], &c->dialled[1], &c->dialled[2], &c->dialled[3]};

    texts(io, list, COUNT(list));
}

static void call_times(struct state_io *io, struct call *c)
{
    int64_t *const moments[] = {&c->end_ns,  &c->lookup_ns, &c->looked_up_ns, &c->request_ns,
                                &c->sent_ns, &c->answer_ns, &c->late_ns,      &c->certificate_ns};
    int64_t *const lengths[] = {&c->dns_ns,
                                &c->connect_ns,
                                &c->tls_ns,
                                &c->send_ns,
                                &c->wait_ns,
                                &c->receive_ns,
                                &c->total_ns,
                                &c->rtt_ns,
                                &c->stalled_ns,
                                &c->stalled_later_ns,
                                &c->shut_by_client_ns,
                                &c->shut_by_server_ns,
                                &c->acked_ns,
                                &c->idle_client_ns,
                                &c->idle_server_ns,
                                &c->nagle_ns,
                                &c->hello_ns,
                                &c->nagle_by_server};

    state_time(io, &c->start_ns);
    int64_t before = io->base_ns;
    io->base_ns = c->start_ns;
    times(io, moments, COUNT(moments));
    durations(io, lengths, COUNT(lengths));
    io->base_ns = c->start_ns != 0 ? c->start_ns : before;
}

/* Every call of a session has all of these, or none. */
static bool is_whole(const struct call *c)
{
    bool connected = c->server != NULL;

    if (c->agent == NULL || (c->host == NULL) != (c->name == NULL) || (c->server_ip != NULL) != connected)
        return false;
    return connected
               ? c->client != NULL
               : c->conn_id == 0 && c->request_ns == 0 && c->sent_ns == 0 && c->answer_ns == 0 && c->tls_ns == 0;
}

STATE_COVERS(struct call, 600);
void state_call(struct state_io *io, struct call *c)
{
    STATE_UINT(io, c->id);
    STATE_UINT(io, c->trace);
    STATE_UINT(io, c->url);
    STATE_UINT(io, c->conn_id);
    STATE_ENUM(io, c->kind, P2T_KIND_COUNT);
    STATE_ENUM(io, c->outcome, P2T_OUTCOME_COUNT);
    STATE_SINT(io, c->status);
    STATE_SINT(io, c->grpc_status);
    call_texts(io, c);
    call_times(io, c);
    STATE_UINT(io, c->stream);
    STATE_UINT(io, c->request_bytes);
    STATE_UINT(io, c->response_bytes);
    STATE_UINT(io, c->findings[0]);
    STATE_UINT(io, c->findings[1]);
    state_proof(io, &c->proof);
    state_proof(io, &c->last_proof);
    state_proof(io, &c->asked);
    state_proof(io, &c->answered);
    STATE_UINT(io, c->window);
    STATE_UINT(io, c->max_streams);
    STATE_UINT(io, c->redirected_from);
    STATE_UINT(io, c->hops);
    call_flags(io, c);
    if (!is_whole(c))
        reader_fail(&io->in, READ_BAD);
}

/* ---- questions ---- */

STATE_COVERS(struct question, 248);
void state_question(struct state_io *io, struct question *q)
{
    const struct word **const names[] = {&q->client, &q->server, &q->name};
    int64_t *const moments[] = {&q->asked_ns, &q->last_asked_ns, &q->answered_ns, &q->unreachable_ns};
    bool *const flags[] = {&q->truncated, &q->cut, &q->referral, &q->over_tcp};

    texts(io, names, COUNT(names));
    STATE_UINT(io, q->addresses);
    for (size_t i = 0; i < q->addresses && i < P2T_QUESTION_ADDRESSES_MAX; i++)
        state_text(io, &q->address[i]);
    STATE_UINT(io, q->client_port);
    STATE_UINT(io, q->type);
    STATE_UINT(io, q->tries);
    STATE_UINT(io, q->ttl);
    STATE_SINT(io, q->rcode);
    times(io, moments, COUNT(moments));
    io->base_ns = q->asked_ns != 0 ? q->asked_ns : io->base_ns;
    bools(io, flags, COUNT(flags));
    state_proof(io, &q->asked);
    state_proof(io, &q->answered);
    if (q->client == NULL || q->server == NULL)
        reader_fail(&io->in, READ_BAD);
}

/* ---- connections ---- */

static void side(struct state_io *io, struct p2t_flow_record *x)
{
    STATE_UINT(io, x->packets);
    STATE_UINT(io, x->bytes);
    STATE_UINT(io, x->segments);
    STATE_UINT(io, x->retransmitted);
    STATE_UINT(io, x->reordered);
    STATE_UINT(io, x->mss);
    STATE_SINT(io, x->scale);
    STATE_UINT(io, x->ttl);
    STATE_UINT(io, x->rst_ttl);
    STATE_UINT(io, x->rtt.samples);
    STATE_SINT(io, x->rtt.min_us);
    STATE_SINT(io, x->rtt.median_us);
    STATE_SINT(io, x->rtt.max_us);
    STATE_SINT(io, x->handshake_us);
    STATE_UINT(io, x->duplicate_sacks);
    STATE_UINT(io, x->keep_alives);
    STATE_UINT(io, x->keep_alives_unanswered);
    STATE_UINT(io, x->largest_acked);
    STATE_UINT(io, x->largest_stuck);
    STATE_UINT(io, x->largest_hole);
    STATE_UINT(io, x->unacked_bytes);
    STATE_UINT(io, x->unseen);
}

STATE_COVERS(struct stall, 56);
static void stall(struct state_io *io, struct stall *x)
{
    bool *const flags[] = {&x->by_server, &x->open, &x->by_timer};

    STATE_ENUM(io, x->kind, P2T_STALL_COUNT);
    bools(io, flags, COUNT(flags));
    state_time(io, &x->from_ns);
    state_time(io, &x->to_ns);
    STATE_UINT(io, x->bytes);
    STATE_UINT(io, x->repeats);
    state_proof(io, &x->proof);
}

static void stalls(struct state_io *io, struct conn *k)
{
    uint64_t n = k->stall_count;

    STATE_UINT(io, k->stalls_dropped);
    state_u64(io, &n);
    state_below(io, &n, P2T_STALLS_MAX + P2T_STALLS_OPEN_MAX + 1);
    if (io->out == NULL && n > 0 && (k->stalls = calloc((size_t)n, sizeof *k->stalls)) == NULL) {
        io->failed = true;
        n = 0;
    }
    k->stall_count = (size_t)n;
    for (size_t i = 0; i < k->stall_count; i++)
        stall(io, &k->stalls[i]);
}

static void conn_proofs(struct state_io *io, struct conn *k)
{
    struct proof *const list[] = {&k->syn,  &k->last_syn,   &k->syn_ack,      &k->late_syn_ack, &k->refused,
                                  &k->icmp, &k->clock_back, &k->clock_jumped, &k->rst[0],       &k->rst[1]};

    for (size_t i = 0; i < COUNT(list); i++)
        state_proof(io, list[i]);
}

static void conn_times(struct state_io *io, struct conn *k)
{
    int64_t *const moments[] = {&k->last_ns,         &k->syn_ns,          &k->last_syn_ns,     &k->syn_ack_ns,
                                &k->ack_ns,          &k->late_syn_ack_ns, &k->refused_ns,      &k->icmp_ns,
                                &k->challenged_ns,   &k->fin_ns[0],       &k->fin_ns[1],       &k->rst_ns[0],
                                &k->rst_ns[1],       &k->clock_back_ns,   &k->clock_jumped_ns, &k->last_bytes_ns[0],
                                &k->last_bytes_ns[1]};
    int64_t *const micros[] = {&k->idle_before_unacked_us, &k->clock_back_us, &k->clock_jump_us};

    state_time(io, &k->first_ns);
    io->base_ns = k->first_ns != 0 ? k->first_ns : io->base_ns;
    times(io, moments, COUNT(moments));
    durations(io, micros, COUNT(micros));
}

STATE_COVERS(struct conn, 848);
void state_conn(struct state_io *io, struct conn *k)
{
    const struct word **const names[] = {&k->client_ip, &k->server, &k->server_ip, &k->icmp_sender};
    bool *const flags[] = {&k->input_ended, &k->one_direction, &k->goes_on};

    STATE_UINT(io, k->id);
    texts(io, names, COUNT(names));
    STATE_UINT(io, k->client_port);
    STATE_UINT(io, k->server_port);
    STATE_ENUM(io, k->vantage, P2T_VANTAGE_MIDDLE + 1);
    STATE_ENUM(io, k->closer, P2T_CLOSER_SERVER_RST + 1);
    bools(io, flags, COUNT(flags));
    conn_times(io, k);
    conn_proofs(io, k);
    STATE_UINT(io, k->syns);
    STATE_UINT(io, k->syn_acks);
    STATE_UINT(io, k->late_syn_acks);
    STATE_UINT(io, k->exchanges);
    STATE_UINT(io, k->refused_ttl);
    STATE_UINT(io, k->icmp_family);
    STATE_UINT(io, k->icmp_type);
    STATE_UINT(io, k->icmp_code);
    side(io, &k->side[0]);
    side(io, &k->side[1]);
    stalls(io, k);
    /* Every record of a session has its ends. */
    if (k->client_ip == NULL || k->server == NULL || k->server_ip == NULL)
        reader_fail(&io->in, READ_BAD);
}

/* ---- counters ---- */

STATE_COVERS(struct p2t_counters, 216);
void state_counters(struct state_io *io, struct p2t_counters *k)
{
    uint64_t *const list[] = {&k->frames,
                              &k->bytes,
                              &k->capture_bytes_read,
                              &k->capture_bytes_total,
                              &k->files,
                              &k->problems,
                              &k->tcp_packets,
                              &k->udp_packets,
                              &k->icmp_errors,
                              &k->tunnelled_packets,
                              &k->connections,
                              &k->connection_attempts,
                              &k->syn_packets,
                              &k->dns_messages,
                              &k->http_requests,
                              &k->http_responses,
                              &k->tls_secrets,
                              &k->tls_decrypted,
                              &k->exchanges,
                              &k->duplicate_packets,
                              &k->retransmitted_segments,
                              &k->out_of_order_segments,
                              &k->lost_bytes,
                              &k->cut_bytes,
                              &k->limits_hit};

    for (size_t i = 0; i < COUNT(list); i++)
        state_u64(io, list[i]);
    state_time(io, &k->earliest_ns);
    state_time(io, &k->latest_ns);
}
