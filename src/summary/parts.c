/* Runs of periods that have nothing to do with each other, one after the other: what is usual in one is not so in another. */
#include "summary/periods.h"
#include "summary/prepare.h"

/* What the rules see of a summary. */
struct part {
    struct call *calls;
    struct question *questions;
    struct conn *conns;
    size_t call_count, question_count, conn_count;
    int64_t first_ns, last_ns;
    struct groups services;
    bool small;
};

static struct part whole_of(const struct p2t_summary *s)
{
    return (struct part){s->calls,      s->questions, s->conns,   s->call_count, s->question_count,
                         s->conn_count, s->first_ns,  s->last_ns, s->services,   s->small};
}

static void show(struct p2t_summary *s, const struct part *p)
{
    s->calls = p->calls;
    s->call_count = p->call_count;
    s->questions = p->questions;
    s->question_count = p->question_count;
    s->conns = p->conns;
    s->conn_count = p->conn_count;
    s->first_ns = p->first_ns;
    s->last_ns = p->last_ns;
    s->services = p->services;
    s->small = p->small;
}

/* The records behind those of `before` that begin before that time. */
static struct part next_part(const struct part *whole, const struct part *before, int64_t until_ns)
{
    struct part p = {.calls = before->calls + before->call_count,
                     .questions = before->questions + before->question_count,
                     .conns = before->conns + before->conn_count};

    while (p.calls + p.call_count < whole->calls + whole->call_count && p.calls[p.call_count].start_ns < until_ns)
        p.call_count++;
    while (p.questions + p.question_count < whole->questions + whole->question_count &&
           p.questions[p.question_count].asked_ns < until_ns)
        p.question_count++;
    while (p.conns + p.conn_count < whole->conns + whole->conn_count && p.conns[p.conn_count].first_ns < until_ns)
        p.conn_count++;
    return p;
}

static int look_at(struct p2t_summary *s, struct part *p, void (*each)(struct p2t_summary *s))
{
    const struct part whole = whole_of(s);
    bool lossy = s->lossy_capture;

    p->small = p->call_count <= SMALL_CALLS_MAX && s->level[KEEP_CALLS] == 0;
    show(s, p);
    s->lossy_capture = false;
    int status = list_services(s);
    if (status == 0)
        each(s);
    groups_fini(&s->services);
    show(s, &whole);
    s->lossy_capture |= lossy;
    return status;
}

int periods_apart(struct p2t_summary *s, void (*each)(struct p2t_summary *s))
{
    const struct part whole = whole_of(s);
    struct part p = {.calls = s->calls, .questions = s->questions, .conns = s->conns};
    size_t first = 0;
    int status = 0;

    for (size_t i = 1; i <= s->period_count && status == 0; i++) {
        bool last = i == s->period_count;
        if (!last && s->periods[i].related)
            continue;
        if (last && first == 0) {
            each(s);
            break;
        }
        p = next_part(&whole, &p, last ? INT64_MAX : s->periods[i].from_ns);
        p.first_ns = s->periods[first].from_ns;
        p.last_ns = s->periods[i - 1].to_ns;
        status = look_at(s, &p, each);
        first = i;
    }
    return status;
}
