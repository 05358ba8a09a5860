#include "summary/state.h"

#include <stdlib.h>

#include "summary/keep.h"
#include "summary/saved.h"

static const uint8_t MAGIC[8] = {'p', '2', 't', 's', 'u', 'm', 0, 1}; /* the last: the version */

/* ---- counters that add up ---- */

static int64_t earlier(int64_t a, int64_t b)
{
    return a == 0 ? b : b == 0 ? a : min_ns(a, b);
}

static uint64_t sum(uint64_t a, uint64_t b)
{
    return b > UINT64_MAX / 2 - a ? UINT64_MAX / 2 : a + b;
}

static void add(uint64_t *to, uint64_t n)
{
    *to = sum(*to, n);
}

void state_add_counters(struct p2t_counters *to, const struct p2t_counters *k)
{
    add(&to->frames, k->frames);
    add(&to->bytes, k->bytes);
    add(&to->capture_bytes_read, k->capture_bytes_read);
    add(&to->capture_bytes_total, k->capture_bytes_total);
    add(&to->files, k->files);
    add(&to->problems, k->problems);
    add(&to->tcp_packets, k->tcp_packets);
    add(&to->udp_packets, k->udp_packets);
    add(&to->icmp_errors, k->icmp_errors);
    add(&to->tunnelled_packets, k->tunnelled_packets);
    add(&to->connections, k->connections);
    add(&to->connection_attempts, k->connection_attempts);
    add(&to->syn_packets, k->syn_packets);
    add(&to->dns_messages, k->dns_messages);
    add(&to->http_requests, k->http_requests);
    add(&to->http_responses, k->http_responses);
    add(&to->tls_secrets, k->tls_secrets);
    add(&to->tls_decrypted, k->tls_decrypted);
    add(&to->exchanges, k->exchanges);
    add(&to->duplicate_packets, k->duplicate_packets);
    add(&to->retransmitted_segments, k->retransmitted_segments);
    add(&to->out_of_order_segments, k->out_of_order_segments);
    add(&to->lost_bytes, k->lost_bytes);
    add(&to->cut_bytes, k->cut_bytes);
    add(&to->limits_hit, k->limits_hit);
    to->earliest_ns = earlier(to->earliest_ns, k->earliest_ns);
    to->latest_ns = to->latest_ns == 0 ? k->latest_ns : max_ns(to->latest_ns, k->latest_ns);
}

/* ---- what both directions share ---- */

struct head {
    uint8_t level[KEEP_KINDS];
    uint64_t calls_seen, calls_failed, conns_seen, questions_seen;
    uint64_t calls, questions, conns; /* records that follow */
    struct p2t_counters counters;
};

static void put_head(struct state_io *io, struct head *h)
{
    for (int i = 0; i < KEEP_KINDS; i++)
        STATE_UINT(io, h->level[i]);
    state_u64(io, &h->calls_seen);
    state_u64(io, &h->calls_failed);
    state_u64(io, &h->conns_seen);
    state_u64(io, &h->questions_seen);
    state_u64(io, &h->calls);
    state_u64(io, &h->questions);
    state_u64(io, &h->conns);
    state_counters(io, &h->counters);
}

/* ---- writing ---- */

static void save(struct state_io *io, const struct p2t_counters *counters)
{
    struct p2t_summary *s = io->s;
    struct head h = {.calls_seen = s->calls_seen,
                     .calls_failed = s->calls_failed,
                     .conns_seen = s->conns_seen,
                     .questions_seen = s->questions_seen,
                     .calls = s->call_count,
                     .questions = s->question_count,
                     .conns = s->conn_count,
                     .counters = s->loaded};

    for (int i = 0; i < KEEP_KINDS; i++)
        h.level[i] = s->level[i];
    state_add_counters(&h.counters, counters);
    buf_put(io->out, MAGIC, sizeof MAGIC);
    put_head(io, &h);
    for (size_t i = 0; i < s->call_count; i++)
        state_call(io, &s->calls[i]);
    for (size_t i = 0; i < s->question_count; i++)
        state_question(io, &s->questions[i]);
    for (size_t i = 0; i < s->conn_count; i++)
        state_conn(io, &s->conns[i]);
}

uint8_t *p2t_summary_save(struct p2t_summary *s, const struct p2t_counters *counters, size_t *length)
{
    struct buf out = {0};
    struct state_io io = {.out = &out, .s = s};

    save(&io, counters);
    for (size_t i = 0; i < io.texts; i++)
        words_place(io.text[i], 0);
    free(io.text);
    *length = out.n;
    if (!out.failed && !io.failed)
        return out.p;
    buf_fini(&out);
    return NULL;
}

/* ---- reading ---- */

/* The reader is asked after each record: what a damaged one holds is not taken. */
static bool is_sound(const struct state_io *io)
{
    return reader_ok(&io->in) && !io->failed;
}

static bool is_chosen(const struct summary_choice *choice, const struct call *c)
{
    return choice == NULL || choice->call(choice->ctx, &(struct summary_seen){c->id, c->quiet, c->by_go});
}

static int load_calls(struct state_io *io, uint64_t n, const struct summary_choice *choice)
{
    int status = P2T_OK;

    for (uint64_t i = 0; i < n && status == P2T_OK; i++) {
        struct call c = {0};
        state_call(io, &c);
        if (!is_sound(io))
            return P2T_OK;
        if (is_chosen(choice, &c))
            status = keep_call(io->s, &c);
    }
    return status;
}

static int load_questions(struct state_io *io, uint64_t n)
{
    int status = P2T_OK;

    for (uint64_t i = 0; i < n && status == P2T_OK; i++) {
        struct question q = {0};
        state_question(io, &q);
        if (!is_sound(io))
            return P2T_OK;
        status = keep_question(io->s, &q);
    }
    return status;
}

static int load_conns(struct state_io *io, uint64_t n)
{
    int status = P2T_OK;

    for (uint64_t i = 0; i < n && status == P2T_OK; i++) {
        struct conn k = {0};
        state_conn(io, &k);
        if (!is_sound(io)) {
            free(k.stalls);
            return P2T_OK;
        }
        status = keep_conn(io->s, &k);
    }
    return status;
}

static int load(struct state_io *io, const struct summary_choice *choice)
{
    struct p2t_summary *s = io->s;
    const uint8_t *magic = reader_take(&io->in, sizeof MAGIC);
    struct head h = {0};

    if (magic == NULL || memcmp(magic, MAGIC, sizeof MAGIC) != 0)
        return P2T_ERR_USAGE;
    put_head(io, &h);
    if (!reader_ok(&io->in))
        return P2T_ERR_USAGE;
    keep_thin(s, h.level);
    int status = load_calls(io, h.calls, choice);
    if (status == P2T_OK)
        status = load_questions(io, h.questions);
    if (status == P2T_OK)
        status = load_conns(io, h.conns);
    s->calls_seen = sum(s->calls_seen, choice != NULL ? choice->calls : h.calls_seen);
    s->calls_failed = sum(s->calls_failed, choice != NULL ? choice->failed : h.calls_failed);
    s->conns_seen = sum(s->conns_seen, h.conns_seen);
    s->questions_seen = sum(s->questions_seen, h.questions_seen);
    state_add_counters(&s->loaded, &h.counters);
    if (status != P2T_OK || io->failed)
        return P2T_ERR_MEMORY;
    return reader_ok(&io->in) && io->in.left == 0 ? P2T_OK : P2T_ERR_USAGE;
}

int summary_load_chosen(struct p2t_summary *s, struct slice bytes, const struct summary_choice *choice)
{
    struct state_io io = {.in = reader_of_slice(bytes), .s = s};

    pthread_mutex_lock(&s->lock);
    int status = load(&io, choice);
    pthread_mutex_unlock(&s->lock);
    free(io.text);
    return status;
}

int p2t_summary_load(struct p2t_summary *s, const uint8_t *bytes, size_t length)
{
    return summary_load_chosen(s, slice_of(bytes, length), NULL);
}
