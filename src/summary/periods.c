#include "summary/periods.h"

#include <stdlib.h>
/* Captures of one host that follow each other are one, unless nothing at all was heard for so long ... */
static const int64_t SILENCE_NS = 300 * SECOND_NS;
/* ... and those of others, for so long. */
static const int64_t GAP_NS = 5 * SECOND_NS;
enum { PERIODS_MAX = 4096 };

/* All records in the order of their beginning; none ends before it, even where the clock was set back. */
struct walk {
    const struct p2t_summary *s;
    size_t call, question, conn;
};

struct record {
    int64_t from_ns, to_ns; /* its packets */
    const struct word *files[3], *hosts[2];
};

/* What nobody ended has its end where the session gave it up. */
static int64_t last_packet_of(const struct call *c)
{
    if (c->conn != NULL)
        return max_ns(c->start_ns, min_ns(c->end_ns, c->conn->last_ns));
    if (c->outcome != P2T_OUTCOME_INCOMPLETE && c->kind != P2T_KIND_CONNECT)
        return c->end_ns;
    return max_ns(c->start_ns, max_ns(c->lookup_ns, max_ns(c->request_ns, c->sent_ns)));
}

static struct record of_call(const struct call *c)
{
    return (struct record){c->start_ns,
                           last_packet_of(c),
                           {c->proof.file, c->last_proof.file, c->answered.file},
                           {c->client, c->server_ip}};
}

static struct record of_question(const struct question *q)
{
    return (struct record){q->asked_ns,
                           max_ns(q->last_asked_ns, max_ns(q->answered_ns, q->unreachable_ns)),
                           {q->asked.file, q->answered.file},
                           {q->client, q->server}};
}

static struct record of_conn(const struct conn *k)
{
    return (struct record){
        k->first_ns, k->last_ns, {k->syn.file, k->syn_ack.file, k->rst[0].file}, {k->client_ip, k->server_ip}};
}

static int64_t next_call(const struct walk *w)
{
    return w->call < w->s->call_count ? w->s->calls[w->call].start_ns : INT64_MAX;
}

static int64_t next_question(const struct walk *w)
{
    return w->question < w->s->question_count ? w->s->questions[w->question].asked_ns : INT64_MAX;
}

static int64_t next_conn(const struct walk *w)
{
    return w->conn < w->s->conn_count ? w->s->conns[w->conn].first_ns : INT64_MAX;
}

/* Connections that carried nothing are no part of batch's states while they are open. */
static void skip_idle_conns(struct walk *w)
{
    while (w->conn < w->s->conn_count && w->s->conns[w->conn].call_count == 0)
        w->conn++;
}

static bool next(struct walk *w, struct record *r)
{
    skip_idle_conns(w);
    int64_t call = next_call(w), question = next_question(w), conn = next_conn(w);
    int64_t first = min_ns(call, min_ns(question, conn));

    if (first == INT64_MAX)
        return false;
    if (call == first)
        *r = of_call(&w->s->calls[w->call++]);
    else if (question == first)
        *r = of_question(&w->s->questions[w->question++]);
    else
        *r = of_conn(&w->s->conns[w->conn++]);
    r->to_ns = max_ns(r->from_ns, r->to_ns);
    return true;
}

/* ---- where they begin ---- */

/* Periods by silence alone; 0: there are too many to look at. */
static size_t split(const struct p2t_summary *s, struct period *all)
{
    struct walk w = {.s = s};
    struct record r;
    size_t n = 0;

    while (next(&w, &r)) {
        if (n > 0 && r.from_ns <= all[n - 1].to_ns + GAP_NS) {
            all[n - 1].to_ns = max_ns(all[n - 1].to_ns, r.to_ns);
            continue;
        }
        if (n == PERIODS_MAX)
            return 0;
        all[n++] = (struct period){r.from_ns, r.to_ns, false};
    }
    return n;
}

/* Where a word was seen before, as 1 + a period; 0: nowhere. */
static uint32_t move(const struct word *w, size_t period)
{
    uint32_t before = w != NULL ? w->place : 0;

    if (w != NULL)
        words_place(w, (uint32_t)period + 1);
    return before;
}

static void forget(const struct p2t_summary *s)
{
    struct walk w = {.s = s};
    struct record r;

    while (next(&w, &r)) {
        for (size_t i = 0; i < sizeof r.files / sizeof *r.files; i++)
            if (r.files[i] != NULL)
                words_place(r.files[i], 0);
        for (size_t i = 0; i < sizeof r.hosts / sizeof *r.hosts; i++)
            if (r.hosts[i] != NULL)
                words_place(r.hosts[i], 0);
    }
}

/* Marks those that begin in a file that an earlier one has, too, back to that one. */
static void join_files(const struct p2t_summary *s, const struct period *all, bool *joined)
{
    struct walk w = {.s = s};
    struct record r;
    size_t at = 0;

    while (next(&w, &r)) {
        while (r.from_ns > all[at].to_ns)
            at++;
        for (size_t i = 0; i < sizeof r.files / sizeof *r.files; i++) {
            size_t before = move(r.files[i], at);
            for (size_t k = before; before > 0 && k <= at; k++)
                joined[k] = true;
        }
    }
    forget(s);
}

/* Those whose hosts the one before has, too. Of thinned-out records nobody knows. */
static void relate_hosts(const struct p2t_summary *s, struct period *all, size_t n)
{
    bool thinned = s->level[KEEP_CALLS] > 0 || s->level[KEEP_QUESTIONS] > 0 || s->level[KEEP_CONNS] > 0;
    struct walk w = {.s = s};
    struct record r;
    size_t at = 0;

    for (size_t i = 1; i < n; i++)
        all[i].related = thinned;
    while (!thinned && next(&w, &r)) {
        while (r.from_ns > all[at].to_ns)
            at++;
        for (size_t i = 0; i < sizeof r.hosts / sizeof *r.hosts; i++)
            all[at].related |= move(r.hosts[i], at) == at && at > 0;
    }
    forget(s);
}

/* What is no period of its own goes to the one before. */
static size_t join(struct period *all, size_t n, const bool *joined)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        bool soon = kept > 0 && all[i].related && all[i].from_ns - all[kept - 1].to_ns < SILENCE_NS;
        if (kept > 0 && ((joined != NULL && joined[i]) || (joined == NULL && soon)))
            all[kept - 1].to_ns = max_ns(all[kept - 1].to_ns, all[i].to_ns);
        else
            all[kept++] = all[i];
    }
    return kept;
}

/* The rest of `total`, in whichever phase it is. */
static void shorten(struct call *c, int64_t by_ns)
{
    int64_t *const phases[] = {&c->receive_ns, &c->wait_ns, &c->send_ns, &c->tls_ns, &c->connect_ns, &c->dns_ns};

    c->end_ns -= by_ns;
    c->total_ns = max_ns(0, c->total_ns - by_ns);
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++)
        if (*phases[i] >= by_ns) {
            *phases[i] -= by_ns;
            return;
        }
}

static void end_open_calls(struct p2t_summary *s)
{
    for (size_t i = 0; i < s->call_count; i++) {
        struct call *c = &s->calls[i];
        int64_t over = c->end_ns - s->periods[period_of(s, c->start_ns)].to_ns;
        if (c->outcome == P2T_OUTCOME_INCOMPLETE && over > 0)
            shorten(c, over);
    }
}

int periods_find(struct p2t_summary *s)
{
    bool *joined = calloc(PERIODS_MAX, sizeof *joined);

    s->periods = calloc(PERIODS_MAX, sizeof *s->periods);
    if (s->periods == NULL || joined == NULL) {
        free(joined);
        return -1;
    }
    size_t n = split(s, s->periods);
    if (n > 1) {
        join_files(s, s->periods, joined);
        n = join(s->periods, n, joined);
        relate_hosts(s, s->periods, n);
        n = join(s->periods, n, NULL);
    }
    free(joined);
    s->period_count = n > 0 ? n : 1;
    s->periods[0].from_ns = s->first_ns;
    s->periods[s->period_count - 1].to_ns = s->last_ns;
    if (n > 1)
        end_open_calls(s);
    return 0;
}

size_t period_of(const struct p2t_summary *s, int64_t at_ns)
{
    size_t low = 0, high = s->period_count;

    while (low + 1 < high) {
        size_t middle = (low + high) / 2;
        if (s->periods[middle].from_ns <= at_ns)
            low = middle;
        else
            high = middle;
    }
    return low;
}

int64_t periods_length(const struct p2t_summary *s)
{
    int64_t sum = 0;

    for (size_t i = 0; i < s->period_count; i++)
        add_ns(&sum, s->periods[i].to_ns - s->periods[i].from_ns);
    return sum;
}
