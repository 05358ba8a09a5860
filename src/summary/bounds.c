/* Keeps forged times so near to the others that the rules can add and multiply without a second thought. */
#include "summary/prepare.h"

/* 520 days to either side: the time between two may be multiplied by 100. */
static const int64_t NEAR_NS = INT64_C(45000000000000000);

struct near {
    int64_t from_ns, to_ns;
};

/* The middle of all records' times: a few forged ones do not move it. */
static int find_middle(const struct p2t_summary *s, int64_t *middle_ns)
{
    struct sample all = {0};

    for (size_t i = 0; i < s->call_count; i++)
        sample_add(&all, s->calls[i].start_ns);
    for (size_t i = 0; i < s->question_count; i++)
        sample_add(&all, s->questions[i].asked_ns);
    for (size_t i = 0; i < s->conn_count; i++)
        sample_add(&all, s->conns[i].first_ns);
    *middle_ns = all.n > 0 ? sample_at(&all, 500) : s->counters.earliest_ns;
    bool failed = all.failed;
    sample_fini(&all);
    return failed ? -1 : 0;
}

/* A time; 0 stays: there is none. */
static void near_time(const struct near *n, int64_t *t)
{
    if (*t != 0)
        *t = max_ns(n->from_ns, min_ns(n->to_ns, *t));
}

static void near_times(const struct near *n, int64_t *const *times, size_t count)
{
    for (size_t i = 0; i < count; i++)
        near_time(n, times[i]);
}

static void short_durations(int64_t *const *durations, size_t count)
{
    for (size_t i = 0; i < count; i++)
        *durations[i] = min_ns(NEAR_NS, *durations[i]);
}

#define COUNT(list) (sizeof(list) / sizeof *(list))

static void bound_call(const struct near *n, struct call *c)
{
    int64_t *const times[] = {&c->start_ns, &c->end_ns,    &c->lookup_ns, &c->looked_up_ns,  &c->request_ns,
                              &c->sent_ns,  &c->answer_ns, &c->late_ns,   &c->certificate_ns};
    int64_t *const durations[] = {&c->dns_ns,
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
                                  &c->nagle_ns,
                                  &c->hello_ns,
                                  &c->idle_client_ns,
                                  &c->idle_server_ns};

    near_times(n, times, COUNT(times));
    short_durations(durations, COUNT(durations));
}

static void bound_question(const struct near *n, struct question *q)
{
    int64_t *const times[] = {&q->asked_ns, &q->last_asked_ns, &q->answered_ns, &q->unreachable_ns};

    near_times(n, times, COUNT(times));
}

static void bound_conn(const struct near *n, struct conn *k)
{
    int64_t *const times[] = {&k->first_ns,         &k->last_ns,         &k->syn_ns,          &k->last_syn_ns,
                              &k->syn_ack_ns,       &k->ack_ns,          &k->late_syn_ack_ns, &k->refused_ns,
                              &k->icmp_ns,          &k->challenged_ns,   &k->fin_ns[0],       &k->fin_ns[1],
                              &k->rst_ns[0],        &k->rst_ns[1],       &k->clock_back_ns,   &k->clock_jumped_ns,
                              &k->last_bytes_ns[0], &k->last_bytes_ns[1]};
    int64_t *const micros[] = {&k->clock_back_us, &k->clock_jump_us, &k->idle_before_unacked_us};

    near_times(n, times, COUNT(times));
    for (size_t i = 0; i < COUNT(micros); i++)
        *micros[i] = max_ns(-NEAR_NS / 1000, min_ns(NEAR_NS / 1000, *micros[i]));
    for (size_t i = 0; i < k->stall_count; i++) {
        near_time(n, &k->stalls[i].from_ns);
        near_time(n, &k->stalls[i].to_ns);
    }
}

int bound_times(struct p2t_summary *s)
{
    int64_t middle_ns;

    if (find_middle(s, &middle_ns) != 0)
        return -1;
    const struct near n = {max_ns(1, max_ns(middle_ns, NEAR_NS) - NEAR_NS),
                           min_ns(middle_ns, INT64_MAX - NEAR_NS) + NEAR_NS};
    for (size_t i = 0; i < s->call_count; i++)
        bound_call(&n, &s->calls[i]);
    for (size_t i = 0; i < s->question_count; i++)
        bound_question(&n, &s->questions[i]);
    for (size_t i = 0; i < s->conn_count; i++)
        bound_conn(&n, &s->conns[i]);
    near_time(&n, &s->counters.earliest_ns);
    near_time(&n, &s->counters.latest_ns);
    return 0;
}
