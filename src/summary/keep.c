#include "summary/keep.h"

#include <stdlib.h>

enum { LEVEL_MAX = 56 };

static bool is_full(const struct p2t_summary *s, size_t n)
{
    return n >= (s->records_max > 0 ? s->records_max : RECORDS_MAX);
}

/* Room for one more; false when memory ran out. */
static bool make_room(void **all, size_t *cap, size_t n, size_t size)
{
    if (n < *cap)
        return true;
    size_t more = *cap > 0 ? *cap * 2 : 256;
    void *bigger = realloc(*all, more * size);
    if (bigger == NULL)
        return false;
    *all = bigger;
    *cap = more;
    return true;
}

/* Of 2^shift, one stays. What has the same `group` goes or stays together, as long as groups are not much too large. */
static bool stays(unsigned shift, uint64_t group, uint64_t own)
{
    enum { GROUP_BITS = 12 };
    unsigned of_group = shift < GROUP_BITS ? shift : GROUP_BITS, rest = shift - of_group;
    const uint64_t g = hash_stable_finish(hash_stable_number(HASH_STABLE_SEED, group, sizeof group));
    const uint64_t o = hash_stable_finish(hash_stable_number(g, own, sizeof own));

    return (of_group == 0 || g >> (64 - of_group) == 0) && (rest == 0 || o >> (64 - rest) == 0);
}

/* ---- calls ---- */

/* All calls of one second on a connection are kept or left out: what came before a call there is part of its story. */
bool keep_wants_call(const struct p2t_summary *s, const struct call *c)
{
    unsigned level = s->level[KEEP_CALLS], shift = call_is_notable(c) ? keep_notable_shift(level) : level;
    uint64_t second = (uint64_t)(c->start_ns / SECOND_NS);

    return shift == 0 || stays(shift, c->conn_id != 0 ? c->conn_id + second : c->id, c->id);
}

static void drop_calls(struct p2t_summary *s)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->call_count; i++)
        if (keep_wants_call(s, &s->calls[i]))
            s->calls[kept++] = s->calls[i];
    s->call_count = kept;
}

int keep_call(struct p2t_summary *s, const struct call *c)
{
    void *all = s->calls;

    if (!keep_wants_call(s, c))
        return P2T_OK;
    if (!make_room(&all, &s->call_cap, s->call_count, sizeof *s->calls))
        return P2T_ERR_MEMORY;
    s->calls = all;
    s->calls[s->call_count++] = *c;
    while (is_full(s, s->call_count) && s->level[KEEP_CALLS] < LEVEL_MAX) {
        s->level[KEEP_CALLS]++;
        drop_calls(s);
    }
    return P2T_OK;
}

/* ---- questions ---- */

static bool question_is_notable(const struct question *q)
{
    return q->answered_ns == 0 || q->rcode != 0 || q->tries > 1 || q->addresses == 0;
}

/* All questions for one name are kept or left out. */
static bool wants_named(const struct p2t_summary *s, const struct question *q, struct p2t_text name)
{
    unsigned level = s->level[KEEP_QUESTIONS], shift = question_is_notable(q) ? keep_notable_shift(level) : level;

    return shift == 0 || stays(shift, hash_stable(HASH_STABLE_SEED, name.p, name.n),
                               (uint64_t)q->asked_ns ^ ((uint64_t)q->client_port << 48 | (uint64_t)q->type << 32));
}

static bool wants_question(const struct p2t_summary *s, const struct question *q)
{
    return wants_named(s, q, word_text(q->name));
}

bool keep_wants_question(const struct p2t_summary *s, const struct p2t_question *x)
{
    const struct question q = {.client_port = x->client_port,
                               .type = x->type,
                               .tries = x->tries,
                               .rcode = x->rcode,
                               .asked_ns = x->asked_ns,
                               .answered_ns = x->answered_ns,
                               .addresses = x->addresses};

    return wants_named(s, &q, words_kept(x->name));
}

static void drop_questions(struct p2t_summary *s)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->question_count; i++)
        if (wants_question(s, &s->questions[i]))
            s->questions[kept++] = s->questions[i];
    s->question_count = kept;
}

int keep_question(struct p2t_summary *s, const struct question *q)
{
    void *all = s->questions;

    if (!wants_question(s, q))
        return P2T_OK;
    if (!make_room(&all, &s->question_cap, s->question_count, sizeof *s->questions))
        return P2T_ERR_MEMORY;
    s->questions = all;
    s->questions[s->question_count++] = *q;
    while (is_full(s, s->question_count) && s->level[KEEP_QUESTIONS] < LEVEL_MAX) {
        s->level[KEEP_QUESTIONS]++;
        drop_questions(s);
    }
    return P2T_OK;
}

/* ---- connections ---- */

static bool conn_is_notable(const struct conn *k)
{
    return k->syn_ack_ns == 0 || k->syns > 1 || k->late_syn_acks > 0 || k->stall_count > 0 || k->rst_ns[0] != 0 ||
           k->rst_ns[1] != 0;
}

static bool wants_conn(const struct p2t_summary *s, const struct conn *k)
{
    unsigned level = s->level[KEEP_CONNS], shift = conn_is_notable(k) ? keep_notable_shift(level) : level;

    return shift == 0 || stays(shift, k->id, (uint64_t)k->first_ns);
}

static void drop_conns(struct p2t_summary *s)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->conn_count; i++) {
        if (wants_conn(s, &s->conns[i]))
            s->conns[kept++] = s->conns[i];
        else
            free(s->conns[i].stalls);
    }
    s->conn_count = kept;
}

int keep_conn(struct p2t_summary *s, const struct conn *k)
{
    void *all = s->conns;
    bool wanted = wants_conn(s, k), room = wanted && make_room(&all, &s->conn_cap, s->conn_count, sizeof *s->conns);

    if (!room) {
        free(k->stalls);
        return wanted ? P2T_ERR_MEMORY : P2T_OK;
    }
    s->conns = all;
    s->conns[s->conn_count++] = *k;
    while (is_full(s, s->conn_count) && s->level[KEEP_CONNS] < LEVEL_MAX) {
        s->level[KEEP_CONNS]++;
        drop_conns(s);
    }
    return P2T_OK;
}

void keep_thin(struct p2t_summary *s, const uint8_t level[KEEP_KINDS])
{
    static void (*const drop[KEEP_KINDS])(struct p2t_summary *) = {drop_calls, drop_questions, drop_conns};

    for (int i = 0; i < KEEP_KINDS; i++)
        if (level[i] > s->level[i]) {
            s->level[i] = level[i] < LEVEL_MAX ? level[i] : LEVEL_MAX;
            drop[i](s);
        }
}
